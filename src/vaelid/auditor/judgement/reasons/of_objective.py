"""Why the whole was decided as it was: c * (NLL + beta * KL) and a constant, or what there is instead.

In come facts, as a weight and a beta; out goes a value, as `Weighted(Monomial(1, {"B": -1}), Monomial(1, {}))`.
"""

from dataclasses import dataclass
from enum import Enum, auto

from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.reasons.base import Reason

__all__ = [
    "AnotherBeta",
    "BetaOfBatch",
    "Failure",
    "Has",
    "HasInIt",
    "OfObjective",
    "PartIsNotKnown",
    "PartIsWrong",
    "StrayTerm",
    "Weighted",
    "WeightsOfKls",
]


class OfObjective(Reason, Enum):
    """Reasons without facts of their own."""

    NOTHING_SAMPLED_AS_DECLARED = auto()
    GRADIENT_CUT_OFF = auto()
    ANOTHER_GRADIENT = auto()
    BOUND = auto()
    SEVERAL_WEIGHTS = auto()


@dataclass(frozen=True)
class Weighted(Reason):
    """It is a weight times NLL + beta * KL, and a constant; `value`: beta at the sizes, where it depends on them."""

    weight: Monomial
    beta: Monomial
    value: str | None = None


@dataclass(frozen=True)
class AnotherBeta(Reason):
    """Its beta is another than the one declared, by this factor."""

    weighted: Weighted
    declared: str
    factor: float


@dataclass(frozen=True)
class BetaOfBatch(Reason):
    """Its beta is the one declared, at this number of rows only."""

    weighted: Weighted


@dataclass(frozen=True)
class WeightsOfKls(Reason):
    """Its KLs have these weights."""

    weights: tuple[str, ...]


@dataclass(frozen=True)
class PartIsWrong(Reason):
    """One part of it is refuted."""

    part: str


@dataclass(frozen=True)
class PartIsNotKnown(Reason):
    """One part of it is not known."""

    part: str


@dataclass(frozen=True)
class Failure(Reason):
    """What kept it from being taken apart, or from being a bound, without a full stop."""

    text: str


@dataclass(frozen=True)
class StrayTerm(Reason):
    """A term depends on the posterior and the decoder together, or (`mixed` False) on parameters only."""

    mixed: bool
    formula: str


@dataclass(frozen=True)
class Has(Reason):
    """It has something in it by which it is another objective."""

    name: str


@dataclass(frozen=True)
class HasInIt(Reason):
    """It would be an ELBO, but for this."""

    name: str
