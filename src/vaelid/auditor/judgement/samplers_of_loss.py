"""The decisions on all samples of a loss, or on there being none.

In comes what was found out about a loss; out go `Decision`s on its sampler. For a step in which nothing that was drawn
reaches the decoder, though a term of it is a KL, it is REFUTED with the bug ``missing-noise``.
"""

from collections.abc import Sequence

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import correlation, without_noise
from vaelid.auditor.formula.kinds import MIXED
from vaelid.auditor.judgement.assessed import Assessed, Judged
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.reasons.base import Reason
from vaelid.auditor.judgement.reasons.of_sampler import NoGradientTo, OfSampler, StrayNoise

__all__ = ["judge_samplers", "passes_by_the_sample"]


def judge_samplers(judged: Judged, divergences: Sequence[Decision]) -> list[Decision]:
    """What is decided of each sample, or of there being none.

    `divergences`: what was decided of each KL: a loss with one has to sample.
    """
    if not judged.sampled:
        return []
    assessed = judged.assessed
    found = [_if_it_may_be_right(assessed, decision, divergences) for decision in assessed.samplers]
    names = [name for posterior in assessed.question.posteriors for name in posterior.draws]
    if len(set(names)) < len(names):
        return [_one_draw_for_two(assessed, found[0].source)]
    if found:
        return found
    constants = _constants_in_the_latent(assessed)
    if names and not constants:
        line = assessed.question.posteriors[0].source
        return [_refuted(OfSampler.NOTHING_DRAWN_IS_DECODED, without_noise(), "missing-noise", line)]
    if lines := assessed.run.reading.stray_noise:
        return [Decision("sampler", "UNKNOWN", StrayNoise(lines))]
    if divergences and constants:
        if constants & assessed.run.moving:
            return [Decision("sampler", "UNKNOWN", OfSampler.NOISE_OUTSIDE_TORCH)]
        line = _line_of_latent(assessed, constants)
        return [_refuted(OfSampler.CONSTANT_NOISE, without_noise("over steps"), "frozen-noise", line)]
    if divergences:
        return [_refuted(OfSampler.NO_NOISE, without_noise(), "missing-noise", _line_of_latent(assessed))]
    return [Decision("sampler", "OTHER", OfSampler.NOTHING_SAMPLED)]


def _if_it_may_be_right(assessed: Assessed, decision: Decision, divergences: Sequence[Decision]) -> Decision:
    """The decision on a sample, UNKNOWN where another term of the loss may make up for what is wrong with it.

    Uniform noise is wrong beside the KL of a normal; a term that was not recognised may be the KL of a uniform law. A z
    that is cut off has no gradient but by a term with the likelihood and log q(z) in it, as -log p(x|z) log q(z).
    """
    if decision.bug == "uniform-noise" and any(divergence.verdict == "UNKNOWN" for divergence in divergences):
        return decision.but("UNKNOWN", OfSampler.UNIFORM_POSTERIOR)
    mixed = any(group.kind is MIXED for group in assessed.objective.groups)
    if isinstance(decision.reason, NoGradientTo) and mixed:
        return decision.but("UNKNOWN", OfSampler.MAY_BE_SCORE_FUNCTION)
    return decision


def _one_draw_for_two(assessed: Assessed, line: str | None) -> Decision:
    """Of a draw that is in two posteriors: each with a KL is a latent; else one of them may be a layer of the other."""
    if len(assessed.with_divergences()) == len(assessed.question.posteriors):
        witness = correlation("the noise of the two latents")
        return _refuted(OfSampler.TWO_LATENTS_OF_ONE_DRAW, witness, "shared-noise", line)
    return Decision("sampler", "UNKNOWN", OfSampler.ONE_DRAW_IN_SEVERAL_TENSORS, source=line)


def _refuted(reason: Reason, witness: Witness, bug: str, line: str | None) -> Decision:
    return Decision("sampler", "REFUTED", reason, witness=witness, bug=bug, source=line)


def _constants_in_the_latent(assessed: Assessed) -> frozenset[str]:
    """The arrays of constants that enter a network together with the posterior's mean or deviation."""
    reading, own = assessed.run.reading, assessed.latent_leaves
    constants = {n for n, leaf in reading.leaves.items() if leaf.kind == "constant"}
    together = [entered.leaves & constants for entered, _ in reading.entering if entered.leaves & own]
    return frozenset().union(*together)


def _line_of_latent(assessed: Assessed, constants: frozenset[str] = frozenset()) -> str | None:
    """The line at which what stands for the latent enters a network: its mean, or it with these constants."""
    entering, own = assessed.run.reading.entering, assessed.latent_leaves
    return next((m.source for t, m in entering if t.leaves & own and (not constants or t.leaves & constants)), None)


def passes_by_the_sample(assessed: Assessed) -> bool:
    """Whether a posterior's mean or deviation is in the loss by what is not looked into, and not by a sample."""
    reading, question, own = assessed.run.reading, assessed.question, assessed.latent_leaves
    here = {name for name in reading.result.leaves if reading.leaves[name].kind == "made"} - own
    if any(name in question.derived and not reading.leaves[name].noise for name in here):
        return True
    beside = (made for t, made in reading.entering if t.leaves & own and not t.leaves & set(question.noise))
    return any(made.name in here and made.noise.intersection(question.noise) for made in beside)
