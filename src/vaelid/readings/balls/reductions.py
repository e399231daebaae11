"""Reductions along axes, and what is normalised along one."""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import accumulate
from operator import add, mul
from typing import Any

import numpy as np
from flint import arb

from vaelid.readings.balls import truth
from vaelid.readings.balls.array import REAL, TRUTH, BallArray, DType
from vaelid.readings.balls.operands import as_elements, made, reals
from vaelid.readings.errors import ReadingError

__all__ = ["REDUCTIONS"]

AxisArgument = int | tuple[int, ...] | None


def _reduction(function: Callable[[Sequence[Any]], Any], dtype: DType = REAL) -> Callable[..., BallArray]:
    """A function of a sequence of elements, along axes; all of them where none is named."""

    def rule(balls: Any, x: Any, *, axis: AxisArgument = None, keepdims: bool = False) -> BallArray:
        elements = as_elements(balls, x, dtype)
        axes = range(elements.ndim) if axis is None else (axis if isinstance(axis, tuple) else (axis,))
        reduced = {range(elements.ndim)[one] for one in axes}
        kept = [one for one in range(elements.ndim) if one not in reduced]
        rows = elements.transpose(*kept, *sorted(reduced)).reshape(*(elements.shape[one] for one in kept), -1)
        results = np.empty(rows.shape[:-1], dtype=object)
        for index in np.ndindex(results.shape):
            results[index] = function(rows[index].tolist())
        if keepdims:
            results = np.expand_dims(results, tuple(sorted(reduced)))
        return made(balls, results, dtype)

    return rule


def _sum(row: Sequence[arb]) -> arb:
    return sum(row, start=arb(0))


def _extremum(name: str, which: Callable[[arb, arb], arb]) -> Callable[[Sequence[arb]], arb]:
    def of(row: Sequence[arb]) -> arb:
        if not row:
            raise ReadingError(f"the balls reading has no {name} of no elements.")
        return reduce(which, row)

    return of


def _log_softmax_of(row: Sequence[arb]) -> list[arb]:
    """x_k - log sum_j e^(x_j) = -log(1 + sum_(j != k) e^(x_j) / e^(x_k)), which rises in x_k and falls in the others.

    So its least value is at the lower end of x_k and the upper ends of the others, and its greatest the other way
    round; no sum holds its own term again, and nothing cancels.
    """
    shift = reduce(arb.max, row).mid()  # any one number: it leaves the quotients as they are
    lower, upper = ([(end(x) - shift).exp() for x in row] for end in (arb.lower, arb.upper))
    least, greatest = (
        [-(other / own).log1p() for own, other in zip(mine, _sums_of_others(theirs), strict=True)]
        for mine, theirs in ((lower, upper), (upper, lower))
    )
    return [low.union(high) for low, high in zip(least, greatest, strict=True)]


def _sums_of_others(terms: Sequence[arb]) -> list[arb]:
    before = accumulate(terms[:-1], add, initial=arb(0))
    after = [*accumulate(reversed(terms[1:]), add, initial=arb(0))][::-1]
    return [left + right for left, right in zip(before, after, strict=True)]


def _log_softmax(balls: Any, x: Any, *, axis: int) -> BallArray:
    rows = np.moveaxis(reals(balls, x), axis, -1)
    results = np.empty(rows.shape, dtype=object)
    for index in np.ndindex(rows.shape[:-1]):
        results[index] = _log_softmax_of(rows[index].tolist())
    return made(balls, np.moveaxis(results, -1, axis))


REDUCTIONS: dict[str, Callable[..., BallArray]] = {
    "all": _reduction(lambda row: reduce(truth.both, row, True), TRUTH),
    "any": _reduction(lambda row: reduce(truth.either, row, False), TRUTH),
    "log_softmax": _log_softmax,
    "max": _reduction(_extremum("largest", arb.max)),
    "mean": _reduction(lambda row: _sum(row) / len(row)),
    "min": _reduction(_extremum("smallest", arb.min)),
    "prod": _reduction(lambda row: reduce(mul, row, arb(1))),
    "sum": _reduction(_sum),
}
"""For each operation's name its rule. A mean of no elements is a non-finite ball; an extremum of none raises."""
