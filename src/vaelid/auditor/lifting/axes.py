"""Which dimensions of which tensors are the same axis: those that an elementwise operation pairs.

In: the dimensions of tensors, and which of them were paired or reshaped. Out: the axes that each dimension is made of
now. For example, `mu + eps` says that the rows of mu and of eps are one axis; `x.view(5, 2, 3)` of a 5 x 6 tensor says
that its columns are two axes, of lengths 2 and 3.

A dimension is a tuple of axes, the slowest first, whose lengths multiply to its own; one of length 1 has none. Axes are
united as in a union-find structure: an axis leads to the one that it is the same as, or to its two parts. What is
learned late holds for what was read early, so a recording is read again until nothing new is learned.
"""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from vaelid.auditor.formula.errors import Mixed

__all__ = ["Axes", "Dim", "Dims", "DrawOfLoop"]


Dim = tuple[int, ...]
Dims = tuple[Dim, ...]


@dataclass(frozen=True)
class DrawOfLoop:
    """A draw that is one place of a draw: the numbers of the events that make all of it, and which of them it is."""

    numbers: tuple[int, ...]
    place: int


@dataclass
class Axes:
    """Axes by their numbers: their lengths, and what is known of them.

    Attributes:
        lengths: of each axis, as it was recorded.
        learned: how often two axes were found to be one, or one to be two.
        expanded: axes along which a tensor is the same, as it was expanded: another's axis there is another axis.
        again: axes along which a tensor is laid out once more, as in an outer difference, and the axis they repeat.
        backwards: axes that are another read from its end, and that other: nothing but its like is beside it.
        of_loops: the draws of loops that are places of one draw, by the numbers of their events.
        apart: the numbers of draws that are not.
        long_sums: the numbers of the events that end a long chain of additions.
    """

    lengths: list[int] = field(default_factory=list)
    learned: int = 0
    again: dict[int, int] = field(default_factory=dict)
    expanded: set[int] = field(default_factory=set)
    backwards: dict[int, int] = field(default_factory=dict)
    of_loops: dict[int, DrawOfLoop] = field(default_factory=dict)
    apart: set[int] = field(default_factory=set)
    long_sums: set[int] = field(default_factory=set)
    _by_key: dict[Hashable, int] = field(default_factory=dict)
    _same: dict[int, int] = field(default_factory=dict)
    _parts: dict[int, Dim] = field(default_factory=dict)

    def dim(self, key: Hashable, length: int) -> Dim:
        """The dimension of this key: a new axis when it is asked for first."""
        if length == 1:
            return ()
        if key not in self._by_key:
            self._by_key[key] = self._new(length)
        return self.now((self._by_key[key],))

    def from_the_end(self, axis: int) -> int:
        """The axis read from its end: a new one, or the one that this is so read."""
        if axis in self.backwards:
            return self.backwards[axis]
        (found,) = self.dim(("from the end", axis), self.lengths[axis])
        self.backwards[found] = axis
        return found

    def knows(self, key: Hashable) -> bool:
        """Whether a dimension of this key was asked for."""
        return key in self._by_key

    def _new(self, length: int) -> int:
        self.lengths.append(length)
        return len(self.lengths) - 1

    def now(self, dim: Iterable[int]) -> Dim:
        """The dimension in the axes that are known now."""
        found: list[int] = []
        for axis in dim:
            root = axis
            while root in self._same:
                root = self._same[root]
            found += self.now(self._parts[root]) if root in self._parts else (root,)
        return tuple(found)

    def length(self, dim: Iterable[int]) -> int:
        """How long a dimension of these axes was recorded."""
        return math.prod(self.lengths[axis] for axis in dim)

    def pair(self, one: Dim, other: Dim) -> Dim:
        """The dimension that both are, of one length."""
        waiting = [list(self.now(one)), list(self.now(other))]
        while waiting[0] and waiting[1]:
            a, b = waiting[0][0], waiting[1][0]
            if a == b:
                for side in waiting:
                    side.pop(0)
            elif (a in self.backwards) != (b in self.backwards):
                raise Mixed("places from the end beside places from the start")
            elif self.lengths[a] == self.lengths[b]:
                if a in self.backwards:
                    self.pair((self.backwards[a],), (self.backwards[b],))
                self._same[max(a, b)] = min(a, b)
                self.learned += 1
                for side in waiting:
                    side.pop(0)
            else:
                longer, shorter = (0, b) if self.lengths[a] > self.lengths[b] else (1, a)
                waiting[longer][:1] = self.split(waiting[longer][0], self.lengths[shorter])
        if waiting[0] or waiting[1]:
            raise Mixed("two tensors whose elements are paired across axes")
        return self.now(one)

    def split(self, axis: int, first: int) -> Dim:
        """The axis as two, the slower of this length."""
        length = self.lengths[axis]
        if axis in self.backwards:
            raise Mixed("a part of an axis that is read from its end")
        if length % first or first in (1, length):
            raise Mixed("a reshape that mixes axes")
        self._parts[axis] = (self._new(first), self._new(length // first))
        self.learned += 1
        return self._parts[axis]

    def dealt(self, dims: Dims, sizes: Iterable[int]) -> Dims:
        """The axes of a tensor in their order, dealt out to dimensions of these sizes."""
        waiting = [axis for dim in dims for axis in self.now(dim)]
        found = []
        for size in sizes:
            taken: list[int] = []
            while (left := size // self.length(taken)) > 1:
                if not waiting:
                    raise Mixed("a reshape that mixes axes")
                if self.lengths[waiting[0]] > left:
                    waiting[:1] = self.split(waiting[0], left)
                taken.append(waiting.pop(0))
            if self.length(taken) != size:
                raise Mixed("a reshape that mixes axes")
            found.append(tuple(taken))
        return tuple(found)
