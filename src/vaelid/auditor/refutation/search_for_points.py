"""What a search for points against a whole loss goes through: coordinates of latents, outputs, data; and for how long.

In come a loss at points and what was declared; out goes a `Search`, made once, which the searches read. For a loss of
two rows of two latents it has four `Coordinate`s, each with its mean and log-variance and the elements in them, such as
mu[0, 1] and logvar[0, 1].
"""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import length_name
from vaelid.auditor.formula.circuit import At
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.refutation.loss_at_points import LossAtPoints, at_place
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Coordinate", "Search", "search_of", "some"]


# Families whose likelihood is a sum over places of the data; a categorical mixes the places of one datum.
_PLACE_BY_PLACE = ("gaussian", "bernoulli", "laplace", "poisson")

# An audit takes seconds; a search that has found nothing by then would need minutes to go through the rest.
_SECONDS = 20.0

_Thing = TypeVar("_Thing")


@dataclass(frozen=True)
class Coordinate:
    """One coordinate of a latent: its mean and log-variance, and the elements in them."""

    posterior: Posterior
    mean: TermArray
    log_variance: TermArray
    elements: tuple[At, ...]


@dataclass(frozen=True)
class Search:
    """What is searched.

    Attributes:
        loss: the loss, a function of the elements of its leaves.
        declared: what it is meant to be.
        likelihood: the declared family, where it is a sum over places; else None.
        coordinates: of every latent.
        outputs: the elements that a decoder put out and that no coordinate has.
        data: the elements of data.
        middle: the loss where nothing has moved, a float.
        until: when it has taken long enough, on the monotonic clock.
    """

    loss: LossAtPoints
    declared: Declared
    likelihood: str | None
    coordinates: tuple[Coordinate, ...]
    outputs: tuple[At, ...]
    data: tuple[At, ...]
    middle: float
    until: float

    @property
    def late(self) -> bool:
        """Whether the search has taken long enough."""
        return time.monotonic() > self.until

    @property
    def masked(self) -> bool:
        """Whether constants stand in the loss: they may leave out some places, and what is there."""
        return bool(self.loss.names & self.loss.question.masks)

    def of_its_own(self, coordinate: Coordinate) -> bool:
        """Whether nothing else has a coordinate's elements: no other coordinate, and no data."""
        others = {at for other in self.coordinates if other is not coordinate for at in other.elements}
        return not any(at in others or at[0] in self.loss.question.data for at in coordinate.elements)

    def step(self, at: At, by: Fraction) -> Fraction:
        """Another value for an element, of its kind: a probability, a zero or one, or any real number."""
        here = self.loss.here(at)
        values = self.loss.base[at[0]]
        if at in self.data and bool(((values == 0) | (values == 1)).all()):
            return 1 - here
        if self.likelihood == "bernoulli" and bool(((values > 0) & (values < 1)).all()):
            # Sevenths and a ninth are no multiples of 1/64, where `LossAtPoints.base` stands: the value does move.
            other = Fraction(1 + int(2 * by) % 6, 7)
            return other if other != here else Fraction(1, 9)
        return here + by


def search_of(loss: LossAtPoints, declared: Declared, seconds: float = _SECONDS) -> Search:
    """What is searched of a loss, for so many seconds."""
    until = time.monotonic() + seconds
    question = loss.question
    coordinates = _coordinates_of(loss)
    own = {at for coordinate in coordinates for at in coordinate.elements}
    outputs = (at for name in sorted(loss.names & question.outputs) for at in loss.elements(name) if at not in own)
    data = (at for name in sorted(loss.names & question.data - question.masks) for at in loss.elements(name))
    likelihood = declared.likelihood if declared.likelihood in _PLACE_BY_PLACE else None
    return Search(loss, declared, likelihood, coordinates, tuple(outputs), tuple(data), loss.number({}), until)


def _coordinates_of(loss: LossAtPoints) -> tuple[Coordinate, ...]:
    """Each coordinate of each latent."""
    found = []
    for posterior in loss.question.posteriors:
        lengths = [range(loss.question.values.lengths[length_name(axis)]) for axis in posterior.axes]
        for place in itertools.product(*lengths):
            mean = at_place(posterior.mean, posterior.axes, place)
            log_variance = at_place(posterior.log_variance, posterior.axes, place)
            found.append(Coordinate(posterior, mean, log_variance, loss.elements_of(mean, log_variance)))
    return tuple(found)


def some(things: Sequence[_Thing], most: int = 60) -> Sequence[_Thing]:
    """At most so many, spread over all: a fault in every row or coordinate shows in some."""
    step = max(1, -(-len(things) // most))
    return things[::step]
