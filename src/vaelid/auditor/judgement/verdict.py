"""From what was found out about a loss to the report on it.

In come an `Assessed` loss and what it was declared to be; out goes a `Report`: the decisions on its parts put in words,
the verdict of the worst of them, a sentence, and a word of advice. For the textbook's loss it is PROVED, "This loss is
the negative ELBO: Gaussian, variance 1, prior N(0, I)."
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vaelid.auditor.findings.audited import Audited
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim, Report, Verdict
from vaelid.auditor.findings.witnesses import without_noise
from vaelid.auditor.formula.kinds import Reconstruction
from vaelid.auditor.judgement.assessed import Assessed, Judged
from vaelid.auditor.judgement.bound import bound_of, judge_bound
from vaelid.auditor.judgement.cut_gradients import untrained
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.divergences_of_loss import judge_divergences
from vaelid.auditor.judgement.evaluation import TrainedObjective, evaluation_claim, warnings_of
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.objective import Named, judge_objective
from vaelid.auditor.judgement.reasons.base import Reason, Told
from vaelid.auditor.judgement.reasons.notes import NotTrained
from vaelid.auditor.judgement.reasons.of_objective import Failure, OfObjective
from vaelid.auditor.judgement.reasons.of_sampler import OfSampler
from vaelid.auditor.judgement.reconstructions_of_loss import judge_reconstructions
from vaelid.auditor.judgement.samplers_of_loss import judge_samplers
from vaelid.auditor.judgement.scale import beta_of, likelihood_name, observation_variance, prior_name
from vaelid.auditor.judgement.summary import advice_for, assumptions, finding, proved_finding, way_to_settle
from vaelid.auditor.judgement.wording import claim_of, sentence_of
from vaelid.auditor.recognition.objective import Objective
from vaelid.auditor.recognition.other_objectives import PAIRS, PLAIN, QUANTISED, RELAXED
from vaelid.auditor.refutation.against_declared import not_declared

__all__ = ["unread", "verdict"]


_NAMED_IN_THE_LITERATURE = (PAIRS, "free bits", "capacity", "squared capacity")

# What these are does not depend on parts that are not known: a part of an autoencoder is no ELBO's.
_WHATEVER_ITS_PARTS = (PLAIN, QUANTISED, PAIRS, RELAXED)


def verdict(
    assessed: Assessed,
    declared: Declared,
    *,
    audited: Audited,
    sampled: bool = True,
    evaluation: Report | None = None,
) -> Report:
    """The report on a loss.

    Args:
        assessed: what was found out about it.
        declared: what it is meant to be.
        audited: whose loss it is.
        sampled: False for a function of tensors, which does not sample.
        evaluation: the report on the step for evaluation, where there is one.
    """
    judged = Judged(assessed, declared, sampled)
    objective = assessed.objective
    notes: list[Reason] = [*map(Told, assessed.run.notes), *map(NotTrained, untrained(assessed))]
    if (bound := bound_of(assessed)) is not None:
        found = judge_bound(judged, bound)
        if found.note:
            notes.append(Told(found.note))
        whole = _Whole(
            bound.objective if found.proved else objective,
            found.name,
            Monomial(1.0, {}) if found.proved else None,
            found.decisions,
            notes,
        )
        return _report(judged, whole, audited, evaluation)
    divergences = judge_divergences(judged)
    parts = [
        *judge_samplers(judged, divergences),
        *divergences,
        judge_reconstructions(judged),
    ]
    whole = judge_objective(judged, parts)
    if _may_be_refuted(whole, declared) and (refuted := _not_as_declared(judged)) is not None:
        whole = Named("no ELBO", refuted)
    notes += [note for decision in parts for note in decision.notes]
    decisions = [*parts, whole.decision]
    if whole.decision.verdict == "OTHER" and whole.name in _WHATEVER_ITS_PARTS:
        decisions = [decision for decision in decisions if decision.verdict != "UNKNOWN"]
    found = _Whole(objective, whole.name, beta_of(assessed, declared), decisions, notes)
    return _report(judged, found, audited, evaluation)


def _may_be_refuted(whole: Named, declared: Declared) -> bool:
    """Whether to search for a witness: only of what is UNKNOWN, or OTHER under no established name."""
    if whole.decision.verdict == "OTHER":
        return declared.anything and not whole.name.startswith(_NAMED_IN_THE_LITERATURE)
    return declared.anything and whole.decision.verdict == "UNKNOWN"


def _not_as_declared(judged: Judged) -> Decision | None:
    """REFUTED, where a beta or a likelihood was declared and a point shows the loss to be another."""
    assessed = judged.assessed
    samplers = judge_samplers(judged, ())
    if any(decision.verdict == "OTHER" for decision in samplers) and not assessed.question.posteriors:
        reason, witness = OfObjective.NOTHING_SAMPLED_AS_DECLARED, without_noise()
        return Decision("objective", "REFUTED", reason, witness=witness, bug="missing-noise")
    uniform = any("uniform" in assessed.laws_of(posterior) for posterior in assessed.question.posteriors)
    if uniform or any(decision.reason is OfSampler.MAY_BE_SCORE_FUNCTION for decision in samplers):
        return None  # points show that there is no KL of a normal law, or that the value is none: neither has to be
    found = not_declared(assessed.question, judged.declared)
    if found is None:
        return None
    formula = assessed.names.text(assessed.run.term)
    return Decision("objective", "REFUTED", Told(found.sentence), formula, witness=found.witness)


@dataclass(frozen=True)
class _Whole:
    """What was decided of a loss.

    Attributes:
        objective: that the likelihood is in; of a bound, inside the logarithm.
        name: of the objective.
        beta: the weight of the KL; None where it has none.
        decisions: on its parts and on the whole.
        notes: what a user should know besides.
    """

    objective: Objective
    name: str
    beta: Monomial | None
    decisions: Sequence[Decision]
    notes: Sequence[Reason]


def _report(judged: Judged, whole: _Whole, audited: Audited, evaluation: Report | None) -> Report:
    """The report, in words."""
    assessed, declared = judged.assessed, judged.declared
    names, objective = assessed.names, whole.objective
    claims = tuple(map(claim_of, whole.decisions))
    overall = _worst(claims)
    beta = None if whole.beta is None else str(whole.beta)
    value = None if whole.beta is None else whole.beta.at(names.sizes)
    variance = observation_variance(objective, declared, value)
    likelihood, prior = likelihood_name(objective, declared), prior_name(assessed)
    group = objective.group(Reconstruction())
    training = TrainedObjective(overall, beta, likelihood, prior)
    more = () if evaluation is None else (evaluation_claim(training, evaluation),)
    advice = way_to_settle(declared) if overall == "UNKNOWN" else None
    if overall in ("PROVED", "REFUTED"):
        advice = advice_for(value, declared.beta, group.found if group is not None else None, variance)
    summary = (
        finding(overall, claims)
        if overall != "PROVED" or value is None
        else proved_finding(whole.name, value, likelihood, prior)
    )
    return Report(
        audited.name,
        overall,
        whole.name,
        summary,
        formula=names.text(assessed.run.term),
        beta_effective=value,
        beta_formula=beta,
        observation_variance=variance,
        likelihood=likelihood,
        prior=prior,
        claims=(*claims, *more),
        advice=advice,
        notes=(*dict.fromkeys(map(sentence_of, whole.notes)), *(said for claim in more for said in warnings_of(claim))),
        assumptions=assumptions(assessed, objective.question.posteriors, names),
        sizes={k: v for k, v in names.sizes.items() if k in "BLDK"},
        source=audited.source,
        seconds=audited.seconds(),
    )


def _worst(claims: Iterable[Claim]) -> Verdict:
    """The verdict on the whole: PROVED only if every claim is."""
    verdicts = {claim.verdict for claim in claims}
    order: tuple[Verdict, ...] = ("REFUTED", "UNKNOWN", "OTHER", "PROVED")
    return next(found for found in order if found in verdicts)


def unread(audited: Audited, reason: Exception) -> Report:
    """The report on a function that could not be read as a formula."""
    why = Failure(str(reason).rstrip("."))
    claim = claim_of(Decision("objective", "UNKNOWN", why, source=getattr(reason, "source", None)))
    return Report(
        audited.name,
        "UNKNOWN",
        "unknown",
        finding("UNKNOWN", [claim]),
        claims=(claim,),
        source=audited.source,
        seconds=audited.seconds(),
    )
