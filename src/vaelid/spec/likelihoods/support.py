"""Data off the support: found, named by row and column, and answered by the likelihood that would fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vaelid.spec.arrays import to_numpy
from vaelid.spec.digits import shortest
from vaelid.spec.errors import SupportError

__all__ = ["check_support", "fitting_likelihoods"]

MOST_TRIALS = 65535
"""The largest N of ``binomial:N``."""

# Integer data whose largest value is one of these are the levels of an image or a count out of n.
_LEVELS = (3, 4, 7, 8, 15, 16, 31, 63, 127, 255)


def fitting_likelihoods(x: Any) -> tuple[str, ...]:
    """Names of likelihoods whose support holds all of x, the most informative first; none if not finite."""
    values = to_numpy(x)
    if values.size == 0 or not np.all(np.isfinite(values)):
        return ()
    low, high = float(values.min()), float(values.max())
    if low < 0:
        return ("gaussian", "laplace")
    if np.all(values == np.floor(values)):
        if high <= 1:
            return ("bernoulli",)
        binomial = f"binomial:{int(high)}"
        counts = ("negative_binomial", "poisson")
        if high > MOST_TRIALS:
            return counts
        return (binomial, *counts) if high in _LEVELS else (*counts, binomial)
    return ("continuous_bernoulli", "gaussian") if high <= 1 else ("gaussian", "laplace")


def check_support(likelihood: Any, x: Any, *, row_numbers: Sequence[int] | None = None) -> None:
    """Raise `SupportError` when a value of x (..., D) lies outside the support of `likelihood`.

    Rows are counted over the axes before the last, columns over the last axis, both from 0. A row goes by its
    entry in `row_numbers` where x is part of something larger.
    """
    inside = to_numpy(likelihood.contains(x))
    if inside.all():
        return
    values = to_numpy(x)
    columns = values.shape[-1] if values.ndim else 1
    flat, outside = values.reshape(-1), np.flatnonzero(~inside.reshape(-1))
    row, column = divmod(int(outside[0]), columns)
    value = flat[outside[0]]
    more = outside.size - 1
    others = f" (and {more:,} more value{'s' * (more > 1)})" if more else ""
    shown = row_numbers[row] if row_numbers else row
    raise SupportError(
        f"{likelihood.name} accepts {likelihood.accepts}, but row {shown}, column {column} is {shortest(value)}"
        f"{others}. {_remedy(likelihood, values)}"
    )


def _remedy(likelihood: Any, values: np.ndarray) -> str:
    if not np.all(np.isfinite(values)):
        return "No likelihood accepts NaN or infinity: remove those rows, or fill the values in."
    fitting = fitting_likelihoods(values)
    if likelihood.family == "categorical" and "poisson" in fitting:  # class numbers: more of them were met than named
        fitting = (f"categorical:{int(values.max()) + 1}",)
    return f"Use a likelihood that fits these data: {' or '.join(fitting)}."
