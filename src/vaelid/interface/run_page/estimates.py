"""Means over observations, written with their standard errors."""

from vaelid.interface.html.numbers import MOST_PLACES, error, formatted, places
from vaelid.train.evaluation import Estimate

__all__ = ["rounded", "with_error"]


def with_error(estimate: Estimate) -> tuple[str, str]:
    """The mean, and "± standard error", to the error's second digit; no error of one observation."""
    if 0 < estimate.mean < 10.0**-MOST_PLACES:
        return f"< {10.0**-MOST_PLACES:.{MOST_PLACES}f}", ""
    decimals = places(estimate.standard_error)
    return formatted(estimate.mean, decimals), error(estimate.standard_error)


def rounded(estimate: Estimate) -> str:
    """The mean to the first digit of its error: for sentences."""
    return formatted(estimate.mean, places(estimate.standard_error, 1))
