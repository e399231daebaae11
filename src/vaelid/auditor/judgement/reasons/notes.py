"""What a user should know, and is no defect of the objective: notes of a report, as values.

In come facts, as the prior that was found; out goes a value, as `PriorIs("N(0, 4)", declared=False)`.
"""

from dataclasses import dataclass
from enum import Enum, auto

from vaelid.auditor.judgement.reasons.base import Reason

__all__ = ["DataChanged", "NotTrained", "Note", "OneSideOnly", "PriorIs"]


class Note(Reason, Enum):
    """Notes without facts of their own."""

    BERNOULLI_OF_FRACTIONS = auto()


@dataclass(frozen=True)
class NotTrained(Reason):
    """No gradient goes back beyond this line."""

    line: str


@dataclass(frozen=True)
class PriorIs(Reason):
    """The prior is another than N(0, I): as declared, or as inferred from the loss."""

    name: str
    declared: bool


@dataclass(frozen=True)
class OneSideOnly(Reason):
    """A comparison that chooses between formulas had one answer at all places."""

    operation: str
    line: str


@dataclass(frozen=True)
class DataChanged(Reason):
    """The loss compares the decoder's output with this function of the data."""

    text: str
