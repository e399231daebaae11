"""Every reason has a sentence, whose words are under test; nothing else is decided in the wording."""

import dataclasses
import importlib
import pkgutil
import string
from enum import Enum
from fractions import Fraction

import pytest

from vaelid.auditor.judgement import reasons
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.reasons.base import IsOther, Reason, Told
from vaelid.auditor.judgement.reasons.notes import DataChanged, NotTrained, OneSideOnly, PriorIs
from vaelid.auditor.judgement.reasons.of_divergence import (
    AnotherDeviation,
    FixedLength,
    IsKl,
    LatentsWithoutKl,
    LooksLikePrior,
    Mistake,
    NoKl,
    NotPositive,
    PartOfCoordinates,
    PriorNotDeclared,
    PriorsOfRows,
    ScaledNoise,
    ThroughUnread,
)
from vaelid.auditor.judgement.reasons.of_objective import (
    AnotherBeta,
    BetaOfBatch,
    Failure,
    Has,
    HasInIt,
    PartIsNotKnown,
    PartIsWrong,
    StrayTerm,
    Weighted,
    WeightsOfKls,
)
from vaelid.auditor.judgement.reasons.of_reconstruction import (
    AtEachDraw,
    CountsOf,
    DataCountedTwice,
    DecoderSees,
    DifferentWeights,
    FunctionOfLikelihood,
    IsLikelihood,
    LikelihoodNotDeclared,
    LooksLikeLikelihood,
    MovedData,
    NotDecoded,
    OutputUnused,
    PartOfData,
    RewardedLikelihood,
    SeveralLikelihoods,
    SharedOutput,
    SummaryOfData,
)
from vaelid.auditor.judgement.reasons.of_sampler import (
    AnotherMoment,
    NoGradientTo,
    PartlyShared,
    Restricted,
    SeveralDraws,
    SharedDraw,
    StandardDraw,
    StrayNoise,
    UnknownLaw,
    UnprovedMoment,
)
from vaelid.auditor.judgement.wording import SENTENCES, claim_of, sentence_of

from ..hand_made import theorem

MODULES = [
    importlib.import_module(f"{reasons.__name__}.{module.name}") for module in pkgutil.iter_modules(reasons.__path__)
]
CLASSES = dict.fromkeys(  # in the same order in every process, as pytest's workers need it
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, Reason) and value is not Reason
)
PLAIN = [member for kind in CLASSES if issubclass(kind, Enum) for member in kind]
WITH_FACTS = [kind for kind in CLASSES if not issubclass(kind, Enum)]

THIRD, PER_ROW, PLAIN_ONE = Monomial(1 / 3, {}), Monomial(1.0, {"B": -1}), Monomial(1.0, {})
WEIGHTED = Weighted(PER_ROW, Monomial(2.0, {"D": 1, "L": -1}), "8")
SAID = [
    (Told("the solvers did not decide it."), "the solvers did not decide it."),
    (Told("with {braces} in it."), "with {braces} in it."),
    (IsOther("free bits: max(KL, a number)"), "it is free bits: max(KL, a number)."),
    (SeveralDraws(("eps", "u")), "z has several draws in it (eps, u)."),
    (
        PartlyShared("L"),
        "of the draws that are added, one is shared along L: the places of z are correlated, and the KL of such a "
        "law is not read.",
    ),
    (SharedDraw("B and L"), "one draw is shared along B and L: the coordinates of z are not independent."),
    (
        AnotherMoment("variance", {"logvar": "1"}, "7.38905609893", "2.71828182846"),
        "the variance of z is another: at {'logvar': '1'} it is 7.38905609893, not 2.71828182846.",
    ),
    (UnprovedMoment("mean", "not decided"), "the mean of z: not decided."),
    (UnknownLaw("bernoulli"), "the law of the noise, drawn by bernoulli, is not known here."),
    (
        NoGradientTo(("mean", "deviation")),
        "z has the right value, but no gradient goes back through it to the mean and deviation.",
    ),
    (Restricted("mean"), "the mean is a constant: the posterior is restricted."),
    (StandardDraw("mu + eps"), "z = mean + deviation * eps, one standard normal draw for each coordinate: mu + eps."),
    (
        StandardDraw("mu + L eps", correlated=True),
        "z = mean + L eps, with a lower triangular L and a standard normal draw eps: mu + L eps.",
    ),
    (StrayNoise("a.py:1"), "noise is drawn in the step (a.py:1), but no sample of it was recognised."),
    (
        IsKl(PER_ROW, "N(0, 4)"),
        "it is 1 / B times KL(N(mu, sigma^2) || N(0, 4)) in nats, with the sampler's own mu and sigma.",
    ),
    (
        IsKl(PER_ROW, "N(0, 4)", correlated=True),
        "it is 1 / B times KL(N(mu, L L^T) || N(0, 4)) in nats, with the sampler's own mu and L.",
    ),
    (NotPositive(Monomial(0.0, {})), "the weight of the KL is zero."),
    (NotPositive(Monomial(-1.0, {})), "the weight of the KL is negative: it falls as the divergence grows."),
    (LooksLikePrior("N(0, I)", "it failed"), "it looks like N(0, I), but it failed."),
    (FixedLength(3), "its sizes are fixed, and its formula has a length of 3 in it: at other sizes it says nothing."),
    (ThroughUnread("mm (a.py:1)"), "it depends on the posterior through mm (a.py:1), which is not looked into."),
    (
        AnotherDeviation("s[b]"),
        "it is the KL of a posterior whose deviation is made from s[b], and z is drawn with a "
        "constant one: what is sampled, and its KL, do not move with it.",
    ),
    (
        NoKl("mu = 1", "2", "3", Mistake.UNKNOWN),
        "no weight and constant make it the KL of what is sampled to a normal "
        "prior: at mu = 1 it is 2, and would have to be 3.",
    ),
    (
        NoKl("mu = 1", "2", "3", Mistake.REVERSED),
        "no weight and constant make it the KL of what is sampled to a normal "
        "prior: at mu = 1 it is 2, and would have to be 3; it is KL(N(0, I) || q), the other way round.",
    ),
    (
        NoKl("mu = 1", "2", "3", ScaledNoise(0.5)),
        "no weight and constant make it the KL of what is sampled to a normal "
        "prior: at mu = 1 it is 2, and would have to be 3; it is the KL of a deviation 0.5 times the one that is "
        "sampled with.",
    ),
    (LatentsWithoutKl(1), "1 of the latents that are sampled have no KL in the loss."),
    (PartOfCoordinates(2, 3), "it is the KL of 2 of the 3 coordinates that are sampled."),
    (
        NoKl("mu = 1", "2", "3", Mistake.PRIORS_LOGARITHM),
        "no weight and constant make it the KL of what is sampled to a normal "
        "prior: at mu = 1 it is 2, and would have to be 3; the logarithm beside its squares is that of another "
        "variance of the prior.",
    ),
    (
        PriorsOfRows(4),
        "each row's posterior is held against the priors of 4 rows, and not against its own row's alone: that is no "
        "KL to one prior.",
    ),
    (PriorNotDeclared("N(0, 4)", "N(0, I)"), "it is the KL to N(0, 4), where N(0, I) was declared as the prior."),
    (
        IsLikelihood(PER_ROW, "Gaussian"),
        "it is 1 / B times -log p(x|z) in nats, Gaussian, plus what does not depend on the model.",
    ),
    (
        RewardedLikelihood(Monomial(-1.0, {}), "Gaussian"),
        "the weight of the negative log-likelihood (Gaussian) is -1: the loss grows with the likelihood.",
    ),
    (LooksLikeLikelihood("Poisson", "its weight is no number"), "it looks like Poisson, but its weight is no number"),
    (
        SeveralLikelihoods("1 / B", "Gaussian", 2),
        "it is 1 / B times -log p(x|z) in nats, Gaussian, over 2 draws in all.",
    ),
    (
        SeveralLikelihoods("1", "Gaussian", None),
        "it is 1 times -log p(x|z) in nats, Gaussian, each of data of its own.",
    ),
    (DifferentWeights(("1", "2")), "its likelihoods of several data have different weights: 1, 2."),
    (OutputUnused("Gaussian", "s"), "it is Gaussian, but the decoder's output s does not stand in the loss."),
    (LikelihoodNotDeclared("Poisson", "laplace"), "it is a likelihood (Poisson), where laplace was declared."),
    (PartOfData("Gaussian", Fraction(1, 3)), "it is Gaussian, but of 0.333 of the data that the decoder puts out."),
    (SummaryOfData("sum(x)"), "it is a likelihood of a summary of the data: sum(x)."),
    (CountsOf("x / 2"), "it is a likelihood of counts, but of x / 2."),
    (MovedData("sort", "a.py:1"), "the data went through sort, which may have moved them (a.py:1)."),
    (
        SharedOutput("D", True),
        "one output of the decoder is compared with all the data along D, as if all shared one latent.",
    ),
    (
        DataCountedTwice("x"),
        "some of x stand in several of its likelihoods: a product of two densities of one datum is no density of it.",
    ),
    (SharedOutput("D", False), "one output of the decoder is compared with all the data along D."),
    (DecoderSees("x_1"), "the decoder sees the data besides z (x_1): a likelihood only if it sees what came before."),
    (NotDecoded("a.py:1"), "a latent is not decoded, nor the other one's prior: that drawn at a.py:1."),
    (FunctionOfLikelihood("the root of it"), "it is the root of it, and no negative log-likelihood."),
    (AtEachDraw("Gaussian"), "at each draw it is -log p(x|z), Gaussian."),
    (Weighted(PER_ROW, PLAIN_ONE), "it is 1 / B * (NLL + beta * KL) and a constant, with beta = 1."),
    (WEIGHTED, "it is 1 / B * (NLL + beta * KL) and a constant, with beta = 2 * D / L = 8 at these sizes."),
    (
        AnotherBeta(WEIGHTED, "1", 1 / 8),
        "it is 1 / B * (NLL + beta * KL) and a constant, with beta = 2 * D / L = 8 at "
        "these sizes: not 1. Multiply the KL by 0.125.",
    ),
    (
        BetaOfBatch(Weighted(PLAIN_ONE, PER_ROW, "1")),
        "it is 1 * (NLL + beta * KL) and a constant, with beta = 1 / B = 1 "
        "at these sizes: it moves with the batch size.",
    ),
    (WeightsOfKls(("1", "2")), "its KLs have different weights: 1, 2."),
    (PartIsWrong("sampler"), "its sampler is wrong."),
    (PartIsNotKnown("divergence"), "its divergence is not known."),
    (Failure("it does not sum the bounds of all rows"), "it does not sum the bounds of all rows."),
    (StrayTerm(True, "f"), "a term speaks of the posterior and the decoder together: f."),
    (StrayTerm(False, "f"), "a term speaks of parameters only: f."),
    (Has("a relaxed posterior"), "it has a relaxed posterior."),
    (HasInIt("free bits"), "it is no ELBO, but has free bits in it."),
    (NotTrained("a.py:1"), "no gradient goes back beyond a.py:1: what is before it is not trained"),
    (PriorIs("N(0, 4)", declared=True), "the prior is N(0, 4), as declared"),
    (PriorIs("N(0, 4)", declared=False), "the prior is N(0, 4), inferred from the loss"),
    (DataChanged("x / 255"), "the data are changed in the loss: x / 255"),
    (
        OneSideOnly("gt", "a.py:1"),
        "`gt` had one answer throughout (a.py:1): the verdict is of values on that side of it",
    ),
]


@pytest.mark.parametrize(("reason", "said"), SAID, ids=[type(reason).__name__ for reason, _ in SAID])
def test_a_reason_with_facts_says_them(reason, said):
    assert sentence_of(reason) == said


def test_every_reason_with_facts_is_said_above():
    assert {type(reason) for reason, _ in SAID} == set(WITH_FACTS)


@pytest.mark.parametrize("reason", PLAIN, ids=str)
def test_a_reason_without_facts_is_one_sentence(reason):
    said = sentence_of(reason)
    assert said == SENTENCES[reason]
    assert "{" not in said
    assert said.endswith(".") or type(reason).__name__ == "Note"  # notes are shown without a full stop
    assert said[0].islower()


def test_no_two_reasons_say_the_same():
    said = [sentence_of(reason) for reason in (*PLAIN, *(reason for reason, _ in SAID))]
    assert len(set(said)) == len(said)


def test_there_is_a_sentence_for_every_reason_and_for_nothing_else():
    assert set(SENTENCES) == {*PLAIN, *WITH_FACTS}


@pytest.mark.parametrize("kind", [kind for kind in WITH_FACTS if isinstance(SENTENCES[kind], str)], ids=str)
def test_a_template_names_the_facts_of_its_reason(kind):
    named = {name for _, name, *_ in string.Formatter().parse(SENTENCES[kind]) if name is not None}
    assert named == {field.name for field in dataclasses.fields(kind)}


def test_a_decision_becomes_a_claim_with_all_that_carries_it():
    decision = Decision(
        "divergence", "PROVED", IsKl(THIRD, "N(0, I)"), "kl", "1/3", (theorem(),), None, "sign", "a.py:1", "x", ()
    )
    claim = claim_of(decision)
    assert (claim.name, claim.verdict, claim.reason) == ("divergence", "PROVED", sentence_of(decision.reason))
    assert (claim.formula, claim.weight, claim.theorems) == ("kl", "1/3", (theorem(),))
    assert (claim.witness, claim.bug, claim.source) == (None, "sign", "a.py:1")
