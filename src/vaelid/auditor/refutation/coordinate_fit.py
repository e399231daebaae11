"""One coordinate's part of a loss, fitted by what a KL to a normal prior is made of.

In come a search and a coordinate; out goes a `CoordinateFit`, and from it the factors of mu^2 + sigma^2, mu,
log sigma^2 and 1, in balls. For 3 times the KL to N(0, I) the factors are 3/2, 0, -3/2 and a constant.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import scipy.linalg
import torch
from flint import arb, arb_mat
from torch import Tensor

from vaelid.auditor.formula.circuit import At
from vaelid.auditor.refutation.loss_at_points import LossAtPoints, Point
from vaelid.auditor.refutation.search_for_points import Coordinate, Search
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

__all__ = ["STEPS", "CoordinateFit", "Factors", "coordinate_fit", "factors_of", "first_off"]


# Simple numbers to both sides, first near and then farther: a log-variance of 5 or -6 is still no overflow.
STEPS = tuple(map(Fraction, ("1", "-1", "1/2", "-3/2", "2", "-3", "5", "-6")))

# Beyond the usual clamps of a log-variance, at 8, 10 and 20.
_FAR = tuple(map(Fraction, ("9", "-9", "25", "-25")))

# Smallest discrepancy in floats, relative to the loss, that is worth checking in (slow) ball arithmetic.
_CLEAR = 1e-6

# Four columns ask for four points; with two more a fit can be off.
_FEWEST_POINTS = 6


@dataclass(frozen=True)
class Factors:
    """The factors of mu^2 + sigma^2, mu, log sigma^2 and 1 in a coordinate's part of the loss."""

    square: arb
    linear: arb
    logarithm: arb
    constant: arb


@dataclass(frozen=True)
class CoordinateFit:
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

    @property
    def is_whole(self) -> bool:
        """Whether all four columns are independent: then each factor is one number."""
        return self.chosen == [0, 1, 2, 3]


def coordinate_fit(search: Search, coordinate: Coordinate, at: Point) -> CoordinateFit | None:
    """The loss as a combination of what KLs are made of, by floats, where other elements are at a point.

    None where it has no values at enough points.
    """
    loss = search.loss
    points = [{**at, **point} for point in _points(loss, coordinate.elements)]
    values = torch.tensor([loss.number(point) for point in points], dtype=torch.float64)
    columns = _columns(coordinate)
    rows: dict[int, list[arb]] = {}
    for k, point in enumerate(points):
        row = [value for column in columns if (value := loss.value_of(column, point)) is not None]
        if len(row) == len(columns) and bool(torch.isfinite(values[k])):
            rows[k] = row
    known = list(rows)
    if len(known) < _FEWEST_POINTS:
        return None
    table = torch.tensor([[float(entry) for entry in rows[k]] for k in known], dtype=torch.float64)
    chosen = _independent(table)
    scale = 1 + values[known].abs()
    scaled, right = table[:, chosen] / scale[:, None], values[known] / scale
    solution = torch.linalg.lstsq(scaled, right[:, None], driver="gelsd").solution[:, 0]
    off = float((scaled @ solution - right).abs().max()) > _CLEAR
    return CoordinateFit(points, rows, chosen, [known[k] for k in _base_of(scaled)], off)


def factors_of(loss: LossAtPoints, fit: CoordinateFit) -> Factors | None:
    """The four factors, in balls; None where they cannot be had, or are not determined each."""
    if not fit.is_whole or not (solution := _solved(loss, fit)):
        return None
    return Factors(*solution)


def first_off(loss: LossAtPoints, fit: CoordinateFit) -> tuple[Point, arb, arb] | None:
    """A point at which the factors that other points give do not hold: the loss there, and what it would have to be."""
    if not (solution := _solved(loss, fit)):
        return None
    for k in (k for k in fit.rows if k not in fit.base):
        computed = loss.ball(fit.points[k])
        expected = sum((fit.rows[k][c] * w for c, w in zip(fit.chosen, solution, strict=True)), arb(0))
        if computed is not None and not computed.overlaps(expected):
            return fit.points[k], computed, expected
    return None


def _solved(loss: LossAtPoints, fit: CoordinateFit) -> list[arb]:
    """The factors of the chosen columns, from as many points; none where they cannot be had."""
    right = loss.balls(fit.points[k] for k in fit.base)
    matrix = arb_mat([[fit.rows[k][c] for c in fit.chosen] for k in fit.base])
    if right is None or matrix.det().contains(0):
        return []
    return [row[0] for row in matrix.solve(arb_mat([[v] for v in right])).tolist()]


def _points(loss: LossAtPoints, elements: Sequence[At]) -> list[Point]:
    """Points that move these elements, alone and together, near and far."""
    found: list[Point] = [{}]
    for at in elements:
        found += [{at: loss.here(at) + by} for by in (*STEPS, *_FAR)]
    for one, other in itertools.combinations(elements, 2):
        found += [{one: loss.here(one) + a, other: loss.here(other) + b} for a, b in itertools.pairwise(STEPS)]
    return found


def _columns(coordinate: Coordinate) -> tuple[TermArray, ...]:
    """What a KL of the coordinate to a normal prior is a combination of."""
    mean, log_variance = coordinate.mean, coordinate.log_variance
    return mean**2 + xp.exp(log_variance), mean, log_variance, as_term(1)


def _base_of(table: Tensor) -> list[int]:
    """Rows that are far from dependent, as many as there are columns: the pivots of a QR decomposition."""
    order = scipy.linalg.qr(table.T.numpy(), pivoting=True)[-1]
    return [int(k) for k in order[: table.shape[1]]]


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
