"""The tensors of a recording as terms: what no operation that is read made is a leaf, an array looked at from outside.

A tensor is read as it stood when an operation used it, with what autograd was told of it then.
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import number
from vaelid.auditor.lifting.arrangement import Arrangement
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.gradients import gradient_agrees, slopes_differ
from vaelid.auditor.lifting.operations import number_at
from vaelid.auditor.lifting.tensor import Leaf, Lifted, dense
from vaelid.auditor.recording.record import Place, Recording, is_from_own_function
from vaelid.readings.terms.arrays import as_term

__all__ = ["Leaves"]


class Leaves(Arrangement):
    """What is known of each tensor at an event of the recording."""

    def __init__(
        self, recording: Recording, axes: Axes, clamps_of: frozenset[str] | None, alike: tuple[tuple[str, str], ...]
    ) -> None:
        self.alike = alike
        self.recording = recording
        super().__init__(axes)
        self.clamps_of = clamps_of
        self.known: dict[Place, Lifted] = {}
        self.leaves: dict[str, Leaf] = {}
        self.entering: list[tuple[Lifted, Leaf]] = []
        self.counts: dict[str, int] = {}
        self.clamps: list[str] = []
        self.halted: set[str] = set()
        self.numbers: dict[Place, Lifted] = {}
        self.written: dict[int, frozenset[str]] = {}
        self.lines: dict[Place, str] = {}
        self.normals: dict[tuple[str, ...], Lifted] = {}
        self.through: dict[tuple[Place, frozenset[str]], Lifted] = {}
        self.joins: list[tuple[frozenset[str], str, frozenset[str]]] = []

    def leaf(self, name: str, kind: str, place: Place, tensor: Tensor, **more: Any) -> Lifted:
        """A new leaf, with an axis for each dimension of the tensor."""
        made = None if kind in ("argument", "parameter", "constant") else self.number
        dims = tuple(self.axes.dim((made, place, d), n) for d, n in enumerate(place.size))
        if kind == "noise":
            more["noise"] = frozenset({name})
        self.leaves[name] = Leaf(name, kind, dims, tensor, **more)
        flat = [a for dim in dims for a in dim]
        return Lifted(
            dims, lambda: element_of(name, flat), frozenset({name}), frozenset({name} if tensor.requires_grad else ())
        )

    def name(self, stem: str) -> str:
        """The next name that starts with a stem."""
        self.counts[stem] = self.counts.get(stem, 0) + 1
        return f"{stem}{self.counts[stem]}"

    def given(self, place: Place, tensor: Tensor) -> Lifted:
        """A tensor that no operation made: numbers, if it is the same one everywhere, and no parameter."""
        tensor = dense(tensor, None)
        values = tensor.detach()
        if not tensor.requires_grad and values.numel() and bool((values == values.flatten()[0]).all()):
            digits = 17 if values.dtype == torch.float64 else 7
            value = values.flatten()[0].item()
            dims = tuple(self.axes.dim((place, d), n) for d, n in enumerate(place.size))
            constant = number(value, digits) if isinstance(value, float) else as_term(int(value))
            return Lifted(dims, lambda: constant)
        kind = "parameter" if tensor.requires_grad else "constant"
        return self.leaf(self.name("w" if tensor.requires_grad else "c"), kind, place, tensor)

    def read(self, value: Any) -> Lifted:
        """A tensor as its values say, or a number. Raises `Mixed` where parts of it were written."""
        if not isinstance(value, Place):
            if isinstance(value, bool | int | float):
                source = self.event.source
                return Lifted((), lambda: number_at(value, source))
            raise Mixed(f"an argument of type {type(value).__name__}")
        if value not in self.known:
            if value in self.recording.given:
                self.known[value] = self.given(value, self.recording.given[value])
            else:
                raise Mixed("a tensor that was written into in parts")
        return self.known[value]

    def operand(self, value: Any) -> Lifted:
        """A tensor as the event read it: where autograd was kept from going back through it, it stops."""
        found = self.read(value)
        if not self.recording.gradients:
            return found
        if isinstance(value, Place) and value in self.event.custom:
            return self.through_custom(value, found)
        if isinstance(value, Place) and value in self.event.stopped and value.real and not self.event.twofold:
            if not any(found.dims) and (found.live or found.stops):
                return self.halt(value, found)
            return found.stopped(self.event.source) if found.live else found
        return found

    def halt(self, place: Place, found: Lifted) -> Lifted:
        """A single number that was detached is a constant: right for a weight; a term of it has no gradient."""
        self.halted.add(self.event.source)
        if place not in self.numbers:
            inputs = {"inputs": found.leaves, "operation": "detach", "source": self.event.source}
            self.numbers[place] = self.leaf(self.name("detached"), "constant", place, self.values_of(place), **inputs)
        return replace(self.numbers[place], live=frozenset())

    def through_custom(self, place: Place, found: Lifted) -> Lifted:
        """A tensor from a user's own backward: stops inside do not count if its gradient is the formula's."""
        key = (place, found.leaves)
        if key not in self.through:
            self.through[key] = self._through_custom(place, found)
        return self.through[key]

    def _through_custom(self, place: Place, found: Lifted) -> Lifted:
        try:
            actual = self.values_of(place)
        except Mixed:
            return found
        if is_from_own_function(actual):
            found = replace(found, stops=frozenset(stop for stop in found.stops if not stop.no_grad))
        live = frozenset(name for name in found.leaves if self.leaves[name].tensor.requires_grad)
        if not live:  # it is not read, so not compared
            return found
        inside = frozenset(stop for stop in found.stops if found.leaves.issuperset(stop.leaves))
        if gradient_agrees(found, actual, self.leaves, self.axes):
            return replace(found, stops=found.stops - inside, live=live)
        if inside:
            return found
        return found.bent(self.event.source, slopes_differ(found, actual, self.leaves, self.axes))

    def values_of(self, place: Place) -> Tensor:
        """The values that a tensor had when the event read it."""
        if place in self.recording.given:
            return self.recording.given[place]
        made = [t for (at, p), t in self.recording.made.items() if p == place and at < self.number]
        if not made:
            raise Mixed("a tensor that was written into in parts")
        return made[-1]
