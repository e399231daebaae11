"""The state of one pass over a recording: what is known of each tensor so far, and what was noted on the way.

In: a recording, and the axes as the passes before left them. Out: the same object, filled event by event by `lift.py`;
the rules in `rules/` are functions of it and of the event that they read. For example, after `y = x.exp()` the region
of y is in `known`, with the element exp(x[i0, i1]).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.lifting.axes import Axes, Dims
from vaelid.auditor.lifting.tensor import Leaf, Lifted
from vaelid.auditor.recording.events import Event, Recording, Region
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Term

__all__ = ["Join", "Reader", "Weightless"]


Join = tuple[frozenset[str], str, frozenset[str]]
"""An operand's leaves, the line that made it, and the leaves of the result that it became part of."""

Weightless = tuple[frozenset[str], str]
"""The leaves of what was multiplied by 0, and the line."""


@dataclass
class Reader:
    """What is known while a recording is read.

    Attributes:
        recording: that is read.
        axes: which dimensions are the same axis; shared by all passes.
        gradients: whether it is meant to be differentiated, so that a detached tensor is noted.
        clamps_of: where it is given, a clamp that changed nothing is kept only if it is of one of these leaves.
        known: each tensor as a term, by its region.
        lines: the line that made each tensor.
        leaves: every leaf, by its name.
        entering: the tensors that went into operations that were cut, with the leaf that came out.
        joins: what was read through, in order.
        clamps: lines of clamps that changed nothing.
        halted: lines at which a single number was detached.
        weightless: what was multiplied by a number that is 0, and the line.
        decided: lines at which the run was decided by a value.
        foreign: operations that were read by a rule from outside of vaelid, with that rule's name.
        counts: how many names start with each stem.
        detached: the leaf of each single number that was detached.
        written: the leaves of what was ever written into a storage in parts, by its number.
        normals: the normal draws made of uniform ones, by those and by how.
        drawn_at: the number of the event of each draw, by its name.
        loop_leaves: the name of the draw that those of a loop are, by the number of the first event.
        chains: what each tensor was added up of, by its region.
        long_sums: the numbers of the events that end a long chain of additions, as far as is known.
        codes: the one-hot codes of labels, each with the element of the labels.
        compared: tensors from a user's own backward, once that was compared with the formula's.
        settled: lines at which something was detached, and the gradient is the formula's all the same.
        comparisons: the truth values of each comparison of data, by the operation and what was compared.
    """

    recording: Recording
    axes: Axes
    gradients: bool = True
    clamps_of: frozenset[str] | None = None
    known: dict[Region, Lifted] = field(default_factory=dict)
    lines: dict[Region, str] = field(default_factory=dict)
    leaves: dict[str, Leaf] = field(default_factory=dict)
    entering: list[tuple[Lifted, Leaf]] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    clamps: list[str] = field(default_factory=list)
    halted: set[str] = field(default_factory=set)
    weightless: list[Weightless] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    foreign: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    detached: dict[Region, Lifted] = field(default_factory=dict)
    written: dict[int, frozenset[str]] = field(default_factory=dict)
    normals: dict[tuple[str, ...], Lifted] = field(default_factory=dict)
    drawn_at: dict[str, int] = field(default_factory=dict)
    loop_leaves: dict[int, str] = field(default_factory=dict)
    chains: dict[Region, Any] = field(default_factory=dict)
    long_sums: set[int] = field(default_factory=set)
    codes: list[tuple[Term | None, Leaf]] = field(default_factory=list)
    compared: dict[tuple[Region, frozenset[str]], Lifted] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    comparisons: dict[tuple[Any, ...], Lifted] = field(default_factory=dict)

    def name(self, stem: str) -> str:
        """The next name that starts with a stem: h1, h2, ..."""
        self.counts[stem] = self.counts.get(stem, 0) + 1
        return f"{stem}{self.counts[stem]}"

    def new_dims(self, event: Event, size: Iterable[int]) -> Dims:
        """The dimensions of a tensor that an event makes from nothing, each of a new axis."""
        return tuple(self.axes.dim((event.number, "new", d), n) for d, n in enumerate(size))

    def leaf(self, name: str, kind: str, region: Region, tensor: Tensor, at: int | None, **more: Any) -> Lifted:
        """A new leaf, with an axis for each dimension of a tensor.

        `at`: the number of the event that made it, if one did. `more`: further attributes of the leaf.
        """
        dims = tuple(self.axes.dim((at, region, d), n) for d, n in enumerate(region.size))
        if kind == "noise":
            more["noise"] = frozenset({name})
        live = frozenset({name}) if tensor.requires_grad else frozenset()
        return self.of_leaf(Leaf(name, kind, dims, tensor, **more), live)

    def of_leaf(self, leaf: Leaf, live: frozenset[str] = frozenset()) -> Lifted:
        """A leaf, from now on known by its name, as a tensor; `live` if autograd goes back to it."""
        self.leaves[leaf.name] = leaf
        axes = [axis for dim in leaf.dims for axis in dim]
        return Lifted(leaf.dims, lambda: element_of(leaf.name, axes), frozenset({leaf.name}), live)

    def element(self, name: str) -> TermArray:
        """The element of a leaf, at the indices of its own axes."""
        return element_of(name, [axis for dim in self.leaves[name].dims for axis in self.axes.now(dim)])

    def output(self, event: Event, region: Region) -> Tensor:
        """What an event put out in a region. Raises `Unread` where a backward pass made it and nobody held it."""
        try:
            return self.recording.made[event.number, region]
        except KeyError:
            raise Unread("the loss is made from a gradient that was not kept", event.source) from None

    def values_before(self, number: int, region: Region, *, trained: bool = False) -> Tensor:
        """The values that a tensor had when the event of this number read it. Raises `Mixed` where that is unknown.

        `trained`: the last tensor there that autograd goes back through, if one is; `z.detach()` lies where z does.
        """
        if region in self.recording.given:
            return self.recording.given[region]
        made = [tensor for (at, place), tensor in self.recording.made.items() if place == region and at < number]
        if not made:
            raise Mixed("a tensor that was written into in parts")
        return next((t for t in reversed(made) if t.requires_grad), made[-1]) if trained else made[-1]
