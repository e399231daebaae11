"""Posteriors with covariances, N(mu, L L^T): their losses are PROVED, and mistakes in them never are.

The truth is torch.distributions': what is right here is its density, or equal to it.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import (
    Independent,
    LowRankMultivariateNormal,
    MultivariateNormal,
    Normal,
    constraints,
    kl_divergence,
    transform_to,
    transforms,
)

from vaelid.auditor import audit

L, D, ROWS = 3, 6, 5
torch.manual_seed(0)
ENCODER = nn.Sequential(nn.Linear(D, 8), nn.Tanh(), nn.Linear(8, L + L * L))
DECODER, OF_PRIOR = nn.Linear(L, D), nn.Linear(2, 2 * L)
X = torch.randn(ROWS, D)


def heads(x):
    mu, raw = torch.split(ENCODER(x), [L, L * L], dim=-1)
    return mu, raw.view(-1, L, L)


def diagonal(matrix):
    return matrix.diagonal(dim1=-2, dim2=-1)


def factor(raw, positive=F.softplus):
    return raw.tril(-1) + torch.diag_embed(positive(diagonal(raw)))


def drawn(mu, scale_tril):
    return mu + (scale_tril @ torch.randn_like(mu).unsqueeze(-1)).squeeze(-1)


def closed(mu, scale_tril):
    log_det = 2 * diagonal(scale_tril).log().sum(-1)
    return 0.5 * (scale_tril.pow(2).sum((-2, -1)) + mu.pow(2).sum(-1) - L - log_det)


def standard():
    return MultivariateNormal(torch.zeros(L), torch.eye(L))


def nll(x, z):
    return 0.5 * (x - DECODER(z)).pow(2).sum()


def by_hand(mu, raw):
    scale_tril = factor(raw)
    return drawn(mu, scale_tril), closed(mu, scale_tril)


def by_exponential(mu, raw):
    scale_tril = factor(raw, torch.exp)
    return drawn(mu, scale_tril), closed(mu, scale_tril)


def by_einsum(mu, raw):
    scale_tril = factor(raw, lambda h: F.softplus(h) + 1e-4)
    return mu + torch.einsum("bij,bj->bi", scale_tril, torch.randn_like(mu)), closed(mu, scale_tril)


def by_products(mu, raw):
    scale_tril = factor(raw)
    return mu + (scale_tril * torch.randn_like(mu)[:, None, :]).sum(-1), closed(mu, scale_tril)


def by_library(mu, raw):
    q = MultivariateNormal(mu, scale_tril=factor(raw))
    return q.rsample(), kl_divergence(q, standard())


def by_transform(mu, raw):
    q = MultivariateNormal(mu, scale_tril=transforms.LowerCholeskyTransform()(raw))
    return q.rsample(), kl_divergence(q, standard())


def by_constraint(mu, raw):
    q = MultivariateNormal(mu, scale_tril=transform_to(constraints.lower_cholesky)(raw))
    return q.rsample(), kl_divergence(q, standard())


def at_the_draw(mu, raw):
    q = MultivariateNormal(mu, scale_tril=factor(raw))
    z = q.rsample()
    return z, q.log_prob(z) - standard().log_prob(z)


def by_entropy(mu, raw):
    q = MultivariateNormal(mu, scale_tril=factor(raw))
    z = q.rsample()
    return z, -Independent(Normal(torch.zeros(L), torch.ones(L)), 1).log_prob(z) - q.entropy()


def to_a_fixed_prior(mu, raw):
    q = MultivariateNormal(mu, scale_tril=factor(raw))
    return q.rsample(), kl_divergence(q, MultivariateNormal(torch.full((L,), 0.5), 4 * torch.eye(L)))


RIGHT = [
    by_hand,
    by_library,
    at_the_draw,
    by_exponential,
    by_einsum,
    by_products,
    by_transform,
    by_constraint,
    by_entropy,
]


def some_now(ways, now):
    """The first of them in every run, the others with the slow tests: an audit takes a second or two."""
    marks = [() if k < now else (pytest.mark.slow,) for k in range(len(ways))]
    return [pytest.param(way, marks=mark, id=way.__name__) for way, mark in zip(ways, marks, strict=True)]


@pytest.mark.parametrize("way", some_now(RIGHT, 3))
@pytest.mark.every(2)
def test_it_is_proved(way):
    def step(x):
        z, kl = way(*heads(x))
        return (nll(x, z) + kl.sum()) / len(x)

    report = audit(step, X, beta=1, likelihood="gaussian", prior="N(0, I)")
    assert (report.verdict, report.beta_effective) == ("PROVED", 1), report
    assert len(report.premises) == 9
    assert "KL(N(mu, L L^T) || N(0, I))" in str(report)


def test_its_weight_is_beta():
    def step(x):
        z, kl = by_hand(*heads(x))
        return (nll(x, z) + 4 * kl.sum()) / len(x)

    assert audit(step, X).beta_effective == 4


def test_the_mean_over_latents_is_not_their_sum():
    def step(x):
        z, kl = by_hand(*heads(x))
        return (nll(x, z) + kl.sum() / L) / len(x)

    report = audit(step, X, beta=1)
    assert (report.verdict, report.beta_effective) == ("REFUTED", pytest.approx(1 / 3))


def test_a_fixed_prior_is_named():
    def step(x):
        z, kl = to_a_fixed_prior(*heads(x))
        return (nll(x, z) + kl.sum()) / len(x)

    assert audit(step, X, prior="N(0.5, 4)").verdict == "PROVED"


@pytest.mark.slow
def test_a_prior_of_conditions():
    def step(batch):
        x, c = batch
        mu, raw = heads(x)
        q = MultivariateNormal(mu, scale_tril=factor(raw))
        mean, logvar = OF_PRIOR(c).chunk(2, dim=-1)
        kl = kl_divergence(q, MultivariateNormal(mean, torch.diag_embed(logvar.exp())))
        return (nll(x, q.rsample()) + kl.sum()) / len(x)

    report = audit(step, (X, torch.randn(ROWS, 2)))
    assert (report.verdict, report.beta_effective) == ("PROVED", 1), report


@pytest.mark.slow
def test_several_draws():
    def step(x):
        mu, raw = heads(x)
        q = MultivariateNormal(mu, scale_tril=factor(raw))
        z = q.rsample((3,))
        return (0.5 * (x - DECODER(z)).pow(2).sum((-2, -1)).mean() + kl_divergence(q, standard()).sum()) / len(x)

    report = audit(step, X)
    assert (report.verdict, report.beta_effective) == ("PROVED", 1), report


def _draws_in_a_loop(weights, prior):
    """A KL at each of several draws that a loop takes, each with a weight of its own."""

    def step(batch):
        x, c = batch
        mu, raw = heads(x)
        scale_tril, p, loss = factor(raw), prior(c), 0.0
        for weight in weights:
            z = drawn(mu, scale_tril)
            kl = MultivariateNormal(mu, scale_tril=scale_tril).log_prob(z) - p.log_prob(z)
            loss = loss + nll(x, z) / len(weights) + weight * kl.sum()
        return loss / len(x)

    return step


def _of_conditions(c):
    mean, logvar = OF_PRIOR(c).chunk(2, dim=-1)
    return Independent(Normal(mean, (logvar / 2).exp()), 1)


@pytest.mark.parametrize(
    ("weights", "verdict", "beta"),
    [
        ((0.5, 0.5), "PROVED", 1),
        pytest.param((1 / 3, 1 / 3, 1 / 3), "PROVED", 1, marks=pytest.mark.slow),
        pytest.param((1.0, 1.0), "PROVED", 2, marks=pytest.mark.slow),
        ((-0.5, -0.5), "REFUTED", -1),
    ],
)
@pytest.mark.every(2)
def test_draws_that_a_loop_takes(weights, verdict, beta):
    batch = X, torch.randn(ROWS, 2)
    report = audit(_draws_in_a_loop(weights, lambda c: standard()), batch)
    assert (report.verdict, report.beta_effective) == (verdict, beta), report


@pytest.mark.slow
def test_draws_that_a_loop_takes_and_a_prior_of_conditions():
    batch = X, torch.randn(ROWS, 2)
    report = audit(_draws_in_a_loop((0.5, 0.5), _of_conditions), batch, beta=1)
    assert report.verdict == "PROVED", report


def without_covariances(mu, raw):
    scale_tril = factor(raw)
    return drawn(mu, scale_tril), closed(mu, torch.diag_embed(diagonal(scale_tril)))


def twice_the_covariances(mu, raw):
    below, on = raw.tril(-1), torch.diag_embed(F.softplus(diagonal(raw)))
    return drawn(mu, 2 * below + on), closed(mu, below + on)


def averages_of_unequal_numbers(mu, raw):
    scale_tril = factor(raw)
    squares = scale_tril.pow(2).mean((-2, -1)) + mu.pow(2).mean(-1)
    return drawn(mu, scale_tril), 0.5 * (squares - 1 - 2 * diagonal(scale_tril).log().mean(-1))


def reversed_kl(mu, raw):
    q = MultivariateNormal(mu, scale_tril=factor(raw))
    return q.rsample(), kl_divergence(standard(), q)


def minus_the_kl(mu, raw):
    z, kl = by_hand(mu, raw)
    return z, -kl


def covariances_detached_in_the_kl(mu, raw):
    scale_tril = factor(raw)
    return drawn(mu, scale_tril), closed(mu, scale_tril.detach())


def factor_detached_in_the_draw(mu, raw):
    scale_tril = factor(raw)
    return drawn(mu, scale_tril.detach()), closed(mu, scale_tril)


def uniform_noise(mu, raw):
    scale_tril = factor(raw)
    return mu + (scale_tril @ torch.rand_like(mu).unsqueeze(-1)).squeeze(-1), closed(mu, scale_tril)


REFUTED = [
    without_covariances,
    twice_the_covariances,
    averages_of_unequal_numbers,
    minus_the_kl,
    covariances_detached_in_the_kl,
    factor_detached_in_the_draw,
    uniform_noise,
]


def the_factor_made_twice(mu, raw):
    """The same tensors, and an exact KL."""
    return drawn(mu, factor(raw)), closed(mu, factor(raw))


def a_log_determinant_of_the_raw_diagonal(mu, raw):
    """log diag L is the raw diagonal."""
    scale_tril = factor(raw, torch.exp)
    squares = scale_tril.pow(2).sum((-2, -1)) + mu.pow(2).sum(-1)
    return drawn(mu, scale_tril), 0.5 * (squares - L - 2 * diagonal(raw).sum(-1))


WIDE = torch.eye(L) + 0.3


def to_a_prior_with_covariances(mu, raw):
    q = MultivariateNormal(mu, scale_tril=factor(raw))
    return q.rsample(), kl_divergence(q, MultivariateNormal(torch.zeros(L), covariance_matrix=WIDE))


def to_one_at_the_draw(mu, raw):
    q = MultivariateNormal(mu, scale_tril=factor(raw))
    z = q.rsample()
    return z, q.log_prob(z) - MultivariateNormal(torch.zeros(L), covariance_matrix=WIDE).log_prob(z)


def to_a_prior_of_low_rank(mu, raw):
    q = MultivariateNormal(mu, scale_tril=factor(raw))
    prior = LowRankMultivariateNormal(torch.zeros(L), 0.4 * torch.ones(L, 1), torch.ones(L))
    return q.rsample(), kl_divergence(q, prior)


RIGHT_AND_NOT_READ = [
    the_factor_made_twice,
    a_log_determinant_of_the_raw_diagonal,
    to_a_prior_with_covariances,
    to_one_at_the_draw,
    to_a_prior_of_low_rank,
]


@pytest.mark.parametrize("way", some_now(RIGHT_AND_NOT_READ, 2))
def test_what_is_right_and_not_read_is_unknown(way):
    def step(x):
        z, kl = way(*heads(x))
        return (nll(x, z) + kl.sum()) / len(x)

    assert audit(step, X).verdict in ("PROVED", "UNKNOWN")


def a_draw_by_the_transposed_factor(mu, raw):
    scale_tril = factor(raw)
    return drawn(mu, scale_tril.mT), closed(mu, scale_tril)


def a_draw_by_the_whole_matrix(mu, raw):
    return drawn(mu, raw), closed(mu, factor(raw))


def two_draws_in_one_latent(mu, raw):
    scale_tril = factor(raw)
    z = drawn(mu, scale_tril.tril(-1)) + diagonal(scale_tril) * torch.randn_like(mu)
    return z, closed(mu, scale_tril)


def a_draw_for_all_rows(mu, raw):
    scale_tril = factor(raw)
    return mu + (scale_tril @ torch.randn(L, 1)).squeeze(-1), closed(mu, scale_tril)


def noise_less_its_mean(mu, raw):
    scale_tril, noise = factor(raw), torch.randn_like(mu)
    return mu + (scale_tril @ (noise - noise.mean(0)).unsqueeze(-1)).squeeze(-1), closed(mu, scale_tril)


def an_upper_factor(mu, raw):
    upper = raw.triu(1) + torch.diag_embed(F.softplus(diagonal(raw)))
    scale_tril = factor(raw)
    return drawn(mu, upper), closed(mu, scale_tril)


NOT_PROVED = [
    reversed_kl,
    a_draw_by_the_transposed_factor,
    a_draw_by_the_whole_matrix,
    two_draws_in_one_latent,
    a_draw_for_all_rows,
    noise_less_its_mean,
    an_upper_factor,
]


@pytest.mark.parametrize("way", [*some_now(REFUTED, 3), *some_now(NOT_PROVED, 2)])
@pytest.mark.every(3)
def test_a_mistake_is_not_proved(way):
    def step(x):
        z, kl = way(*heads(x))
        return (nll(x, z) + kl.sum()) / len(x)

    report = audit(step, X, beta=1)
    assert report.verdict == "REFUTED" if way in REFUTED else report.verdict in ("REFUTED", "UNKNOWN"), report
