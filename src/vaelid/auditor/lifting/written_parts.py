"""One number that is written into a part of a tensor, as `eps[:, 0] = 0` writes it.

In: a tensor as it was read, and where which number is written into it. Out: the tensor as it is after that. For
example, eps[i0, i1] is kept1[i0, i1] * eps[i0, i1] then, where kept1 is 0 in the first column and 1 elsewhere.
"""

import math

import torch

from vaelid.auditor.formula.arithmetic import simple
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Composed, Leaf, Lifted
from vaelid.auditor.recording.events import Event, Region
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Number

__all__ = ["number_of", "with_part_written"]


_MOST_PLACES = 10**6
"""Of a tensor: its array of zeros and ones is as large."""


def number_of(written: Lifted) -> TermArray | None:
    """The number that all of a tensor is, as it stands; None for any other tensor."""
    try:
        return written.element if not written.leaves and isinstance(written.element.term.head, Number) else None
    except Unread:
        return None


def with_part_written(
    reader: Reader, event: Event, whole: Lifted, region: Region, part: Region, number: TermArray
) -> Lifted | None:
    """The tensor of a region after the number was written into a part of it; None where that is not read.

    A tensor that is trained is not: what autograd knows of it is another than before.
    """
    axes = [reader.axes.now(dim) for dim in whole.dims]
    here = tuple(reader.axes.length(dim) for dim in axes) == region.size
    if whole.live or whole.pieces or whole.picked or whole.triangular or not here or _is_large(region):
        return None
    kept = ~torch.isin(region.positions(), part.positions()).reshape(region.size)
    name = reader.name("kept")
    leaf = Leaf(name, "constant", tuple(axes), kept, source=event.source, composed=Composed((), lambda _: kept))
    mask = reader.of_leaf(leaf)

    def element() -> TermArray:
        own = element_of(name, [axis for dim in axes for axis in reader.axes.now(dim)])
        return simple(own * whole.element + (1 - own) * number)

    return Lifted(whole.dims, element, whole.leaves | mask.leaves, whole.live, whole.stops)


def _is_large(region: Region) -> bool:
    return math.prod(region.size) > _MOST_PLACES
