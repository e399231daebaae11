"""Is a changed function still the same? A point at which it differs, or theorems that it does not.

Both are read as formulas: on the variables of the function's definition, and on a batch of them where it takes one.
At a point their values are exact numbers or rigorous balls. The theorems are the kernel's: the formulas are equal,
element by element, for all values of the variables (sizes at least 0). Not compared: how the two round as floats.
"""

import inspect
import random
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from flint import fmpq

from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, index, real, size, variable
from vaelid.readings.terms.substitution import element, lambda_, make
from vaelid.readings.terms.syntax import INDEX, MAP, VECTOR, Binder, Operator, Term, Variable, free_variables
from vaelid.readings.terms.trace import leaves, trace
from vaelid.readings.terms.values import value_at
from vaelid.spec.conventions import KL_REDUCTIONS, RECONSTRUCTION_LOSSES
from vaelid.theory.kernel import Theorem, generalize, smt
from vaelid.theory.library.definitions import DEFINITIONS, D, L, scalar
from vaelid.theory.library.sums import sum_congruent
from vaelid.theory.statement import eq, given, le, split
from vaelid.theory.tactics import use

__all__ = ["differ", "falsified", "formulas", "same"]

Formulas = list[list[TermArray] | None]
"""The arrays that a function returns, for each way in which it is called; None where they cannot be read."""

B = size("B")
POINTS = 60
SIZES = {"B": 2, "D": 2, "L": 3, "K": 3}
NUMBERS = [Fraction(n) for n in ("0", "1", "-1", "2", "-2", "3", "1/2", "-1/3", "5/2", "-7/5")]


def formulas(name: str, function: Callable[..., Any]) -> Formulas:
    """What a function of the spec returns on one observation and, where it takes one, on a batch.

    Raises whatever stops it from being read on one observation.
    """
    first, *batches = _calls(name, function)
    found: Formulas = [leaves(trace(function, *first.args, **first.kwargs))]
    for call in batches:
        try:
            found.append(leaves(trace(function, *call.args, **call.kwargs)))
        except ReadingError:
            found.append(None)
    return found


def _calls(name: str, function: Callable[..., Any]) -> list[inspect.BoundArguments]:
    """The arguments of the function's definition; of a function without one, a variable for each parameter."""
    signature = inspect.signature(function)
    if name == "effective_beta":
        known = {"D": real(D), "L": real(L), "beta": scalar("beta"), "variance": scalar("variance")}
        pairs = [(loss, kl) for loss in RECONSTRUCTION_LOSSES for kl in KL_REDUCTIONS]
        return [signature.bind(loss=loss, kl=kl, **known) for loss, kl in pairs]
    known = next((definition.parameters for definition in DEFINITIONS if definition.name == name), None)
    parameters = known or {parameter: scalar(parameter) for parameter in signature.parameters}
    calls = [signature.bind(*parameters.values())]
    if all(isinstance(leaf, TermArray) for value in parameters.values() for leaf in leaves(value)):
        calls.append(signature.bind(*(_batch(value, parameter) for parameter, value in parameters.items())))
    return calls


def _batch(value: Any, name: str) -> Any:
    """The same variable with rows: one more axis, before the others."""
    if is_dataclass(value):
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{member: _batch(part, f"{name}.{member}") for member, part in members.items()})
    return variable(name, B, *value.shape)


def differ(one: Formulas, other: Formulas) -> bool:
    """Whether they certainly differ: in shape, or in value at some point. False says nothing."""
    for left, right in zip(one, other, strict=True):
        if _shapes(left) != _shapes(right):
            return True
        if any(a is not b and falsified(eq(a, b)) for a, b in _elements(left, right)):
            return True
    return False


def same(one: Formulas, other: Formulas) -> list[Theorem]:
    """The kernel's theorems that formulas of the same shapes are equal. Raises `NotProved`."""
    pairs = zip(one, other, strict=True)
    return [_equal(a, b) for left, right in pairs for a, b in _elements(left, right)]


def _shapes(arrays: list[TermArray] | None) -> list[tuple] | None:
    return None if arrays is None else [as_term(array).shape for array in arrays]


def _elements(one: list[TermArray] | None, other: list[TermArray] | None) -> Iterator[tuple[TermArray, TermArray]]:
    """The elements of the arrays of both lists, side by side, at any index."""
    for left, right in zip(one or [], other or [], strict=True):
        at = [size(f"axis{axis}") for axis in range(left.ndim)]
        a, b = element(left.term, *at), element(right.term, *at)
        yield TermArray((), a), TermArray((), b)


def falsified(statement: Term, points: int = POINTS) -> str:
    """A point at which the statement is certainly false, told by its two sides there; empty where none was found.

    Sizes differ at a point, and maps are affine. Whoever trusts it trusts the evaluation of terms.
    """
    rng = random.Random(0)
    statement = _elementwise(statement)
    variables = sorted(free_variables(statement), key=repr)
    for _ in range(points):
        numbers = rng.choices(NUMBERS, k=rng.choice((1, 2, 8)))
        point = {v: _drawn(v, lambda numbers=numbers: rng.choice(numbers)) for v in variables}
        try:
            if value_at(statement, point) is False:
                sides = [_shown(value_at(side, point)) for side in split(statement)[1].arguments]
                return f"false at a point, where its sides are {' and '.join(sides)}"
        except (ZeroDivisionError, ReadingError):
            continue
    return ""


def _elementwise(statement: Term) -> Term:
    """What follows from the statement, with the elements of vectors in place of the vectors that it concludes equal."""
    head, arguments = statement.head, statement.arguments
    if head == Operator("implies"):
        return make(head, arguments[0], _elementwise(arguments[1]))
    if head == Operator("and"):
        return make(head, *map(_elementwise, arguments))
    if head == Operator("equal") and arguments[0].sort is VECTOR:
        return make(head, *(element(side, size("i")) for side in arguments))
    return statement


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, fmpq | bool | None) else value.str(10, radius=False)


def _drawn(variable: Variable, number: Callable[[], Fraction]) -> Any:
    if variable.sort is INDEX:
        return SIZES.get(variable.name, 1)
    if variable.sort is MAP:
        slope, offset = (fmpq(*number().as_integer_ratio()) for _ in range(2))
        return lambda vector: lambda i: slope * vector(i) + offset * (i + 1)

    def array(rank: int) -> Any:
        return tuple(array(rank - 1) for _ in range(3)) if rank else number()

    return array(variable.sort.rank)


def _equal(one: TermArray, other: TermArray) -> Theorem:
    """For sizes at least 0: the two are equal."""
    sizes = sorted((v for v in free_variables(one.term) | free_variables(other.term) if v.name in SIZES), key=repr)
    goal = given(*(le(index(0), make(v)) for v in sizes), eq(one, other))
    return smt(goal, _equal_sums(one.term, other.term))


def _equal_sums(one: Term, other: Term) -> Iterator[Theorem]:
    """For each sum in one and the sum in its place in the other: their terms are equal, and then they are."""
    if one is other or one.head != other.head or len(one.arguments) != len(other.arguments):
        return
    if one.head == Binder("sum") and one.arguments[0] is other.arguments[0] and not (one.loose or other.loose):
        length, j = one.arguments[0], Variable("j", INDEX)
        a, b = (lambda_(1, term.arguments[1]) for term in (one, other))
        left, right = (TermArray((), element(vector, make(j))) for vector in (a, b))
        yield generalize(smt(eq(left, right), _equal_sums(left.term, right.term)), j)
        yield use(sum_congruent.theorem, a=a, b=b, n=length)
        return
    for left, right in zip(one.arguments, other.arguments, strict=True):
        yield from _equal_sums(left, right)
