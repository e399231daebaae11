"""The claim on the reconstruction, and the weight of a group."""

from vaelid.auditor.findings.report import Claim
from vaelid.auditor.findings.witnesses import no_slope_of_likelihood, wrong_sign
from vaelid.auditor.formula.axes_of_terms import count
from vaelid.auditor.formula.in_balls import in_ball
from vaelid.auditor.judgement.names import Monomial, Names
from vaelid.auditor.model.question import Question
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.objective import Objective

__all__ = ["reconstruction_claim", "weight_of"]


def weight_of(group: Group, question: Question, names: Names, draws: frozenset[int]) -> Monomial | None:
    """The weight of what the group is, of each row, averaged over draws of the noise."""
    if group.found is None:
        return None
    (weight,) = group.found.fit.weights
    if draws:
        weight = weight * count(sorted(draws))
    return names.monomial(weight, question.values)


def reconstruction_claim(objective: Objective, group: Group, names: Names, weight: Monomial | None) -> Claim:
    """Is the group a multiple of a negative log-likelihood?"""
    formula = names.text(group.body)
    if group.found is None:
        return Claim(
            "reconstruction", "UNKNOWN", "it is the negative logarithm of no likelihood that is known here.", formula
        )
    name = group.found.target.name
    if group.theorem is None or weight is None:
        return Claim(
            "reconstruction",
            "UNKNOWN",
            f"it looks like {name}, but {group.failure or 'its weight is no number'}",
            formula,
        )
    if weight.number <= 0:
        reason = f"the weight of the negative log-likelihood ({name}) is {weight}: the loss grows with the likelihood."
        value = in_ball(group.found.fit.weights[0], objective.question.values.lengths)
        witness = wrong_sign(value, "-log p") if value is not None and value < 0 else no_slope_of_likelihood("x_hat")
        return Claim("reconstruction", "REFUTED", reason, formula, str(weight), (group.theorem,), witness, "sign")
    reason = f"it is {weight} times -log p(x|z) in nats, {name}, plus what does not depend on the model."
    return Claim("reconstruction", "PROVED", reason, formula, str(weight), (group.theorem,))
