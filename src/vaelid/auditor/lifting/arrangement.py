"""What is done to tensors as wholes: pairing, summing, reshaping, slicing. Each is a tensor by its element."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce
from typing import Any

from vaelid.auditor.formula.axes_of_terms import count, index_of, length_of, placed, total
from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.formula.functions import divided
from vaelid.auditor.lifting.axes import Axes, Dim, Dims
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.record import Event, Place
from vaelid.readings.terms.arrays import TermArray, index, real
from vaelid.readings.terms.syntax import Operator, free_variables, make

__all__ = ["VIEWS", "Arrangement"]


VIEWS = {"view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "flatten", "_reshape_alias"}
"""Operations that keep the order of the elements."""


def _along(term: TermArray, axis: int) -> TermArray:
    """The sum over an axis; of what is the same along it, that many times it."""
    moves = index_of(axis).head in free_variables(term.term)
    return total(term, axis) if moves else term * real(length_of(axis))


class Arrangement:
    """Operations on tensors with named axes; `number` and `event` are those of the operation that is read."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        self.number = 0
        self.event: Event

    def pointwise(self, function: Callable[..., TermArray], *operands: Lifted) -> Lifted:
        """A function of elements that are paired by their places."""
        joined = next((x for x in operands if x.pieces), None)
        if joined is not None:
            return self.pointwise_joined(function, joined, operands)
        rank = max(len(x.dims) for x in operands)
        operands = self.repeating(operands, rank)
        dims: list[Dim] = []
        for d in range(rank):
            all_here = [x.dims[d - rank + len(x.dims)] for x in operands if d - rank + len(x.dims) >= 0]
            moving = [dim for dim in all_here if not self.axes.expanded.issuperset(dim)]
            here = moving or all_here
            dims.append(
                reduce(lambda one, other: self.axes.pair(one, other) if one and other else one or other, here, ())
            )
        now = tuple(self.axes.now(dim) for dim in dims)
        result, renamed = self.distinct(now, operands)
        return Lifted(
            result,
            lambda: function(*(x.element for x in renamed)),
            frozenset().union(*(x.leaves for x in operands)),
            frozenset().union(*(x.live for x in operands)),
            frozenset().union(*(x.stops for x in operands)),
        )

    def repeating(self, operands: tuple[Lifted, ...], rank: int) -> tuple[Lifted, ...]:
        """Where one has an axis that repeats another's, the other is laid out along that."""
        found = list(operands)
        for d in range(rank):
            here = [(k, x.dims[d - rank + len(x.dims)]) for k, x in enumerate(found) if d - rank + len(x.dims) >= 0]
            for _, dim in here:
                base = tuple(self.axes.again.get(a, a) for a in dim)
                if base == dim:
                    continue
                for k, other in here:
                    x = found[k]
                    if other == base and not set(dim) & {a for own in x.dims for a in own}:
                        at = d - rank + len(x.dims)
                        new = tuple(dim if j == at else old for j, old in enumerate(x.dims))
                        found[k] = x.renamed(dict(zip(base, dim, strict=True)), new)
        return tuple(found)

    def distinct(self, dims: Dims, operands: tuple[Lifted, ...]) -> tuple[Dims, tuple[Lifted, ...]]:
        """Where two dimensions would be of one axis, as in an outer difference, the later gets one of its own."""
        seen: set[int] = set()
        for d, dim in enumerate(dims):
            if seen & set(dim):
                own = {a: self.axes.dim((self.number, "own", d, k), self.axes.lengths[a]) for k, a in enumerate(dim)}
                fresh = tuple(a for old in dim for a in own[old])
                self.axes.again.update(dict(zip(fresh, dim, strict=True)))
                changed = []
                for x in operands:
                    at = d - len(dims) + len(x.dims)
                    if at >= 0 and x.dims[at]:
                        new = tuple(fresh if k == at else old for k, old in enumerate(x.dims))
                        moves = x.dims[at] == dim  # and is not the same along it, as what was expanded is
                        x = x.renamed({old: own[old][0] for old in dim} if moves else {}, new)
                    changed.append(x)
                return self.distinct(tuple(fresh if k == d else old for k, old in enumerate(dims)), tuple(changed))
            seen |= set(dim)
        return dims, operands

    def pointwise_joined(
        self, function: Callable[..., TermArray], joined: Lifted, operands: tuple[Lifted, ...]
    ) -> Lifted:
        """The same, piece by piece, where tensors are joined."""
        at = joined.joined_at
        for x in operands:
            if x.pieces and (x.joined_at != at or len(x.pieces) != len(joined.pieces)):
                raise Mixed("tensors that are joined in different ways")
            if not x.pieces and len(x.dims) >= -at and x.dims[at]:
                raise Mixed("a joined tensor beside one that is whole")
        pieces = tuple(
            self.pointwise(function, *(x.pieces[k] if x.pieces else x for x in operands))
            for k in range(len(joined.pieces))
        )
        return self.joined_of(pieces, at, joined.dims)

    def joined_of(self, pieces: tuple[Lifted, ...], at: int, dims: Dims) -> Lifted:
        """A tensor of these pieces: it has no element of its own."""

        def refuse() -> TermArray:
            raise Unread("tensors joined by cat or stack, and not summed over", self.event.source)

        return Lifted(
            dims,
            refuse,
            frozenset().union(*(x.leaves for x in pieces)),
            frozenset().union(*(x.live for x in pieces)),
            frozenset().union(*(x.stops for x in pieces)),
            pieces,
            at,
        )

    def over(self, x: Lifted, chosen: Iterable[int], reduction: str, *, keep: bool = False) -> Lifted:
        """The sum or mean over some dimensions."""
        if reduction == "none":
            return x
        rank = max(1, len(x.dims))
        gone = {d % rank for d in chosen}
        if x.pieces:
            return self.over_joined(x, gone, reduction, keep=keep)
        axes = [a for d in sorted(gone) if d < len(x.dims) for a in x.dims[d]]

        def element() -> TermArray:
            result = reduce(_along, reversed(axes), x.element)
            return divided(result, count(axes)) if reduction == "mean" and axes else result

        dims = tuple(() if d in gone else dim for d, dim in enumerate(x.dims) if keep or d not in gone)
        return replace(x, dims=dims, make_element=element)

    def over_joined(self, x: Lifted, gone: set[int], reduction: str, *, keep: bool) -> Lifted:
        """The sum or mean over dimensions of a tensor that is joined."""
        at = len(x.dims) + x.joined_at
        sums = tuple(self.over(piece, gone, "sum" if at in gone else reduction, keep=keep) for piece in x.pieces)
        if at not in gone:
            before = sum(1 for d in range(at, len(x.dims)) if keep or d not in gone)
            dims = tuple(() if d in gone else dim for d, dim in enumerate(x.dims) if keep or d not in gone)
            return self.joined_of(sums, -before, dims)
        result = self.pointwise(lambda *parts: reduce(lambda one, other: one + other, parts), *sums)
        if reduction == "mean":
            length = count([a for d in gone for a in x.dims[d]])
            result = self.pointwise(lambda v: divided(v, length), result)
        return result

    def new_dims(self, output: Place) -> Dims:
        """The dimensions of a tensor that is made from nothing."""
        return tuple(self.axes.dim((self.number, "new", d), n) for d, n in enumerate(output.size))

    def moved(self, base: str, x: Lifted, output: Place) -> Lifted:
        """Elements are named by their indices, so a view has the same ones, unless it deals them out anew."""
        if x.pieces:
            if base in VIEWS and tuple(map(self.axes.length, x.dims)) == output.size:
                return x
            raise Mixed("a joined tensor in another shape")
        if base in VIEWS:
            return replace(x, dims=self.axes.dealt(x.dims, output.size))
        if base == "expand":  # a dimension keeps its axes; one that was of length 1 gets an axis
            old = ((),) * (len(output.size) - len(x.dims)) + x.dims
            new = self.new_dims(output)
            self.axes.expanded |= {a for dim, fresh in zip(old, new, strict=True) if not dim for a in fresh}
            return replace(x, dims=tuple(dim or fresh for dim, fresh in zip(old, new, strict=True)))
        if base == "repeat":
            return self.repeated(x, output)
        order = self.order(base, len(x.dims))
        return replace(x, dims=tuple(x.dims[d] for d in order))

    def order(self, base: str, rank: int) -> list[int]:
        """The order in which an operation puts the dimensions."""
        order = list(range(rank))
        if base in ("t", "numpy_T"):
            return order[::-1]
        if base == "permute":
            return [d % rank for d in self.event.arguments[1]]
        one, other = (d % rank for d in self.event.arguments[1:3])
        order[one], order[other] = other, one
        return order

    def repeated(self, x: Lifted, output: Place) -> Lifted:
        """A tensor laid out several times along a dimension."""
        old = ((),) * (len(output.size) - len(x.dims)) + x.dims
        dims = []
        for d, (dim, length) in enumerate(zip(old, output.size, strict=True)):
            times = length // self.axes.length(dim)
            dims.append((*self.axes.dim((self.number, "times", d), times), *dim))
        return replace(x, dims=tuple(dims))

    def at(self, x: Lifted, dim: int, position: int) -> Lifted:
        """One place of a dimension."""
        if x.pieces:
            if dim - len(x.dims) == x.joined_at and all(not p.dims or not p.dims[x.joined_at] for p in x.pieces):
                piece = x.pieces[position]
                return replace(piece, dims=tuple(d for k, d in enumerate(piece.dims) if k != dim))
            raise Mixed("a part of a joined tensor")
        places: dict[int, Any] = {}
        for axis in reversed(x.dims[dim]):
            position, here = divmod(position, self.axes.lengths[axis])
            places[axis] = index(here)
        dims = tuple(d for k, d in enumerate(x.dims) if k != dim)
        return replace(x, dims=dims, make_element=lambda: placed(x.element, places), whole=x.whole or x)

    def from_to(self, x: Lifted, dim: int, start: int, length: int) -> Lifted:
        """Some places of a dimension."""
        if length == self.axes.length(x.dims[dim]):
            return x
        if length == 1:
            one = self.at(x, dim, start)
            return replace(one, dims=(*one.dims[:dim], (), *one.dims[dim:]))
        if x.pieces or len(x.dims[dim]) != 1:
            raise Mixed("a part of an axis that was cut in two")
        (axis,) = x.dims[dim]
        fresh = self.axes.dim(("part", axis, start, length), length)
        if len(fresh) != 1:
            raise Mixed("a part of an axis, cut in two")
        moved = make(Operator("index_add"), index_of(fresh[0]), index(start)) if start else index_of(fresh[0])
        dims = tuple(fresh if k == dim else d for k, d in enumerate(x.dims))
        return replace(x, dims=dims, make_element=lambda: placed(x.element, {axis: moved}), whole=x.whole or x)
