"""The decisions on an importance-weighted bound: the logarithm of a sum of weights over draws, in place of an ELBO.

In come what was found out about a loss and the `ImportanceWeightedBound` in it; out go the name and the decisions. For
IWAE's loss these are ``importance-weighted bound`` and PROVED for the divergence and the reconstruction at each draw,
and for the whole.
"""

from dataclasses import dataclass

from vaelid.auditor.formula.kinds import MIXED
from vaelid.auditor.judgement.assessed import Assessed, Judged
from vaelid.auditor.judgement.cut_gradients import cuts
from vaelid.auditor.judgement.decision import Decision, refuted_by
from vaelid.auditor.judgement.objective import cut_off
from vaelid.auditor.judgement.reasons.base import IsOther
from vaelid.auditor.judgement.reasons.of_divergence import OfDivergence
from vaelid.auditor.judgement.reasons.of_objective import Failure, OfObjective
from vaelid.auditor.judgement.reasons.of_reconstruction import AtEachDraw
from vaelid.auditor.judgement.samplers_of_loss import judge_samplers
from vaelid.auditor.judgement.scale import likelihood_name
from vaelid.auditor.recognition.detached_weights import bound_in
from vaelid.auditor.recognition.importance_weighted import ImportanceWeightedBound

__all__ = ["BOUND", "JudgedBound", "bound_of", "judge_bound"]


BOUND = "importance-weighted bound"


@dataclass(frozen=True)
class JudgedBound:
    """What was decided of a loss with the logarithm of a sum over draws in it.

    Attributes:
        name: of the objective.
        decisions: on its parts and the whole.
        proved: whether it is the bound.
        note: in what the loss is not the bound itself, but has its gradient; else empty.
    """

    name: str
    decisions: tuple[Decision, ...]
    proved: bool
    note: str = ""


def bound_of(assessed: Assessed) -> ImportanceWeightedBound | None:
    """The bound in a loss, if there is a logarithm of a sum over draws in it."""
    if not assessed.question.posteriors or not any(group.kind is MIXED for group in assessed.objective.groups):
        return None
    return bound_in(assessed.question, assessed.run)


def judge_bound(judged: Judged, bound: ImportanceWeightedBound) -> JudgedBound:
    """What is decided of a loss with a bound in it."""
    posteriors = judged.assessed.question.posteriors
    samplers = judge_samplers(judged, ())
    if bound.other:
        decision = Decision("objective", "OTHER", IsOther(bound.other), other=bound.other)
        return JudgedBound(bound.other, (*samplers, decision), proved=False)
    if bound.theorem is None or bound.failure:
        decision = _no_bound(bound)
        if decision.verdict == "REFUTED" and any("uniform" in judged.assessed.laws_of(p) for p in posteriors):
            decision = Decision("objective", "UNKNOWN", Failure(bound.failure))  # of a bound with a normal posterior
        name = "no ELBO" if decision.verdict == "REFUTED" else "unknown"
        return JudgedBound(name, (*judge_samplers(judged, [decision]), decision), proved=False)
    if (stops := cuts(judged.assessed)) and not bound.note:  # where there is a note, the gradient is cut on purpose
        return JudgedBound("no ELBO", (*samplers, cut_off(stops[0])), proved=False)
    theorems = tuple(t for t in (bound.objective.theorem, bound.theorem, bound.of_rows) if t is not None)
    likelihood = AtEachDraw(likelihood_name(bound.objective, judged.declared))
    decisions = (
        *samplers,
        Decision("divergence", "PROVED", OfDivergence.AT_EACH_DRAW, theorems=theorems[1:2]),
        Decision("reconstruction", "PROVED", likelihood, theorems=theorems[:1]),
        Decision("objective", "PROVED", OfObjective.BOUND, theorems=theorems),
    )
    return JudgedBound(BOUND, decisions, proved=True, note=bound.note)


def _no_bound(bound: ImportanceWeightedBound) -> Decision:
    """Of a loss that looks like the bound, and is not proved to be it."""
    bug = "sign" if "sign" in bound.failure else "multi-sample"
    return refuted_by(bound.witness, "objective", Failure(bound.failure), bug)
