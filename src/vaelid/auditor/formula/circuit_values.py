"""Values of a circuit's nodes at a point, and what changes of them when a few elements move.

In: a `Circuit`, a kind of numbers, and the numbers of its elements. Out: the value of a node there, or after moves, in
the time that the nodes above the moved elements take. For example, `values.at(root, {("x", (1, 2)): Fraction(9)})` is
the loss where x[1, 2] is 9 and all else as before.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from vaelid.auditor.formula.circuit import At, Circuit
from vaelid.auditor.formula.number_types import Arithmetic
from vaelid.readings.errors import ReadingError

__all__ = ["CircuitValues"]


_FOLDED = ("multiply", "largest", "smallest")
"""Operations of any number of arguments, done two at a time."""


class CircuitValues:
    """The values of a circuit's nodes at a base point, and at others by what has moved from it."""

    def __init__(self, circuit: Circuit, arithmetic: Arithmetic, base: Callable[[At], Fraction]) -> None:
        self.circuit = circuit
        self.arithmetic = arithmetic
        self.base = base
        self.values: list[Any] = []

    def at(self, root: int, *moves: Mapping[At, Any]) -> Any:
        """The value of a node after these moves, the later over the earlier; None where it has none."""
        self._complete()
        layers: list[dict[int, Any]] = []
        for move in moves:
            layers = [self._moved(move, layers), *layers]
        return self._look(root, layers)

    def after(self, root: int, move: Mapping[At, Any], further: Iterable[Mapping[At, Any]]) -> list[Any]:
        """The value after a move, then after it and each of the further ones."""
        self._complete()
        first = [self._moved(move, [])]
        return [self._look(root, first)] + [self._look(root, [self._moved(m, first), *first]) for m in further]

    def _complete(self) -> None:
        for node in range(len(self.values), len(self.circuit.nodes)):
            self.values.append(self._computed(node, self.values.__getitem__))

    def _look(self, node: int, layers: Sequence[dict[int, Any]]) -> Any:
        for layer in layers:
            if node in layer:
                return layer[node]
        return self.values[node]

    def _moved(self, move: Mapping[At, Any], layers: Sequence[dict[int, Any]]) -> dict[int, Any]:
        """The values that change."""
        changed: dict[int, Any] = {}
        waiting: list[int] = []
        causes: dict[int, list[int]] = {}

        def set_value(node: int, value: Any) -> None:
            changed[node] = value
            for user in self.circuit.users[node]:
                if user not in causes:
                    causes[user] = []
                    heapq.heappush(waiting, user)
                causes[user].append(node)

        for at, value in move.items():
            if (node := self.circuit.elements.get(at)) is not None:
                set_value(node, self.arithmetic.number(value))

        def look(node: int) -> Any:
            return changed[node] if node in changed else self._look(node, layers)

        while waiting:
            node = heapq.heappop(waiting)
            operation, _, arguments = self.circuit.nodes[node]
            # By differences where few of many summands changed. Of more, adding anew costs little and widens no ball.
            if operation == "sum" and len(causes[node]) * 4 < len(arguments):
                set_value(node, self._summed(node, causes[node], layers, look))
            else:
                set_value(node, self._computed(node, look))
        return changed

    def _summed(self, node: int, causes: list[int], layers: Sequence[dict[int, Any]], look: Callable) -> Any:
        """A sum after some of its parts changed: by the differences, where everything has a value."""
        arguments = self.circuit.nodes[node][2]
        total = self._look(node, layers)
        if total is None:
            return self._computed(node, look)
        for cause in causes:
            before, now = self._look(cause, layers), look(cause)
            if now is None:
                return None
            total = total + (now - before) * arguments.count(cause)
        return total

    def _computed(self, node: int, look: Callable[[int], Any]) -> Any:
        operation, detail, arguments = self.circuit.nodes[node]
        if operation == "number":
            return self.arithmetic.number(detail)
        if operation == "element":
            return self.arithmetic.number(self.base(detail))
        parts = [look(argument) for argument in arguments]
        if any(part is None for part in parts):
            return None
        try:
            if operation == "power":
                value = parts[0] ** detail
            elif operation == "sum":
                value = sum(parts[1:], parts[0]) if parts else self.arithmetic.number(Fraction(0))
            elif operation in _FOLDED:
                value = parts[0]
                for part in parts[1:]:
                    value = self.arithmetic.operations[operation](value, part)
            else:
                value = self.arithmetic.operations[operation](*parts)
        except (ZeroDivisionError, ValueError, OverflowError, KeyError, ReadingError):
            return None
        return value if self.arithmetic.is_value(value) else None
