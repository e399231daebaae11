"""Witnesses that a whole loss is not what was declared, at the recorded sizes, in ball arithmetic.

c (NLL + beta KL) + const is a sum: of one term for each coordinate of a latent, which is c beta times a KL to a normal
prior, and one for each place of the data, which is c times a negative log-likelihood. So moving one coordinate and
another place moves it by the sum of what each does; what one coordinate does is in the span of mu^2 + sigma^2, mu,
log sigma^2 and 1, with one weight for all; and a likelihood is normalised. A loss that fails one of these is refuted.
"""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import scipy.linalg
import torch
from flint import arb, arb_mat
from torch import Tensor

from vaelid.auditor.objective import Question
from vaelid.auditor.posterior import Posterior, names_in
from vaelid.auditor.report import Witness
from vaelid.auditor.whole import At, Point, Whole, at_place, elements_at
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

__all__ = ["not_declared"]

_PLACE_BY_PLACE = ("gaussian", "bernoulli", "laplace", "poisson")
_STEPS = tuple(map(Fraction, ("1", "-1", "1/2", "-3/2", "2", "-3", "5", "-6")))
_FAR = tuple(map(Fraction, ("9", "-9", "25", "-25")))
_MOST_UNITS, _FEW = 60, 4
_PRECISION = 128
_SECONDS = 8.0
_LEAST = arb("1e-15")
"""A weight that is no larger is none."""
_CLEAR = 1e-6
"""How far off floats must be for a ball to be asked."""

Refutation = tuple[Witness, str]


@dataclass(frozen=True)
class _Coordinate:
    """One coordinate of a latent: its mean and log-variance, and the elements in them."""

    posterior: Posterior
    mean: TermArray
    log_variance: TermArray
    elements: tuple[At, ...]


def not_declared(question: Question, likelihood: str | None) -> Refutation | None:
    """A witness that the loss is c (NLL + beta KL) + const for no c > 0, and a sentence; None where there is none.

    `likelihood`: the one that was declared; without it, only what holds for every one is looked at.
    """
    whole = Whole(question)
    if not question.posteriors or not whole.can_be_valued or _sees_unread(question):
        return None
    with flint.ctx.workprec(_PRECISION):
        return next(_Search(whole, likelihood).refutations(), None)


def _sees_unread(question: Question) -> bool:
    """Whether an array in the loss was made from a posterior by what is not looked into, and not through a sample."""
    sampled = {p.noise for p in question.posteriors if p.noise}
    names = names_in(question.term) & set(question.derived)
    return any(not question.drawn.get(name, frozenset()) & sampled for name in names)


class _Search:
    def __init__(self, whole: Whole, likelihood: str | None) -> None:
        self.until = time.monotonic() + _SECONDS
        self.whole = whole
        self.question = whole.question
        self.likelihood = likelihood if likelihood in _PLACE_BY_PLACE else None
        self.names = names_in(self.question.term)
        self.coordinates = self.coordinates_of_latents()
        own = {at for coordinate in self.coordinates for at in coordinate.elements}
        self.outputs = [
            at for name in sorted(self.names & self.question.outputs) for at in whole.elements(name) if at not in own
        ]
        data = self.names & self.question.data - self.question.masks
        self.data = [at for name in sorted(data) for at in whole.elements(name)]
        self.moved = sorted({at[0] for at in (*own, *self.outputs, *self.data)} & self.names)
        self.slopes = self.whole.slopes({}, self.moved)
        self.scale = max((float(s.abs().max()) for s in self.slopes.values() if s.numel()), default=0.0) or 1.0

    def coordinates_of_latents(self) -> list[_Coordinate]:
        found = []
        for posterior in self.question.posteriors:
            lengths = [range(self.question.values.lengths[f"N{axis}"]) for axis in posterior.axes]
            for place in itertools.product(*lengths):
                mean = at_place(posterior.mean, posterior.axes, place)
                log_variance = at_place(posterior.log_variance, posterior.axes, place)
                elements = tuple(dict.fromkeys([*elements_at(mean), *elements_at(log_variance)]))
                if all(name in self.whole.base for name, _ in elements):
                    found.append(_Coordinate(posterior, mean, log_variance, elements))
        return found

    def refutations(self) -> Iterator[Refutation]:
        if not self.coordinates:
            return
        of_latents = (self.no_divergences, self.coordinates_that_mix)
        of_data = (self.places_that_mix, self.no_likelihoods) if self.likelihood is not None else ()
        for search in (*of_data, *of_latents) if self.whole.bends else (*of_latents, *of_data):  # the quick ones first
            yield from search()

    @property
    def masked(self) -> bool:
        """Whether constants stand in the loss: they may leave out some places, and what is there."""
        return bool(self.names & self.question.masks)

    @property
    def late(self) -> bool:
        """Whether the search has taken long enough."""
        return time.monotonic() > self.until

    # sums

    def coordinates_that_mix(self) -> Iterator[Refutation]:
        """Two coordinates, or a coordinate and data or output, whose effects do not add up."""
        for coordinate in _some(self.coordinates):
            others = {at for other in self.coordinates for at in other.elements} - set(coordinate.elements)
            if any(
                set(other.elements) & set(coordinate.elements) for other in self.coordinates if other is not coordinate
            ):
                continue
            for at in coordinate.elements:
                prior = {o for o in self.outputs if self.drawn_elsewhere(o, coordinate)}
                yield from self.mixed(at, [*others, *(o for o in self.outputs if o not in prior), *self.data])

    def drawn_elsewhere(self, at: At, coordinate: _Coordinate) -> bool:
        """Whether an element was made from another latent's draw, and so may be this one's prior."""
        noise = self.question.drawn.get(at[0], frozenset())
        others = {p.noise for p in self.question.posteriors} - {coordinate.posterior.noise}
        return bool(noise & others)

    def places_that_mix(self) -> Iterator[Refutation]:
        """Two places of the data whose effects do not add up."""
        for at in _some(self.data):
            yield from self.mixed(at, [other for other in self.data if other != at])

    def mixed(self, at: At, others: Sequence[At]) -> Iterator[Refutation]:
        """Others whose slope moves with this element."""
        if not others:
            return
        for step in (Fraction(1), Fraction(-3, 2)):
            here = self.step(at, step)
            if self.late:
                return
            slopes = self.whole.slopes({at: here}, self.moved)
            changed = {o: abs(float(slopes[o[0]][o[1]] - self.slopes[o[0]][o[1]])) for o in others}
            for other in sorted(changed, key=lambda o: -changed[o])[:3]:
                if changed[other] > _CLEAR * self.scale and (found := self.certainly_mixed({at: here}, other)):
                    yield found

    def certainly_mixed(self, one: Point, at: At) -> Refutation | None:
        for step in (Fraction(1), Fraction(-3, 2), Fraction(1, 2)):
            other = {at: self.step(at, step)}
            values = self.whole.balls([{}, one, other, {**one, **other}])
            if values is None:
                continue
            base, first, second, both = values
            apart, together = (first - base) + (second - base), both - base
            if not apart.overlaps(together):
                moves = {**one, **other}
                names = " and ".join(map(_shown, moves))
                reason = (
                    f"its terms do not add up: moving {names} together changes it by {together.str(6)}, each alone by "
                    f"{apart.str(6)} in all. An ELBO is a sum over rows, places and coordinates."
                )
                meaning = "the change of the loss where both move; the sum of the changes where each moves alone"
                return Witness(_said(moves), together.str(12), apart.str(12), meaning), reason
        return None

    def step(self, at: At, by: Fraction) -> Fraction:
        """Another value for an element, of its kind: a probability, a zero or one, or any real number."""
        here = self.whole.here(at)
        values = self.whole.base[at[0]]
        if at in self.data and bool(((values == 0) | (values == 1)).all()):
            return 1 - here
        if self.likelihood == "bernoulli" and bool(((values > 0) & (values < 1)).all()):
            choices = [Fraction(k, 7) for k in range(1, 7)]
            return choices[hash(by) % 6] if choices[hash(by) % 6] != here else Fraction(1, 9)
        return here + by

    # divergences

    def no_divergences(self) -> Iterator[Refutation]:
        """Coordinates that do no divergence to a normal prior, or not all with one weight."""
        weights: list[tuple[_Coordinate, arb]] = []
        without: Refutation | None = None
        few = _some(self.coordinates, _MOST_UNITS if not self.whole.bends else _FEW)
        for coordinate in few:
            if self.late:
                break
            result = self.as_divergence(coordinate)
            if isinstance(result, tuple):
                yield result
            elif result is not None:
                if result > _LEAST:
                    weights.append((coordinate, result))
                elif result < -_LEAST or not self.masked:
                    yield self.without_weight(coordinate, result)
                else:
                    without = self.without_weight(coordinate, result)
        if without is not None and not weights:
            yield without
        for coordinate, weight in weights[1:]:
            first, wanted = weights[0]
            if not weight.overlaps(wanted):
                mine, its = (", ".join(map(_shown, c.elements)) for c in (coordinate, first))
                reason = f"its KL has the weight {weight.str(6)} at {mine}, and {wanted.str(6)} at {its}."
                meaning = f"the weight of log sigma^2 at {mine}; that at {its}"
                yield Witness({}, (weight / 2).str(12), (wanted / 2).str(12), meaning), reason

    def without_weight(self, coordinate: _Coordinate, weight: arb) -> Refutation:
        names = ", ".join(map(_shown, coordinate.elements))
        found = (-weight / 2).str(6)
        reason = f"in {names} it has no KL, or one of the wrong sign: the weight of log sigma^2 there is {found}."
        meaning = "minus half the weight of the KL, from the loss at four points; it has to be negative"
        return Witness({}, (-weight / 2).str(12), "< 0", meaning), reason

    def as_divergence(self, coordinate: _Coordinate) -> Refutation | arb | None:
        """The weight of a coordinate's divergence, in a ball, or a point that shows it to be none."""
        points = self.points(coordinate.elements)
        values = torch.tensor([self.whole.number(point) for point in points], dtype=torch.float64)
        columns = self.columns(coordinate)
        rows: dict[int, list[arb]] = {}
        for k, point in enumerate(points):
            row = [value for column in columns if (value := self.whole.value_of(column, point)) is not None]
            if len(row) == len(columns) and bool(torch.isfinite(values[k])):
                rows[k] = row
        known = list(rows)
        if len(known) < 6:
            return None
        table = torch.tensor([[float(entry) for entry in rows[k]] for k in known], dtype=torch.float64)
        chosen = _independent(table)
        scale = 1 + values[known].abs()
        scaled, right = table[:, chosen] / scale[:, None], values[known] / scale
        solution = torch.linalg.lstsq(scaled, right[:, None], driver="gelsd").solution[:, 0]
        base = self.base_of(scaled)
        if float((scaled @ solution - right).abs().max()) > _CLEAR:
            return self.certainly_off(coordinate, points, rows, chosen, [known[k] for k in base])
        if chosen != [0, 1, 2, 3]:
            return None
        return self.certain_weight(points, rows, [known[k] for k in base])

    def base_of(self, table: Tensor) -> list[int]:
        """Rows that are far from dependent, as many as there are columns."""
        order = scipy.linalg.qr(table.T.numpy(), pivoting=True)[-1]
        return [int(k) for k in order[: table.shape[1]]]

    def points(self, elements: Sequence[At]) -> list[Point]:
        """Points that move these elements, alone and together, near and far."""
        found: list[Point] = [{}]
        for at in elements:
            found += [{at: self.whole.here(at) + by} for by in (*_STEPS, *_FAR)]
        for one, other in itertools.combinations(elements, 2):
            found += [
                {one: self.whole.here(one) + a, other: self.whole.here(other) + b}
                for a, b in itertools.pairwise(_STEPS)
            ]
        return found

    def columns(self, coordinate: _Coordinate) -> tuple[TermArray, ...]:
        mean, log_variance = coordinate.mean, coordinate.log_variance
        return mean**2 + xp.exp(log_variance), mean, log_variance, as_term(1)

    def solved(
        self, points: list[Point], rows: Mapping[int, list[arb]], chosen: list[int], base: list[int]
    ) -> list[arb]:
        """The factors of the columns, from as many points; none where they cannot be had."""
        right = self.whole.balls(points[k] for k in base)
        matrix = arb_mat([[rows[k][c] for c in chosen] for k in base])
        if right is None or matrix.det().contains(0):
            return []
        return [row[0] for row in matrix.solve(arb_mat([[v] for v in right])).tolist()]

    def certainly_off(
        self,
        coordinate: _Coordinate,
        points: list[Point],
        rows: Mapping[int, list[arb]],
        chosen: list[int],
        base: list[int],
    ) -> Refutation | None:
        """Points that give the factors, and one at which they do not hold."""
        if not (solution := self.solved(points, rows, chosen, base)):
            return None
        for k in (k for k in rows if k not in base):
            computed = self.whole.ball(points[k])
            expected = sum((rows[k][c] * w for c, w in zip(chosen, solution, strict=True)), arb(0))
            if computed is None or computed.overlaps(expected):
                continue
            names = ", ".join(map(_shown, coordinate.elements))
            reason = (
                f"in {names} it is no multiple of a KL to a normal prior: where a (mu^2 + sigma^2) + b mu + "
                f"c log sigma^2 + d is fitted to other points, it would have to be {expected.str(6)} at "
                f"{_point(points[k])}, and is {computed.str(6)}."
            )
            meaning = "the loss there; what it would have to be, from its values at other points"
            return Witness(_said(points[k]), computed.str(12), expected.str(12), meaning), reason
        return None

    def certain_weight(self, points: list[Point], rows: Mapping[int, list[arb]], base: list[int]) -> arb | None:
        """-2 times the factor of log sigma^2: c beta, if it is a divergence."""
        solution = self.solved(points, rows, [0, 1, 2, 3], base)
        return -2 * solution[2] if solution else None

    # likelihoods

    def no_likelihoods(self) -> Iterator[Refutation]:
        """Places at which the loss is no negative log-likelihood of the declared family."""
        if not self.data:
            value = self.whole.ball({})
            computed = "none" if value is None else value.str(12)
            yield Witness({}, computed, "another", "the loss; that for other data"), "no data stand in the loss."
        for at in _some(self.data):
            if self.late:
                return
            outputs = self.paired(at)
            if not outputs:
                if not self.masked and (found := self.unpaired(at)) is not None:
                    yield found
                continue
            test = {"gaussian": self.not_gaussian, "bernoulli": self.not_bernoulli}.get(self.likelihood or "")
            if test is not None and (found := test(at, outputs)) is not None:
                yield found

    def paired(self, at: At) -> list[At]:
        """The outputs that a datum is compared with."""
        slopes = self.whole.slopes({at: self.step(at, Fraction(1))}, self.moved)
        return [
            o for o in self.outputs if abs(float(slopes[o[0]][o[1]] - self.slopes[o[0]][o[1]])) > _CLEAR * self.scale
        ]

    def unpaired(self, at: At) -> Refutation | None:
        """A datum that does not stand with any output: then there is no likelihood of it."""
        everything = {o: self.step(o, Fraction(1)) for o in self.outputs}
        here = {at: self.step(at, Fraction(1))}
        values = self.whole.balls([{}, here, everything, {**here, **everything}])
        if values is None:
            return None
        base, moved, other, both = values
        alone, beside = moved - base, both - other
        if not alone.overlaps(beside):
            return None
        reason = (
            f"{_shown(at)} is compared with no output: moving it changes the loss by {alone.str(6)}, whatever the "
            "decoder puts out."
        )
        meaning = "the change of the loss where the datum moves; the same with other outputs: they have to differ"
        return Witness(_said(here), alone.str(12), beside.str(12), meaning), reason

    def settings(self, outputs: Sequence[At]) -> list[Point]:
        """Some values of the outputs."""
        found: list[Point] = [{}]
        for o in outputs[:3]:
            found += [{o: self.step(o, by)} for by in _STEPS[:4]]
        return found

    def not_gaussian(self, at: At, outputs: Sequence[At]) -> Refutation | None:
        """A x^2 + B x + C in a datum x: C - B^2 / (4 A) is the same for all outputs, unless A moves with them."""
        seen: list[tuple[Point, arb, arb]] = []
        for setting in self.settings(outputs):
            here = self.whole.here(at)
            values = self.whole.balls([{**setting, at: here + k} for k in (0, 1, -1, 2)])
            if values is None:
                continue
            zero, one, minus, two = values
            square, slope = (one + minus) / 2 - zero, (one - minus) / 2
            cubic = zero + 2 * slope + 4 * square
            if not cubic.overlaps(two):
                reason = f"in {_shown(at)} it is no quadratic, as a Gaussian's is: {two.str(6)}, not {cubic.str(6)}."
                meaning = "the loss there; the quadratic through three other points"
                return Witness(_said({**setting, at: here + 2}), two.str(12), cubic.str(12), meaning), reason
            if square < 0 or (square.contains(0) and abs(square) < arb("1e-20")):
                reason = (
                    f"in {_shown(at)} it has no minimum, as a Gaussian's has: its second derivative is not positive."
                )
                meaning = "half the second derivative; it has to be positive"
                return Witness(_said(setting), square.str(12), "> 0", meaning), reason
            seen.append((setting, square, zero - slope**2 / (4 * square)))
        return self.moving_level(at, seen)

    def moving_level(self, at: At, seen: list[tuple[Point, arb, arb]]) -> Refutation | None:
        """Where the curvature is one, the minimum over the datum is one: a density's integral does not move."""
        for (_, square, level), (point, other, found) in itertools.combinations(seen, 2):
            if square.overlaps(other) and not level.overlaps(found):
                reason = (
                    f"it is no normalised likelihood of {_shown(at)}: its smallest value over the datum moves with "
                    f"the decoder's output, {level.str(6)} and {found.str(6)}."
                )
                meaning = "the smallest value over the datum; that at other outputs"
                return Witness(_said(point), found.str(12), level.str(12), meaning), reason
        return None

    def not_bernoulli(self, at: At, outputs: Sequence[At]) -> Refutation | None:
        """With F and G the loss at x = 0 and x = 1, F = c softplus((F - G) / c) + const for one c > 0."""
        seen: list[tuple[Point, arb, arb]] = []
        for setting in self.settings(outputs):
            values = self.whole.balls([{**setting, at: Fraction(k)} for k in (0, 1)])
            if values is not None:
                seen.append((setting, values[0], values[1]))
        c = self.weight_of_bernoulli(seen)
        if c is None:
            return None
        levels = [(setting, f - c * _softplus((f - g) / c)) for setting, f, g in seen]
        for (_, one), (point, other) in itertools.combinations(levels, 2):
            if not one.overlaps(other):
                reason = (
                    f"it is no Bernoulli likelihood of {_shown(at)}: the probabilities of 0 and 1 that it gives do not "
                    "add up to one for all outputs."
                )
                meaning = "the constant of the likelihood at these outputs; that at others"
                return Witness(_said(point), other.str(12), one.str(12), meaning), reason
        return None

    def weight_of_bernoulli(self, seen: list[tuple[Point, arb, arb]]) -> arb | None:
        """c: the weight of the divergences, as beta is 1 where this is asked."""
        weights = (self.as_divergence(c) for c in self.coordinates[:1])
        found = next((w for w in weights if isinstance(w, arb)), None)
        return found if found is not None and found > 0 else None


def _softplus(x: arb) -> arb:
    return (1 + x.exp()).log()


def _independent(table: Tensor) -> list[int]:
    """Columns that are independent, the constant always among them."""
    last = table.shape[1] - 1
    chosen = [last]
    for column in range(last):
        trial = [*chosen, column]
        part = table[:, trial] / table[:, trial].norm(dim=0).clamp_min(1e-300)
        if torch.linalg.matrix_rank(part, rtol=1e-9) == len(trial):
            chosen = trial
    return sorted(chosen)


def _some(things: Sequence[Any], most: int = 60) -> Sequence[Any]:
    """At most so many, spread over all."""
    step = max(1, -(-len(things) // most))
    return things[::step]


def _shown(at: At) -> str:
    name, place = at
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def _said(point: Point) -> dict[str, str]:
    return {_shown(at): str(value) for at, value in point.items()}


def _point(point: Point) -> str:
    return ", ".join(f"{name} = {value}" for name, value in _said(point).items()) or "where it was recorded"
