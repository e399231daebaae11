"""The decision on one term that compares data: is it a multiple of a negative log-likelihood?

In come a group of a loss and the weight that it was found to have; out goes a `Decision`. For half a squared error,
averaged over rows, it is PROVED, with `IsLikelihood(1 / B, "Gaussian")`.
"""

from vaelid.auditor.findings.witnesses import no_slope_of_likelihood, wrong_sign
from vaelid.auditor.formula.in_balls import in_ball
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.names import Monomial, Names
from vaelid.auditor.judgement.reasons.of_reconstruction import (
    IsLikelihood,
    LooksLikeLikelihood,
    OfReconstruction,
    RewardedLikelihood,
)
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.objective import Objective

__all__ = ["judge_reconstruction"]


def judge_reconstruction(
    objective: Objective, group: Group, names: Names, weight: Monomial | None, line: str | None = None
) -> Decision:
    """Is the group a multiple of a negative log-likelihood? `line`: that it comes from."""
    formula = names.text(group.body)
    if group.found is None:
        return Decision("reconstruction", "UNKNOWN", OfReconstruction.UNKNOWN_LIKELIHOOD, formula, source=line)
    name = group.found.target.name
    if group.theorem is None or weight is None:
        reason = LooksLikeLikelihood(name, group.failure or "its weight is no number")
        return Decision("reconstruction", "UNKNOWN", reason, formula, source=line)
    theorems = (group.theorem,)
    if weight.number > 0:
        reason = IsLikelihood(weight, name)
        return Decision("reconstruction", "PROVED", reason, formula, str(weight), theorems, source=line)
    value = in_ball(group.found.fit.weights[0], objective.question.values.lengths)
    witness = wrong_sign(value, "-log p") if value is not None and value < 0 else no_slope_of_likelihood("x_hat")
    reason = RewardedLikelihood(weight, name)
    return Decision("reconstruction", "REFUTED", reason, formula, str(weight), theorems, witness, "sign", line)
