"""A term of a posterior is a multiple of its KL, or refuted by a point, or why that is not known."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.judgement.divergence import judge_divergence, witness_of_another_prior
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.reasons.of_divergence import (
    AnotherDeviation,
    IsKl,
    LooksLikePrior,
    Mistake,
    NoKl,
    NotPositive,
    OfDivergence,
    ScaledNoise,
    ThroughUnread,
)
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import EPS, KL, LOGVAR, MU, NAMES, POSTERIOR, found, kl_group, objective, over, question, theorem
from ..witnessed import ball


def decided(body=KL, weight=None, *, posterior=POSTERIOR, asked=None, arrays=None, **changes):
    known = {"found": None, "theorem": None, **changes}
    asked = asked or question(over(body, 0, 1), posteriors=[posterior], arrays=arrays)
    return judge_divergence(objective(asked=asked), kl_group(body=body, **known), posterior, NAMES, weight, "loss.py:2")


def test_a_proved_term_is_its_weight_times_the_kl():
    weight = Monomial(1.0, {"B": -1})
    decision = decided(found=found("N(0, I)", KL), theorem=theorem(), weight=weight)
    assert (decision.verdict, decision.reason) == ("PROVED", IsKl(weight, "N(0, I)"))
    assert (decision.weight, decision.theorems, decision.source) == ("1 / B", (theorem(),), "loss.py:2")


@pytest.mark.parametrize(("number", "bug"), [(0.0, "kl-zero"), (-2.0, "sign")])
def test_a_weight_that_is_not_positive_is_refuted(number, bug):
    weight = Monomial(number, {})
    decision = decided(found=found("N(0, I)", KL, int(number)), theorem=theorem(), weight=weight)
    assert (decision.verdict, decision.bug, decision.reason) == ("REFUTED", bug, NotPositive(weight))
    computed, expected = ball(decision.witness.computed), ball(decision.witness.expected)
    assert not computed.overlaps(expected)
    assert (computed, expected) == ((-2, 2) if number else (0, 1))


# of each mistake, by torch, the KL that was taken: of the posterior N(mu, sigma) in place of N(mu, sigma^2), ...
MISTAKES = {
    "deviation as variance": (
        MU**2 + xp.exp(LOGVAR / 2) - 1 - LOGVAR / 2,
        Mistake.DEVIATION_AS_VARIANCE,
        "std-variance",
        lambda mu, lv: 2 * kl_divergence(Normal(mu, torch.exp(lv / 4)), Normal(0.0, 1.0)),
    ),
    "variance as deviation": (
        MU**2 + xp.exp(2 * LOGVAR) - 1 - 2 * LOGVAR,
        Mistake.VARIANCE_AS_DEVIATION,
        "std-variance",
        lambda mu, lv: 2 * kl_divergence(Normal(mu, torch.exp(lv)), Normal(0.0, 1.0)),
    ),
    "the other way round": (
        xp.exp(-LOGVAR) * (1 + MU**2) + LOGVAR - 1,
        Mistake.REVERSED,
        "kl-reversed",
        lambda mu, lv: 2 * kl_divergence(Normal(0.0, 1.0), Normal(mu, torch.exp(lv / 2))),
    ),
    "of scaled noise": (
        MU**2 + 4 * xp.exp(LOGVAR) - LOGVAR,
        ScaledNoise(2.0),
        "scaled-noise",
        lambda mu, lv: 2 * kl_divergence(Normal(mu, 2 * torch.exp(lv / 2)), Normal(0.0, 1.0)),
    ),
    "a clamp": (
        MU**2 + xp.exp(LOGVAR) - (LOGVAR + 1 - abs(LOGVAR - 1)) / 2,
        Mistake.CLAMPED,
        "clamp",
        None,
    ),
    "no formula": (MU**2 + MU**4 + xp.exp(LOGVAR) - LOGVAR, Mistake.UNKNOWN, "kl-formula", None),
    "signs": (MU**2 - xp.exp(LOGVAR) + LOGVAR, Mistake.UNKNOWN, "kl-formula", None),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_term_that_is_no_kl_is_refuted_with_the_mistake(name):
    body, mistake, bug, _ = MISTAKES[name]
    decision = decided(body)
    assert (decision.verdict, decision.bug) == ("REFUTED", bug)
    assert isinstance(decision.reason, NoKl)
    if isinstance(mistake, ScaledNoise):
        assert decision.reason.mistake.times == pytest.approx(0.5) or decision.reason.mistake.times == pytest.approx(2)
    else:
        assert decision.reason.mistake is mistake
    assert not ball(decision.witness.computed).overlaps(ball(decision.witness.expected))
    assert decision.reason.computed == decision.witness.computed
    assert set(decision.witness.point) == {"mu", "logvar"}


@pytest.mark.parametrize("name", [name for name, (*_, kl) in MISTAKES.items() if kl is not None])
def test_the_mistakes_are_the_kls_that_torch_has(name):
    body, *_, kl = MISTAKES[name]
    mu, logvar = torch.randn(2, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (values,) = question(arrays={"mu": mu, "logvar": logvar}, moved=()).values.whole(body, (0, 1))[:1]
    off = values - kl(mu, logvar)
    torch.testing.assert_close(off, off[0, 0].expand_as(off), rtol=1e-12, atol=1e-12)


def test_a_kl_that_only_the_proof_is_missing_of_is_unknown():
    decision = decided(found=found("N(0, I)", KL), theorem=None, failure="the solvers disagree")
    assert decision.verdict == "UNKNOWN"
    assert decision.reason == LooksLikePrior("N(0, I)", "the solvers disagree")


def test_a_term_that_looks_like_a_kl_and_is_none_far_out_is_refuted():
    body = MU**2 + xp.exp(LOGVAR) - (LOGVAR + 12 - abs(LOGVAR - 12)) / 2
    decision = decided(body, found=found("N(0, I)", KL), theorem=None, failure="not proved")
    assert (decision.verdict, decision.bug) == ("REFUTED", "clamp")
    assert decision.reason.mistake is Mistake.UNPROVED


def test_a_kl_without_a_theorem_or_a_family_is_unknown():
    assert decided().reason is OfDivergence.NO_PRIOR_FOUND


H = element_of("h", (0, 1))
WIDE = {"h": torch.randn(3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (xp.log(xp.exp(-(MU**2)) + xp.exp(-((MU - H) ** 2))) + LOGVAR, OfDivergence.OTHER_ARRAYS),
        ((Z4 := MU + xp.exp(LOGVAR / 2) * EPS) ** 4 - LOGVAR, OfDivergence.NOT_QUADRATIC),
    ],
)
def test_what_keeps_it_from_being_refuted_is_said(body, reason):
    assert decided(body, arrays=WIDE).reason is reason


def test_a_term_of_what_is_not_looked_into_is_unknown():
    asked = question(over(MU * H, 0, 1), arrays=WIDE, derived={"h": "matmul (step.py:8)"})
    assert decided(MU * H, asked=asked).reason == ThroughUnread("matmul (step.py:8)")


def test_a_term_of_several_rows_is_unknown():
    shifted = element_of("mu", (0, 3))
    asked = question(over(MU * shifted, 0, 1))
    assert decided(MU * shifted, asked=asked).reason is OfDivergence.SEVERAL_PLACES


def test_a_sample_of_constant_deviation_whose_kl_has_another_is_refuted():
    posterior = replace(POSTERIOR, log_variance=as_term(0))
    decision = decided(MU**2 + xp.exp(LOGVAR) - 1 - LOGVAR, posterior=posterior)
    assert (decision.verdict, decision.bug) == ("REFUTED", "kl-formula")
    assert decision.reason == AnotherDeviation("logvar[b, l]")


@pytest.mark.parametrize(("prior", "refuted"), [("N(0, I)", True), ("N(1, 4)", False), (None, False)])
def test_a_kl_to_another_prior_than_the_declared_one_has_a_witness(prior, refuted):
    mean, log_s2 = as_term(1), xp.log(as_term(4))
    body = ((MU - mean) ** 2 * xp.exp(-log_s2) + xp.exp(LOGVAR - log_s2) - 1 - LOGVAR + log_s2) / 2
    term = kl_group(body=body)
    witness = witness_of_another_prior(question(over(body, 0, 1)), term, POSTERIOR, Declared(prior=prior), NAMES)
    assert (witness is not None) == refuted
    if witness is not None:
        assert not ball(witness.computed).overlaps(ball(witness.expected))
        at = {name: float(Fraction(value)) for name, value in witness.point.items()}
        q = Normal(torch.tensor(at["mu"]), torch.tensor(at["logvar"]).exp().sqrt())
        kl = kl_divergence(q, Normal(1.0, 2.0))
        assert float(ball(witness.computed)) == pytest.approx(float(kl), rel=1e-5)
