"""Refutations of a whole loss in its data: places that mix, and places where it is no likelihood of what was declared.

In comes a search with a declared likelihood; out go `Refutation`s, one after the other, the first of which is taken.
For example, (x - h)^4 in a loss that was declared Gaussian is no quadratic in x.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from flint import arb

from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.formula.axes_of_terms import length_name
from vaelid.auditor.formula.circuit import At
from vaelid.auditor.refutation.additivity import certainly_mixed, mixed, mixing
from vaelid.auditor.refutation.against_latents import LEAST, weight_of_kl
from vaelid.auditor.refutation.coordinate_fit import STEPS
from vaelid.auditor.refutation.loss_at_points import Point
from vaelid.auditor.refutation.search_for_points import Search, some
from vaelid.auditor.refutation.sentences import (
    another_bernoulli,
    another_level,
    another_level_for_its_curvature,
    compared_with_another_row,
    compared_with_nothing,
    flat_in_two_data,
    no_data,
    no_minimum,
    no_quadratic,
    same_odds,
)

__all__ = ["no_likelihoods", "places_that_mix"]


# Outputs that are moved beside a datum, and steps for each: a wrong likelihood shows at the first few.
_MOST_OUTPUTS, _MOST_STEPS = 3, 4

# Places of a row that are looked at one by one before it is said that none has a likelihood.
_MOST_IN_A_ROW = 60

# A mean and a scale; beside more outputs a datum stands where it is compared with what several draws were decoded to.
_MOST_OF_ONE_DENSITY = 2

# A curvature below this is zero but for the width of its ball.
_NO_CURVATURE = arb("1e-20")

# A declared beta is a float, and the loss has the number that its code means: 1/10 where both say 0.1. Two betas this
# near are one, as judgement has it.
_SAME_BETA = 1e-6

_Weight = Callable[[], arb | None]


@dataclass(frozen=True)
class _Parabola:
    """The loss in one datum, where outputs are at a point: its second derivative's half, and its smallest value."""

    setting: Point
    curvature: arb
    level: arb


def places_that_mix(search: Search) -> Iterator[Refutation]:
    """Two places of the data whose effects do not add up.

    They are of one array: another one may be what a likelihood is conditioned on, or a weight of its places. In one row
    a place may be what the next one is conditioned on, as in x[1] - x[0]: only what has no integral is refuted there.
    """
    for at in some(search.data):
        near = search.loss.beside(at)
        others = [other for other in search.data if other != at and other[0] == at[0] and other in near]
        yield from mixed(search, at, [other for other in others if _of_other_rows(search, at, other)])
        if search.likelihood == "gaussian":
            others = [other for other in some(others, _MOST_OUTPUTS) if not _of_other_rows(search, at, other)]
            yield from (found for o in others if (found := _without_an_integral(search, at, o)) is not None)


def _without_an_integral(search: Search, one: At, other: At) -> Refutation | None:
    """That the loss is a parabola in two data which does not rise when both move in some ratio."""
    here, there = search.loss.here(one), search.loss.here(other)
    steps = ((0, 0), (1, 0), (-1, 0), (2, 0), (0, 1), (0, -1), (0, 2), (1, 1), (2, 2))
    values = search.loss.balls([{one: here + a, other: there + b} for a, b in steps])
    if values is None:
        return None
    at = {step: value - values[0] for step, value in zip(steps, values, strict=True)}
    a, b = (at[x, y] + at[-x, -y] for x, y in ((1, 0), (0, 1)))
    slopes = [(at[x, y] - at[-x, -y]) / 2 for x, y in ((1, 0), (0, 1))]
    both = at[1, 1] - at[1, 0] - at[0, 1]
    parabola = {(2, 0): 2 * (slopes[0] + a), (0, 2): 2 * (slopes[1] + b), (2, 2): 2 * (sum(slopes) + a + 2 * both + b)}
    quadratic = all(at[step].overlaps(value) for step, value in parabola.items())
    if not (quadratic and a > 0 and b > 0 and (share := 1 - both**2 / (a * b)) < LEAST):
        return None
    return flat_in_two_data(one, other, share)


def _of_other_rows(search: Search, one: At, other: At) -> bool:
    """Whether two elements are of different rows: along the first axis, if it is as long as the posteriors'."""
    rows = {search.loss.question.values.lengths[length_name(c.posterior.axes[0])] for c in search.coordinates[:1]}
    shapes = [search.loss.base[at[0]].shape for at in (one, other)]
    return all(len(shape) > 1 and rows == {shape[0]} for shape in shapes) and one[1][0] != other[1][0]


def no_likelihoods(search: Search) -> Iterator[Refutation]:
    """Places at which the loss is no negative log-likelihood of the declared family."""
    if search.loss.names & search.loss.question.unread:
        return  # data may have gone into it: that nothing else is compared with them says nothing
    if not search.data:
        yield no_data()
    weight = cache(lambda: _weight_of_likelihood(search))  # asked for only where a likelihood's scale counts
    # Of several arrays one may be what the likelihood is conditioned on, or a weight: then it is of another.
    refuted, names = dict[str, Refutation](), {at[0] for at in search.data}
    for at in some(search.data):
        if search.late or at[0] in refuted:
            continue
        if (found := _no_likelihood_of(search, at, weight)) is not None:
            refuted[at[0]] = found
        if len(refuted) == len(names):
            yield from refuted.values()
            return


def _no_likelihood_of(search: Search, at: At, weight: _Weight) -> Refutation | None:
    """That a datum has no likelihood, nor has any place of the datum's row that stands in a term with the datum.

    Where each step is given the one before, x[0] stands in the density of x[1] too, and the last step in its own alone.
    """
    found = _no_likelihood_at(search, at, weight)
    if found is None:
        return None
    others, seen = [at], {at}
    while others:
        one = others.pop()
        near = [o for o in search.data if o in search.loss.beside(one) and o not in seen and o[0] == at[0]]
        same_row = [o for o in near if not _of_other_rows(search, at, o)]
        if search.late or len(seen) > _MOST_IN_A_ROW:
            return None
        for other in same_row:
            if _no_likelihood_at(search, other, weight) is None:
                return None
        others += same_row
        seen.update(same_row)
    return found


def _no_likelihood_at(search: Search, at: At, weight: _Weight) -> Refutation | None:
    """That in one datum the loss is no likelihood of the declared family."""
    outputs = list(mixing(search, {at: search.step(at, Fraction(1))}, search.outputs))
    if not outputs:
        linear = search.likelihood == "laplace"  # in pieces: a datum and its output may move beside each other
        beside = linear and search.loss.beside(at).intersection(search.outputs)
        return None if search.masked or beside else _compared_with_nothing(search, at)
    if (found := _of_another_row(search, at, outputs)) is not None:
        return found
    if len(outputs) > _MOST_OF_ONE_DENSITY:
        return None  # the average over several draws of a density's logarithm is the logarithm of none
    if search.likelihood == "gaussian":
        return _not_gaussian(search, at, outputs, weight)
    return _not_bernoulli(search, at, outputs, weight) if search.likelihood == "bernoulli" else None


def _weight_of_likelihood(search: Search) -> arb | None:
    """The weight of the likelihood: that of the divergences by beta, where one was declared."""
    if not search.declared.beta:
        return None
    weights = (weight_of_kl(search, c) for c in search.coordinates[:1] if search.of_its_own(c))
    found = next((w for w in weights if isinstance(w, arb)), None)
    if found is None or not found > 0:
        return None
    beta = float(search.declared.beta)
    return found / arb(beta, beta * _SAME_BETA)


def _compared_with_nothing(search: Search, at: At) -> Refutation | None:
    """A datum that does not stand with any output: then there is no likelihood of it."""
    everything = {o: search.step(o, Fraction(1)) for o in search.outputs}
    here = {at: search.step(at, Fraction(1))}
    values = search.loss.balls([{}, here, everything, {**here, **everything}])
    if values is None:
        return None
    base, moved, other, both = values
    alone, beside = moved - base, both - other
    if not abs(beside - alone) < LEAST:
        return None
    return compared_with_nothing(at, here, alone, beside - alone, search.likelihood)


def _of_another_row(search: Search, at: At, outputs: Sequence[At]) -> Refutation | None:
    """A datum that stands with outputs of its own row and of another one, as with their mean over the rows.

    Of an axis of time it may stand with those of one other place, as of the step before: hence its own row as well.
    """
    alike = [o for o in outputs if search.loss.base[o[0]].shape == search.loss.base[at[0]].shape]
    others = [o for o in alike if _of_other_rows(search, at, o)]
    if not others or len(others) == len(alike):
        return None
    return certainly_mixed(search, {at: search.step(at, Fraction(1))}, others[0], compared_with_another_row)


def _compared_with_it_alone(search: Search, at: At, outputs: Sequence[At]) -> frozenset[At]:
    """The outputs that stand with no other datum: one that does, as a scale of all places, moves the loss there too."""
    data = frozenset(search.data) - {at}
    return frozenset(o for o in outputs if not search.loss.beside(o) & data)


def _settings(search: Search, outputs: Sequence[At]) -> list[Point]:
    """Some values of the outputs."""
    found: list[Point] = [{}]
    for o in outputs[:_MOST_OUTPUTS]:
        found += [{o: search.step(o, by)} for by in STEPS[:_MOST_STEPS]]
    return found


def _not_gaussian(search: Search, at: At, outputs: Sequence[At], weight: _Weight) -> Refutation | None:
    """A x^2 + B x + C in a datum x: C - B^2 / (4 A) is the same for all outputs, unless A moves with them."""
    seen: list[_Parabola] = []
    own = _compared_with_it_alone(search, at, outputs)
    for setting in _settings(search, outputs):
        here = search.loss.here(at)
        values = search.loss.balls([{**setting, at: here + k} for k in (0, 1, -1, 2)])
        if values is None:
            continue
        zero, one, minus, two = values
        square, slope = (one + minus) / 2 - zero, (one - minus) / 2
        cubic = zero + 2 * slope + 4 * square
        if not cubic.overlaps(two):
            return no_quadratic(at, {**setting, at: here + 2}, two, cubic)
        if square < 0 or (square.contains(0) and abs(square) < _NO_CURVATURE):
            return no_minimum(at, setting, square)
        if setting.keys() <= own:
            seen.append(_Parabola(setting, square, zero - slope**2 / (4 * square)))
    return _moving_level(at, seen, weight)


def _moving_level(at: At, seen: list[_Parabola], weight: _Weight) -> Refutation | None:
    """Where the curvature is one, the minimum over the datum is one: a density's integral does not move.

    Where it moves, from A to A', the minimum moves by c / 2 log (A / A'), c being the weight of the likelihood.
    """
    for one, other in itertools.combinations(seen, 2):
        if one.curvature.overlaps(other.curvature) and not one.level.overlaps(other.level):
            return another_level(at, other.setting, other.level, one.level)
        if (c := weight()) is not None and not one.curvature.overlaps(other.curvature):
            wanted = one.level + c / 2 * (one.curvature.log() - other.curvature.log())
            if not other.level.overlaps(wanted):
                curvatures = one.curvature, other.curvature
                return another_level_for_its_curvature(at, other.setting, c, curvatures, other.level, wanted)
    return None


def _not_bernoulli(search: Search, at: At, outputs: Sequence[At], weight: _Weight) -> Refutation | None:
    """With F and G the loss at x = 0 and x = 1, F = c softplus((F - G) / c) + const for one c > 0."""
    seen: list[tuple[Point, arb, arb]] = []
    for setting in _settings(search, outputs):
        values = search.loss.balls([{**setting, at: Fraction(k)} for k in (0, 1)])
        if values is not None:
            seen.append((setting, values[0], values[1]))
    if len(seen) > 1 and not search.masked and (found := _same_odds(search, at, seen)) is not None:
        return found
    if (c := weight()) is None:
        return None
    own = _compared_with_it_alone(search, at, outputs)
    levels = [(setting, f - c * _softplus((f - g) / c)) for setting, f, g in seen if setting.keys() <= own]
    for (_, one), (point, other) in itertools.combinations(levels, 2):
        if not one.overlaps(other):
            return another_bernoulli(at, point, other, one)
    return None


def _same_odds(search: Search, at: At, seen: list[tuple[Point, arb, arb]]) -> Refutation | None:
    """That 0 and 1 are as likely, or one as much likelier, whatever the decoder puts out."""
    (_, first), *others = [(setting, g - f) for setting, f, g in seen]
    if not all(abs(found - first) < LEAST for _, found in others):
        return None
    point, found = others[-1]
    return same_odds(at, point, first, found - first, search.likelihood)


def _softplus(x: arb) -> arb:
    return (1 + x.exp()).log()
