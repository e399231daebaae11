"""The value of a term and the truth of a theorem at numbers, in plain Python: an oracle that shares no code with the
auditor's evaluators. Sums are loops, arrays are numpy's."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaelid.auditor.formula.axes_of_terms import sizes_of
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.substitution import element, instance, lambda_
from vaelid.readings.terms.syntax import (
    Binder,
    Element,
    Number,
    Operator,
    Power,
    Symbol,
    Term,
    Variable,
    free_variables,
)
from vaelid.theory.kernel import Theorem
from vaelid.theory.statement import split

FUNCTIONS = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "negative": lambda x: -x,
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
    "tanh": math.tanh,
    "lgamma": math.lgamma,
    "real": float,
    "index_add": lambda x, y: x + y,
    "pi": lambda: math.pi,
}


def value(term: TermArray | Term, numbers: Mapping[str, Any]) -> float:
    """The value where each variable and array has the number or numpy array of its name."""
    term = term.term if isinstance(term, TermArray) else term
    match term.head:
        case Number(value=number):
            return float(number) if number.denominator != 1 else int(number)
        case Variable(name=name):
            return numbers[name]
        case Element():
            array = numbers[term.arguments[0].head.name]
            return float(np.asarray(array)[tuple(int(value(i, numbers)) for i in term.arguments[1:])])
        case Power(exponent=k):
            return value(term.arguments[0], numbers) ** k
        case Binder(name="sum"):
            length, body = term.arguments
            places = range(int(value(length, numbers)))
            return math.fsum(value(element(lambda_(1, body), index(k)), numbers) for k in places)
        case Symbol():
            by = dict(zip(term.head.parameters, term.arguments, strict=True))
            return value(instance(term.head.body, by), numbers)
        case Operator(name=name):
            return FUNCTIONS[name](*(value(part, numbers) for part in term.arguments))
    raise TypeError(f"no value of {term.head}")


def sides(theorem: Theorem, numbers: Mapping[str, Any]) -> tuple[float, float]:
    """The values of both sides of a theorem that is an equation, under hypotheses or not."""
    _, conclusion = split(theorem.statement)
    assert conclusion.head == Operator("equal")
    left, right = conclusion.arguments
    return value(left, numbers), value(right, numbers)


def holds(theorem: Theorem, numbers: Mapping[str, Any]) -> bool:
    """Whether an equation is true at these numbers, up to rounding."""
    left, right = sides(theorem, numbers)
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)


def random_numbers(seed: int, lengths: tuple[int, ...], **arrays: tuple[int, ...]) -> dict[str, Any]:
    """Lengths and indices of axes 0, 1, ... and normal random arrays on the axes named: x=(0, 1), a number for ()."""
    generator = np.random.default_rng(seed)
    numbers: dict[str, Any] = dict(sizes_of(lengths))
    numbers |= {f"i{axis}": int(generator.integers(length)) for axis, length in enumerate(lengths)}
    for name, axes in arrays.items():
        drawn = generator.normal(size=tuple(lengths[axis] for axis in axes))
        numbers[name] = drawn if axes else float(drawn)
    return numbers


def variables(term: TermArray) -> set[str]:
    """The names of the free variables of a term."""
    return {v.name for v in free_variables(term.term)}
