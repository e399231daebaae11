"""Functions of elements: operands broadcast against each other as torch does it, axis by axis.

In: a function of real terms, and tensors. Out: the tensor of its values. For example, of x with axes (0, 1) and y with
axis 2 alone, `pointwise` of x + y pairs the last dimensions, learns that axes 1 and 2 are one, and gives x[i0, i1] +
y[i1].

In `x[:, None] - x[None, :]` one axis would be both dimensions: the later one gets an axis of its own, which repeats it.
"""

from collections.abc import Callable, Sequence
from functools import partial, reduce

from vaelid.auditor.formula.arithmetic import simple
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.axes import Dim, Dims
from vaelid.auditor.lifting.picked import pointwise_of_picked
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted, without_element
from vaelid.auditor.lifting.triangular import pointwise_of_triangular
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray

__all__ = ["joined", "pointwise"]


def pointwise(reader: Reader, event: Event, function: Callable[..., TermArray], *operands: Lifted) -> Lifted:
    """The function of elements that are paired by their places."""
    if any(x.picked is not None for x in operands):
        return pointwise_of_picked(reader, event, partial(pointwise, reader, event, function), operands)
    if any(x.triangular is not None for x in operands):
        alone = partial(pointwise, reader, event, lambda *values: simple(function(*values)))
        return pointwise_of_triangular(reader, event, function, alone, operands)
    first = next((x for x in operands if x.pieces), None)
    if first is not None:
        return _piece_by_piece(reader, event, function, first, operands)
    axes = reader.axes
    rank = max(len(x.dims) for x in operands)
    laid_out = _repeating(reader, operands, rank)
    dims: list[Dim] = []
    for d in range(rank):
        all_here = [x.dims[d - rank + len(x.dims)] for x in laid_out if d - rank + len(x.dims) >= 0]
        moving = [dim for dim in all_here if not axes.expanded.issuperset(dim)]
        here = moving or all_here
        dims.append(reduce(lambda one, other: axes.pair(one, other) if one and other else one or other, here, ()))
    result, renamed = _distinct(reader, event, tuple(axes.now(dim) for dim in dims), laid_out)
    return Lifted(
        result,
        lambda: function(*(x.element for x in renamed)),
        frozenset().union(*(x.leaves for x in laid_out)),
        frozenset().union(*(x.live for x in laid_out)),
        frozenset().union(*(x.stops for x in laid_out)),
    )


def _repeating(reader: Reader, operands: Sequence[Lifted], rank: int) -> tuple[Lifted, ...]:
    """Where an operand has an axis that repeats another operand's, that one is laid out along the repeating axis."""
    found = list(operands)
    for d in range(rank):
        here = [(k, x.dims[d - rank + len(x.dims)]) for k, x in enumerate(found) if d - rank + len(x.dims) >= 0]
        for _, dim in here:
            base = tuple(reader.axes.again.get(a, a) for a in dim)
            if base == dim:
                continue
            for k, other in here:
                x = found[k]
                if other == base and not set(dim) & {a for own in x.dims for a in own}:
                    at = d - rank + len(x.dims)
                    new = tuple(dim if j == at else old for j, old in enumerate(x.dims))
                    found[k] = x.renamed(dict(zip(base, dim, strict=True)), new)
    return tuple(found)


def _distinct(
    reader: Reader, event: Event, dims: Dims, operands: tuple[Lifted, ...]
) -> tuple[Dims, tuple[Lifted, ...]]:
    """Where two dimensions would be of one axis, as in an outer difference, the later gets an axis of its own."""
    axes, seen = reader.axes, set[int]()
    for d, dim in enumerate(dims):
        if seen & set(dim):
            own = {a: axes.dim((event.number, "own", d, k), axes.lengths[a]) for k, a in enumerate(dim)}
            fresh = tuple(a for old in dim for a in own[old])
            axes.again.update(dict(zip(fresh, dim, strict=True)))
            changed = []
            for x in operands:
                at = d - len(dims) + len(x.dims)
                if at >= 0 and x.dims[at]:
                    new = tuple(fresh if k == at else old for k, old in enumerate(x.dims))
                    moves = x.dims[at] == dim  # an expanded tensor is the same along it, and has no such index
                    x = x.renamed({old: own[old][0] for old in dim} if moves else {}, new)
                changed.append(x)
            now = tuple(fresh if k == d else old for k, old in enumerate(dims))
            return _distinct(reader, event, now, tuple(changed))
        seen |= set(dim)
    return dims, operands


def _piece_by_piece(
    reader: Reader, event: Event, function: Callable[..., TermArray], first: Lifted, operands: Sequence[Lifted]
) -> Lifted:
    """The function where operands are joined of pieces, in one and the same way."""
    at = first.joined_at
    for x in operands:
        if x.pieces and (x.joined_at != at or len(x.pieces) != len(first.pieces)):
            raise Mixed("tensors that are joined in different ways")
        if not x.pieces and len(x.dims) >= -at and x.dims[at]:
            raise Mixed("a joined tensor beside one that is whole")
    pieces = tuple(
        pointwise(reader, event, function, *(x.pieces[k] if x.pieces else x for x in operands))
        for k in range(len(first.pieces))
    )
    return joined(event, pieces, at, first.dims)


def joined(event: Event, pieces: tuple[Lifted, ...], at: int, dims: Dims) -> Lifted:
    """A tensor of these pieces along dimension `at`, counted from the end: it has no element of its own."""
    why = "tensors joined by cat or stack, and not summed over"
    return without_element(dims, pieces, why, event.source, pieces=pieces, joined_at=at)
