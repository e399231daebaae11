"""One term for all lengths, from the terms of two runs at two lengths.

In: two terms that differ in numbers only, and which lengths had which two values. Out: the term in which each number
that moved is a constant times powers of lengths. For example, 1/35 and 1/28, where N0 was 5 and then 4, are 1/7 * 1/N0.
"""

import itertools
import math
from collections.abc import Mapping
from fractions import Fraction

from vaelid.auditor.formula.axes_of_terms import length_of
from vaelid.auditor.formula.functions import exact_number
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Number, Term
from vaelid.spec.digits import apart

__all__ = ["generalised"]


_POWERS = (0, 1, -1, -2)
"""Of each length: none, a product, a mean, and a mean over pairs of rows; the first that fits with the fewest wins."""
_MOST_LENGTHS = 4
"""Lengths that are tried together: 4^4 products for each number that moved."""
_SAME = Fraction(1, 10**14)
"""Relative distance of two constants that are one: a float64 is exact to 1.1e-16, and a few roundings made it."""
_SIMPLE = 10**6
"""Largest denominator of a constant that is taken as it is; of another, the number that its float means is taken."""


def generalised(first: Term, second: Term, lengths: Mapping[tuple[int, int], int]) -> Term:
    """The term that both are, at the lengths of the first and of the second run.

    `lengths`: for each pair of lengths that an axis had, that axis. A number that moved is a length in disguise
    (`x.size(0)`), alone or in a product. Raises `ValueError` where the two differ otherwise.
    """
    known: dict[tuple[Term, Term], Term] = {}

    def both(one: Term, other: Term) -> Term:
        if one is other:
            return one
        if (one, other) not in known:
            known[one, other] = computed(one, other)
        return known[one, other]

    def computed(one: Term, other: Term) -> Term:
        if isinstance(one.head, Number) and isinstance(other.head, Number) and one.sort is other.sort is REAL:
            return _as_lengths(one.head.value, other.head.value, lengths).term
        if one.head != other.head or len(one.arguments) != len(other.arguments):
            raise ValueError("it does not do the same in another run, or with another number of rows")
        return make(one.head, *(both(a, b) for a, b in zip(one.arguments, other.arguments, strict=True)))

    return both(first, second)


def _as_lengths(first: Fraction, second: Fraction, lengths: Mapping[tuple[int, int], int]) -> TermArray:
    """The number as a constant times powers of lengths: the fewest, then the simplest constant."""
    found: list[tuple[int, int, Fraction, tuple[int, ...]]] = []
    for powers in itertools.product(_POWERS, repeat=min(len(lengths), _MOST_LENGTHS)):
        scales = [
            math.prod(
                (Fraction(pair[k]) ** power for pair, power in zip(lengths, powers, strict=False)), start=Fraction(1)
            )
            for k in (0, 1)
        ]
        constant = first / scales[0]
        if abs(constant - second / scales[1]) <= abs(constant) * _SAME:
            size = constant.numerator.bit_length() + constant.denominator.bit_length()
            found.append((sum(map(abs, powers)), size, constant, powers))
    if not found:
        before, after = apart(float(first), float(second))
        raise ValueError(f"the number {before} became {after} in another run")
    *_, constant, powers = min(found)
    result = exact_number(float(constant)) if constant.denominator > _SIMPLE else as_term(constant)
    for axis, power in zip(lengths.values(), powers, strict=False):
        length = real(length_of(axis))
        for _ in range(abs(power)):
            result = result * length if power > 0 else result * (1 / length)
    return result
