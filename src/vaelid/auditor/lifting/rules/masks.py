"""Masks of truth values: other values in place of some, and the places that are kept.

In: an event such as `nll.masked_fill(~mask, 0.0)` or `nll[mask]`. Out: (1 - h1[i0, i1]) nll[i0, i1], h1 being the leaf
that `~mask` is, or the places of nll that the mask keeps (see `picked.py`). A mask is a number, 0 or 1, at each place.
"""

import math
from typing import Any

from vaelid.auditor.formula.arithmetic import is_number, simple
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.axes import Dim
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.picked import picked
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.tensor import Lifted, Picked
from vaelid.auditor.lifting.truth_values import of_truth_values
from vaelid.auditor.recording.events import Event, Region
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Operator

__all__: list[str] = []


def _either(chosen: TermArray, x: TermArray, y: TermArray) -> TermArray:
    """x where it is chosen, else y. A term of 0 is left out, so that what is masked stands in one product."""
    kept, other = chosen * x, _opposite(chosen) * y
    if is_number(simple(y), 0):
        return kept
    return other if is_number(simple(x), 0) else kept + other


def _opposite(truth: TermArray) -> TermArray:
    """1 - m for m, and m for 1 - m: what is left out where `~mask` is filled stands as the mask itself."""
    match truth.term.head, truth.term.arguments:
        case Operator("subtract"), (one, inside) if one is as_term(1).term:
            return TermArray((), inside)
    return 1 - truth


@reads("bitwise_not", "logical_not")
def _not(reader: Reader, event: Event) -> Lifted:
    return pointwise(reader, event, _opposite, _mask(reader, event, event.arguments[0]))


@reads("bitwise_and", "logical_and")
def _both(reader: Reader, event: Event) -> Lifted:
    return pointwise(reader, event, lambda x, y: x * y, *(_mask(reader, event, x) for x in event.arguments[:2]))


@reads("where")
def _where(reader: Reader, event: Event) -> Lifted:
    if len(event.arguments) != 3:
        raise Mixed("the places at which a condition holds")
    chosen, x, y = (operand(reader, event, value) for value in event.arguments)
    return pointwise(reader, event, _either, chosen, x, y)


@reads("masked_fill")
def _filled(reader: Reader, event: Event) -> Lifted:
    x, mask, value = event.arguments
    return _with_value(reader, event, operand(reader, event, x), _mask(reader, event, mask), value)


@reads("index_put")
def _written(reader: Reader, event: Event) -> Lifted:
    """One number at the places of a mask, as `nll[mask] = 0` writes it."""
    x, chosen, value, *accumulate = event.arguments
    at, region = _one_mask(chosen)
    if any(accumulate) or (isinstance(value, Region) and math.prod(value.size) != 1):
        raise Mixed("several values written at chosen places")
    found, mask = operand(reader, event, x), _mask(reader, event, region)
    after = len(found.dims) - at - len(mask.dims)
    return _with_value(reader, event, found, mask.laid_out((*mask.dims, *((),) * after)), value)


def _with_value(reader: Reader, event: Event, x: Lifted, mask: Lifted, value: Any) -> Lifted:
    if isinstance(value, float) and not math.isfinite(value):
        raise Mixed(f"a mask that writes {value}")
    number = operand(reader, event, value)
    number = number.laid_out(()) if not any(number.dims) else number
    return pointwise(reader, event, lambda mask, number, x: _either(mask, number, x), mask, number, x)


@reads("index")
def _at_places(reader: Reader, event: Event) -> Lifted:
    x, chosen = event.arguments
    at, region = _one_mask(chosen)
    found, mask = operand(reader, event, x), _mask(reader, event, region)
    if found.pieces or found.picked is not None:
        raise Mixed("places of a tensor that is joined, or picked")
    end = at + len(mask.dims)
    dims = tuple(_paired(reader, one, other) for one, other in zip(found.dims[at:end], mask.dims, strict=True))
    flat: Dim = tuple(axis for dim in dims for axis in dim)
    after = len(found.dims) - end
    full = found.laid_out((*found.dims[:at], flat, *found.dims[end:]))
    return _kept(reader, event, Picked(full, mask.laid_out((flat, *((),) * after)), -1 - after))


@reads("masked_select")
def _selected(reader: Reader, event: Event) -> Lifted:
    x, region = event.arguments
    mask = _mask(reader, event, region)
    both = [operand(reader, event, x), mask]
    if any(one.pieces or one.picked is not None for one in both):
        raise Mixed("places of a tensor that is joined, or picked")
    full = pointwise(reader, event, lambda value, mask: value, *both)
    laid_out = pointwise(reader, event, lambda value, mask: mask, *both)
    flat: Dim = tuple(axis for dim in full.dims for axis in dim)
    return _kept(reader, event, Picked(full.laid_out((flat,)), laid_out.laid_out((flat,)), -1))


def _kept(reader: Reader, event: Event, of: Picked) -> Lifted:
    (output,) = event.made_regions
    return picked(event, of, reader.axes.dim((event.number, "picked"), output.size[of.at]))


def _one_mask(chosen: Any) -> tuple[int, Region]:
    """The only tensor among the indices of an event, and its dimension. Raises `Mixed` where there are several."""
    found = [(at, region) for at, region in enumerate(chosen) if isinstance(region, Region)]
    if len(found) != 1 or len(chosen) != found[0][0] + 1:
        raise Mixed("")
    return found[0]


def _mask(reader: Reader, event: Event, region: Any) -> Lifted:
    if not isinstance(region, Region) or not of_truth_values(reader, event, region):
        raise Mixed("")
    found = operand(reader, event, region)
    if found.pieces or found.picked is not None:
        raise Mixed("a mask that is joined, or picked")
    return found


def _paired(reader: Reader, one: Dim, other: Dim) -> Dim:
    """A dimension of a tensor and the mask's there: one along which one of them is the same is the other's."""
    if reader.axes.length(one) != reader.axes.length(other):
        raise Mixed("")
    for dim, fresh in ((one, other), (other, one)):
        if fresh and reader.axes.expanded.issuperset(fresh):
            return dim
    return reader.axes.pair(one, other)
