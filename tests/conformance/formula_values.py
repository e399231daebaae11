"""The value of a term, by walking it: rational numbers exactly, exp and the like as Arb balls.

An array's value is a function of whole numbers, a map's a function of such functions. A formula is True, False or
None, where balls overlap. With `loss` every operation is widened by that much of its size, and by the smallest normal
float64: what code in floating point, which does the same operations in any order of summation, may lose.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from math import prod
from typing import Any

import flint
import numpy as np
from flint import arb, fmpq

from vaelid.readings.terms.syntax import (
    Binder,
    Bound,
    Element,
    Lambda,
    Number,
    Operator,
    Power,
    Symbol,
    Term,
    Variable,
)

__all__ = ["Undefined", "array_value", "ball", "fraction_of", "precise", "rational", "value"]


SMALLEST_NORMAL = arb(2) ** -1022


class Undefined(ArithmeticError):
    """A division by zero, or a function outside its domain: the formula says nothing there."""


@contextmanager
def precise(bits: int = 400) -> Iterator[None]:
    before, flint.ctx.prec = flint.ctx.prec, bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def rational(number: Any) -> fmpq:
    """The rational number that a float, an int or a Fraction is."""
    return fmpq(*Fraction(number).as_integer_ratio())


def fraction_of(number: fmpq) -> Fraction:
    return Fraction(int(number.p), int(number.q))


def ball(number: fmpq | arb) -> arb:
    return number if isinstance(number, arb) else arb(number)


def array_value(numbers: Any) -> Any:
    """Floats as a term's value: a rational number, or a function of as many indices as there are axes."""
    numbers = np.asarray(numbers, dtype=np.float64)
    return rational(float(numbers)) if numbers.ndim == 0 else lambda *at: rational(float(numbers[at]))


def value(
    term: Term,
    given: Mapping[Variable, Any],
    indices: Any = range(-2, 6),
    *,
    loss: Fraction = Fraction(0),
    bound: tuple[int, ...] = (),
) -> Any:
    """The value at these values of the variables; `forall` tries the given indices.

    Raises `Undefined`.
    """
    return _Walk(given, indices, rational(loss)).value(term, bound)


class _Walk:
    def __init__(self, given: Mapping[Variable, Any], indices: Any, loss: fmpq) -> None:
        self.given = given
        self.indices = indices
        self.loss = loss
        self.known: dict[tuple[Term, tuple[int, ...]], Any] = {}

    def value(self, term: Term, bound: tuple[int, ...]) -> Any:
        """The value under binders whose indices are bound[0] (the innermost), bound[1], ..."""
        key = (term, bound[: term.loose])
        if key not in self.known:
            self.known[key] = self._value(term, bound)
        return self.known[key]

    def _value(self, term: Term, bound: tuple[int, ...]) -> Any:
        head, arguments = term.head, term.arguments
        match head:
            case Variable():
                return self.given[head]
            case Bound(level=level):
                return bound[level]
            case Number(value=number):
                return int(number) if term.sort.name == "Index" else rational(number)
            case Binder(name="sum"):
                size = self.value(arguments[0], bound)
                return self._sum([self.value(arguments[1], (i, *bound)) for i in range(size)])
            case Binder():
                return _all(self.value(arguments[0], (i, *bound)) for i in self.indices)
            case Lambda():
                return lambda *at: self.value(arguments[0], (*reversed(at), *bound))
            case Element():
                array, *at = (self.value(argument, bound) for argument in arguments)
                return array(*at)
            case Symbol(parameters=parameters, body=body):
                given = [self.value(argument, bound) for argument in arguments]
                inner = _Walk(dict(zip(parameters, given, strict=True)), self.indices, self.loss)
                return inner.value(body, ())
        operands = [self.value(argument, bound) for argument in arguments]
        if isinstance(head, Power):
            return self._rounded(prod([operands[0]] * head.exponent, start=fmpq(1)))
        assert isinstance(head, Operator)
        result = OPERATIONS[head.name](*operands)
        return self._rounded(result) if isinstance(result, fmpq | arb) and head.name != "real" else result

    def _rounded(self, result: fmpq | arb) -> fmpq | arb:
        if not self.loss:
            return result
        return ball(result) + arb(0, (self.loss * abs(ball(result)) + SMALLEST_NORMAL).upper())

    def _sum(self, terms: list[fmpq | arb]) -> fmpq | arb:
        total = sum(terms, fmpq(0))
        if not self.loss:
            return total
        size = sum((abs(ball(term)).upper() for term in terms), arb(0))
        return ball(total) + arb(0, (len(terms) * (self.loss * size + SMALLEST_NORMAL)).upper())


def _divided(above: fmpq | arb, below: fmpq | arb) -> fmpq | arb:
    if below == 0 or (isinstance(below, arb) and below.contains(0)):
        raise Undefined("a division by zero")
    return above / below


def _function(name: str) -> Callable[[fmpq | arb], arb]:
    def applied(x: fmpq | arb) -> arb:
        result = getattr(ball(x), name)()
        if not result.is_finite():
            raise Undefined(f"{name} of {x}")
        return result

    return applied


def _compared(by: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    """A comparison of reals or indices: None where balls do not decide it."""

    def compared(left: Any, right: Any) -> bool | None:
        if arb not in (type(left), type(right)):
            return by(left, right)
        left, right = ball(left), ball(right)
        if by(left, right):
            return True
        return None if left.overlaps(right) else by(left.mid(), right.mid())

    return compared


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _all(truths: Iterator[bool | None]) -> bool | None:
    found = set(truths)
    return False if False in found else None if None in found else True


def _and(*truths: bool | None) -> bool | None:
    return _all(iter(truths))


def _or(*truths: bool | None) -> bool | None:
    return _not(_all(map(_not, truths)))


def _iff(left: bool | None, right: bool | None) -> bool | None:
    return None if None in (left, right) else left == right


def _equal(left: Any, right: Any) -> bool | None:
    """Vectors are compared at the first indices only, by what calls this: here they are not."""
    return None if callable(left) else _compared(lambda a, b: a == b)(left, right)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": _divided,
    "negative": lambda x: -x,
    "exp": _function("exp"),
    "log": _function("log"),
    "sqrt": _function("sqrt"),
    "abs": abs,
    "tanh": _function("tanh"),
    "lgamma": _function("lgamma"),
    "pi": lambda: arb.pi(),
    "real": fmpq,
    "index_add": lambda x, y: x + y,
    "apply": lambda function, vector: function(vector),
    "not": _not,
    "and": _and,
    "or": _or,
    "implies": lambda left, right: _or(_not(left), right),
    "iff": _iff,
    "equal": _equal,
    "less": _compared(lambda a, b: a < b),
    "less_equal": _compared(lambda a, b: a <= b),
}
