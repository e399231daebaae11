"""What a loss does in a latent's coordinates: no sum, no divergence to a normal prior, or to no prior's parameters."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import scipy.linalg
import torch
from flint import arb, arb_mat
from torch import Tensor

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.circuit import At
from vaelid.auditor.refutation.search import (
    CLEAR,
    FAR,
    FEW,
    LEAST,
    MOST_UNITS,
    STEPS,
    Coordinate,
    Refutation,
    Search,
    said,
    shown,
    some,
)
from vaelid.auditor.refutation.whole_loss import Point
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

__all__ = ["OfLatents"]


@dataclass(frozen=True)
class _Fitted:
    """A coordinate's part of the loss at points, by columns of what KLs are made of.

    Attributes:
        points: where.
        rows: the columns' values, at the points that have them.
        chosen: the columns that are independent.
        base: as many points, far from dependent.
        off: whether no combination of the columns is the loss, by floats.
    """

    points: Sequence[Point]
    rows: Mapping[int, list[arb]]
    chosen: list[int]
    base: list[int]
    off: bool


class OfLatents(Search):
    """The search among coordinates of latents, and what networks put out for their priors."""

    def coordinates_that_mix(self) -> Iterator[Refutation]:
        """Two coordinates, or a coordinate and data or output, whose effects do not add up."""
        for coordinate in some(self.coordinates):
            others = {at for other in self.coordinates for at in other.elements} - set(coordinate.elements)
            if not self.of_its_own(coordinate):
                continue
            for at in coordinate.elements:
                prior = {o for o in self.outputs if self.drawn_elsewhere(o, coordinate)}
                yield from self.mixed(at, [*others, *(o for o in self.outputs if o not in prior), *self.data])

    def drawn_elsewhere(self, at: At, coordinate: Coordinate) -> bool:
        """Whether an element was made from another latent's draw, and so may be this one's prior."""
        noise = self.question.drawn.get(at[0], frozenset())
        others = {name for p in self.question.posteriors for name in p.draws} - {*coordinate.posterior.draws}
        return bool(noise & others)

    def no_divergences(self) -> Iterator[Refutation]:
        """Coordinates that do no divergence to a normal prior, or not all with one weight."""
        weights: list[tuple[Coordinate, arb]] = []
        without: Refutation | None = None
        own = [coordinate for coordinate in self.coordinates if self.of_its_own(coordinate)]
        few = some(own, MOST_UNITS if not self.whole.bends else FEW)
        for coordinate in few:
            if self.late:
                break
            result = self.as_divergence(coordinate)
            if isinstance(result, tuple):
                yield result
            elif result is not None:
                if result > LEAST:
                    weights.append((coordinate, result))
                elif result < -LEAST or (abs(result) < LEAST and not self.masked):
                    yield self.without_weight(coordinate, result)
                elif abs(result) < LEAST:
                    without = self.without_weight(coordinate, result)
        if without is not None and not weights:
            yield without
        for coordinate, weight in weights[1:]:
            first, wanted = weights[0]
            if not weight.overlaps(wanted):
                mine, its = (", ".join(map(shown, c.elements)) for c in (coordinate, first))
                reason = f"its KL has the weight {weight.str(6)} at {mine}, and {wanted.str(6)} at {its}."
                meaning = f"the weight of log sigma^2 at {mine}; that at {its}"
                yield separated({}, weight / 2, wanted / 2, meaning), reason

    def without_weight(self, coordinate: Coordinate, weight: arb) -> Refutation:
        """What is said of a coordinate whose divergence has no weight, or a negative one."""
        names = ", ".join(map(shown, coordinate.elements))
        found = (-weight / 2).str(6)
        reason = f"in {names} it has no KL, or one of the wrong sign: the weight of log sigma^2 there is {found}."
        meaning = (
            "the weight of log sigma^2, from the loss at four points; that in the KL in nats, of which it has to be a "
            "positive multiple"
        )
        return separated({}, -weight / 2, Fraction(-1, 2), meaning), reason

    def as_divergence(self, coordinate: Coordinate) -> Refutation | arb | None:
        """The weight of a coordinate's divergence, in a ball, or a point that shows it to be none."""
        fitted = self.fitted(coordinate, {})
        if fitted is None:
            return None
        if fitted.off and (found := self.certainly_off(coordinate, fitted)) is not None:
            return found
        if fitted.chosen != [0, 1, 2, 3]:
            return None
        if not (solution := self.solved(fitted)):
            return None
        square, linear, logarithm, _ = solution
        if self.declared.standard_prior and logarithm < -LEAST:
            if not square.overlaps(-logarithm):
                meaning = "the factor of mu^2 + sigma^2, from the loss at four points; minus that of log sigma^2"
                return self.other_prior(coordinate, separated({}, square, -logarithm, meaning))
            if not linear.contains(0):
                meaning = "the factor of mu, from the loss at four points; that in the KL to N(0, I)"
                return self.other_prior(coordinate, separated({}, linear, 0, meaning))
        return -2 * logarithm

    def other_prior(self, coordinate: Coordinate, witness: Witness) -> Refutation:
        """What is said of a KL to another prior than N(0, I), which was declared."""
        names = ", ".join(map(shown, coordinate.elements))
        what, _, wanted = witness.meaning.partition("; ")
        reason = (
            f"in {names} it is no multiple of the KL to N(0, I): {what}, is {witness.computed}, and would have to be "
            f"{witness.expected}, {wanted}."
        )
        return witness, reason

    def fitted(self, coordinate: Coordinate, at: Point) -> _Fitted | None:
        """The loss as a combination of what KLs are made of, by floats, where other elements are at a point."""
        points = [{**at, **point} for point in self.points(coordinate.elements)]
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
        off = float((scaled @ solution - right).abs().max()) > CLEAR
        return _Fitted(points, rows, chosen, [known[k] for k in self.base_of(scaled)], off)

    def base_of(self, table: Tensor) -> list[int]:
        """Rows that are far from dependent, as many as there are columns."""
        order = scipy.linalg.qr(table.T.numpy(), pivoting=True)[-1]
        return [int(k) for k in order[: table.shape[1]]]

    def not_through_posteriors(self) -> Iterator[Refutation]:
        """Two elements that several coordinates share, moved so that no mean or variance moves, and the loss moves."""
        shared = [c for c in self.coordinates if len(c.elements) > 1 and not self.of_its_own(c)]
        for coordinate in some(shared, FEW):
            for one, other in itertools.combinations(coordinate.elements, 2):
                if self.late:
                    return
                if one[0] != other[0] or one[0] in self.question.data:
                    continue
                moves = {one: self.whole.here(one) + 1, other: self.whole.here(other) - 1}
                near = self.whole.beside(one) | self.whole.beside(other)
                if near.intersection(self.data) or self.moves_posteriors(moves):
                    continue
                values = self.whole.balls([{}, moves])
                if values is None or values[0].overlaps(values[1]):
                    continue
                reason = (
                    f"it moves by {(values[1] - values[0]).str(6)} where {shown(one)} and {shown(other)} move so that "
                    "no mean or variance of a posterior does: its KL is of another posterior."
                )
                yield separated(said(moves), values[1], values[0], "the loss there; where it was"), reason

    def moves_posteriors(self, moves: Point) -> bool:
        """Whether a move changes the mean or log-variance of any coordinate, by more than what balls leave open."""
        for coordinate in self.coordinates:
            if not set(moves) & set(coordinate.elements):
                continue
            for term in (coordinate.mean, coordinate.log_variance):
                before, after = self.whole.value_of(term, {}), self.whole.value_of(term, moves)
                if before is None or after is None or not abs(after - before) < LEAST:
                    return True
        return False

    def no_priors(self) -> Iterator[Refutation]:
        """What a network put out for nothing: no latent's, compared with no data, and no prior's mean or variance."""
        own = {at for coordinate in self.coordinates for at in coordinate.elements}
        made = sorted(self.names - self.question.data - set(self.whole.noise) - self.question.parameters)
        others = [at for name in made for at in self.whole.elements(name) if at not in own]
        for at in some(others, 40):
            if self.late:
                return
            moved = {at: self.step(at, Fraction(1))}
            near = self.whole.beside(at)
            if near.intersection(self.data):
                continue
            coordinates = [c for c in self.coordinates if near.intersection(c.elements)]
            found = self.of_nothing(moved) if not coordinates else None
            if len(coordinates) == 1 and self.of_its_own(coordinates[0]):
                found = self.no_prior(coordinates[0], moved)
            if found is not None:
                yield found

    def of_nothing(self, moved: Point) -> Refutation | None:
        """What is said of an element that the loss depends on for nothing."""
        values = self.whole.balls([{}, moved])
        if values is None or values[0].overlaps(values[1]):
            return None
        (at,) = moved
        reason = (
            f"it depends on {shown(at)}, which is compared with no data and is no latent's, nor a prior's, mean or "
            f"variance: moving it changes the loss by {(values[1] - values[0]).str(6)}."
        )
        return separated(said(moved), values[1], values[0], "the loss there; where it was"), reason

    def no_prior(self, coordinate: Coordinate, moved: Point) -> Refutation | None:
        """With a (mu^2 + sigma^2) + b mu - w / 2 log sigma^2 + e, e - b^2 / 4a - w / 2 log(w / 2a) is constant."""
        levels = []
        for at in ({}, moved):
            fitted = self.fitted(coordinate, at)
            if fitted is None or fitted.off or fitted.chosen != [0, 1, 2, 3]:
                return None
            factors = self.solved(fitted)
            if not factors:
                return None
            square, linear, logarithm, constant = factors
            weight = -2 * logarithm
            if not (square > 0 and weight > 0):
                return None
            levels.append(constant - linear**2 / (4 * square) - weight / 2 * (weight / (2 * square)).log())
        if levels[0].overlaps(levels[1]):
            return None
        names = ", ".join(map(shown, coordinate.elements))
        reason = (
            f"{_point(moved)} is no parameter of a normal prior of {names}: the KL to the prior it would be of is not "
            "what the loss has, up to one constant."
        )
        meaning = "the constant beside the KL there; where the parameter was"
        return separated(said(moved), levels[1], levels[0], meaning), reason

    def points(self, elements: Sequence[At]) -> list[Point]:
        """Points that move these elements, alone and together, near and far."""
        found: list[Point] = [{}]
        for at in elements:
            found += [{at: self.whole.here(at) + by} for by in (*STEPS, *FAR)]
        for one, other in itertools.combinations(elements, 2):
            found += [
                {one: self.whole.here(one) + a, other: self.whole.here(other) + b} for a, b in itertools.pairwise(STEPS)
            ]
        return found

    def columns(self, coordinate: Coordinate) -> tuple[TermArray, ...]:
        """What a KL of the coordinate to a normal prior is a combination of."""
        mean, log_variance = coordinate.mean, coordinate.log_variance
        return mean**2 + xp.exp(log_variance), mean, log_variance, as_term(1)

    def solved(self, fitted: _Fitted) -> list[arb]:
        """The factors of the columns, from as many points; none where they cannot be had."""
        right = self.whole.balls(fitted.points[k] for k in fitted.base)
        matrix = arb_mat([[fitted.rows[k][c] for c in fitted.chosen] for k in fitted.base])
        if right is None or matrix.det().contains(0):
            return []
        return [row[0] for row in matrix.solve(arb_mat([[v] for v in right])).tolist()]

    def certainly_off(self, coordinate: Coordinate, fitted: _Fitted) -> Refutation | None:
        """Points that give the factors, and one at which they do not hold."""
        if not (solution := self.solved(fitted)):
            return None
        for k in (k for k in fitted.rows if k not in fitted.base):
            computed, point = self.whole.ball(fitted.points[k]), fitted.points[k]
            expected = sum((fitted.rows[k][c] * w for c, w in zip(fitted.chosen, solution, strict=True)), arb(0))
            if computed is None or computed.overlaps(expected):
                continue
            names = ", ".join(map(shown, coordinate.elements))
            reason = (
                f"in {names} it is no multiple of a KL to a normal prior: where a (mu^2 + sigma^2) + b mu + "
                f"c log sigma^2 + d is fitted to other points, it would have to be {expected.str(12)} at "
                f"{_point(point)}, and is {computed.str(12)}."
            )
            meaning = "the loss there; what it would have to be, from its values at other points"
            return separated(said(point), computed, expected, meaning), reason
        return None


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


def _point(point: Point) -> str:
    return ", ".join(f"{name} = {value}" for name, value in said(point).items()) or "where it was recorded"
