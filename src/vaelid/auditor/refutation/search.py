"""What witnesses against a whole loss are found with: moves of single elements, and whether their effects add up."""

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.circuit import At
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.refutation.whole_loss import Point, Whole, at_place
from vaelid.readings.terms.arrays import TermArray

__all__ = [
    "CLEAR",
    "FAR",
    "FEW",
    "LEAST",
    "MOST_UNITS",
    "STEPS",
    "Coordinate",
    "Refutation",
    "Search",
    "said",
    "shown",
    "some",
]


_PLACE_BY_PLACE = ("gaussian", "bernoulli", "laplace", "poisson")
STEPS = tuple(map(Fraction, ("1", "-1", "1/2", "-3/2", "2", "-3", "5", "-6")))
FAR = tuple(map(Fraction, ("9", "-9", "25", "-25")))
MOST_UNITS, FEW = 60, 4
_SECONDS = 20.0
_ROUNDING = 1e-10
LEAST = arb("1e-15")
"""A weight that is no larger is none."""
CLEAR = 1e-6
"""How far off floats must be for a ball to be asked."""

Refutation = tuple[Witness, str]


@dataclass(frozen=True)
class Coordinate:
    """One coordinate of a latent: its mean and log-variance, and the elements in them."""

    posterior: Posterior
    mean: TermArray
    log_variance: TermArray
    elements: tuple[At, ...]


class Search:
    """The elements of a loss, and what moving them does."""

    def __init__(self, whole: Whole, declared: Declared) -> None:
        self.until = time.monotonic() + _SECONDS
        self.whole = whole
        self.question = whole.question
        self.declared = declared
        self.likelihood = declared.likelihood if declared.likelihood in _PLACE_BY_PLACE else None
        self.names = whole.names
        self.coordinates = self.coordinates_of_latents()
        own = {at for coordinate in self.coordinates for at in coordinate.elements}
        self.outputs = [
            at for name in sorted(self.names & self.question.outputs) for at in whole.elements(name) if at not in own
        ]
        data = self.names & self.question.data - self.question.masks
        self.data = [at for name in sorted(data) for at in whole.elements(name)]
        self.middle = whole.number({})

    def coordinates_of_latents(self) -> list[Coordinate]:
        """Each coordinate of each latent."""
        found = []
        for posterior in self.question.posteriors:
            lengths = [range(self.question.values.lengths[f"N{axis}"]) for axis in posterior.axes]
            for place in itertools.product(*lengths):
                mean = at_place(posterior.mean, posterior.axes, place)
                log_variance = at_place(posterior.log_variance, posterior.axes, place)
                found.append(Coordinate(posterior, mean, log_variance, self.whole.elements_of(mean, log_variance)))
        return found

    def of_its_own(self, coordinate: Coordinate) -> bool:
        """Whether nothing else has a coordinate's elements: no other coordinate, and no data."""
        others = {at for other in self.coordinates if other is not coordinate for at in other.elements}
        return not any(at in others or at[0] in self.question.data for at in coordinate.elements)

    @property
    def masked(self) -> bool:
        """Whether constants stand in the loss: they may leave out some places, and what is there."""
        return bool(self.names & self.question.masks)

    @property
    def late(self) -> bool:
        """Whether the search has taken long enough."""
        return time.monotonic() > self.until

    def mixed(self, at: At, others: Sequence[At]) -> Iterator[Refutation]:
        """Others whose slope moves with this element."""
        if not others:
            return
        for step in (Fraction(1), Fraction(-3, 2)):
            here = self.step(at, step)
            if self.late:
                return
            near = some([other for other in others if other in self.whole.beside(at)])
            mixing = self.mixing({at: here}, near)
            clear = sorted(mixing, key=lambda o: -mixing[o])[:3]
            for other in clear or near[:1]:  # what is too little for floats is not for balls
                if found := self.certainly_mixed({at: here}, other):
                    yield found

    def mixing(self, moved: Point, others: Iterable[At]) -> dict[At, float]:
        """Others whose effect changes where one element has moved, and by how much, by floats."""
        ((one, _),) = moved.items()
        near = self.whole.beside(one)
        alone = self.whole.number(moved)
        found = {}
        for other in (at for at in others if at in near):
            beside = {other: self.step(other, Fraction(1, 2))}
            values = (self.middle, alone, self.whole.number(beside), self.whole.number({**moved, **beside}))
            change = abs(values[3] - values[2] - (values[1] - values[0]))
            if change > _ROUNDING * (1e-3 + max(map(abs, values))):
                found[other] = change
        return found

    def certainly_mixed(self, one: Point, at: At) -> Refutation | None:
        """Points at which a move and a move of this element do not add up."""
        for step in (Fraction(1), Fraction(-3, 2), Fraction(1, 2)):
            other = {at: self.step(at, step)}
            values = self.whole.balls([{}, one, other, {**one, **other}])
            if values is None:
                continue
            base, first, second, both = values
            alone, together = (first - base) + (second - base), both - base
            if not alone.overlaps(together):
                moves = {**one, **other}
                names = " and ".join(map(shown, moves))
                reason = (
                    f"its terms do not add up: moving {names} together changes it by {together.str(6)}, each alone by "
                    f"{alone.str(6)} in all. An ELBO is a sum over rows, places and coordinates."
                )
                meaning = "the change of the loss where both move; the sum of the changes where each moves alone"
                return separated(said(moves), together, alone, meaning), reason
        return None

    def step(self, at: At, by: Fraction) -> Fraction:
        """Another value for an element, of its kind: a probability, a zero or one, or any real number."""
        here = self.whole.here(at)
        values = self.whole.base[at[0]]
        if at in self.data and bool(((values == 0) | (values == 1)).all()):
            return 1 - here
        if self.likelihood == "bernoulli" and bool(((values > 0) & (values < 1)).all()):
            other = Fraction(1 + int(2 * by) % 6, 7)
            return other if other != here else Fraction(1, 9)
        return here + by


def some(things: Sequence[Any], most: int = 60) -> Sequence[Any]:
    """At most so many, spread over all."""
    step = max(1, -(-len(things) // most))
    return things[::step]


def shown(at: At) -> str:
    """An element as it is named in a witness."""
    name, place = at
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def said(point: Point) -> dict[str, str]:
    """A point as it stands in a witness."""
    return {shown(at): str(value) for at, value in point.items()}
