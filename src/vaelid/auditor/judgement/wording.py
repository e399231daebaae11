"""What every reason says, in one sentence: values come in, sentences and claims go out.

Decisions have no words, and this file decides nothing. A reason without facts has a sentence; one with facts a template
with their names in it, or a function where the words depend on them. `PartOfCoordinates(2, 3)` says "it is the KL of 2
of the 3 coordinates that are sampled."
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from vaelid.auditor.findings.report import Claim
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.reasons import (
    base,
    notes,
    of_divergence,
    of_objective,
    of_reconstruction,
    of_sampler,
)
from vaelid.auditor.judgement.reasons.base import Reason
from vaelid.auditor.judgement.reasons.notes import Note
from vaelid.auditor.judgement.reasons.of_divergence import Mistake, OfDivergence
from vaelid.auditor.judgement.reasons.of_objective import OfObjective
from vaelid.auditor.judgement.reasons.of_reconstruction import OfReconstruction
from vaelid.auditor.judgement.reasons.of_sampler import OfSampler

__all__ = ["SENTENCES", "claim_of", "sentence_of"]


Sentence = str | Callable[[Any], str]


def claim_of(decision: Decision) -> Claim:
    """A decision in words."""
    return Claim(
        decision.part,
        decision.verdict,
        sentence_of(decision.reason),
        formula=decision.formula,
        weight=decision.weight,
        theorems=decision.theorems,
        witness=decision.witness,
        bug=decision.bug,
        source=decision.source,
    )


def sentence_of(reason: Reason) -> str:
    """What a reason says."""
    sentence = SENTENCES[reason if isinstance(reason, Enum) else type(reason)]
    return sentence.format_map(vars(reason)) if isinstance(sentence, str) else sentence(reason)


# parts of sentences


_MISTAKES: Mapping[Mistake, str] = {
    Mistake.DEVIATION_AS_VARIANCE: "; it is the KL if the variance is what is sampled with as deviation",
    Mistake.VARIANCE_AS_DEVIATION: "; it is the KL if the deviation is what is sampled with as variance",
    Mistake.REVERSED: "; it is KL(N(0, I) || q), the other way round",
    Mistake.CLAMPED: "; a clamp or maximum changes it there",
    Mistake.PRIORS_LOGARITHM: "; the logarithm beside its squares is that of another variance of the prior",
    Mistake.UNPROVED: "",
    Mistake.UNKNOWN: "",
}


def _mistake(mistake: Mistake | of_divergence.ScaledNoise) -> str:
    if isinstance(mistake, Mistake):
        return _MISTAKES[mistake]
    return f"; it is the KL of a deviation {mistake.times:.6g} times the one that is sampled with"


def _no_kl(reason: of_divergence.NoKl) -> str:
    return (
        f"no weight and constant make it the KL of what is sampled to a normal prior: at {reason.point} it is "
        f"{reason.computed}, and would have to be {reason.expected}{_mistake(reason.mistake)}."
    )


def _not_positive(reason: of_divergence.NotPositive) -> str:
    sign = "zero" if reason.weight.number == 0 else "negative: it falls as the divergence grows"
    return f"the weight of the KL is {sign}."


def _no_gradient(reason: of_sampler.NoGradientTo) -> str:
    return f"z has the right value, but no gradient goes back through it to the {' and '.join(reason.parts)}."


def _standard_draw(reason: of_sampler.StandardDraw) -> str:
    if reason.correlated:
        return f"z = mean + L eps, with a lower triangular L and a standard normal draw eps: {reason.formula}."
    return f"z = mean + deviation * eps, one standard normal draw for each coordinate: {reason.formula}."


def _is_kl(reason: of_divergence.IsKl) -> str:
    law, own = ("L L^T", "L") if reason.correlated else ("sigma^2", "sigma")
    return (
        f"it is {reason.weight} times KL(N(mu, {law}) || {reason.prior}) in nats, with the sampler's own mu and {own}."
    )


def _several_likelihoods(reason: of_reconstruction.SeveralLikelihoods) -> str:
    said = "each of data of its own" if reason.draws is None else f"over {reason.draws} draws in all"
    return f"it is {reason.weight} times -log p(x|z) in nats, {reason.name}, {said}."


def _shared_output(reason: of_reconstruction.SharedOutput) -> str:
    said = ", as if all shared one latent" if reason.sampled else ""
    return f"one output of the decoder is compared with all the data along {reason.axis}{said}."


def _weighted(reason: of_objective.Weighted) -> str:
    """Without a full stop: what may be said of its beta follows."""
    said = f"it is {reason.weight} * (NLL + beta * KL) and a constant, with beta = {reason.beta}"
    return said if reason.value is None else f"{said} = {reason.value} at these sizes"


def _another_beta(reason: of_objective.AnotherBeta) -> str:
    return f"{_weighted(reason.weighted)}: not {reason.declared}. Multiply the KL by {reason.factor:.6g}."


def _stray(reason: of_objective.StrayTerm) -> str:
    kinds = "the posterior and the decoder together" if reason.mixed else "parameters only"
    return f"a term speaks of {kinds}: {reason.formula}."


def _prior(reason: notes.PriorIs) -> str:
    return f"the prior is {reason.name}, {'as declared' if reason.declared else 'inferred from the loss'}"


# sentences


_OF_SAMPLER: Mapping[Any, Sentence] = {
    OfSampler.GUMBEL_SOFTMAX: "z is a relaxed categorical draw (Gumbel-softmax): no Gaussian posterior.",
    OfSampler.NOT_AFFINE: "z is not a mean plus a deviation times noise.",
    OfSampler.UNIFORM_NOISE: "the noise is uniform on (0, 1): its mean is 1/2 and its variance 1/12, where a normal "
    "draw has 0 and 1.",
    OfSampler.UNIFORM_POSTERIOR: "z is drawn from a uniform law, and no KL of a normal law was recognised: it may be "
    "that of a uniform posterior, which is not read here.",
    OfSampler.MAY_BE_SCORE_FUNCTION: "no gradient goes back through z, and a term has the likelihood and the posterior "
    "in it: it may be the gradient of a score function (REINFORCE), which is not read here.",
    OfSampler.FROZEN_NOISE: "the noise is the same in every step: it is not drawn anew.",
    OfSampler.ANOTHER_GRADIENT: "z has the right value, but another gradient: a backward, or a hook, of your own "
    "changes it.",
    OfSampler.TWO_LATENTS_OF_ONE_DRAW: "two latents, each with a KL of its own, are made of one draw: they are not "
    "independent.",
    OfSampler.ONE_DRAW_IN_SEVERAL_TENSORS: "one draw stands in several tensors that enter networks: which of them is "
    "the latent is not known.",
    OfSampler.NOTHING_DRAWN_IS_DECODED: "z is drawn, and stands in the KL alone: nothing that was drawn is decoded.",
    OfSampler.NOISE_OUTSIDE_TORCH: "its noise is drawn outside torch, by numpy or Python's random: its law is not "
    "known here.",
    OfSampler.CONSTANT_NOISE: "what stands for its noise is a constant, the same in every step.",
    OfSampler.NO_NOISE: "no noise from torch reaches the decoder: z is not sampled, or its noise comes from elsewhere.",
    OfSampler.NO_NOISE_SOMEWHERE: "some coordinates of z have no noise: their deviation is multiplied by a constant "
    "that is 0, and their mean is decoded.",
    OfSampler.NOTHING_SAMPLED: "nothing is sampled.",
    of_sampler.SeveralDraws: lambda reason: f"z has several draws in it ({', '.join(reason.draws)}).",
    of_sampler.SharedDraw: "one draw is shared along {axes}: the coordinates of z are not independent.",
    of_sampler.PartlyShared: "of the draws that are added, one is shared along {axes}: the places of z are "
    "correlated, and the KL of such a law is not read.",
    of_sampler.UnknownLaw: "the law of the noise, drawn by {operation}, is not known here.",
    of_sampler.NoGradientTo: _no_gradient,
    of_sampler.Restricted: "the {part} is a constant: the posterior is restricted.",
    of_sampler.StandardDraw: _standard_draw,
    of_sampler.AnotherMoment: "the {what} of z is another: at {point} it is {computed}, not {expected}.",
    of_sampler.UnprovedMoment: "the {what} of z: {failure}.",
    of_sampler.StrayNoise: "noise is drawn in the step ({lines}), but no sample of it was recognised.",
}

_OF_DIVERGENCE: Mapping[Any, Sentence] = {
    OfDivergence.DETACHED: "no gradient goes back through a term of the posterior alone: it is detached.",
    OfDivergence.ABSENT: "no term of the loss depends on the posterior alone: there is no KL, or its weight is 0.",
    OfDivergence.NOT_RECOGNISED: "what speaks of the posterior was not recognised.",
    OfDivergence.ONE_NUMBER: "what it does to the KL gives one number, whatever the posterior: there is no KL, nor a "
    "gradient.",
    OfDivergence.NOT_QUADRATIC: "it is not quadratic in the noise, as the estimate of a KL to a normal prior is.",
    OfDivergence.NOT_A_SUM: "the terms of the posterior are not a sum over coordinates.",
    OfDivergence.OTHER_ARRAYS: "it has other arrays than the posterior's in it: a mixture, or a prior that is not "
    "known here.",
    OfDivergence.SEVERAL_PLACES: "it speaks of one array at several rows or coordinates at once.",
    OfDivergence.NO_PRIOR_FOUND: "no prior was found for which it is a divergence.",
    OfDivergence.MAY_BE_THE_DECODERS: "a latent that is made from another one has no KL: it may be noise of the "
    "decoder's own, which needs none.",
    OfDivergence.SHARED_ARRAYS: "no prior was found for which it is a divergence; another latent's mean or variance is "
    "made of the same arrays.",
    OfDivergence.PRIOR_SEES_SAMPLE: "its prior is made from the sample itself: a closed form takes both for "
    "independent. Take log q(z) - log p(z) at the draw, or draw the upper latent first.",
    OfDivergence.PRIOR_OF_OTHER_ROWS: "its prior is made from a latent and is one for all rows: another row's latent.",
    OfDivergence.AT_EACH_DRAW: "at each draw it is log q(z|x) - log p(z).",
    of_divergence.IsKl: _is_kl,
    of_divergence.NotPositive: _not_positive,
    of_divergence.LooksLikePrior: "it looks like {name}, but {failure}.",
    of_divergence.FixedLength: "its sizes are fixed, and its formula has a length of {length} in it: at other sizes it "
    "says nothing.",
    of_divergence.ThroughUnread: "it depends on the posterior through {operation}, which is not looked into.",
    of_divergence.AnotherDeviation: "it is the KL of a posterior whose deviation is made from {made_from}, and z is "
    "drawn with a constant one: what is sampled, and its KL, do not move with it.",
    of_divergence.NoKl: _no_kl,
    of_divergence.LatentsWithoutKl: "{missing} of the latents that are sampled have no KL in the loss.",
    of_divergence.PartOfCoordinates: "it is the KL of {here} of the {whole} coordinates that are sampled.",
    of_divergence.PriorsOfRows: "each row's posterior is held against the priors of {count} rows, and not against its "
    "own row's alone: that is no KL to one prior.",
    of_divergence.PriorNotDeclared: "it is the KL to {prior}, where {declared} was declared as the prior.",
}

_OF_RECONSTRUCTION: Mapping[Any, Sentence] = {
    OfReconstruction.UNKNOWN_LIKELIHOOD: "it is the negative logarithm of no likelihood that is known here.",
    OfReconstruction.ABSENT: "no term of the loss depends on what the decoder puts out.",
    OfReconstruction.DETACHED: "no gradient goes back through what compares the decoder's output with data: it is "
    "detached.",
    of_reconstruction.DataCountedTwice: "some of {data} stand in several of its likelihoods: a product of two "
    "densities of one datum is no density of it.",
    OfReconstruction.DIFFERENT_NETWORKS: "its draws are decoded by different networks: it is the likelihood of no one "
    "model.",
    OfReconstruction.SEVERAL_DRAWS_DECODED: "it is of what several draws of one latent were decoded to together, as "
    "their mean is.",
    of_reconstruction.IsLikelihood: "it is {weight} times -log p(x|z) in nats, {name}, plus what does not depend on "
    "the model.",
    of_reconstruction.RewardedLikelihood: "the weight of the negative log-likelihood ({name}) is {weight}: the loss "
    "grows with the likelihood.",
    of_reconstruction.LooksLikeLikelihood: "it looks like {name}, but {failure}",
    of_reconstruction.SeveralLikelihoods: _several_likelihoods,
    of_reconstruction.DifferentWeights: lambda reason: (
        f"its likelihoods of several data have different weights: {', '.join(reason.weights)}."
    ),
    of_reconstruction.OutputUnused: "it is {name}, but the decoder's output {output} does not stand in the loss.",
    of_reconstruction.LikelihoodNotDeclared: "it is a likelihood ({name}), where {declared} was declared.",
    of_reconstruction.PartOfData: lambda reason: (
        f"it is {reason.name}, but of {float(reason.share):.3g} of the data that the decoder puts out."
    ),
    of_reconstruction.SummaryOfData: "it is a likelihood of a summary of the data: {text}.",
    of_reconstruction.CountsOf: "it is a likelihood of counts, but of {text}.",
    of_reconstruction.MovedData: "the data went through {operation}, which may have moved them ({line}).",
    of_reconstruction.SharedOutput: _shared_output,
    of_reconstruction.DecoderSees: "the decoder sees the data besides z ({leaf}): a likelihood only if it sees what "
    "came before.",
    of_reconstruction.NotDecoded: "a latent is not decoded, nor the other one's prior: that drawn at {line}.",
    of_reconstruction.FunctionOfLikelihood: "it is {name}, and no negative log-likelihood.",
    of_reconstruction.AtEachDraw: "at each draw it is -log p(x|z), {likelihood}.",
}

_OF_OBJECTIVE: Mapping[Any, Sentence] = {
    OfObjective.NOTHING_SAMPLED_AS_DECLARED: "nothing is sampled: no noise enters the decoder, where an ELBO was "
    "declared.",
    OfObjective.GRADIENT_CUT_OFF: "its gradient is not that of its value: one is cut off.",
    OfObjective.ANOTHER_GRADIENT: "its gradient is not that of its value: a backward, or a hook, of your own changes "
    "it.",
    OfObjective.BOUND: "it is -log of a sum over draws of p(x, z) / q(z|x), averaged over rows, and a constant.",
    OfObjective.SEVERAL_WEIGHTS: "its terms have several weights.",
    of_objective.Weighted: lambda reason: f"{_weighted(reason)}.",
    of_objective.AnotherBeta: _another_beta,
    of_objective.BetaOfBatch: lambda reason: f"{_weighted(reason.weighted)}: it moves with the batch size.",
    of_objective.WeightsOfKls: lambda reason: f"its KLs have different weights: {', '.join(reason.weights)}.",
    of_objective.PartIsWrong: "its {part} is wrong.",
    of_objective.PartIsNotKnown: "its {part} is not known.",
    of_objective.Failure: "{text}.",
    of_objective.StrayTerm: _stray,
    of_objective.Has: "it has {name}.",
    of_objective.HasInIt: "it is no ELBO, but has {name} in it.",
}

_NOTES: Mapping[Any, Sentence] = {
    Note.BERNOULLI_OF_FRACTIONS: "a Bernoulli likelihood on data between 0 and 1 is no density: the bound is not in "
    "nats of them",
    notes.NotTrained: "no gradient goes back beyond {line}: what is before it is not trained",
    notes.PriorIs: _prior,
    notes.DataChanged: "the data are changed in the loss: {text}",
    notes.OneSideOnly: "`{operation}` had one answer throughout ({line}): the verdict is of values on that side of it",
}

SENTENCES: Mapping[Any, Sentence] = {
    base.Told: "{sentence}",
    base.IsOther: "it is {name}.",
    **_OF_SAMPLER,
    **_OF_DIVERGENCE,
    **_OF_RECONSTRUCTION,
    **_OF_OBJECTIVE,
    **_NOTES,
}
"""Of each reason: by itself where it has no facts, else by its class."""
