"""Witnesses: points at which code is not what it is taken for, whatever its weight and constant, in ball arithmetic."""

import itertools
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat

from vaelid.auditor.posterior import Posterior
from vaelid.auditor.report import Witness
from vaelid.auditor.simple import replaced
from vaelid.auditor.witnesses import separated
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, index
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import (
    INDEX,
    REAL,
    Binder,
    Element,
    Operator,
    Term,
    Variable,
    element,
    free_variables,
    lambda_,
    make,
    subterms,
)
from vaelid.readings.terms.values import value_at
from vaelid.theory.library.definitions import coordinate_kl

__all__ = [
    "Disagreement",
    "Point",
    "another_prior",
    "at_lengths",
    "ball",
    "collapsed",
    "elements_of",
    "in_ball",
    "no_divergence",
    "no_multiple",
]

Point = Mapping[Term, Fraction]

_NUMBERS = (
    Fraction(0),
    Fraction(1),
    Fraction(-1, 2),
    Fraction(2),
    Fraction(-1),
    Fraction(1, 2),
    Fraction(-2),
    Fraction(3),
)
_FAR = (Fraction(8), Fraction(-8), Fraction(20), Fraction(-20), Fraction(60), Fraction(-60))
"""Beyond the usual clamps."""


@dataclass(frozen=True)
class Disagreement:
    """A witness, and the slope of the line through the two points that were fitted: the weight they ask for."""

    witness: Witness
    weight: float


def elements_of(*terms: TermArray) -> list[Term]:
    """The elements of arrays, and the real variables, that terms speak of."""
    found: dict[Term, None] = {}
    for term in terms:
        for part in subterms(term.term):
            if not part.loose and part.sort is REAL and isinstance(part.head, Element | Variable):
                found[part] = None
    return list(found)


def has_sums(term: TermArray) -> bool:
    """Whether there is a sum in the term: then it is not of one place alone."""
    return any(part.head == Binder("sum") for part in subterms(term.term))


def collapsed(term: TermArray) -> TermArray:
    """The term where every axis has one place: a sum is its one term."""

    def at(part: Term) -> Term:
        if part.head == Binder("sum"):
            return at(element(lambda_(1, part.arguments[1]), index(0)))
        if isinstance(part.head, Variable) and part.sort is INDEX and part.head.name[0] == "i":
            return index(0)
        return make(part.head, *map(at, part.arguments)) if part.arguments else part

    return TermArray((), at(term.term))


def at_lengths(term: TermArray, lengths: Mapping[str, int]) -> TermArray:
    """The term with numbers for the lengths in it; in sums they stay, as how far these go."""
    written = {
        p for p in subterms(term.term) if p.head == Operator("real") and isinstance(p.arguments[0].head, Variable)
    }
    numbers = {p: as_term(lengths[p.arguments[0].head.name]).term for p in written}  # pyright: ignore[reportAttributeAccessIssue]
    return TermArray((), replaced(term.term, numbers))


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
    numbers = _NUMBERS if len(elements) <= 2 else _NUMBERS[:4]
    for values in itertools.islice(itertools.product(numbers, repeat=len(elements)), 400):
        found.append({**others, **dict(zip(elements, values, strict=True))})
    step = max(1, len(found) // limit)
    return found[::step]


def no_divergence(
    body: TermArray, posterior: Posterior, shown: Callable[[Term], str], meaning: str = ""
) -> Disagreement | None:
    """A point that shows the body to be no multiple of the KL to N(0, I), or to any normal prior, plus a constant."""
    own = elements_of(posterior.mean, posterior.log_variance)
    others = [e for e in elements_of(body) if e not in own]
    target = coordinate_kl(posterior.mean, posterior.log_variance)
    fixed = {e: _NUMBERS[1 + k % 2] / (k + 2) for k, e in enumerate(others)}
    grid = points(own, fixed) + [{**fixed, **dict.fromkeys(own, Fraction(0)), e: v} for e in own for v in _FAR]
    values = [(p, ball(body, p)) for p in grid]
    known = [(p, v) for p, v in values if v is not None]
    if _in_span(known, posterior):
        return None
    return no_multiple(body, target, [p for p, _ in known], shown, meaning)


def _in_span(values: list[tuple[Point, arb]], posterior: Posterior) -> bool:
    """Whether the values are those of a mu^2 + a e^lv + b mu + c lv + d everywhere: of a KL to some normal prior."""
    mean, log_variance = posterior.mean, posterior.log_variance
    columns = (mean**2 + xp.exp(log_variance), mean, log_variance, as_term(1))
    rows = []
    for point, value in values:
        row = [ball(column, point) for column in columns]
        if all(entry is not None for entry in row):
            rows.append((row, value))
    for chosen in itertools.islice(itertools.combinations(range(len(rows)), 4), 0, 4000, 37):
        matrix = arb_mat([rows[k][0] for k in chosen])
        if matrix.det().contains(0):
            continue
        solution = [row[0] for row in matrix.solve(arb_mat([[rows[k][1]] for k in chosen])).tolist()]
        square, _, logarithm, _ = solution
        if not (square > 0 and logarithm < 0):
            return False
        return all(_product(row, solution).overlaps(value) for row, value in rows)
    return True


def _product(row: list[arb], column: list[arb]) -> arb:
    return sum((a * b for a, b in zip(row, column, strict=True)), arb(0))


def no_multiple(
    body: TermArray, target: TermArray, grid: list[Point], shown: Callable[[Term], str], meaning: str = ""
) -> Disagreement | None:
    """Three points: two fix the weight and constant by which the body would be the target, the third is off."""
    values = []
    for point in grid:
        computed, wanted = ball(body, point), ball(target, point)
        if computed is not None and wanted is not None:
            values.append((point, computed, wanted))
    odd: Disagreement | None = None
    for first, second in itertools.islice(itertools.combinations(range(len(values)), 2), 40):
        (_, t0, k0), (_, t1, k1) = values[first], values[second]
        if (k1 - k0).contains(0):
            continue
        weight = (t1 - t0) / (k1 - k0)
        for point, computed, wanted in values:
            expected = t0 + weight * (wanted - k0)
            if computed.overlaps(expected):
                continue
            names = {shown(e): str(v) for e, v in point.items() if e in elements_of(body, target)}
            said = (
                meaning or "one coordinate; the weight and constant that fit at two other points give what it should be"
            )
            found = Disagreement(separated(names, computed, expected, said), float(weight))
            if weight > 0:
                return found
            odd = odd or found
    return odd


def another_prior(
    body: TermArray, posterior: Posterior, prior: tuple[Fraction, Fraction], shown: Callable[[Term], str]
) -> Witness | None:
    """A point that shows the body to be no multiple of the KL to a normal prior of this mean and variance."""
    mean, log_s2 = as_term(prior[0]), xp.log(as_term(prior[1]))
    target = coordinate_kl((posterior.mean - mean) * xp.exp(-log_s2 / 2), posterior.log_variance - log_s2)
    own = elements_of(posterior.mean, posterior.log_variance)
    others = {e: _NUMBERS[1 + k % 2] / (k + 2) for k, e in enumerate(e for e in elements_of(body) if e not in own)}
    found = no_multiple(body, target, points(own, others), shown)
    return None if found is None else found.witness
