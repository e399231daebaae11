"""What was read of a recording."""

from dataclasses import dataclass, field

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.tensor import Leaf, Lifted
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Reading"]


@dataclass
class Reading:
    """What was read of a recording.

    Attributes:
        result: the result.
        leaves: every leaf, by its name.
        entering: the tensors that went into operations that were cut, with the leaf that came out.
        axes: what is known of the axes.
        halted: lines at which a single number was detached: it is a constant there.
        clamps: lines of clamps that left every value as it was, and of probabilities kept from 0 and 1.
        joins: of what was read through, each operand's leaves, the line that made it, and the result's leaves.
    """

    result: Lifted
    leaves: dict[str, Leaf]
    entering: list[tuple[Lifted, Leaf]]
    axes: Axes
    clamps: list[str] = field(default_factory=list)
    halted: frozenset[str] = frozenset()
    joins: tuple[tuple[frozenset[str], str, frozenset[str]], ...] = ()

    def element(self, leaf: Leaf) -> TermArray:
        """The element of a leaf, at the indices of its own axes."""
        return element_of(leaf.name, [axis for dim in leaf.dims for axis in self.axes.now(dim)])

    def line_of(self, names: frozenset[str]) -> str | None:
        """The line that made the last part that speaks of these leaves only, before it was joined with others."""
        for part, line, whole in reversed(self.joins):
            if part and part <= names and not whole <= names:
                return line
        return None

    @property
    def stray_noise(self) -> str:
        """The lines at which noise is drawn that the result was made from."""
        found: set[str] = set()
        waiting, seen = list(self.result.leaves), set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            leaf = self.leaves[name]
            waiting += leaf.inputs
            if leaf.kind == "noise" and not leaf.operation.startswith(("native_dropout", "bernoulli")):
                found.add(leaf.source)
        return ", ".join(sorted(found))
