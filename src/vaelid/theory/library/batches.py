"""Rows of a batch: each has its own value, whatever stands in the others.

Other theorems speak of one observation. These say that the same functions, given a batch, reduce the last axis only:
a sum or mean over the rows too, or a row that leaks into another, would break them.
"""

from vaelid import spec
from vaelid.readings.terms.arrays import TermArray, size, variable
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import Bound
from vaelid.theory.library.definitions import (
    D,
    K,
    L,
    importance_weighted_bound,
    kl_mean,
    kl_sum,
    mean_squared_error,
)
from vaelid.theory.result import solved
from vaelid.theory.statement import at, eq

__all__ = ["RESULTS"]

B, b = size("B"), size("b")
_x, _x_hat = variable("x", B, D), variable("x_hat", B, D)
_mu, _logvar = variable("mu", B, L), variable("logvar", B, L)
_log_weights = variable("log_weights", B, K)


def _row(batch: TermArray) -> TermArray:
    """Row b of a batch of vectors."""
    return TermArray(batch.shape[1:], element(batch.term, b, make(Bound(0))))


RESULTS = (
    solved(
        "mean_squared_error_of_batch",
        "each row of a batch has its own mean squared error",
        eq(at(spec.mean_squared_error(_x_hat, _x), b), mean_squared_error(_row(_x_hat), _row(_x))),
    ),
    solved(
        "diagonal_gaussian_kl_to_standard_of_batch",
        "each row of a batch has its own mean-reduced KL",
        eq(at(spec.diagonal_gaussian_kl_to_standard(_mu, _logvar), b), kl_mean(_row(_mu), _row(_logvar))),
    ),
    solved(
        "diagonal_gaussian_kl_to_standard_sum_of_batch",
        "each row of a batch has its own KL in nats",
        eq(at(spec.diagonal_gaussian_kl_to_standard_sum(_mu, _logvar), b), kl_sum(_row(_mu), _row(_logvar))),
    ),
    solved(
        "importance_weighted_bound_of_batch",
        "each row of a batch has its own importance-weighted bound, from its own draws",
        eq(at(spec.importance_weighted_bound(_log_weights), b), importance_weighted_bound(_row(_log_weights))),
    ),
)
