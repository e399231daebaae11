"""Terms at given lengths as one arithmetic circuit: every sum written out, every value that occurs twice computed once.

In: terms and the lengths of their axes. Out: a `Circuit`, nodes in order, each an operation on earlier ones. For
example, the sum of x[i]^2 over i < 2 becomes x[0], x[0]^2, x[1], x[1]^2, and the sum of the second and the fourth.
After one element moved, only the nodes above it are computed again: see `circuit_values.py`.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

from vaelid.auditor.formula.axes_of_terms import array_name, with_length_of
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.substitution import instance
from vaelid.readings.terms.syntax import INDEX, Binder, Bound, Element, Number, Operator, Power, Symbol, Term, Variable

__all__ = ["At", "Circuit", "Fold"]


At = tuple[str, tuple[int, ...]]
"""An element of an array: its name, and the place."""

_ADDITIVE = ("sum", "add", "subtract", "negative")


@dataclass(frozen=True)
class Fold:
    """An array whose element is the product, or the largest or smallest, of a term over some axes.

    No term says that for every length, a circuit does for given ones. For example, `x.amax(1)` is the largest of
    x[i0, i1] over i1, for each i0.

    Attributes:
        operation: ``multiply``, ``largest`` or ``smallest``.
        term: whose product or extremum it is.
        places: the names of the array's own indices, in the order of its dimensions.
        over: the names of the indices that the product or extremum runs over.
    """

    operation: str
    term: Term
    places: tuple[str, ...]
    over: tuple[str, ...]

    def of(self, term: Term) -> "Fold":
        """The same product or extremum of another term in the same indices."""
        return replace(self, term=term)


class Circuit:
    """Nodes in order, each an operation on earlier ones; indices are `free_places`, or bound by sums."""

    def __init__(self, lengths: Mapping[str, int], folds: Mapping[str, Fold], most: int) -> None:
        """`lengths` of each length and index variable; `most`: as many nodes, beyond which `ReadingError` is raised."""
        self.lengths = lengths
        self.folds = folds
        self.most = most
        self.nodes: list[tuple[str, Any, tuple[int, ...]]] = []
        self.users: list[list[int]] = []
        self.elements: dict[At, int] = {}
        self._known: dict[tuple, int] = {}
        self._read: dict[tuple, int] = {}

    def node(self, term: Term, places: Mapping[str, int] | None = None) -> int:
        """The node of a real term, where the index variables have these places."""
        return self._node(term, (), tuple(sorted((places or {}).items())))

    def _node(self, term: Term, bound: tuple[int, ...], free: tuple[tuple[str, int], ...]) -> int:
        key = (term, bound[: term.loose], free)
        if key not in self._read:
            self._read[key] = self._computed(term, bound, free)
        return self._read[key]

    def _computed(self, term: Term, bound: tuple[int, ...], free: tuple[tuple[str, int], ...]) -> int:
        head, arguments = term.head, term.arguments
        match head:
            case Number(value=value):
                return self._made("number", Fraction(value))
            case Variable(name=name):
                return self._element((name, ()))
            case Element():
                places = tuple(self._place(index, bound, free) for index in arguments[1:])
                return self._element((array_name(term), places))
            case Power(exponent=exponent):
                return self._made("power", exponent, self._node(arguments[0], bound, free))
            case Binder(name="sum"):
                length, body = self._place(arguments[0], bound, free), arguments[1]
                return self._made("sum", None, *(self._node(body, (k, *bound), free) for k in range(length)))
            case Symbol(parameters=parameters, body=body):
                return self._node(instance(body, dict(zip(parameters, arguments, strict=True))), bound, free)
            case Operator(name="real"):
                return self._made("number", Fraction(self._place(arguments[0], bound, free)))
            case Operator(name=name):
                return self._made(name, None, *(self._node(part, bound, free) for part in arguments))
        raise ReadingError(f"no value of {head}")

    def _place(self, index: Term, bound: tuple[int, ...], free: tuple[tuple[str, int], ...]) -> int:
        match index.head:
            case Number(value=number):
                return int(number)
            case Bound(level=level):
                return bound[level]
            case Variable(name=name, sort=sort) if sort is INDEX:
                return dict(free).get(name, self.lengths[name])
            case Operator(name="index_add"):
                return sum(self._place(part, bound, free) for part in index.arguments)
        raise ReadingError(f"no place of {index.head}")

    def _element(self, at: At) -> int:
        """An element's node, or what it is folded of."""
        fold = self.folds.get(at[0])
        if fold is None:
            self.elements[at] = self._made("element", at)
            return self.elements[at]
        own = dict(zip(fold.places, at[1], strict=True))
        each = product(*(range(self.lengths[with_length_of(name)]) for name in fold.over))
        parts = [self.node(fold.term, {**own, **dict(zip(fold.over, places, strict=True))}) for places in each]
        return self._made(fold.operation, None, *parts)

    def _made(self, operation: str, detail: Any, *arguments: int) -> int:
        key = (operation, detail, arguments)
        if key not in self._known:
            if len(self.nodes) >= self.most:
                raise ReadingError("it is too large to be written out")
            self._known[key] = len(self.nodes)
            for argument in dict.fromkeys(arguments):
                self.users[argument].append(len(self.nodes))
            self.nodes.append(key)
            self.users.append([])
        return self._known[key]

    def terms_of(self, root: int, fixed: Container[str] = ()) -> list[tuple[int, frozenset[At]]]:
        """What a node is a sum of, up to numbers that multiply it: the nodes, and the elements that each depends on.

        `fixed`: arrays whose elements are numbers like any other.
        """
        found: dict[int, frozenset[At]] = {}
        below: dict[int, frozenset[At]] = {}

        def free(node: int) -> frozenset[At]:
            return frozenset(at for at in self.elements_below(node, below) if at[0] not in fixed)

        waiting, seen = [root], set()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            operation, _, arguments = self.nodes[node]
            moving = [argument for argument in arguments if free(argument)]
            if operation in _ADDITIVE:
                waiting += arguments
            elif (operation == "multiply" and len(moving) == 1) or (operation == "divide" and moving == [arguments[0]]):
                waiting += moving
            elif elements := free(node):
                found[node] = elements
        return list(found.items())

    def elements_below(self, node: int, known: dict[int, frozenset[At]]) -> frozenset[At]:
        """The elements that a node depends on."""
        waiting = [node]
        while waiting:
            here = waiting[-1]
            operation, detail, arguments = self.nodes[here]
            missing = [argument for argument in arguments if argument not in known]
            if here not in known and missing:
                waiting += missing
                continue
            waiting.pop()
            own = [detail] if operation == "element" else []
            known[here] = frozenset(own).union(*(known[argument] for argument in arguments))
        return known[node]
