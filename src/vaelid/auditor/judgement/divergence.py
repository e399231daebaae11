"""The decision on one term of the posterior: is it a multiple of the KL of what is sampled to a prior?

In come a group of a loss that depends on a posterior, and the weight that it was found to have; out goes a `Decision`.
For the mean over rows of the textbook's KL it is PROVED, with `IsKl(1 / B, "N(0, I)")`.
"""

from collections.abc import Mapping

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import no_slope_of_divergence, wrong_sign
from vaelid.auditor.formula.axes_of_terms import at_lengths, has_sums
from vaelid.auditor.formula.in_balls import in_ball
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.kl_mistakes import Trains, trains_nothing
from vaelid.auditor.judgement.names import Monomial, Names, Shown
from vaelid.auditor.judgement.reasons.of_divergence import IsKl, NotPositive
from vaelid.auditor.judgement.unproved_divergence import judge_unproved
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.question import Question
from vaelid.auditor.model.shift import posterior_of_coordinates
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.noise import over_noise
from vaelid.auditor.recognition.objective import Objective
from vaelid.auditor.recognition.quantities import Found
from vaelid.auditor.refutation.no_divergence import another_prior
from vaelid.theory.kernel import Theorem

__all__ = ["judge_divergence", "witness_of_another_prior"]


def judge_divergence(
    objective: Objective,
    group: Group,
    posterior: Posterior,
    names: Names,
    weight: Monomial | None,
    line: str | None = None,
    trains: Trains = trains_nothing,
) -> Decision:
    """Is the group a multiple of the divergence of the sampler's own posterior?

    `line`: that it comes from. `trains`: whether a gradient goes to some arrays, and from this group alone.
    """
    question, formula = objective.question, names.text(group.body)
    if group.found is not None and group.theorem is not None and weight is not None:
        lengths = question.values.lengths
        reason = IsKl(weight, group.found.target.name, correlated=posterior.below is not None)
        return _recognised(group.found, group.theorem, reason, lengths, formula, line)
    return judge_unproved(question, group, posterior, Shown(posterior, names), formula, line, trains)


def _recognised(
    found: Found, theorem: Theorem, reason: IsKl, lengths: Mapping[str, int], formula: str, line: str | None
) -> Decision:
    """PROVED for this reason, if the weight is positive."""
    weight = reason.weight
    if weight.number > 0:
        return Decision("divergence", "PROVED", reason, formula, str(weight), (theorem,), source=line)
    witness = no_slope_of_divergence("this term")
    if weight.number and (value := in_ball(found.fit.weights[0], lengths)) is not None:
        witness = wrong_sign(value, "the KL")
    bug = "kl-zero" if weight.number == 0 else "sign"
    return Decision("divergence", "REFUTED", NotPositive(weight), formula, str(weight), (theorem,), witness, bug, line)


def witness_of_another_prior(
    question: Question, group: Group, posterior: Posterior, declared: Declared, names: Names
) -> Witness | None:
    """A witness that a divergence is none to the declared prior; None where none is found."""
    if posterior.below is not None:
        return None
    mean, _ = over_noise(group.body, question)
    some = posterior_of_coordinates(posterior, mean) or posterior
    if declared.prior_numbers is None or has_sums(mean):
        return None
    return another_prior(at_lengths(mean, question.values.lengths), some, declared.prior_numbers, Shown(some, names))
