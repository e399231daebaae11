"""The decisions on all terms of posteriors in a loss: every latent needs a KL, of all its coordinates, with one weight.

In comes what was found out about a loss and what was declared; out go `Decision`s, one for each term, and one for what
is missing. For two latents of which one has a KL the last is REFUTED, with `LatentsWithoutKl(1)`.
"""

from itertools import combinations

from vaelid.auditor.findings.witnesses import least_of_two_priors, no_slope_of_divergence, too_few
from vaelid.auditor.formula.axes_of_terms import axes_in, axis_of, is_length, names_in
from vaelid.auditor.formula.kinds import MIXED, PARAMETER
from vaelid.auditor.judgement.assessed import Assessed, Judged
from vaelid.auditor.judgement.coverage import counted_twice, of_posterior_alone, part_of_latents, priors_of_rows
from vaelid.auditor.judgement.data import is_mask
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.divergence import judge_divergence, witness_of_another_prior
from vaelid.auditor.judgement.kl_mistakes import Trains
from vaelid.auditor.judgement.literals import has_literal_0
from vaelid.auditor.judgement.reasons.base import IsOther
from vaelid.auditor.judgement.reasons.notes import PriorIs
from vaelid.auditor.judgement.reasons.of_divergence import (
    LatentsWithoutKl,
    OfDivergence,
    PartOfCoordinates,
    PriorNotDeclared,
    PriorsOfRows,
    ThroughUnread,
)
from vaelid.auditor.judgement.samplers_of_loss import passes_by_the_sample
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.other_objectives import (
    PAIRS,
    compares_rows,
    function_of_divergence,
    is_constant,
    mixture_prior,
    outputs_beside,
    weighed_by_parameters,
)
from vaelid.auditor.recognition.priors import prior_sees_sample
from vaelid.auditor.recognition.quantities import Quantity
from vaelid.readings.terms.syntax import Binder, subterms

__all__ = ["judge_divergences"]


_WEIGHT_FOR_EACH = "a KL with a weight for each coordinate"
_WEIGHTS_OF_PLACES = "a KL with a weight for each place"
_COMPUTED_WEIGHT = "a KL whose weight is computed from values of each step, and detached: no fixed beta"
_NO_WEIGHT = "a KL that is multiplied by 0 in this step, as at the start of a warm-up"


def judge_divergences(judged: Judged) -> list[Decision]:
    """What is decided of each term of a posterior, and of what has none."""
    assessed = judged.assessed
    posteriors = assessed.question.posteriors
    decisions = [_of_group(judged, group, posterior) for group, posterior in assessed.divergences()]
    unknown = _unsure_of_latents(assessed)
    stray = any(group.kind in (MIXED, PARAMETER) for group in assessed.objective.groups)
    if not decisions and (assessed.samplers or not judged.sampled):
        of_one_array = any(one.leaves & other.leaves for one, other in combinations(posteriors, 2))
        # of columns of one array, the KL of one latent looks like a term of both
        if unknown or stray or of_one_array or (not judged.sampled and assessed.made_from(posteriors[0].leaves)):
            return [Decision("divergence", "UNKNOWN", OfDivergence.NOT_RECOGNISED)]
        return [_absent(judged)]
    missing = len(posteriors) - len(assessed.with_divergences())
    if decisions and missing > 0 and _may_be_the_decoders(assessed):
        decisions.append(Decision("divergence", "UNKNOWN", OfDivergence.MAY_BE_THE_DECODERS))
    elif decisions and missing > 0 and not unknown and not stray:
        witness = too_few(len(posteriors) - missing, len(posteriors), "latents' KLs")
        reason = LatentsWithoutKl(missing)
        decisions.append(Decision("divergence", "REFUTED", reason, witness=witness, bug="kl-partial"))
    return decisions


def _may_be_the_decoders(assessed: Assessed) -> bool:
    """Whether a sample without a KL is made from other draws: the noise of a decoder's own layer needs none."""
    leaves, known = assessed.run.reading.leaves, assessed.with_divergences()
    others = (p for k, p in enumerate(assessed.question.posteriors) if k not in known)
    return any(
        name in leaves and leaves[name].noise
        for posterior in others
        for name in assessed.question.as_recorded(posterior.leaves)
    )


def _unsure_of_latents(assessed: Assessed) -> bool:
    """Whether not every sample is a known posterior's, or what is decoded may not be the sample alone."""
    samplers = assessed.samplers
    if sum(len(p.draws) or 1 for p in assessed.question.posteriors) < len(samplers):
        return True
    return any(d.verdict in ("UNKNOWN", "OTHER") for d in samplers) or passes_by_the_sample(assessed)


def _absent(judged: Judged) -> Decision:
    """Of a loss without a term of the posterior alone."""
    reading = judged.assessed.run.reading
    if judged.declared.beta is None and (line := _multiplied_by_0(judged.assessed)) is not None:
        return Decision("divergence", "OTHER", IsOther(_NO_WEIGHT), source=line, other=_NO_WEIGHT)
    witness = no_slope_of_divergence("the loss, as torch has it, but for the likelihood")
    if (line := min(reading.halted, default=None)) is not None:
        reason = OfDivergence.DETACHED
        return Decision("divergence", "REFUTED", reason, witness=witness, bug="detached", source=line)
    return Decision("divergence", "REFUTED", OfDivergence.ABSENT, witness=witness, bug="kl-zero")


def _multiplied_by_0(assessed: Assessed) -> str | None:
    """The line at which something of a posterior is multiplied by what is 0 in this run, but is not written as 0."""
    question, weightless = assessed.question, assessed.run.reading.weightless
    own = frozenset().union(*(posterior.leaves for posterior in question.posteriors))
    others = frozenset(question.data) | frozenset(question.outputs)
    lines = (line for leaves, line in weightless if leaves & own and not leaves & others)
    return next((line for line in lines if not has_literal_0(line)), None)


def _of_group(judged: Judged, group: Group, posterior: Posterior) -> Decision:
    """What is known of a group that depends on a posterior."""
    assessed = judged.assessed
    if group.theorem is None and _of_other_law(assessed, posterior):
        return Decision("divergence", "UNKNOWN", OfDivergence.NOT_RECOGNISED, source=assessed.line_of(group))
    if group.theorem is None and (other := _of_other(assessed, group)) is not None:
        return other
    weight, line = assessed.weights.get(group.kind), assessed.line_of(group)
    trains = _trained_by(assessed, group)
    decision = judge_divergence(assessed.objective, group, posterior, assessed.names, weight, line, trains)
    if decision.verdict == "REFUTED" and (
        _stands_elsewhere(assessed, posterior)
        or _of_all_rows(assessed, posterior)
        or "uniform" in assessed.laws_of(posterior)  # no KL of a normal it may be, and that of its own law
    ):
        return Decision("divergence", "UNKNOWN", OfDivergence.NOT_RECOGNISED, decision.formula, source=line)
    if decision.verdict == "REFUTED" and (unread := of_posterior_alone(assessed, posterior)) is not None:
        reason = ThroughUnread(unread.operation)
        return Decision("divergence", "UNKNOWN", reason, decision.formula, source=unread.source)
    if group.found is None:
        return decision
    target = group.found.target
    if not target.at_draw and prior_sees_sample(assessed.question, posterior, target):
        return decision.but("UNKNOWN", OfDivergence.PRIOR_SEES_SAMPLE)
    if decision.verdict != "PROVED":
        return decision
    if _is_of_other_rows(assessed, target, posterior):
        return decision.but("UNKNOWN", OfDivergence.PRIOR_OF_OTHER_ROWS)
    if count := priors_of_rows(assessed, group, posterior):
        return decision.but("REFUTED", PriorsOfRows(count), witness=least_of_two_priors(), bug="kl-formula")
    if name := _weights_of_places(assessed, target, posterior):
        return decision.but("OTHER", IsOther(name), other=name)
    if counted_twice(assessed, posterior):
        return decision.but("OTHER", IsOther(_WEIGHT_FOR_EACH), other=_WEIGHT_FOR_EACH)
    if part := part_of_latents(assessed, group, posterior):
        witness = too_few(*part, "coordinates")
        return decision.but("REFUTED", PartOfCoordinates(*part), witness=witness, bug="kl-partial")
    return _with_prior(judged, decision, group, target, posterior)


def _of_all_rows(assessed: Assessed, posterior: Posterior) -> bool:
    """Whether rows go into each other's posterior, as a mean over the batch does that code subtracts from means."""
    sums = (p for term in posterior.terms for p in subterms(term.term) if p.head == Binder("sum"))
    lengths = (total.arguments[0].head for total in sums)
    return any(is_length(length) and axis_of(length) in assessed.question.rows for length in lengths)


def _of_other_law(assessed: Assessed, posterior: Posterior) -> bool:
    """Whether its draws are no normal's, nor taken for one: what a KL of an exponential is says nothing of normals."""
    return bool(assessed.laws_of(posterior) - {"", "normal", "uniform"})


def _trained_by(assessed: Assessed, group: Group) -> Trains:
    """Whether a gradient goes to what is made of some arrays, and from this group alone.

    Inside of vmap autograd knows of no layer's output, but of the parameters that are added to it.
    """
    result, question = assessed.run.reading.result, assessed.question
    others = (names_in(other.body) for other in assessed.objective.groups if other is not group)
    stopped = (stop.leaves for stop in result.stops)
    kept = question.data.union(question.as_recorded(frozenset().union(*others)), *stopped)

    def trains(names: frozenset[str]) -> bool:
        recorded = question.as_recorded(names)
        return bool(recorded & result.live) and not recorded & kept

    return trains


def _stands_elsewhere(assessed: Assessed, posterior: Posterior) -> bool:
    """Whether a posterior stands in a term that was not told apart, too: a part of its KL may be there.

    So the mixture (q1 + q2) / 2 has log q1(z) and log q2(z) in one logarithm; the squares of a triangle that is taken a
    second time of the same matrix speak of another array; and a flow's log-determinant is a network's of the draw.
    """
    own, akin = posterior.leaves | {*posterior.draws}, assessed.question.akin
    groups, leaves = assessed.objective.groups, assessed.run.reading.leaves
    if any(group.kind is PARAMETER and names_in(group.body) & akin for group in groups):
        return True
    beside = {name for group in assessed.objective.reconstructions for name in outputs_beside(assessed.question, group)}
    if any(leaves[name].noise & {*posterior.draws} for name in assessed.question.as_recorded(beside)):
        return True
    return any(group.kind is MIXED and names_in(group.body) & own for group in groups)


def _of_other(assessed: Assessed, group: Group) -> Decision | None:
    """Of a group that is no KL, and known otherwise: a constant, or a part of another objective."""
    question, formula, line = assessed.question, assessed.names.text(group.body), assessed.line_of(group)
    if is_constant(question, group):
        witness, reason = no_slope_of_divergence("this term"), OfDivergence.ONE_NUMBER
        return Decision("divergence", "REFUTED", reason, formula, witness=witness, bug="kl-clamped", source=line)
    name = function_of_divergence(question, group)
    name = name or (PAIRS if compares_rows(assessed.run.reading.axes, group) else None)
    name = name or mixture_prior(question, group) or weighed_by_parameters(question, group)
    return Decision("divergence", "OTHER", IsOther(name), formula, source=line, other=name) if name else None


def _is_of_other_rows(assessed: Assessed, target: Quantity, posterior: Posterior) -> bool:
    """Whether a learned prior is none of a row's own: made from a latent, and one for all rows."""
    rows = set(posterior.axes) & assessed.question.rows
    parameters = target.parameters if target.learned else ()
    return any(assessed.question.noise_in(p) and not rows <= set(axes_in(p.term)) for p in parameters)


def _weights_of_places(assessed: Assessed, target: Quantity, posterior: Posterior) -> str | None:
    """What the constants are that a KL is multiplied by, if not numbers; None for the mask of the data itself."""
    if (mask := target.mask) is None:
        return None
    compared = assessed.reconstruction
    other = compared.found.target.mask if compared is not None and compared.found is not None else None
    of_rows = set(axes_in(mask.term)) <= set(posterior.axes[:-1])  # and not of latent coordinates
    same = other is not None and other.term is mask.term
    if of_rows and same and is_mask(mask, assessed.question):
        return None
    leaves = assessed.run.reading.leaves
    computed = any(leaves[n].kind == "constant" and leaves[n].inputs for n in names_in(mask) if n in leaves)
    return _COMPUTED_WEIGHT if computed else _WEIGHTS_OF_PLACES


def _with_prior(judged: Judged, decision: Decision, group: Group, target: Quantity, posterior: Posterior) -> Decision:
    """The decision, where its prior is the one declared; noted where it is not N(0, I) and nothing was declared."""
    assessed, declared = judged.assessed, judged.declared
    if declared.prior_name not in (None, target.name):
        witness = witness_of_another_prior(assessed.question, group, posterior, declared, assessed.names)
        bug = "kl-formula" if witness else None
        reason = PriorNotDeclared(target.name, declared.prior)
        return decision.but("REFUTED" if witness else "UNKNOWN", reason, witness=witness, bug=bug)
    if target.name == "N(0, I)":
        return decision
    return decision.noting(PriorIs(target.name, declared=declared.prior is not None))
