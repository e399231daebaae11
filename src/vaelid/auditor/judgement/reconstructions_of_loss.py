"""The decision on all terms of a loss that compare data: they have to be likelihoods of the data, each with one weight.

In comes what was found out about a loss and what was declared; out goes one `Decision`. For a squared error of the
images and a cross-entropy of the labels, both of weight 1 / B, it is PROVED, with `SeveralLikelihoods`.
"""

from collections.abc import Iterator

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import no_slope_of_likelihood, too_few
from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.formula.kinds import MIXED
from vaelid.auditor.judgement.assessed import Assessed, Judged
from vaelid.auditor.judgement.coverage import data_counted_twice, decoded_alike, kept_part, not_decoded, seen_data
from vaelid.auditor.judgement.data import (
    is_smoothed,
    kept_or_left_out,
    notes_on_data,
    of_several_draws,
    shared_output,
    unlike_data,
)
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.names import Shown
from vaelid.auditor.judgement.reasons.base import IsOther, Reason, Told
from vaelid.auditor.judgement.reasons.of_reconstruction import (
    DataCountedTwice,
    DecoderSees,
    DifferentWeights,
    FunctionOfLikelihood,
    LikelihoodNotDeclared,
    NotDecoded,
    OfReconstruction,
    OutputUnused,
    PartOfData,
    SeveralLikelihoods,
    SharedOutput,
)
from vaelid.auditor.judgement.reconstruction import judge_reconstruction
from vaelid.auditor.judgement.scale import likelihood_name
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.other_objectives import function_of_likelihood, likelihood_and_more
from vaelid.auditor.recognition.quantities import Found, Quantity
from vaelid.auditor.refutation.another_likelihood import another_likelihood
from vaelid.auditor.refutation.no_likelihood import no_likelihood

__all__ = ["judge_reconstructions"]


_OF_ONE_TRIAL = {"bernoulli": "binomial"}
"""A Bernoulli is the binomial of one trial."""

_PARTIAL = "data-partial"
_WEIGHTS_OF_PLACES = "a likelihood with a weight for each place"
_SMOOTHED = "a cross-entropy with label smoothing: its targets lie between 0 and 1, the data do not"
_POS_WEIGHT = "a Bernoulli likelihood in which the ones have another weight (pos_weight)"


def judge_reconstructions(judged: Judged) -> Decision:
    """What is decided of the terms that compare data: the first that is not proved, or of all together."""
    assessed = judged.assessed
    if assessed.reconstruction is None:
        return _absent(judged)
    decisions = [_of_group(judged, group) for group in assessed.objective.reconstructions]
    found = next((decision for decision in decisions if decision.verdict != "PROVED"), None)
    if found is None:
        found = decisions[0] if len(decisions) == 1 else _of_all(judged, decisions)
    return found.for_all(decisions)


def _absent(judged: Judged) -> Decision:
    """Of a loss in which nothing compares data with the decoder's output."""
    assessed = judged.assessed
    unsure = any(group.kind is MIXED for group in assessed.objective.groups)
    unsure = unsure or assessed.made_from(assessed.question.outputs)
    if unsure or (judged.sampled and not assessed.samplers):
        return Decision("reconstruction", "UNKNOWN", OfReconstruction.ABSENT)
    witness = no_slope_of_likelihood("x_hat")
    if line := min(assessed.run.reading.halted, default=None):
        reason = OfReconstruction.DETACHED
        return Decision("reconstruction", "REFUTED", reason, witness=witness, bug="detached", source=line)
    return Decision("reconstruction", "REFUTED", OfReconstruction.ABSENT, witness=witness, bug="likelihood-wrong")


def _of_all(judged: Judged, decisions: list[Decision]) -> Decision:
    """Of several likelihoods, each of which is proved."""
    assessed, first = judged.assessed, decisions[0]
    weights = list(dict.fromkeys(str(decision.weight) for decision in decisions))
    over_draws = assessed.objective.over_draws
    if over_draws and not decoded_alike(assessed):
        return first.but("UNKNOWN", OfReconstruction.DIFFERENT_NETWORKS, theorems=())
    if not over_draws and (twice := data_counted_twice(assessed)) is not None:
        return first.but("UNKNOWN", DataCountedTwice(twice), theorems=())
    if len(weights) > 1:
        return first.but("UNKNOWN", DifferentWeights(tuple(weights)), theorems=())
    name = likelihood_name(assessed.objective, judged.declared)
    reason = SeveralLikelihoods(weights[0], name, len(decisions) if over_draws else None)
    return first.but("PROVED", reason, theorems=tuple(t for decision in decisions for t in decision.theorems))


def _of_group(judged: Judged, group: Group) -> Decision:
    """What is known of a group that compares data with what the decoder put out."""
    assessed = judged.assessed
    weight, line = assessed.weights.get(group.kind), assessed.line_of(group)
    decision = judge_reconstruction(assessed.objective, group, assessed.names, weight, line)
    if group.found is None:
        return _unlikely(judged, group, decision)
    if decision.verdict != "PROVED":
        return decision
    changed = next(_doubts(judged, group, group.found, decision), None)
    return changed or decision.noting(*notes_on_data(assessed, group.found.target, judged.sampled))


def _doubts(judged: Judged, group: Group, found: Found, decision: Decision) -> Iterator[Decision]:
    """What tells against a likelihood that is proved as it stands; the first counts: what is refuted comes first."""
    assessed, target = judged.assessed, found.target
    if unused := _unused_output(judged):
        reason = OutputUnused(target.name, unused)
        yield _refuted(decision, reason, no_slope_of_likelihood("x_hat", unused), _PARTIAL)
    yield from _not_declared(judged, group, found, decision)
    if is_smoothed(assessed, target):
        yield decision.but("OTHER", IsOther(_SMOOTHED), other=_SMOOTHED)
    divergences = [group.found.target.mask for group, _ in assessed.divergences() if group.found is not None]
    if not kept_or_left_out(target, assessed.question, [mask for mask in divergences if mask is not None]):
        yield decision.but("OTHER", IsOther(_WEIGHTS_OF_PLACES), other=_WEIGHTS_OF_PLACES)
    if (share := kept_part(assessed)) < 1:
        witness = too_few(share.numerator, share.denominator, f"in {share.denominator} places")
        yield _refuted(decision, PartOfData(target.name, share), witness, _PARTIAL)
    if (what := unlike_data(assessed, target)) is not None:
        yield _unknown(decision, what)
    if (shared := shared_output(assessed, target)) is not None:
        reason = SharedOutput(shared.name, judged.sampled)
        if judged.sampled:
            yield _unknown(decision, reason)
        else:
            yield _refuted(decision, reason, too_few(1, shared.length, f"outputs along {shared.name}"), _PARTIAL)
    if judged.sampled and assessed.question.posteriors:
        yield from (_unknown(decision, reason) for reason in _of_what_is_decoded(assessed, group, target))


def _unused_output(judged: Judged) -> str | None:
    """An argument of a loss that a decoder put out, and that does not stand in it."""
    if judged.sampled:
        return None
    reading = judged.assessed.run.reading
    unused = judged.assessed.question.outputs - reading.result.leaves
    return min((name for name in unused if name in reading.leaves), default=None)


def _not_declared(judged: Judged, group: Group, found: Found, decision: Decision) -> Iterator[Decision]:
    """Of a likelihood of another family than the one declared."""
    declared, family = judged.declared.likelihood, found.target.family
    if declared is None or declared in (family, _OF_ONE_TRIAL.get(family)):
        return
    reason, shown = LikelihoodNotDeclared(found.target.name, declared), Shown(None, judged.assessed.names)
    witness = another_likelihood(judged.assessed.question, group, found, declared, shown)
    yield decision.but("UNKNOWN", reason) if witness is None else _refuted(decision, reason, witness)


def _of_what_is_decoded(assessed: Assessed, group: Group, target: Quantity) -> Iterator[Reason]:
    """Why what is compared with data may be no output of a decoder of z alone."""
    if of_several_draws(assessed, target):
        yield OfReconstruction.SEVERAL_DRAWS_DECODED
    if (leaf := seen_data(assessed, group, names_in(target.parameters[0]))) is not None:
        yield DecoderSees(leaf)
    if (latent := not_decoded(assessed)) is not None:
        yield NotDecoded(latent)


def _unlikely(judged: Judged, group: Group, decision: Decision) -> Decision:
    """A reconstruction that is no likelihood: another function of one, or refuted, or unknown."""
    question, leaves = judged.assessed.question, judged.assessed.run.reading.leaves
    if any("weight on the positive" in leaves[n].operation for n in names_in(group.body) if n in leaves):
        return decision.but("OTHER", IsOther(_POS_WEIGHT), other=_POS_WEIGHT)
    if not names_in(group.body) & question.unread_of_data and (name := likelihood_and_more(question, group)):
        return decision.but("OTHER", IsOther(name), other=name)
    if name := function_of_likelihood(question, group):
        return decision.but("OTHER", FunctionOfLikelihood(name), other=name)
    if names_in(group.body) & question.unread:
        return decision  # what a function without a formula made of the output, and maybe of the data, moves with both
    refuted = no_likelihood(question, group, judged.declared.likelihood, Shown(None, judged.assessed.names))
    return decision if refuted is None else _refuted(decision, Told(refuted.sentence), refuted.witness)


def _refuted(decision: Decision, reason: Reason, witness: Witness, bug: str = "likelihood-wrong") -> Decision:
    """Of the same formula, without what would carry a proof."""
    formula, line = decision.formula, decision.source
    return Decision("reconstruction", "REFUTED", reason, formula, witness=witness, bug=bug, source=line)


def _unknown(decision: Decision, reason: Reason) -> Decision:
    """Of the same formula, without what would carry a proof."""
    return Decision("reconstruction", "UNKNOWN", reason, decision.formula, source=decision.source)
