"""The decision on the whole of a loss: is it c * (NLL + beta * KL) and a constant, and with which beta?

In come what was found out about a loss, and what was decided of its parts; out go a name, as ``beta-ELBO``, and a
`Decision`. For the textbook's loss these are ``ELBO`` and PROVED, with `Weighted(1, 1)`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from vaelid.auditor.findings.witnesses import no_slope_through, separated
from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.formula.kinds import MIXED, PARAMETER, Reconstruction
from vaelid.auditor.judgement.assessed import Assessed, Judged
from vaelid.auditor.judgement.cut_gradients import cuts
from vaelid.auditor.judgement.decision import Decision, name_of_other, refuted_by
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.reasons.base import IsOther, Reason, Told
from vaelid.auditor.judgement.reasons.of_objective import (
    AnotherBeta,
    BetaOfBatch,
    Failure,
    Has,
    HasInIt,
    OfObjective,
    PartIsNotKnown,
    PartIsWrong,
    StrayTerm,
    Weighted,
    WeightsOfKls,
)
from vaelid.auditor.judgement.scale import beta_in_ball, beta_of
from vaelid.auditor.lifting.tensor import Stop
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.other_objectives import PAIRS, RELAXED, autoencoder, compares_rows
from vaelid.spec.digits import apart
from vaelid.theory.kernel import Theorem

__all__ = ["Named", "cut_off", "judge_objective"]


_DERIVED = "an ELBO and a further term of the posterior, as DIP-VAE's on its covariance"

# Weights are fitted in floats and read as fractions: two betas this near are one.
_SAME = 1e-6


@dataclass(frozen=True)
class Named:
    """The name of an objective, and the decision on it."""

    name: str
    decision: Decision


def judge_objective(judged: Judged, others: Sequence[Decision]) -> Named:
    """What the whole is, from what was decided of its parts; each question is asked only if those before it are not so.

    First what makes it another objective, whatever its parts; then what keeps it from being known; then the parts; then
    its beta.
    """
    return (
        _another(judged.assessed, others)
        or _with_stray_terms(judged.assessed, others)
        or _without_gradient(judged.assessed, others)
        or _by_its_parts(others)
        or _by_its_beta(judged)
    )


def _another(assessed: Assessed, others: Sequence[Decision]) -> Named | None:
    """An objective that is known by another name, whatever its parts."""
    of_samples = any(d.part == "sampler" and d.verdict == "OTHER" for d in others)
    if of_samples and not assessed.divergences():
        name, claim = autoencoder(assessed.run)
        return Named(name, Decision("objective", claim.verdict, Told(claim.reason)))
    if name_of_other(others) == PAIRS:
        return Named(PAIRS, Decision("objective", "OTHER", IsOther(PAIRS)))
    if of_samples and assessed.samplers:
        return Named(RELAXED, Decision("objective", "OTHER", Has(RELAXED)))
    for group in assessed.objective.groups:
        if compares_rows(assessed.run.reading.axes, group):
            formula = assessed.names.text(group.body)
            return Named(PAIRS, Decision("objective", "OTHER", IsOther(PAIRS), formula))
    return None


def _with_stray_terms(assessed: Assessed, others: Sequence[Decision]) -> Named | None:
    """A loss with terms of the posterior and the decoder together, or of parameters only."""
    stray = [g for g in assessed.objective.groups if g.kind in (MIXED, PARAMETER)]
    if not stray:
        return None
    first = stray[0]
    formula = assessed.names.text(first.body)
    known = not any(d.verdict in ("REFUTED", "UNKNOWN") for d in others)
    # of a covariance a KL to a prior that has one, too, speaks of the same arrays in ways that are not read
    diagonal = all(posterior.below is None for posterior in assessed.question.posteriors)
    if known and diagonal and _is_derived(assessed, stray):
        return Named(_DERIVED, Decision("objective", "OTHER", IsOther(_DERIVED), formula))
    if first.failure:
        return Named("unknown", Decision("objective", "UNKNOWN", Failure(first.failure)))
    return Named("unknown", Decision("objective", "UNKNOWN", StrayTerm(first.kind is MIXED, formula), formula))


def _is_derived(assessed: Assessed, stray: Sequence[Group]) -> bool:
    """Whether stray terms were made from a posterior's own arrays by what is not looked into, beside a whole ELBO."""
    known = [*(group for group, _ in assessed.divergences()), assessed.reconstruction]
    if any(group is None or group.theorem is None for group in known) or len(known) < 2:
        return False
    derived = set(assessed.question.derived)
    return all(group.kind is PARAMETER and names_in(group.body) & derived for group in stray)


_READ_LAWS = ("normal", "uniform")


def _without_gradient(assessed: Assessed, others: Sequence[Decision]) -> Named | None:
    """A loss of the right value whose gradient is cut off, where no part was refuted for it or anything else."""
    if any(d.verdict == "REFUTED" for d in others):
        return None
    told = {d.source for d in others if d.bug == "detached"}
    # a draw of another law may pass its gradient on by torch's own rule, which is not read
    told |= {leaf.source for leaf in assessed.run.reading.leaves.values() if leaf.law not in ("", *_READ_LAWS)}
    stops = [stop for stop in cuts(assessed) if stop.line not in told]
    if not stops:
        return None
    if name := _on_purpose(assessed, stops):
        return Named(name, Decision("objective", "OTHER", IsOther(name), other=name, source=stops[0].line))
    return Named("unknown", cut_off(stops[0]))


_BALANCED = "an ELBO with other shares of the KL's gradient for prior and posterior (KL balancing, as in DreamerV2)"
_REVERSED = "an ELBO with a gradient that is reversed on its way, as of a domain classifier (Ganin et al. 2016)"


def _on_purpose(assessed: Assessed, stops: Sequence[Stop]) -> str | None:
    """The name of what a gradient is changed for on purpose; None where it may as well be a mistake.

    Balancing cuts the prior off in one copy of the KL and the posterior in the other. A backward that has the slope of
    the other sign is one that reverses.
    """
    names = assessed.question.as_recorded(n for group, _ in assessed.divergences() for n in names_in(group.body))
    own = assessed.question.as_recorded(assessed.latent_leaves)
    of_priors = names - own - assessed.question.outputs - assessed.question.data - set(assessed.question.noise)
    cut = frozenset(n for stop in stops for n in stop.leaves)
    if cut & own and cut & of_priors and cut <= own | of_priors and not any(s.another for s in stops):
        return _BALANCED
    slopes = [(s.witness.computed, s.witness.expected) for s in stops if s.another and s.witness is not None]
    signs = [got.lstrip("[").startswith("-") != wanted.lstrip("[").startswith("-") for got, wanted in slopes]
    reversed_only = bool(signs) and all(signs) and len(slopes) == len(stops)
    # of one likelihood alone it is a mistake: there is nothing else whose gradient should go the other way
    return _REVERSED if reversed_only and len(assessed.objective.reconstructions) > 1 else None


def cut_off(stop: Stop) -> Decision:
    """Of a loss of the right value, without its gradient."""
    reason, witness = OfObjective.GRADIENT_CUT_OFF, stop.witness
    if stop.another:
        reason = OfObjective.ANOTHER_GRADIENT
    else:
        witness = no_slope_through({}, "what that line passes on, in what it is given")
    return refuted_by(witness, "objective", reason, "detached", source=stop.line)


def _by_its_parts(others: Sequence[Decision]) -> Named | None:
    """A loss of which a part is wrong, or not known, or another objective's."""
    if wrong := next((d for d in others if d.verdict == "REFUTED"), None):
        return Named("no ELBO", Decision("objective", "REFUTED", PartIsWrong(wrong.part)))
    if unknown := next((d for d in others if d.verdict == "UNKNOWN"), None):
        return Named("unknown", Decision("objective", "UNKNOWN", PartIsNotKnown(unknown.part)))
    if any(d.verdict == "OTHER" for d in others):
        name = name_of_other(others) or "another objective"
        return Named(name, Decision("objective", "OTHER", HasInIt(name)))
    return None


def _by_its_beta(judged: Judged) -> Named:
    """A loss whose parts are all proved."""
    assessed, theorem = judged.assessed, judged.assessed.objective.theorem
    beta, weight = beta_of(assessed, judged.declared), assessed.weights.get(Reconstruction())
    if beta is None or weight is None or theorem is None:
        known = [assessed.weights.get(group.kind) for group, _ in assessed.divergences()]
        weights = tuple(dict.fromkeys(map(str, known)))
        # a length that is none of B, L and D may be that of other rows: a KL to each of their priors has no weight
        letters = {*assessed.names.groups, *assessed.names.of_axis.values()}
        named = all(set(weight.powers) <= letters for weight in known if weight is not None)
        if theorem is not None and None not in known and len(weights) > 1 and named:
            reason = WeightsOfKls(tuple(map(str, known)))
            return Named("ELBO with a weight for each KL", Decision("objective", "OTHER", reason))
        failure = assessed.objective.failure
        reason = Told(failure) if failure else OfObjective.SEVERAL_WEIGHTS
        return Named("unknown", Decision("objective", "UNKNOWN", reason))
    return _weighted(judged, theorem, weight, beta)


def _weighted(judged: Judged, theorem: Theorem, weight: Monomial, beta: Monomial) -> Named:
    """The name of a loss that is an ELBO but for its beta, and what that is beside the one declared."""
    assessed, wanted = judged.assessed, judged.declared.beta
    value = beta.at(assessed.names.sizes)
    shown, declared = apart(value, value if wanted is None else wanted)
    reason = Weighted(weight, beta, shown if beta.powers else None)
    bug = "batch-beta" if "B" in beta.powers else "hidden-beta" if beta.powers else None
    line = _line_of_mean(assessed, beta) if bug == "hidden-beta" else None
    if wanted is not None and not math.isclose(value, wanted, rel_tol=_SAME):
        another = AnotherBeta(reason, declared, wanted / value)
        named = bug or _bug_of_number(value, wanted)
        return Named("beta-ELBO", _of_beta(judged, theorem, another, named, wanted, line=line))
    name = "ELBO" if math.isclose(value, 1, rel_tol=_SAME) else "beta-ELBO"
    if wanted is not None and "B" in beta.powers:
        return Named(name, _of_beta(judged, theorem, BetaOfBatch(reason), "batch-beta", wanted, batches=2))
    return Named(name, Decision("objective", "PROVED", reason, None, str(weight), (theorem,), bug=bug, source=line))


def _bug_of_number(value: float, wanted: float) -> str:
    """The name of what makes a beta another number than the one declared, where neither depends on sizes."""
    if math.isclose(value, 2 * wanted):
        return "kl-doubled"
    return "beta-ignored" if math.isclose(value, 1) else "hidden-scale"


def _line_of_mean(assessed: Assessed, beta: Monomial) -> str | None:
    """The line of the one part that is averaged over more than rows; None where there is not one."""
    parts = [group for group in (assessed.reconstruction, assessed.divergences()[0][0]) if group is not None]
    averaged = [group for group in parts if {*(assessed.weights[group.kind] or beta).powers} - {"B"}]
    return assessed.line_of(averaged[0]) if len(averaged) == 1 else None


def _of_beta(
    judged: Judged,
    theorem: Theorem,
    reason: Reason,
    bug: str,
    wanted: float,
    *,
    batches: int = 1,
    line: str | None = None,
) -> Decision:
    """Of a loss whose beta is not the declared one, or not for all numbers of rows."""
    sizes = judged.assessed.names.sizes
    found = beta_in_ball(judged.assessed, judged.declared, batches)
    at = {n: str(sizes[n] * (batches if n == "B" else 1)) for n in "BDL" if n in sizes}
    meaning = "the weight of the KL beside -log p(x|z), both in nats; the beta that was declared"
    witness = None
    if found is not None and not found.overlaps(arb(wanted)):
        witness = separated(at, found, Fraction(wanted), meaning)
    line = line if witness else None
    return refuted_by(witness, "objective", reason, bug, theorems=(theorem,), source=line)
