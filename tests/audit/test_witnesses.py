"""What is refuted carries two numbers that exclude each other, and they are what torch and the textbooks say."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
import torch
import torch.nn.functional as F
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.distributions import Bernoulli, Laplace, NegativeBinomial, Normal, Poisson

from vaelid.auditor import audit, audit_kl, audit_loss, audit_sampler
from vaelid.auditor.findings.declared import LIKELIHOODS
from vaelid.auditor.findings.witnesses import correlation, separated, uniform

from .cases.case import kl_of, nets
from .witnessed import ball, unwitnessed

NUMBERS = st.fractions(min_value=-1000, max_value=1000, max_denominator=10**15)


@given(NUMBERS, NUMBERS)
def test_two_numbers_that_differ_are_shown_apart(one, other):
    if one == other:
        with pytest.raises(ValueError, match="do not exclude each other"):
            separated({}, one, other, "")
        return
    found = separated({}, one, other, "")
    assert not ball(found.computed).overlaps(ball(found.expected))
    assert ball(found.computed).contains(arb(str(float(one)), 1e-12 * max(1, abs(float(one)))).mid()) or one != float(
        one
    )


def test_balls_that_overlap_are_no_witness():
    with pytest.raises(ValueError, match="do not exclude each other"):
        separated({}, arb("1 +/- 0.1"), arb("1.05 +/- 0.01"), "")


def test_close_numbers_get_the_digits_that_tell_them_apart():
    found = separated({}, arb(1) / 3, Fraction(1, 3) + Fraction(1, 10**14), "")
    assert not ball(found.computed).overlaps(ball(found.expected))


def test_numbers_of_a_ball_without_radius_are_whole():
    shown = {str(value): separated({}, arb(value), 7, "").computed for value in (0, 1, -2, 100, 0.5, 1e12, -0.0078125)}
    assert list(shown.values()) == ["0", "1", "-2", "100", "0.5", "1.00000000000e+12", "-0.0078125"]


def test_a_float_is_shown_as_it_was_written():
    assert separated({}, Fraction(0.1), 1, "").computed == "0.1"
    assert separated({}, Fraction(1, 3), 1, "").computed.startswith("[0.33333333")


def test_the_kurtosis_of_uniform_noise_is_scipys():
    found = uniform()
    assert float(found.computed) == pytest.approx(float(scipy.stats.uniform.stats(moments="k")) + 3)
    assert float(found.expected) == pytest.approx(float(scipy.stats.norm.stats(moments="k")) + 3)


def test_a_share_of_one_draw_is_the_correlation():
    generator = np.random.default_rng(0)
    shared, own = generator.standard_normal((100_000, 1)), generator.standard_normal((100_000, 2))
    measured = np.corrcoef((shared + own).T)[0, 1]
    assert float(correlation("z", Fraction(1, 2)).computed) == pytest.approx(measured, abs=0.02)


def step_of(sample=None, hidden=lambda h: h, decoded=lambda h: h):
    """A step with a layer before the posterior, and one after the latent."""
    torch.manual_seed(0)
    trunk, mean, spread = nn.Linear(7, 6), nn.Linear(6, 3), nn.Linear(6, 3)
    first, last = nn.Linear(3, 6), nn.Linear(6, 7)

    def step(x):
        h = hidden(torch.tanh(trunk(x)))
        mu, logvar = mean(h), spread(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu) if sample is None else sample(mu, logvar)
        x_hat = last(decoded(torch.tanh(first(z))))
        return 0.5 * ((x_hat - x) ** 2).sum() + kl_of(mu, logvar)

    return step


DATA = torch.rand(5, 7, generator=torch.Generator().manual_seed(0))


def test_layers_before_the_posterior_that_are_not_trained_leave_the_elbo():
    found = audit(step_of(hidden=lambda h: h.detach()), DATA)
    assert found.verdict == "PROVED", found
    (note,) = [note for note in found.notes if "no gradient goes back" in note]
    assert "is not trained" in note
    assert found.beta_effective == 1


def test_a_decoder_whose_inside_is_detached_is_refuted():
    found = audit(step_of(decoded=lambda h: h.detach()), DATA)
    assert found.verdict == "REFUTED"
    assert {claim.bug for claim in found.claims} >= {"detached"}
    assert not unwitnessed(found)


@pytest.mark.parametrize(
    ("sample", "cut"),
    [
        (lambda mu, logvar: mu.detach() + torch.exp(0.5 * logvar) * torch.randn_like(mu), "mean"),
        (lambda mu, logvar: mu + torch.exp(0.5 * logvar).detach() * torch.randn_like(mu), "deviation"),
        (lambda mu, logvar: (mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)).detach(), "mean and deviation"),
        (lambda mu, logvar: Normal(mu, torch.exp(0.5 * logvar)).sample(), "mean and deviation"),
    ],
)
@pytest.mark.every(2)
def test_a_cut_gradient_is_said_of_what_it_is_cut_from(sample, cut):
    found = audit(step_of(sample), DATA).claim("sampler")
    assert found.reason == f"z has the right value, but no gradient goes back through it to the {cut}."
    assert (found.witness.computed, found.witness.expected) == ("0", "1")
    mu, logvar = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    z = sample(mu, logvar)
    slopes = torch.autograd.grad(z.sum(), (mu, logvar), allow_unused=True) if z.requires_grad else (None, None)
    assert [name for name, slope in zip(("mean", "deviation"), slopes, strict=True) if slope is None] == cut.split(
        " and "
    )


def test_the_slope_of_a_kl_with_a_wrong_gradient_is_torchs():
    def kl(mu, logvar):
        return 0.5 * (mu**2 + logvar.exp() - 1 - logvar.detach()).sum()

    found = audit_kl(kl)
    assert found.verdict == "REFUTED"
    at = {name: torch.tensor(float(value), dtype=torch.float64) for name, value in found.witness.point.items()}
    logvar = at["logvar"].requires_grad_()
    (slope,) = torch.autograd.grad(kl(at["mu"], logvar), logvar)
    assert float(ball(found.witness.computed)) == pytest.approx(float(slope), rel=1e-11)
    assert float(ball(found.witness.expected)) == pytest.approx(
        (math.exp(float(found.witness.point["logvar"])) - 1) / 2, rel=1e-11
    )


BEFORE = {
    "gaussian": lambda out, x: -Normal(out, 1.0).log_prob(x).sum(),
    "laplace": lambda out, x: -Laplace(out, 1.0).log_prob(x).sum(),
    "bernoulli": lambda out, x: F.binary_cross_entropy_with_logits(out, x, reduction="sum"),
    "poisson": lambda out, x: F.poisson_nll_loss(out, x, reduction="sum"),
}


@pytest.mark.parametrize("meant", LIKELIHOODS)
@pytest.mark.parametrize("family", BEFORE)
@pytest.mark.every(6)
def test_another_likelihood_than_the_declared_one_is_refuted_with_two_numbers(family, meant):
    def loss(logits, x, mu, logvar):
        return BEFORE[family](logits, x) + kl_of(mu, logvar)

    found = audit_loss(loss, likelihood=meant, logits="x_hat")
    if meant == family or (family, meant) == ("bernoulli", "binomial"):  # of one trial
        assert found.verdict == "PROVED", found
        return
    assert found.verdict == "REFUTED", found
    assert not unwitnessed(found)


def test_classes_where_places_were_declared_are_refuted():
    encoder, decoder = nets(12, 3)

    def step(x):
        mu, logvar = encoder(x.flatten(1)).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        scores = decoder(z).reshape(x.shape)
        return F.cross_entropy(scores.transpose(1, 2), x.argmax(-1), reduction="sum") + kl_of(mu, logvar)

    batch = F.one_hot(torch.arange(20).reshape(5, 4) % 3, 3).float()
    assert audit(step, batch, likelihood="categorical").verdict == "PROVED"
    for meant in ("bernoulli", "gaussian"):
        found = audit(step, batch, likelihood=meant)
        assert found.verdict == "REFUTED"
        assert not unwitnessed(found)


@pytest.mark.parametrize("given_", [None, "negative_binomial"])
@pytest.mark.every(2)
def test_what_torch_puts_beside_a_negative_binomial_is_of_the_data(given_):
    def loss(logits, x, mu, logvar):
        return -NegativeBinomial(4.0, logits=logits, validate_args=False).log_prob(x).sum() + kl_of(mu, logvar)

    assert audit_loss(loss, likelihood=given_).verdict == "UNKNOWN"  # right, and never refuted


@pytest.mark.parametrize(
    ("meant", "verdict"), [("N(0, 4)", "PROVED"), ("N(0.0, 4.0)", "PROVED"), ("N(1, 4)", "REFUTED")]
)
def test_priors_are_compared_as_numbers(meant, verdict):
    def loss(x_hat, x, mu, logvar):
        return 0.5 * ((x_hat - x) ** 2).sum() + 0.5 * (mu**2 / 4 + logvar.exp() / 4 - logvar).sum()

    found = audit_loss(loss, prior=meant)
    assert found.verdict == verdict
    assert not unwitnessed(found)


def test_the_beta_of_a_witness_is_at_the_recorded_sizes():
    def loss(x_hat, x, mu, logvar):
        return F.mse_loss(x_hat, x) + kl_of(mu, logvar) / len(x)

    found = audit_loss(loss, beta=1).claim("objective")
    sizes = {name: int(value) for name, value in found.witness.point.items()}
    assert float(ball(found.witness.computed)) == pytest.approx(0.5 * sizes["D"])
    assert found.witness.expected == "1"


def test_a_beta_that_is_right_at_one_batch_is_shown_at_another():
    def loss(x_hat, x, mu, logvar):
        return 0.5 * ((x_hat - x) ** 2).sum() + 5 * kl_of(mu, logvar) / len(x)

    found = audit_loss(loss, beta=1).claim("objective")
    assert found.bug == "batch-beta"
    assert found.witness.point["B"] == "10"
    assert float(ball(found.witness.computed)) == pytest.approx(0.5)


def test_a_sampler_without_noise_has_no_variance():
    found = audit_sampler(lambda mu, logvar: mu)
    assert (found.verdict, found.witness.computed, found.witness.expected) == ("REFUTED", "0", "1")


def test_a_bernoulli_object_is_a_binomial_of_one_trial():
    def loss(logits, x, mu, logvar):
        return -Bernoulli(logits=logits, validate_args=False).log_prob(x).sum() + kl_of(mu, logvar)

    assert audit_loss(loss, likelihood="binomial").verdict == "PROVED"


def test_a_poisson_object_is_no_binomial():
    def loss(rate, x, mu, logvar):
        return -Poisson(rate.exp(), validate_args=False).log_prob(x).sum() + kl_of(mu, logvar)

    assert audit_loss(loss, likelihood="binomial", rate="x_hat").verdict == "REFUTED"
