"""What was decided of one part of a loss, before it is put in words.

In come a verdict, the reason as a value and what carries it; out goes a `Decision`, which `wording.claim_of` makes a
`Claim`. For a KL without a weight it is `Decision("divergence", "REFUTED", OfDivergence.ABSENT, ...)`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from vaelid.auditor.findings.report import Verdict, Witness
from vaelid.auditor.judgement.reasons.base import Reason
from vaelid.theory.kernel import Theorem

__all__ = ["Decision", "PartOfLoss", "name_of_other", "refuted_by"]


PartOfLoss = Literal["sampler", "divergence", "reconstruction", "objective"]


@dataclass(frozen=True)
class Decision:
    """A verdict on one part of a loss.

    Attributes:
        part: which.
        verdict: PROVED, REFUTED, UNKNOWN or OTHER.
        reason: why, with its facts.
        formula: what the code computes there, as text.
        weight: the factor on the quantity in nats, as text.
        theorems: the kernel's, where there are some.
        witness: where it is wrong.
        bug: its name in `vaelid.auditor.findings.bugs.BUGS`.
        source: the line that the reason is about.
        other: the name of another objective by which the whole is none, as free bits.
        notes: what a user should know besides.
    """

    part: PartOfLoss
    verdict: Verdict
    reason: Reason
    formula: str | None = None
    weight: str | None = None
    theorems: tuple[Theorem, ...] = ()
    witness: Witness | None = None
    bug: str | None = None
    source: str | None = None
    other: str | None = None
    notes: tuple[Reason, ...] = ()

    def but(
        self,
        verdict: Verdict,
        reason: Reason,
        *,
        witness: Witness | None = None,
        bug: str | None = None,
        other: str | None = None,
        theorems: tuple[Theorem, ...] | None = None,
    ) -> "Decision":
        """Another decision on the same formula, with these facts.

        The formula, its weight, its line and the notes stay. The theorems do unless others are given: the decision that
        is overruled was right about the formula, for instance that it is a KL, but of too few coordinates.
        """
        return Decision(
            self.part,
            verdict,
            reason,
            self.formula,
            self.weight,
            self.theorems if theorems is None else theorems,
            witness,
            bug,
            self.source,
            other,
            self.notes,
        )

    def noting(self, *notes: Reason) -> "Decision":
        """The same decision, with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def for_all(self, decisions: Sequence["Decision"]) -> "Decision":
        """The same decision in place of several: with all their notes, and the name of another objective in them."""
        notes = tuple(note for decision in decisions for note in decision.notes)
        return replace(self, notes=notes, other=name_of_other(decisions))


def refuted_by(witness: Witness | None, part: PartOfLoss, reason: Reason, bug: str | None, **facts: Any) -> Decision:
    """REFUTED if there is a witness, with the bug's name; else UNKNOWN, for the same reason."""
    if witness is None:
        return Decision(part, "UNKNOWN", reason, **facts)
    return Decision(part, "REFUTED", reason, witness=witness, bug=bug, **facts)


def name_of_other(decisions: Iterable[Decision]) -> str | None:
    """The name of another objective that the last of some decisions has, of those that have one."""
    return next((d.other for d in reversed([*decisions]) if d.other is not None), None)
