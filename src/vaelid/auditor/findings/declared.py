"""What a user says that a loss is meant to be.

In come the options of an audit, out goes one checked value; a wrong one is an `InputError`. For
``beta=1, prior="N(0, 4)"`` the prior's numbers are 0 and 4, and the likelihood is None: nothing was said of it.
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from numbers import Real
from typing import Any

from vaelid.spec.errors import InputError

__all__ = ["LIKELIHOODS", "Declared"]


LIKELIHOODS = (
    "gaussian",
    "bernoulli",
    "continuous_bernoulli",
    "laplace",
    "poisson",
    "negative_binomial",
    "binomial",
    "categorical",
)
"""The families that an audit knows."""


@dataclass(frozen=True)
class Declared:
    """What a loss is meant to be; None where nothing is said.

    Attributes:
        beta: the weight of the KL.
        likelihood: its family.
        variance: of a squared error's Gaussian, or the scale of an absolute error's Laplace.
        prior: of every latent, as reports write it: ``N(0, I)``, ``N(0, 4)``.
    """

    beta: float | None = None
    likelihood: str | None = None
    variance: float | None = None
    prior: str | None = None

    def __post_init__(self) -> None:
        for name, least in (("beta", "a finite number, 0 or more"), ("variance", "a finite number above 0")):
            value = getattr(self, name)
            if value is not None and not _is_number(value, positive=name == "variance"):
                raise InputError(f"{name} is {value!r:.80}: expected {least}.")
        if self.likelihood is not None and self.likelihood not in LIKELIHOODS:
            raise InputError(f"likelihood is {self.likelihood!r}: expected one of {', '.join(LIKELIHOODS)}.")
        if self.prior is not None and self.prior_numbers is None:
            raise InputError(f'prior is {self.prior!r}: expected a normal prior as "N(0, I)" or "N(0, 4)".')

    @property
    def prior_numbers(self) -> tuple[Fraction, Fraction] | None:
        """The mean and variance of the prior; None where these are no numbers, or nothing is said."""
        found = re.fullmatch(r"N\((.+), (.+)\)", self.prior or "")
        if found is None:
            return None
        try:
            mean, variance = Fraction(found[1]), Fraction(found[2].replace("I", "1"))
        except (ValueError, ZeroDivisionError):
            return None
        return (mean, variance) if variance > 0 else None

    @property
    def prior_name(self) -> str | None:
        """The prior as reports write it: ``N(0, I)``, ``N(0.5, 4)``."""
        numbers = self.prior_numbers
        return "N(0, I)" if numbers == (0, 1) else numbers and f"N({float(numbers[0]):g}, {float(numbers[1]):g})"

    @property
    def anything(self) -> bool:
        """Whether something is said that a whole loss can be held against."""
        return self.beta is not None or self.likelihood is not None or self.prior is not None

    @property
    def standard_prior(self) -> bool:
        """Whether the prior is said to be N(0, I)."""
        return self.prior_numbers == (0, 1)


def _is_number(value: Any, *, positive: bool) -> bool:
    """Whether it is a real number that is finite, and not negative, or positive; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    return math.isfinite(number := float(value)) and (number > 0 if positive else number >= 0)
