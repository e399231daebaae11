"""Witnesses that a term of one coordinate is no multiple of a KL, whatever its weight and constant, in ball arithmetic.

In come a term in the posterior's mean and log-variance, and these two; out goes a `Witness`, or None where the term may
be a KL. For example, mu^2 / 2 + exp(logvar) - logvar is no multiple of (mu^2 + exp(logvar) - 1 - logvar) / 2: two
points fix a weight and a constant, and at a third the term has another value.
"""

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction

from flint import arb, arb_mat

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.axes_of_terms import at_lengths, elements_of, names_in
from vaelid.auditor.formula.in_balls import NUMBERS, Assignment, enclosure, points
from vaelid.auditor.model.kl import kl_to_normal, moments
from vaelid.auditor.model.posterior import Posterior
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Term

__all__ = ["another_prior", "no_divergence", "no_multiple"]


# Beyond the usual clamps of a log-variance, which are at 10, 20 and 30: a clamped KL differs from the KL only there.
_FAR = tuple(map(Fraction, (8, -8, 20, -20, 60, -60)))

# Every 37th of the first 4000 choices of four points: neighbouring choices share three points, so that one with
# dependent columns is mostly followed by another one.
_MOST_CHOICES, _STEP = 4000, 37

# Pairs of points that fix weight and constant: where the first 40 find no third point off, the term is a multiple.
_MOST_PAIRS = 40

_MEANING = "one coordinate; the weight and constant that fit at two other points give what it should be"


def no_divergence(
    body: TermArray,
    posterior: Posterior,
    lengths: Mapping[str, int],
    shown: Callable[[Term], str],
    held: frozenset[str] = frozenset(),
) -> Witness | None:
    """A point that shows the body to be no multiple of the KL to N(0, I), or to any normal prior, plus a constant.

    `held`: the posterior's arrays that do not move, as they may be the prior's.
    """
    own = [e for e in elements_of(*posterior.terms) if not names_in(TermArray((), e)) <= held]
    others = [e for e in elements_of(body, *posterior.terms) if e not in own]
    target = at_lengths(kl_to_normal(posterior), lengths)
    fixed = _fixed(others)
    grid = points(own, fixed) + [{**fixed, **dict.fromkeys(own, Fraction(0)), e: v} for e in own for v in _FAR]
    known = [(point, value) for point in grid if (value := enclosure(body, point)) is not None]
    if _in_span(known, {name: at_lengths(column, lengths) for name, column in _columns(posterior, held).items()}):
        return None
    return no_multiple(body, target, [point for point, _ in known], shown)


def another_prior(
    body: TermArray, posterior: Posterior, prior: tuple[Fraction, Fraction], shown: Callable[[Term], str]
) -> Witness | None:
    """A point that shows the body to be no multiple of the KL to a normal prior of this mean and variance."""
    mean, log_s2 = as_term(prior[0]), xp.log(as_term(prior[1]))
    target = kl_to_normal(posterior, mean, log_s2)
    own = elements_of(*posterior.terms)
    others = [e for e in elements_of(body) if e not in own]
    return no_multiple(body, target, points(own, _fixed(others)), shown)


def no_multiple(
    body: TermArray, target: TermArray, grid: list[Assignment], shown: Callable[[Term], str]
) -> Witness | None:
    """Three points: two fix the weight and constant by which the body would be the target, the third is off.

    Points that fix a positive weight are preferred, since only these look like a KL that is nearly right.
    """
    values = []
    for point in grid:
        computed, wanted = enclosure(body, point), enclosure(target, point)
        if computed is not None and wanted is not None:
            values.append((point, computed, wanted))
    of_other_sign: Witness | None = None
    for first, second in itertools.islice(itertools.combinations(range(len(values)), 2), _MOST_PAIRS):
        (_, t0, k0), (_, t1, k1) = values[first], values[second]
        if (k1 - k0).contains(0):
            continue
        weight = (t1 - t0) / (k1 - k0)
        for point, computed, wanted in values:
            expected = t0 + weight * (wanted - k0)
            if computed.overlaps(expected):
                continue
            names = {shown(e): str(v) for e, v in point.items() if e in elements_of(body, target)}
            found = separated(names, computed, expected, _MEANING)
            if weight > 0:
                return found
            of_other_sign = of_other_sign or found
    return of_other_sign


def _fixed(others: list[Term]) -> Assignment:
    """Values for elements that are not the posterior's, all different: two alike might hide a term."""
    return {e: NUMBERS[1 + k % 2] / (k + 2) for k, e in enumerate(others)}


def _columns(posterior: Posterior, held: frozenset[str]) -> dict[str, TermArray]:
    """What the KL to any normal prior is a combination of, but for what does not move, as the log of a fixed spread."""
    moved = zip(("square", "linear", "logarithm"), moments(posterior), strict=True)
    return {name: column for name, column in moved if names_in(column) - held} | {"constant": as_term(1)}


def _in_span(values: list[tuple[Assignment, arb]], columns: Mapping[str, TermArray]) -> bool:
    """Whether the values are those of a (mu^2 + e^lv) + b mu + c lv + d everywhere: of a KL to some normal prior."""
    rows = []
    for point, value in values:
        row = [entry for column in columns.values() if (entry := enclosure(column, point)) is not None]
        if len(row) == len(columns):
            rows.append((row, value))
    choices = itertools.combinations(range(len(rows)), len(columns))
    for chosen in itertools.islice(choices, 0, _MOST_CHOICES, _STEP):
        matrix = arb_mat([rows[k][0] for k in chosen])
        if matrix.det().contains(0):
            continue
        solution = [row[0] for row in matrix.solve(arb_mat([[rows[k][1]] for k in chosen])).tolist()]
        factor = dict(zip(columns, solution, strict=True))
        if not (factor["square"] > 0 and factor.get("logarithm", arb(-1)) < 0):
            return False
        return all(_product(row, solution).overlaps(value) for row, value in rows)
    return True


def _product(row: list[arb], column: list[arb]) -> arb:
    return sum((a * b for a, b in zip(row, column, strict=True)), arb(0))
