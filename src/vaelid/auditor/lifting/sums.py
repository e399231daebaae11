"""Sums and means over dimensions.

In: a tensor and the dimensions that are summed over. Out: the tensor of the sums. For example, `x.sum(1)` of x[i0, i1]
is the sum of x[i0, k] over k < N1; `x.mean(1)` divides that by N1.
"""

from collections.abc import Iterable
from functools import reduce

from vaelid.auditor.formula.axes_of_terms import count, depends_on, length_of, total
from vaelid.auditor.formula.functions import divided
from vaelid.auditor.lifting.picked import picked
from vaelid.auditor.lifting.pointwise import joined, pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted, Picked, Triangular
from vaelid.auditor.lifting.triangular import reduced_parts
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray, real

__all__ = ["REDUCTIONS", "over"]


REDUCTIONS = ("none", "mean", "sum")
"""What the `reduction` of a loss of torch says, by the number that ATen has for it."""


def over(
    reader: Reader, event: Event, x: Lifted, chosen: Iterable[int], reduction: str, *, keep: bool = False
) -> Lifted:
    """The ``sum`` or ``mean`` over some dimensions, which stay if `keep`; the tensor itself for ``none``."""
    if reduction == "none":
        return x
    rank = max(1, len(x.dims))
    gone = {d % rank for d in chosen}
    if x.pieces:
        return _over_joined(reader, event, x, gone, reduction, keep=keep)
    if x.picked is not None:
        return _over_picked(reader, event, x, x.picked, gone, reduction, keep=keep)
    if x.triangular is not None:
        return _over_triangular(reader, event, x, x.triangular, gone, reduction, keep=keep)
    axes = [a for d in sorted(gone) if d < len(x.dims) for a in x.dims[d]]

    def element() -> TermArray:
        result = reduce(_along, reversed(axes), x.element)
        return divided(result, count(axes)) if reduction == "mean" and axes else result

    dims = tuple(() if d in gone else dim for d, dim in enumerate(x.dims) if keep or d not in gone)
    return x.with_element(dims, element)


def _along(term: TermArray, axis: int) -> TermArray:
    """The sum over an axis; of a term that is the same along it, the length times the term."""
    return total(term, axis) if depends_on(term, axis) else term * real(length_of(axis))


def _over_triangular(
    reader: Reader, event: Event, x: Lifted, of: Triangular, gone: set[int], reduction: str, *, keep: bool
) -> Lifted:
    """The sum of a triangular matrix: of what is below its diagonal, and of what is on it."""

    def reduced(part: Lifted) -> Lifted:
        return over(reader, event, part, gone, "sum", keep=keep)

    found = reduced_parts(reader, event, x, of, gone, reduced)
    if isinstance(found, Lifted):
        total = found
    else:
        total = pointwise(reader, event, lambda *parts: reduce(lambda one, other: one + other, parts), *found)
    number = [a for d in sorted(gone) if d < len(x.dims) for a in x.dims[d]]
    if reduction == "sum" or not number:
        return total
    return pointwise(reader, event, lambda v: divided(v, count(number)), total)


def _over_picked(
    reader: Reader, event: Event, x: Lifted, of: Picked, gone: set[int], reduction: str, *, keep: bool
) -> Lifted:
    """The sum over the places that a mask keeps, of the tensor times the mask; their mean is over as many as it keeps.

    A sum over other dimensions leaves the places as they are.
    """
    at = len(x.dims) + of.at
    if at not in gone:
        after = sum(1 for d in range(at, len(x.dims)) if keep or d not in gone)
        full = over(reader, event, of.full, gone, reduction, keep=keep)
        mask = of.mask.laid_out((of.mask.dims[0], *((),) * (after - 1)))
        return picked(event, Picked(full, mask, -after), x.dims[at])
    kept = pointwise(reader, event, lambda mask, value: mask * value, of.mask, of.full)
    total = over(reader, event, kept, gone, "sum", keep=keep)
    if reduction == "sum":
        return total
    number = over(reader, event, of.mask, range(len(of.mask.dims)), "sum")
    others = [a for d in sorted(gone - {at}) for a in x.dims[d]]
    return pointwise(reader, event, lambda v, n: divided(v, n * count(others) if others else n), total, number)


def _over_joined(reader: Reader, event: Event, x: Lifted, gone: set[int], reduction: str, *, keep: bool) -> Lifted:
    """The sum or mean over dimensions of a tensor that is joined of pieces."""
    at = len(x.dims) + x.joined_at
    within = "sum" if at in gone else reduction  # pieces may have different lengths: their means do not add up
    sums = tuple(over(reader, event, piece, gone, within, keep=keep) for piece in x.pieces)
    if at not in gone:
        before = sum(1 for d in range(at, len(x.dims)) if keep or d not in gone)
        dims = tuple(() if d in gone else dim for d, dim in enumerate(x.dims) if keep or d not in gone)
        return joined(event, sums, -before, dims)
    result = pointwise(reader, event, lambda *parts: reduce(lambda one, other: one + other, parts), *sums)
    if reduction == "mean":
        length = count([a for d in gone for a in x.dims[d]])
        result = pointwise(reader, event, lambda v: divided(v, length), result)
    return result
