"""Terms at points, in ball arithmetic: a value is certain to be in its ball."""

import itertools
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction

from flint import arb

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import INDEX, Term, free_variables
from vaelid.readings.terms.values import value_at

__all__ = ["NUMBERS", "Point", "ball", "in_ball", "points"]


Point = Mapping[Term, Fraction]

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


def ball(term: TermArray, point: Point) -> arb | None:
    """The value where the elements are these numbers and every length is 1; None where it has none."""
    numbers = {element: as_term(value).term for element, value in point.items()}
    closed = replaced(term.term, numbers)
    lengths = {v: 1 for v in free_variables(closed) if v.sort is INDEX and v.name[0] == "N"}
    places = {v: 0 for v in free_variables(closed) if v.sort is INDEX and v.name[0] == "i"}
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


def points(elements: list[Term], others: Point, limit: int = 60) -> list[Point]:
    """Points that give the elements simple numbers."""
    found = []
    numbers = NUMBERS if len(elements) <= 2 else NUMBERS[:4]
    for values in itertools.islice(itertools.product(numbers, repeat=len(elements)), 400):
        found.append({**others, **dict(zip(elements, values, strict=True))})
    step = max(1, len(found) // limit)
    return found[::step]
