"""Values of terms in ball arithmetic: the value is certainly in the ball.

In: a term and an assignment of fractions to its elements. Out: a ball, or None where the term has no value. For
example, `enclosure` of log(x) at x = 2 contains 0.693..., and is None at x = -1.
"""

import itertools
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction

from flint import arb

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import is_index, is_length
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Term, free_variables
from vaelid.readings.terms.values import value_at

__all__ = ["NUMBERS", "Assignment", "enclosure", "in_ball", "points"]


Assignment = Mapping[Term, Fraction]
"""A number for each element of a term."""

NUMBERS = (
    Fraction(0),
    Fraction(1),
    Fraction(-1, 2),
    Fraction(2),
    Fraction(-1),
    Fraction(1, 2),
    Fraction(-2),
    Fraction(3),
)
"""Simple numbers, first those at which most functions have a value; halves tell powers apart, and negatives signs."""
_MOST_TRIED, _FEW = 400, 4
"""Most assignments that are listed; how many numbers are tried for each of more than two elements (4^4 < 400 < 8^3)."""


def enclosure(term: TermArray, point: Assignment) -> arb | None:
    """The value where the elements are these numbers and every length is 1; None where it has none."""
    numbers = {element: as_term(value).term for element, value in point.items()}
    closed = replaced(term.term, numbers)
    lengths = {v: 1 for v in free_variables(closed) if is_length(v)}
    places = {v: 0 for v in free_variables(closed) if is_index(v)}
    with suppress(ZeroDivisionError, ReadingError, KeyError):
        found = arb(value_at(closed, {**lengths, **places}))
        return found if found.is_finite() else None
    return None


def in_ball(number: TermArray, lengths: Mapping[str, int]) -> arb | None:
    """The value of a term of lengths alone; None where it has none."""
    with suppress(ZeroDivisionError, ReadingError, KeyError):
        found = arb(value_at(number.term, {v: lengths[v.name] for v in free_variables(number.term)}))
        return found if found.is_finite() else None
    return None


def points(elements: list[Term], others: Assignment, limit: int = 60) -> list[Assignment]:
    """Assignments that give the elements simple numbers."""
    found = []
    numbers = NUMBERS if len(elements) <= 2 else NUMBERS[:_FEW]
    for values in itertools.islice(itertools.product(numbers, repeat=len(elements)), _MOST_TRIED):
        found.append({**others, **dict(zip(elements, values, strict=True))})
    step = max(1, len(found) // limit)
    return found[::step]
