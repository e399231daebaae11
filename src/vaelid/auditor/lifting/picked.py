"""Tensors of the places that a mask keeps, such as `nll[mask]`: all of it is known by the whole tensor and the mask.

In: a tensor, a mask of truth values, and the dimensions that it is of. Out: a `Lifted` whose `picked` has both. For
example, `(out[mask] - x[mask]) ** 2` is (out - x)^2 at the places of the mask, and its sum is that of mask (out - x)^2.

It has no element. Where a rule asks for that, the operation is cut, or the formula cannot be read: no place is mistaken
for another.
"""

from collections.abc import Callable, Sequence

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.axes import Dim
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted, Picked, without_element
from vaelid.auditor.recording.events import Event

__all__ = ["picked", "pointwise_of_picked"]


def picked(event: Event, of: Picked, dim: Dim) -> Lifted:
    """The kept places as a tensor; `dim`: its dimension along which these lie."""
    dims = list(of.full.dims)
    dims[of.at] = dim
    why = "the places that a mask keeps, not summed over"
    return without_element(tuple(dims), (of.full, of.mask), why, event.source, picked=of)


def pointwise_of_picked(
    reader: Reader, event: Event, function: Callable[..., Lifted], operands: Sequence[Lifted]
) -> Lifted:
    """A function of elements, where all operands that are picked are so by one mask."""
    of, dim = next((x.picked, x.dims[x.picked.at]) for x in operands if x.picked is not None)
    for x in operands:
        if x.pieces:
            raise Mixed("a joined tensor beside the places that a mask keeps")
        if x.picked is None and len(x.dims) >= -of.at and x.dims[of.at]:
            raise Mixed("a tensor beside the places that a mask keeps of another")
        if x.picked is not None and not _alike(reader, x.picked, of):
            raise Mixed("the places that two masks keep")
    full = function(*(x.picked.full if x.picked is not None else x for x in operands))
    return picked(event, Picked(full, of.mask, of.at), dim)


def _alike(reader: Reader, one: Picked, other: Picked) -> bool:
    """Whether two tensors are picked by the same mask along the same dimensions."""
    dims = [[reader.axes.now(dim) for dim in of.mask.dims] for of in (one, other)]
    return one.at == other.at and dims[0] == dims[1] and one.mask.element.term is other.mask.element.term
