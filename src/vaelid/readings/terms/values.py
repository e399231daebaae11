"""The value of a term at a point: an exact rational number where it is one, else a ball that contains it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from typing import Any

import flint
from flint import arb, fmpq

from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.substitution import loose_levels
from vaelid.readings.terms.syntax import (
    BOOL,
    INDEX,
    MAP,
    REAL,
    Binder,
    Bound,
    Element,
    Lambda,
    Number,
    Operator,
    Power,
    Sort,
    Symbol,
    Term,
    Variable,
)

__all__ = ["OPERATIONS", "Value", "value_at"]

Value = fmpq | arb
"""A real number: exact, or in a ball."""


def value_at(term: Term, point: Mapping[Variable, Any], *, precision: int = 128) -> Any:
    """The value of a term at a point; of a formula True, False, or None where balls overlap.

    The point gives for each variable a rational number, a whole number (an index), a sequence (a vector), or the
    sequence that a map puts out, whatever it is applied to. A `forall` over the indices of an axis (0 <= i and i < n
    imply P) is decided by trying each. Any other ranges over all whole numbers: those from -1 to the longest sequence
    are tried, which may show it false; that none of them does leaves its value None. Raises `ZeroDivisionError` for a
    division by zero and `ReadingError` for a logarithm or root of what may not be positive: there a formula says
    nothing.
    """
    longest = max((len(v) for v in point.values() if isinstance(v, Sequence)), default=0)
    given = {variable: _given(value, variable.sort) for variable, value in point.items()}
    with _working_precision(precision):
        return _Evaluator(range(-1, longest + 2)).value(term, given, ())


@contextmanager
def _working_precision(bits: int) -> Iterator[None]:
    before, flint.ctx.prec = flint.ctx.prec, bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def _given(value: Any, sort: Sort) -> Any:
    """A point's value as the evaluator has it: arrays are functions of indices, maps functions of arrays."""
    if sort is INDEX:
        return int(value)
    if sort is REAL:
        return value if isinstance(value, fmpq | arb) else fmpq(*Fraction(value).as_integer_ratio())
    if callable(value):
        return value
    if sort is MAP:
        return lambda _: _given(value, Sort("Vector", 1))

    def element(*indices: int) -> Value:
        found: Any = value
        for index in indices:
            if not 0 <= index < len(found):
                return fmpq(0)
            found = found[index]
        return _given(found, REAL)

    return element


class _Evaluator:
    def __init__(self, indices: range) -> None:
        self.indices = indices

    def value(self, term: Term, point: Mapping[Variable, Any], scope: tuple[int, ...]) -> Any:
        """The value; `scope[k]` is that of the bound index k."""
        head, arguments = term.head, term.arguments
        inner = partial(self._inner, point, scope)
        match head:
            case Variable():
                return point[head]
            case Bound(level=level):
                return scope[level]
            case Number(value=value):
                return _given(value, term.sort)
            case Power(exponent=exponent):
                return inner(arguments[0]) ** exponent
            case Binder(name="sum"):
                return sum((inner(arguments[1], i) for i in range(inner(arguments[0]))), fmpq(0))
            case Binder():
                bounded = self._range(arguments[0], inner)
                tried = _all([inner(arguments[0], i) for i in (self.indices if bounded is None else bounded)])
                return None if bounded is None and tried is True else tried
            case Lambda():
                return partial(inner, arguments[0])
            case Element():
                return inner(arguments[0])(*map(inner, arguments[1:]))
            case Symbol(parameters=parameters, body=body):
                return self.value(body, dict(zip(parameters, map(inner, arguments), strict=True)), ())
            case Operator(name=name) if term.sort is BOOL and name in _CONNECTIVES:
                return _CONNECTIVES[name]([inner(argument) for argument in arguments])
            case Operator(name=name):
                return OPERATIONS[name](*map(inner, arguments))
        raise ReadingError(f"no value of {head}")

    def _range(self, body: Term, inner: Callable[..., Any]) -> range | None:
        """The indices i that a body of the form (0 <= i and i < n -> P) says something of; None for another form."""
        if body.head != Operator("implies") or body.arguments[0].head != Operator("and"):
            return None
        index, below = Term(Bound(0)), None
        low, *rest = body.arguments[0].arguments
        if low is not Term(Operator("less_equal"), Term(Number(Fraction(0), INDEX)), index):
            return None
        for part in rest:
            if (
                part.head == Operator("less")
                and part.arguments[0] is index
                and 0 not in loose_levels(part.arguments[1])
            ):
                below = inner(part.arguments[1], 0)  # the bound does not depend on the index: any will do
        return None if below is None else range(below)

    def _inner(self, point: Mapping[Variable, Any], scope: tuple[int, ...], argument: Term, *indices: int) -> Any:
        """The value of an argument under these indices of its own, the first axis first."""
        return self.value(argument, point, (*reversed(indices), *scope))


def _all(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _not(part: bool | None) -> bool | None:
    return None if part is None else not part


def _any(parts: list[bool | None]) -> bool | None:
    return _not(_all([_not(part) for part in parts]))


_CONNECTIVES: dict[str, Callable[[list[bool | None]], bool | None]] = {
    "and": _all,
    "or": _any,
    "not": lambda parts: _not(parts[0]),
    "implies": lambda parts: _any([_not(parts[0]), parts[1]]),
    "iff": lambda parts: None if None in parts else parts[0] == parts[1],
}


def _equal(left: Any, right: Any) -> bool | None:
    if isinstance(left, arb) or isinstance(right, arb):
        return None if arb(left).overlaps(arb(right)) else False
    if callable(left):
        raise ReadingError("the equality of vectors: it has no value at a point.")
    return left == right


def _less(left: Any, right: Any) -> bool | None:
    if isinstance(left, arb) or isinstance(right, arb):
        left, right = arb(left), arb(right)
        return True if left < right else False if left >= right else None
    return left < right


def _divide(left: Value, right: Value) -> Value:
    if (isinstance(right, arb) and right.contains(0)) or right == 0:
        raise ZeroDivisionError("a division by zero")
    return left / right


def _exp(x: Value) -> Value:
    return fmpq(1) if x == 0 else arb(x).exp()


def _log(x: Value) -> Value:
    if not x > 0:
        raise ReadingError("a logarithm of a number that may not be positive.")
    return fmpq(0) if x == 1 else arb(x).log()


def _sqrt(x: Value) -> Value:
    if not x >= 0:
        raise ReadingError("a root of a number that may be negative.")
    return arb(x).sqrt()


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": _divide,
    "negative": lambda x: -x,
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "abs": abs,
    "tanh": lambda x: arb(x).tanh(),
    "lgamma": lambda x: arb(x).lgamma(),
    "pi": lambda: arb.pi(),
    "real": lambda index: fmpq(index),
    "index_add": lambda x, y: x + y,
    "apply": lambda map_, vector: map_(vector),
    "equal": _equal,
    "less": _less,
    "less_equal": lambda x, y: _not(_less(y, x)),
}
"""What each operation gives, exactly or in a ball; `ZeroDivisionError` or `ReadingError` where it has no value."""
