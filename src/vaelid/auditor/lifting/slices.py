"""Parts of a tensor along one dimension.

In: a tensor, a dimension, and which of its places. Out: the part. For example, x[:, 2] of x[i0, i1] is x[i0, 2], and
x[:, 1:4] is x[i0, 1 + i2] with a new axis 2 of length 3.
"""

from vaelid.auditor.formula.axes_of_terms import index_of, placed
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.readings.terms.arrays import index
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Operator, Term

__all__ = ["from_to", "one_place"]


def one_place(reader: Reader, x: Lifted, dim: int, position: int) -> Lifted:
    """The part at one place of a dimension, without that dimension."""
    if x.picked is not None:
        raise Mixed("a part of the places that a mask keeps")
    if x.triangular is not None:
        raise Mixed("a part of a triangular matrix")
    if x.pieces:
        piece, before = _piece_at(reader, x, dim, position, 1)
        return one_place(reader, piece, dim, position - before)
    places: dict[int, Term] = {}
    for axis in reversed(x.dims[dim]):
        length = reader.axes.lengths[axis]
        position, here = divmod(position, length)
        places[axis] = index(length - 1 - here if axis in reader.axes.backwards else here)
    dims = tuple(d for k, d in enumerate(x.dims) if k != dim)
    return x.part(dims, lambda: placed(x.element, places))


def from_to(reader: Reader, x: Lifted, dim: int, start: int, length: int) -> Lifted:
    """The part of so many places of a dimension, from a first one on."""
    if length == reader.axes.length(x.dims[dim]):
        return x
    if x.pieces:
        return _of_pieces(reader, x, dim, start, length)
    if length == 1:
        one = one_place(reader, x, dim, start)
        return one.laid_out((*one.dims[:dim], (), *one.dims[dim:]))
    if any(axis in reader.axes.backwards for axis in x.dims[dim]):
        raise Mixed("a part of an axis that is read from its end")
    if x.picked is not None or x.triangular is not None or len(x.dims[dim]) != 1:
        raise Mixed("a part of an axis that was cut in two")
    (axis,) = x.dims[dim]
    fresh = reader.axes.dim(("part", axis, start, length), length)
    if len(fresh) != 1:
        raise Mixed("a part of an axis, cut in two")
    moved = make(Operator("index_add"), index_of(fresh[0]), index(start)) if start else index_of(fresh[0])
    dims = tuple(fresh if k == dim else d for k, d in enumerate(x.dims))
    return x.part(dims, lambda: placed(x.element, {axis: moved}))


def _piece_at(reader: Reader, x: Lifted, dim: int, start: int, length: int) -> tuple[Lifted, int]:
    """The piece of a joined tensor in which so many places lie, and how many places there are before it."""
    if dim - len(x.dims) != x.joined_at:
        raise Mixed("a part of a joined tensor, along another dimension")
    before = 0
    for piece in x.pieces:
        here = reader.axes.length(piece.dims[dim])
        if before <= start and start + length <= before + here:
            return piece, before
        before += here
    raise Mixed("a part of a joined tensor that lies in two of its pieces")


def _of_pieces(reader: Reader, x: Lifted, dim: int, start: int, length: int) -> Lifted:
    """A part of a joined tensor along the dimension at which it is joined: joined of parts of its pieces."""
    if dim - len(x.dims) != x.joined_at:
        raise Mixed("a part of a joined tensor, along another dimension")
    parts, before = list[Lifted](), 0
    for piece in x.pieces:
        here = reader.axes.length(piece.dims[dim])
        first, last = max(start, before), min(start + length, before + here)
        if first < last:
            parts.append(from_to(reader, piece, dim, first - before, last - first))
        before += here
    if len(parts) == 1:
        return parts[0]
    fresh = reader.axes.dim(("part of joined", x.dims[dim], start, length), length)
    return x.joined_of(tuple(fresh if k == dim else d for k, d in enumerate(x.dims)), tuple(parts))
