"""Witnesses: points at which code is not what it is taken for, whatever its weight and constant, in ball arithmetic."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.axes_of_terms import elements_of
from vaelid.auditor.formula.in_balls import NUMBERS, Assignment, ball, points
from vaelid.auditor.model.posterior import Posterior
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Term
from vaelid.theory.library.definitions import coordinate_kl

__all__ = ["Disagreement", "another_prior", "no_divergence", "no_multiple"]


_FAR = (Fraction(8), Fraction(-8), Fraction(20), Fraction(-20), Fraction(60), Fraction(-60))
"""Beyond the usual clamps."""


@dataclass(frozen=True)
class Disagreement:
    """A witness, and the slope of the line through the two points that were fitted: the weight they ask for."""

    witness: Witness
    weight: float


def no_divergence(
    body: TermArray, posterior: Posterior, shown: Callable[[Term], str], meaning: str = ""
) -> Disagreement | None:
    """A point that shows the body to be no multiple of the KL to N(0, I), or to any normal prior, plus a constant."""
    own = elements_of(posterior.mean, posterior.log_variance)
    others = [e for e in elements_of(body) if e not in own]
    target = coordinate_kl(posterior.mean, posterior.log_variance)
    fixed = {e: NUMBERS[1 + k % 2] / (k + 2) for k, e in enumerate(others)}
    grid = points(own, fixed) + [{**fixed, **dict.fromkeys(own, Fraction(0)), e: v} for e in own for v in _FAR]
    values = [(p, ball(body, p)) for p in grid]
    known = [(p, v) for p, v in values if v is not None]
    if _in_span(known, posterior):
        return None
    return no_multiple(body, target, [p for p, _ in known], shown, meaning)


def _in_span(values: list[tuple[Assignment, arb]], posterior: Posterior) -> bool:
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
    body: TermArray, target: TermArray, grid: list[Assignment], shown: Callable[[Term], str], meaning: str = ""
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
    others = {e: NUMBERS[1 + k % 2] / (k + 2) for k, e in enumerate(e for e in elements_of(body) if e not in own)}
    found = no_multiple(body, target, points(own, others), shown)
    return None if found is None else found.witness
