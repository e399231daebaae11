"""Why a sampler was decided as it was: z = mean + deviation * eps, or what there is instead.

In come facts, as the name of the axes that share a draw; out goes a value, as `SharedDraw("L")`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from vaelid.auditor.judgement.reasons.base import Reason

__all__ = [
    "AnotherMoment",
    "NoGradientTo",
    "OfSampler",
    "PartlyShared",
    "Restricted",
    "SeveralDraws",
    "SharedDraw",
    "StandardDraw",
    "StrayNoise",
    "UnknownLaw",
    "UnprovedMoment",
]


class OfSampler(Reason, Enum):
    """Reasons without facts of their own."""

    GUMBEL_SOFTMAX = auto()
    NOT_AFFINE = auto()
    UNIFORM_NOISE = auto()
    UNIFORM_POSTERIOR = auto()
    MAY_BE_SCORE_FUNCTION = auto()
    FROZEN_NOISE = auto()
    ANOTHER_GRADIENT = auto()
    TWO_LATENTS_OF_ONE_DRAW = auto()
    ONE_DRAW_IN_SEVERAL_TENSORS = auto()
    NOTHING_DRAWN_IS_DECODED = auto()
    NOISE_OUTSIDE_TORCH = auto()
    CONSTANT_NOISE = auto()
    NO_NOISE = auto()
    NO_NOISE_SOMEWHERE = auto()
    NOTHING_SAMPLED = auto()


@dataclass(frozen=True)
class SeveralDraws(Reason):
    """Several draws of different laws are in z."""

    draws: tuple[str, ...]


@dataclass(frozen=True)
class SharedDraw(Reason):
    """One draw stands for all places along these axes."""

    axes: str


@dataclass(frozen=True)
class PartlyShared(Reason):
    """Of several draws that are added, one stands for all places along these axes."""

    axes: str


@dataclass(frozen=True)
class UnknownLaw(Reason):
    """The noise was drawn by an operation whose law is not known here."""

    operation: str


@dataclass(frozen=True)
class NoGradientTo(Reason):
    """No gradient goes back through z to these of its mean and deviation."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Restricted(Reason):
    """The mean, or the deviation, is a constant."""

    part: str


@dataclass(frozen=True)
class StandardDraw(Reason):
    """It is a mean plus a deviation times one standard normal draw for each coordinate.

    `correlated`: it is a mean plus a lower triangular matrix times these draws.
    """

    formula: str
    correlated: bool = False


@dataclass(frozen=True)
class AnotherMoment(Reason):
    """The mean, or the variance, is another at a point than the arguments say."""

    what: str
    point: Mapping[str, str]
    computed: str
    expected: str


@dataclass(frozen=True)
class UnprovedMoment(Reason):
    """The mean, or the variance, was not proved to be what the arguments say."""

    what: str
    failure: str


@dataclass(frozen=True)
class StrayNoise(Reason):
    """Noise is drawn at these lines, and no sample of it was recognised."""

    lines: str
