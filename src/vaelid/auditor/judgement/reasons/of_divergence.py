"""Why a divergence was decided as it was: a weight times KL(q || p) for a named prior p, or what there is instead.

In come facts, as how many coordinates have a KL and how many there are; out goes a value, as `PartOfCoordinates(2, 3)`.
"""

from dataclasses import dataclass
from enum import Enum, auto

from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.reasons.base import Reason

__all__ = [
    "AnotherDeviation",
    "FixedLength",
    "IsKl",
    "LatentsWithoutKl",
    "LooksLikePrior",
    "Mistake",
    "NoKl",
    "NotPositive",
    "OfDivergence",
    "PartOfCoordinates",
    "PriorNotDeclared",
    "PriorsOfRows",
    "ScaledNoise",
    "ThroughUnread",
]


class OfDivergence(Reason, Enum):
    """Reasons without facts of their own."""

    DETACHED = auto()
    ABSENT = auto()
    NOT_RECOGNISED = auto()
    ONE_NUMBER = auto()
    NOT_QUADRATIC = auto()
    NOT_A_SUM = auto()
    OTHER_ARRAYS = auto()
    SEVERAL_PLACES = auto()
    NO_PRIOR_FOUND = auto()
    SHARED_ARRAYS = auto()
    MAY_BE_THE_DECODERS = auto()
    PRIOR_SEES_SAMPLE = auto()
    PRIOR_OF_OTHER_ROWS = auto()
    AT_EACH_DRAW = auto()


class Mistake(Enum):
    """What a term that is no KL is instead."""

    DEVIATION_AS_VARIANCE = auto()
    VARIANCE_AS_DEVIATION = auto()
    REVERSED = auto()
    CLAMPED = auto()
    PRIORS_LOGARITHM = auto()
    UNPROVED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class ScaledNoise:
    """A term is the KL of a deviation so many times the one that is sampled with."""

    times: float


@dataclass(frozen=True)
class IsKl(Reason):
    """It is a weight times the KL of what is sampled to a prior; `correlated`: of a covariance L L^T."""

    weight: Monomial
    prior: str
    correlated: bool = False


@dataclass(frozen=True)
class NotPositive(Reason):
    """The weight of the KL is zero or negative."""

    weight: Monomial


@dataclass(frozen=True)
class LooksLikePrior(Reason):
    """By numbers it is the KL to this prior, and the proof failed."""

    name: str
    failure: str


@dataclass(frozen=True)
class FixedLength(Reason):
    """The code fixes a length that stands in the formula."""

    length: int


@dataclass(frozen=True)
class ThroughUnread(Reason):
    """It depends on the posterior through this operation, which is not looked into."""

    operation: str


@dataclass(frozen=True)
class AnotherDeviation(Reason):
    """It is the KL of another deviation than the constant one that is sampled with."""

    made_from: str


@dataclass(frozen=True)
class NoKl(Reason):
    """At a point it is no multiple of a KL: what it is there, what it would have to be, and the likely mistake."""

    point: str
    computed: str
    expected: str
    mistake: Mistake | ScaledNoise


@dataclass(frozen=True)
class LatentsWithoutKl(Reason):
    """So many of the latents have no KL."""

    missing: int


@dataclass(frozen=True)
class PartOfCoordinates(Reason):
    """So many of the coordinates that are sampled have a KL."""

    here: int
    whole: int


@dataclass(frozen=True)
class PriorNotDeclared(Reason):
    """The prior is another than the one declared."""

    prior: str
    declared: str | None


@dataclass(frozen=True)
class PriorsOfRows(Reason):
    """Each row's posterior is held against the priors of so many rows."""

    count: int
