"""Refutations of a reconstruction that is a polynomial in the datum: its exponential is no density.

In come the term, the element of the datum and those of the outputs; out goes a `Refutation`, or None where the term may
be a Gaussian's. For example, (x - h)^2 + h^2 is quadratic in x, and the integral of exp of minus it moves with h: a
normalised density's does not.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.formula.in_balls import Assignment, enclosure, points
from vaelid.auditor.refutation.sentences import falls_without_end, not_normalised
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Term

__all__ = ["no_density"]


# Settings of the outputs: each takes four values in balls, and a wrong normaliser shows at the first few.
_SETTINGS = 24

# A scale's weight below this is zero but for the width of its ball.
_NO_WEIGHT = arb("1e-20")


@dataclass(frozen=True)
class _Parabola:
    """The term as A x^2 + B x + C in the datum, where the outputs are at a point.

    Attributes:
        point: of the outputs.
        curvature: A.
        level: B^2 / (4 A) - C, minus its smallest value.
    """

    point: Assignment
    curvature: arb
    level: arb


@dataclass(frozen=True)
class _Difference:
    """Two settings of the outputs between which a number moves that a density has once for all, and what it is."""

    where: Assignment
    first: Assignment
    computed: arb
    expected: arb
    what: str


def no_density(body: TermArray, x: Term, outputs: Sequence[Term], shown: Callable[[Term], str]) -> Refutation | None:
    """That exp(-body / w) has no integral over x that is one number for all outputs, for any w > 0.

    exp(-(A x^2 + B x + C) / w) integrates to one number if B^2 / (4 A) - C - w / 2 log A is one number.
    """
    seen: list[_Parabola] = []
    for point in points(list(outputs), {}, _SETTINGS):
        at = [v for k in (0, 1, -1, 2) if (v := enclosure(body, {**point, x: Fraction(k)})) is not None]
        if len(at) < 4:
            continue
        zero, one, minus, two = at
        square, slope = (one + minus) / 2 - zero, (one - minus) / 2
        if not (zero + 2 * slope + 4 * square).overlaps(two):  # no parabola: a polynomial of a higher degree
            return _unbounded(body, x, point, shown)
        if not square > 0:
            return None
        if (level := slope**2 / (4 * square) - zero).is_finite():
            seen.append(_Parabola(dict(point), square, level))
    found = (_other_level(seen) or _other_scale(seen)) if seen else None
    if found is None:
        return None
    where, first = ({shown(e): str(v) for e, v in point.items()} for point in (found.where, found.first))
    return not_normalised(where, first, found.computed, found.expected, found.what)


def _other_level(seen: list[_Parabola]) -> _Difference | None:
    """Two points of one A whose levels differ."""
    for one, other in itertools.combinations(seen, 2):
        if one.curvature.overlaps(other.curvature) and not one.level.overlaps(other.level):
            return _Difference(other.point, one.point, other.level, one.level, "B^2 / (4 A) - C")
    return None


def _other_scale(seen: list[_Parabola]) -> _Difference | None:
    """Two points of which A moves, and the level not as the logarithm of a scale has it, with one w > 0 for all."""
    first = seen[0]
    moved = [one for one in seen[1:] if not one.curvature.overlaps(first.curvature)]
    if not moved:
        return None
    second = moved[0]
    half = (second.level - first.level) / (second.curvature.log() - first.curvature.log())
    if half <= 0 or (half.contains(0) and abs(half) < _NO_WEIGHT):
        return _Difference(second.point, first.point, second.curvature, first.curvature, "A")
    for one in moved[1:]:
        wanted = first.level + half * (one.curvature.log() - first.curvature.log())
        if not one.level.overlaps(wanted):
            what = "B^2 / (4 A) - C, beside that which A asks for,"
            return _Difference(one.point, first.point, one.level, wanted, what)
    return None


def _unbounded(body: TermArray, x: Term, point: Assignment, shown: Callable[[Term], str]) -> Refutation | None:
    """A polynomial that falls far out is the negative logarithm of no density: its exponential grows there."""
    # At 10^3 the highest power has outgrown the others; 10^6 is far enough for it to show which way it goes.
    for near, far in ((Fraction(10**3), Fraction(10**6)), (Fraction(-(10**3)), Fraction(-(10**6)))):
        one, other = enclosure(body, {**point, x: near}), enclosure(body, {**point, x: far})
        if one is not None and other is not None and other < one:
            names = {shown(e): str(v) for e, v in point.items()}
            return falls_without_end(names, shown(x), (near, one), (far, other))
    return None
