"""What was read of one recording.

In: a recording (see `lift.py`). Out: a `Reading`: the result as a term in leaves, the leaves, and what was noted on the
way. For example, of `0.5 * ((net(x) - x) ** 2).sum()` the result is a double sum over h1 - x, h1 being a leaf whose
inputs lead to x.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.in_tensors import OnDemand
from vaelid.auditor.formula.upstream import upstream
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.reader import Join, Weightless
from vaelid.auditor.lifting.tensor import Leaf, Lifted
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Reading"]


@dataclass(frozen=True)
class Reading:
    """What was read of a recording.

    Attributes:
        result: the result.
        leaves: every leaf, by its name.
        entering: the tensors that went into operations that were cut, with the leaf that came out.
        axes: what is known of the axes.
        clamps: lines of clamps that left every value as it was.
        halted: lines at which a single number was detached: it is a constant there.
        joins: of what was read through, each operand's leaves, the line that made it, and the result's leaves.
        decided: lines at which the run was decided by a value.
        weightless: what was multiplied by a number that is 0, and the line.
        foreign: operations that were read by a rule from outside of vaelid, with that rule's name.
        settled: lines at which something was detached, and the gradient is the formula's all the same.
    """

    result: Lifted
    leaves: Mapping[str, Leaf]
    entering: Sequence[tuple[Lifted, Leaf]]
    axes: Axes
    clamps: tuple[str, ...] = ()
    halted: frozenset[str] = frozenset()
    joins: tuple[Join, ...] = ()
    decided: tuple[str, ...] = ()
    foreign: Mapping[str, str] = field(default_factory=dict)
    weightless: tuple[Weightless, ...] = ()
    settled: frozenset[str] = frozenset()

    def element(self, leaf: Leaf) -> TermArray:
        """The element of a leaf, at the indices of its own axes."""
        return element_of(leaf.name, [axis for dim in leaf.dims for axis in self.axes.now(dim)])

    def arrays(self) -> Mapping[str, Tensor]:
        """The recorded values of each leaf, with one dimension for each axis.

        A nan in the batch stands for a value that is missing, of which the loss must be no function: it is 0 here. Were
        it one, the loss would be nan, and the formula's value is not.
        """

        def values(name: str) -> Tensor:
            leaf = self.leaves[name]
            shape = [self.axes.lengths[axis] for dim in leaf.dims for axis in self.axes.now(dim)]
            values = leaf.tensor.detach().double().cpu().reshape(shape)
            return torch.where(values.isnan(), 0.0, values) if leaf.kind == "argument" else values

        return OnDemand((name for name, leaf in self.leaves.items() if leaf.tensor.numel()), values)

    def entering_of(self) -> dict[str, list[frozenset[str]]]:
        """Of each leaf that an operation made that is not looked into, the leaves of each tensor that went into it."""
        found: dict[str, list[frozenset[str]]] = {}
        for tensor, leaf in self.entering:
            for part in tensor.pieces or (tensor,):
                found.setdefault(leaf.name, []).append(part.leaves)
        return found

    def line_of(self, names: frozenset[str]) -> str | None:
        """The line that made the last part that depends on these leaves only, before it was joined with others."""
        for part, line, whole in reversed(self.joins):
            if part and part <= names and not whole <= names:
                return line
        return None

    @property
    def stray_noise(self) -> str:
        """The lines at which noise is drawn that the result was made from."""
        leaves = [self.leaves[name] for name in upstream(self.result.leaves, lambda name: self.leaves[name].inputs)]
        drawn = [leaf for leaf in leaves if leaf.kind == "noise"]
        kept_out = ("native_dropout", "bernoulli")
        return ", ".join(sorted({leaf.source for leaf in drawn if not leaf.operation.startswith(kept_out)}))
