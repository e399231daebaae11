"""Refutations of a whole loss in the coordinates of its latents, and in what networks put out for their priors.

In comes a search; out go `Refutation`s, one after the other, the first of which is taken. For example, a loss whose KL
has the weight 1 at mu[0, 0] and 2 at mu[0, 1] is no NLL + beta KL; nor is one with mu[0, 0] * mu[0, 1] in it.
"""

import itertools
from collections.abc import Iterator
from fractions import Fraction

from flint import arb

from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.formula.circuit import At
from vaelid.auditor.refutation.additivity import mixed
from vaelid.auditor.refutation.coordinate_fit import CoordinateFit, coordinate_fit, factors_of, first_off
from vaelid.auditor.refutation.loss_at_points import Point
from vaelid.auditor.refutation.search_for_points import Coordinate, Search, some
from vaelid.auditor.refutation.sentences import (
    another_declared_prior,
    depends_on_nothing,
    moves_beside_the_posteriors,
    no_combination,
    no_parameter_of_a_prior,
    no_weight,
    weights_differ,
)

__all__ = ["LEAST", "coordinates_that_mix", "no_divergences", "no_priors", "not_through_posteriors", "weight_of_kl"]


# A weight that is no larger is zero but for the width of its ball.
LEAST = arb("1e-15")

# A coordinate's fit takes some fifty values of the loss; where the loss is not linear in the draws, each of these takes
# two for every draw.
_MOST_COORDINATES, _FEW = 60, 4

# Elements that networks put out for priors.
_MOST_OF_PRIORS = 40


def coordinates_that_mix(search: Search) -> Iterator[Refutation]:
    """Two coordinates, or a coordinate and data or output, whose effects do not add up."""
    for coordinate in some(search.coordinates):
        others = {at for other in search.coordinates for at in other.elements} - set(coordinate.elements)
        if not search.of_its_own(coordinate):
            continue
        for at in coordinate.elements:
            outputs = [o for o in search.outputs if not _drawn_elsewhere(search, o, coordinate)]
            yield from mixed(search, at, [*others, *outputs, *search.data])


def _drawn_elsewhere(search: Search, at: At, coordinate: Coordinate) -> bool:
    """Whether an element was made from another latent's draw, and so may be this one's prior."""
    question = search.loss.question
    noise = question.drawn.get(at[0], frozenset())
    others = {name for p in question.posteriors for name in p.draws} - {*coordinate.posterior.draws}
    return bool(noise & others)


def no_divergences(search: Search) -> Iterator[Refutation]:
    """Coordinates that do no divergence to a normal prior, or not all with one weight."""
    weights: list[tuple[Coordinate, arb]] = []
    without: Refutation | None = None
    own = [coordinate for coordinate in search.coordinates if search.of_its_own(coordinate)]
    for coordinate in some(own, _MOST_COORDINATES if not search.loss.bends else _FEW):
        if search.late:
            break
        result = weight_of_kl(search, coordinate)
        if isinstance(result, Refutation):
            yield result
        elif result is None:
            continue
        elif result > LEAST:
            weights.append((coordinate, result))
        elif result < -LEAST or (abs(result) < LEAST and not search.masked):
            yield no_weight(coordinate.elements, result)
        elif abs(result) < LEAST:  # masked, if others are not
            without = no_weight(coordinate.elements, result)
    if without is not None and not weights:
        yield without
    for coordinate, weight in weights[1:]:
        first, wanted = weights[0]
        if not weight.overlaps(wanted):
            yield weights_differ(coordinate.elements, weight, first.elements, wanted)


def weight_of_kl(search: Search, coordinate: Coordinate) -> Refutation | arb | None:
    """The weight of a coordinate's divergence, in a ball, or a point that shows it to be none."""
    fit = coordinate_fit(search, coordinate, {})
    if fit is None:
        return None
    if fit.off and (found := first_off(search.loss, fit)) is not None:
        return no_combination(coordinate.elements, *found)
    if (factors := factors_of(search.loss, fit)) is None:
        return None
    if search.declared.standard_prior and factors.logarithm < -LEAST:
        if not factors.square.overlaps(-factors.logarithm):
            meaning = "the factor of mu^2 + sigma^2, from the loss at four points; minus that of log sigma^2"
            return another_declared_prior(coordinate.elements, factors.square, -factors.logarithm, meaning)
        if not factors.linear.contains(0):
            meaning = "the factor of mu, from the loss at four points; that in the KL to N(0, I)"
            return another_declared_prior(coordinate.elements, factors.linear, 0, meaning)
    return -2 * factors.logarithm


def not_through_posteriors(search: Search) -> Iterator[Refutation]:
    """Two elements that several coordinates share, moved so that no mean or variance moves, and the loss moves."""
    loss = search.loss
    shared = [c for c in search.coordinates if len(c.elements) > 1 and not search.of_its_own(c)]
    for coordinate in some(shared, _FEW):
        for one, other in itertools.combinations(coordinate.elements, 2):
            if search.late:
                return
            if one[0] != other[0] or one[0] in loss.question.data:
                continue
            moves = {one: loss.here(one) + 1, other: loss.here(other) - 1}
            near = loss.beside(one) | loss.beside(other)
            if near.intersection(search.data) or _moves_posteriors(search, moves):
                continue
            values = loss.balls([{}, moves])
            if values is not None and not values[0].overlaps(values[1]):
                yield moves_beside_the_posteriors(moves, values[1], values[0])


def _moves_posteriors(search: Search, moves: Point) -> bool:
    """Whether a move changes the mean or log-variance of any coordinate, by more than what balls leave open."""
    for coordinate in search.coordinates:
        if not set(moves) & set(coordinate.elements):
            continue
        for term in (coordinate.mean, coordinate.log_variance):
            before, after = search.loss.value_of(term, {}), search.loss.value_of(term, moves)
            if before is None or after is None or not abs(after - before) < LEAST:
                return True
    return False


def no_priors(search: Search) -> Iterator[Refutation]:
    """What a network put out for nothing: no latent's, compared with no data, and no prior's mean or variance."""
    loss, question = search.loss, search.loss.question
    own = {at for coordinate in search.coordinates for at in coordinate.elements}
    made = sorted(loss.names - question.data - set(loss.noise) - question.parameters - question.unread)
    others = [at for name in made for at in loss.elements(name) if at not in own]
    # of a draw that is no known posterior's, an array may be the mean or deviation: a triangle of a covariance, say
    stray = frozenset().union(*(question.drawn.get(name, ()) for name in loss.names)) - set(question.noise)
    for at in some(others, _MOST_OF_PRIORS):
        if search.late:
            return
        moved = {at: search.step(at, Fraction(1))}
        near = loss.beside(at)
        if near.intersection(search.data):
            continue
        if question.drawn.get(at[0]) and loss.names & question.masks & question.made_of_data:
            continue  # `x < 0.5`, for a count of 0, may be all of a datum that a term has
        coordinates = [c for c in search.coordinates if near.intersection(c.elements)]
        found = _of_nothing(search, at, moved) if not coordinates and not stray else None
        if len(coordinates) == 1 and search.of_its_own(coordinates[0]):
            found = _no_prior(search, coordinates[0], moved)
        if found is not None:
            yield found


def _of_nothing(search: Search, at: At, moved: Point) -> Refutation | None:
    """That the loss moves with an element that it depends on for nothing."""
    values = search.loss.balls([{}, moved])
    if values is None or values[0].overlaps(values[1]):
        return None
    return depends_on_nothing(at, moved, values[1], values[0])


def _no_prior(search: Search, coordinate: Coordinate, moved: Point) -> Refutation | None:
    """With a (mu^2 + sigma^2) + b mu - w / 2 log sigma^2 + e, e - b^2 / 4a - w / 2 log(w / 2a) is constant."""
    if (here := _level(search, coordinate_fit(search, coordinate, {}))) is None:
        return None
    there = _level(search, coordinate_fit(search, coordinate, moved))
    if there is None or here.overlaps(there):
        return None
    return no_parameter_of_a_prior(coordinate.elements, moved, there, here)


def _level(search: Search, fit: CoordinateFit | None) -> arb | None:
    """What is left beside the KL to the prior that the factors ask for; None where they ask for none."""
    if fit is None or fit.off or (factors := factors_of(search.loss, fit)) is None:
        return None
    weight = -2 * factors.logarithm
    if not (factors.square > 0 and weight > 0):
        return None
    of_mean = factors.linear**2 / (4 * factors.square)
    return factors.constant - of_mean - weight / 2 * (weight / (2 * factors.square)).log()
