"""Why a reconstruction was decided as it was: a weight times -log p(x|z), or what there is instead.

In come facts, as a likelihood's name and its weight; out goes a value, as `IsLikelihood(Monomial(1, {}), "Gaussian")`.
"""

from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction

from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.reasons.base import Reason

__all__ = [
    "AtEachDraw",
    "CountsOf",
    "DataCountedTwice",
    "DecoderSees",
    "DifferentWeights",
    "FunctionOfLikelihood",
    "IsLikelihood",
    "LikelihoodNotDeclared",
    "LooksLikeLikelihood",
    "MovedData",
    "NotDecoded",
    "OfReconstruction",
    "OutputUnused",
    "PartOfData",
    "RewardedLikelihood",
    "SeveralLikelihoods",
    "SharedOutput",
    "SummaryOfData",
]


class OfReconstruction(Reason, Enum):
    """Reasons without facts of their own."""

    UNKNOWN_LIKELIHOOD = auto()
    ABSENT = auto()
    DETACHED = auto()
    DIFFERENT_NETWORKS = auto()
    SEVERAL_DRAWS_DECODED = auto()


@dataclass(frozen=True)
class DataCountedTwice(Reason):
    """Some data stand in several likelihoods."""

    data: str


@dataclass(frozen=True)
class IsLikelihood(Reason):
    """It is a weight times a negative log-likelihood."""

    weight: Monomial
    name: str


@dataclass(frozen=True)
class RewardedLikelihood(Reason):
    """The weight of the negative log-likelihood is zero or negative."""

    weight: Monomial
    name: str


@dataclass(frozen=True)
class LooksLikeLikelihood(Reason):
    """By numbers it is this likelihood, and the proof failed, or its weight is no number."""

    name: str
    failure: str


@dataclass(frozen=True)
class SeveralLikelihoods(Reason):
    """There are likelihoods of one weight: over so many draws, or, where None, each of data of its own."""

    weight: str
    name: str | None
    draws: int | None


@dataclass(frozen=True)
class DifferentWeights(Reason):
    """The likelihoods of several data have these weights."""

    weights: tuple[str, ...]


@dataclass(frozen=True)
class OutputUnused(Reason):
    """An output of the decoder does not stand in the loss."""

    name: str
    output: str


@dataclass(frozen=True)
class LikelihoodNotDeclared(Reason):
    """The likelihood is another than the one declared."""

    name: str
    declared: str


@dataclass(frozen=True)
class PartOfData(Reason):
    """It is a likelihood of this share of the data."""

    name: str
    share: Fraction


@dataclass(frozen=True)
class SummaryOfData(Reason):
    """It is a likelihood of a sum of the data."""

    text: str


@dataclass(frozen=True)
class CountsOf(Reason):
    """It is a likelihood of counts, of what was computed from the data."""

    text: str


@dataclass(frozen=True)
class MovedData(Reason):
    """The data went through an operation that may move them to other places."""

    operation: str
    line: str


@dataclass(frozen=True)
class SharedOutput(Reason):
    """One output is compared with all the data along an axis; `sampled`: of a latent that may be shared."""

    axis: str
    sampled: bool


@dataclass(frozen=True)
class DecoderSees(Reason):
    """The decoder sees the data, in this leaf, besides z."""

    leaf: str


@dataclass(frozen=True)
class NotDecoded(Reason):
    """The latent drawn at this line is not decoded."""

    line: str


@dataclass(frozen=True)
class FunctionOfLikelihood(Reason):
    """It is this function of a likelihood, and not its negative logarithm."""

    name: str


@dataclass(frozen=True)
class AtEachDraw(Reason):
    """It is this likelihood at each draw of an importance-weighted bound."""

    likelihood: str | None
