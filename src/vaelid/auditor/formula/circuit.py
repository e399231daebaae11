"""Terms at given lengths as one arithmetic circuit: every sum written out, every value that occurs twice computed once.

So a loss's value after one element moved costs what depends on that element, in floats and in balls alike.
"""

import heapq
import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

from flint import arb, arb_series, fmpq

from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.syntax import (
    INDEX,
    Binder,
    Bound,
    Element,
    Number,
    Operator,
    Power,
    Symbol,
    Term,
    Variable,
    instance,
)
from vaelid.readings.terms.values import OPERATIONS

__all__ = ["BALLS", "FLOATS", "SLOPES", "Arithmetic", "At", "Circuit", "Fold", "Values"]


At = tuple[str, tuple[int, ...]]
"""An element of an array: its name, and the place."""

_ADDITIVE = ("sum", "add", "subtract", "negative")


@dataclass(frozen=True)
class Fold:
    """What an array's elements are: a product, or the largest or smallest, of a term over some indices.

    Attributes:
        operation: ``multiply``, ``largest`` or ``smallest``.
        term: what is gone through.
        places: the index variables that are the array's own, in the order of its dimensions.
        over: the index variables that are gone through.
    """

    operation: str
    term: Term
    places: tuple[str, ...]
    over: tuple[str, ...]


@dataclass(frozen=True)
class Arithmetic:
    """How numbers are computed with. Where a number has no value, an operation raises or gives None."""

    number: Callable[[Any], Any]
    operations: Mapping[str, Callable[..., Any]]
    is_value: Callable[[Any], bool]
    moving: Callable[[Fraction], Any] = float
    """A number that moves at speed one, where numbers carry their slopes."""


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
                return self._element((arguments[0].head.name, places))  # pyright: ignore[reportAttributeAccessIssue]
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
        each = product(*(range(self.lengths[f"N{name[1:]}"]) for name in fold.over))
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


class Values:
    """The values of a circuit's nodes where its elements are somewhere; and elsewhere, by what has moved."""

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


_FOLDED = ("multiply", "largest", "smallest")


def _as_ball(x: Fraction) -> arb:
    return arb(fmpq(x.numerator, x.denominator))


def _in_ball(operation: Callable[..., Any], *arguments: arb) -> arb:
    return arb(operation(*arguments))


_SHARED: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "negative": lambda x: -x,
    "abs": abs,
}

BALLS = Arithmetic(
    _as_ball,
    {
        **{name: partial(_in_ball, operation) for name, operation in OPERATIONS.items()},
        "largest": lambda x, y: x.max(y),
        "smallest": lambda x, y: x.min(y),
    },
    lambda x: x.is_finite(),
)
"""Real numbers in balls: a value is certain to be in it."""


def _with_slope(x: Fraction | arb_series) -> arb_series:
    return x if isinstance(x, arb_series) else arb_series([_as_ball(x)], prec=2)


def _series_of_log(x: arb_series) -> arb_series:
    if not x[0] > 0:
        raise ValueError
    return x.log()


def _series_of_abs(x: arb_series) -> arb_series:
    if x[0].contains(0):
        raise ValueError("no slope")
    return x if x[0] > 0 else -x


def _series_of_tanh(x: arb_series) -> arb_series:
    return 1 - 2 / ((2 * x).exp() + 1)


SLOPES = Arithmetic(
    _with_slope,
    {
        **_SHARED,
        "abs": _series_of_abs,
        "divide": lambda x, y: x / y,
        "exp": lambda x: x.exp(),
        "log": _series_of_log,
        "tanh": _series_of_tanh,
        "pi": lambda: arb_series([arb.pi()], prec=2),
    },
    lambda x: x[0].is_finite() and x[1].is_finite(),
    lambda x: arb_series([_as_ball(x), 1], prec=2),
)
"""Values and slopes in balls, along what moves; absolute values have none where they may be 0."""

FLOATS = Arithmetic(
    float,
    {
        **_SHARED,
        "divide": lambda x, y: x / y,
        "exp": math.exp,
        "log": math.log,
        "sqrt": math.sqrt,
        "tanh": math.tanh,
        "lgamma": math.lgamma,
        "pi": lambda: math.pi,
        "largest": max,
        "smallest": min,
    },
    math.isfinite,
)
"""Real numbers in floats: to propose where a ball is worth its time."""
