"""The sum, or integral, of exp of minus a term over one datum: of a negative log-density it is one number for all else.

In: a term, the element of the datum in it, numbers for all arrays, and a `Support`. Out: the logarithm of the sum at
each place. For |x - h| over the real numbers it is log 2 at every h; for |x - h| + h^2 it moves with h.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import torch
from torch import Tensor

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import (
    array_name,
    axes_in,
    axis_of,
    element_of,
    index_name,
    index_names,
    is_index,
)
from vaelid.auditor.formula.in_tensors import OnDemand, values_of
from vaelid.auditor.formula.supports import Support
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Element, Operator, Term, free_variables, subterms

__all__ = ["CLOSE", "is_at_one_place", "log_totals", "log_totals_of_values", "share_of_largest"]

CLOSE = 1e-4
"""In nats, how far totals of one density may be apart: an absolute error's kink costs the trapezoidal rule 1e-6."""

_INWARD = 50
"""A part of the points: so many of them inward from an end there has to be more than at it."""
_FALLEN = 12.0
"""How many nats both ends of an interval have to lie below the total: of 1 / |x| they are 6 below, however far."""
_RESOLVED = 20.0
"""How many nats the last of endless points has to lie below the total: what follows it is less than 1e-7 of it."""


def is_at_one_place(datum: Term) -> bool:
    """Whether an element's indices are different axes, numbers, and axes moved by numbers; one of them a bare axis."""
    axes = [axis_of(v) for index in datum.arguments[1:] for v in free_variables(index) if is_index(v)]
    bare = any(is_index(index.head) for index in datum.arguments[1:])
    return bare and len(set(axes)) == len(axes) and not any(index.loose for index in datum.arguments[1:])


def log_totals(
    term: TermArray,
    datum: Term,
    arrays: Mapping[str, Tensor],
    lengths: Mapping[str, int],
    axes: Iterable[int],
    support: Support,
    row: int,
    made: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    *,
    of: "Callable[[Tensor, Support], Tensor] | None" = None,
) -> Tensor:
    """The logarithm of the total at each place of one row, as `log_totals_of_values` gives it.

    Args:
        term: what is summed over, an element for each place of the axes.
        datum: the element that it is summed over.
        arrays: gives the numbers of each array.
        lengths: of each axis and each index.
        axes: those of the term.
        support: of the datum.
        row: along one of the datum's axes, of which it is the remainder by the axis's length.
        made: for arrays that are made of the datum at each place, how.
        of: what is asked of the values at the support's points, if not the total.

    Raises:
        ReadingError: where each of the datum's axes is in the term in other ways than as elements' indices.
    """
    term, datum, arrays = _with_bare_axes(term, datum, arrays, lengths)
    axis, along = _axis_of_rows(term, datum)
    row %= lengths[index_name(axis)]
    count = len(support.points)
    spread: dict[str, Tensor] = {}
    made = {array_name(datum): lambda points: points, **(made or {})}
    for name, dimension in along.items():
        array = arrays[name]
        size = [count if d == dimension else length for d, length in enumerate(array.shape)]
        if name in made:
            shape = [count if d == dimension else 1 for d in range(array.ndim)]
            spread[name] = made[name](support.points).reshape(shape).expand(size)
        else:
            spread[name] = array.narrow(dimension, row, 1).expand(size)
    order = index_names(dict.fromkeys((axis, *axes)))
    instead = OnDemand(arrays, lambda name: spread[name] if name in spread else arrays[name])
    values = values_of(term.term, instead, {**lengths, index_name(axis): count}, order)
    return (of or log_totals_of_values)(values, support)


def share_of_largest(values: Tensor, support: Support) -> Tensor:
    """How much of the total one point has, at each place; 0 where that is an integral's."""
    logs = torch.where(values.isnan(), -torch.inf, -values)
    return torch.zeros_like(values[0]) if support.interval else (logs.max(0).values - logs.logsumexp(0)).exp()


def log_totals_of_values(values: Tensor, support: Support) -> Tensor:
    """The logarithm of the total of a term, from its values at the support's points, along the first dimension.

    Infinite where exp of minus the term does not fall off far out; NaN where the points do not tell the sum.
    """
    shape = [-1] + [1] * (values.ndim - 1)
    known = ~values.isnan()
    logs = torch.where(known, support.log_weights.reshape(shape) - values, -torch.inf)
    total = logs.logsumexp(0)
    size, inward = len(logs), max(1, len(logs) // _INWARD)
    if support.endless:
        rest, error = _rest(logs, inward)
        told = logs[-1] < total - _RESOLVED
        known = rest + error < total + math.log(CLOSE / 2)
        falls = torch.where(logs[-1] < logs[-1 - inward], torch.nan, torch.inf)
        return torch.where(told, total, torch.where(known, torch.logaddexp(total, rest), falls))
    if support.interval:
        first, last = known.int().argmax(0, keepdim=True), size - 1 - known.flip(0).int().argmax(0, keepdim=True)
        falls = known.any(0)
        for at, inside in ((first, first + inward), (last, last - inward)):
            end, near = (logs.gather(0, k.clamp(0, size - 1))[0] for k in (at, inside))
            # what is constant far out, however small, has no integral: it grows with the steps there
            falls = falls & (end < total - _FALLEN) & ((end < near) | end.isneginf())
        of_half = logs[::2].logsumexp(0) + math.log(2)
        exact = (total - of_half).abs() < CLOSE / 2  # a peak between two points is not
        return torch.where(falls, torch.where(exact, total, torch.nan), torch.inf)
    return total


def _rest(logs: Tensor, inward: int) -> tuple[Tensor, Tensor]:
    """The logarithms of what follows the last point, as a geometric series, and of that series' relative error.

    The error is that of a ratio which goes on changing as it did: the square of the series' length, 1 / (1 - ratio),
    times the change. Of a negative binomial the ratio is p (x + r) / (x + 1), which hardly changes far out.
    """
    ratio, before = logs[-1] - logs[-2], logs[-1 - inward] - logs[-2 - inward]
    left = torch.log(-torch.expm1(ratio.clamp(max=0)))
    rest = torch.where(ratio < 0, logs[-1] + ratio - left, torch.inf)
    change = ((ratio - before).abs() / inward).clamp(min=1e-15)
    return rest, torch.where(ratio < 0, change.log() - 2 * left, torch.inf)


_THE_DATUM = "the_datum"


def _with_bare_axes(
    term: TermArray, datum: Term, arrays: Mapping[str, Tensor], lengths: Mapping[str, int]
) -> tuple[TermArray, Term, Mapping[str, Tensor]]:
    """Where the datum is x[i0 + 2, i1], as in a chunk of rows, the same with an array of its own at i0 and i1."""
    if not any(index.head == Operator("index_add") for index in datum.arguments[1:]):
        return term, datum, arrays
    axes = axes_in(datum)
    bare = element_of(_THE_DATUM, axes).term
    own = values_of(datum, arrays, lengths, index_names(axes))
    every = OnDemand((*arrays, _THE_DATUM), lambda name: own if name == _THE_DATUM else arrays[name])
    return TermArray((), replaced(term.term, {datum: bare})), bare, every


@lru_cache(maxsize=256)
def _axis_of_rows(term: TermArray, datum: Term) -> tuple[int, dict[str, int]]:
    """An axis of the datum that others follow, and which dimension of each array it is."""
    reason = ReadingError("the datum has other indices than axes")
    for index in datum.arguments[1:]:
        if is_index(index.head):
            axis = axis_of(index.head)
            try:
                return axis, _dimensions_along(term, axis)
            except ReadingError as found:
                reason = found
    raise reason


def _dimensions_along(term: TermArray, axis: int) -> dict[str, int]:
    """For each array of a term the dimension that this axis is the index of."""
    found: dict[str, int] = {}
    name = index_name(axis)
    for part in subterms(term.term):
        uses = [k for k, a in enumerate(part.arguments) if any(v.name == name for v in free_variables(a))]
        if isinstance(part.head, Operator) and part.head.name == "real" and uses:
            raise ReadingError("the term counts places")
        if not isinstance(part.head, Element):
            continue
        whole = [k for k in uses if is_index(part.arguments[k].head)]
        if len(whole) != len(uses) or len(uses) > 1:
            raise ReadingError("an index is moved along the datum's axis")
        own = uses[0] - 1 if uses else -1
        if found.setdefault(array_name(part), own) != own:
            raise ReadingError("an array is at the datum's place, and at others")
    return {name: dimension for name, dimension in found.items() if dimension >= 0}
