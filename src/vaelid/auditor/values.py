"""The value of a term that was read from code, at a point: in ball arithmetic, so that it is right to its radius."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import INDEX, free_variables
from vaelid.readings.terms.values import value_at

__all__ = ["everywhere", "value"]


def everywhere(number: Fraction) -> Callable[..., fmpq]:
    """The array that has this number in every place."""
    exact = fmpq(number.numerator, number.denominator)
    return lambda *_: exact


def value(term: TermArray, arrays: Mapping[str, Callable[..., fmpq]], sizes: Mapping[str, int]) -> arb:
    """The term's value where its array variables are these functions of their indices.

    `sizes` gives lengths and indices by name; a length is 1 and an index 0 where it has no entry. Raises
    `ZeroDivisionError` and `ReadingError` where the term has no value.
    """
    point: dict[Any, Any] = {}
    for variable in free_variables(term.term):
        if variable.sort is INDEX:
            point[variable] = sizes.get(variable.name, 1 if variable.name.isupper() else 0)
        else:
            point[variable] = arrays[variable.name]
    return arb(value_at(term.term, point))
