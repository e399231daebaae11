"""Evaluation against closed forms: where the answer is known, it is the answer."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from vaelid.spec.errors import InputError
from vaelid.train.evaluation import Estimate, Evaluation, evaluate_rows
from vaelid.train.model import VAE
from vaelid.train.rows import rows_of

D, L = 5, 2
X = np.random.default_rng(0).normal(size=(60, D))
W = np.random.default_rng(1).normal(size=(D, L))
B = np.random.default_rng(2).normal(size=D)


def evaluation(model: VAE, x=X, *, draws: int = 20, seed: int = 0) -> Evaluation:
    return evaluate_rows(model, rows_of(x, model.likelihood), torch.arange(len(x)), draws=draws, seed=seed)


def set_linear(layer: nn.Linear, weight: np.ndarray, bias: np.ndarray) -> None:
    layer.weight.data = torch.tensor(weight, dtype=torch.float32)
    layer.bias.data = torch.tensor(bias, dtype=torch.float32)


def linear_gaussian(variance: float = 0.7, *, weight: np.ndarray = W, encoder=None) -> VAE:
    """Decoder N(W z + b, variance I); the encoder's (weight, bias) of mean and log-variance, or a random one."""
    model = VAE(D, L, hidden=(), likelihood="gaussian", seed=3)
    set_linear(model.decoder[0], weight, B)
    model.learned["log_variance"].data.fill_(math.log(variance))
    if encoder is not None:
        set_linear(model.encoder[0], *encoder)
    return model


def posterior(model: VAE, x: np.ndarray = X) -> tuple[np.ndarray, np.ndarray]:
    with torch.no_grad():
        return tuple(part.double().numpy() for part in model.encode(torch.tensor(x, dtype=torch.float32)))


def kl_by_torch(mu: np.ndarray, logvar: np.ndarray) -> np.ndarray:
    """The KL of every row and coordinate, by torch.distributions, in float64."""
    q = torch.distributions.Normal(torch.tensor(mu), torch.exp(torch.tensor(logvar) / 2))
    return torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).numpy()


# ------------------------------------------------------------------------------------------------ linear Gaussian


def test_log_evidence_is_the_multivariate_normal_of_scipy():
    found = evaluation(linear_gaussian()).log_evidence
    exact = stats.multivariate_normal(B, W @ W.T + 0.7 * np.eye(D)).logpdf(X)
    assert found.mean == pytest.approx(exact.mean(), rel=1e-6)
    assert found.standard_error == pytest.approx(stats.sem(exact), rel=1e-5)


@torch.no_grad()
def test_log_evidence_does_not_cancel_where_the_noise_is_small():
    """In float32 it would be 0.7 nats wrong here."""
    torch.manual_seed(0)
    model = VAE(100, 20, hidden=(), likelihood="gaussian:0.001")
    weight = model.decoder[0].weight.normal_(std=3).double().numpy()
    x = model.decoder[0](torch.randn(10, 20)) + 0.001**0.5 * torch.randn(10, 100)
    law = stats.multivariate_normal(model.decoder[0].bias.double().numpy(), weight @ weight.T + 0.001 * np.eye(100))
    assert model.log_evidence(x).numpy() == pytest.approx(law.logpdf(x.double().numpy()), rel=1e-7)


def test_the_elbo_of_a_linear_gaussian_model_is_its_closed_form():
    """Within four standard errors over independent seeds; E |x - W z - b|^2 is |x - W mu - b|^2 + sum v_l |W_l|^2."""
    model, variance = linear_gaussian(), 0.7
    mu, logvar = posterior(model)
    squares = ((X - mu @ W.T - B) ** 2).sum(1) + np.exp(logvar) @ (W**2).sum(0)
    nll = squares / (2 * variance) + D * np.log(2 * np.pi * variance) / 2
    exact = -(nll + kl_by_torch(mu, logvar).sum(1)).mean()
    found = [evaluation(model, draws=50, seed=seed).elbo.mean for seed in range(20)]
    assert abs(np.mean(found) - exact) < 4 * stats.sem(found)
    assert stats.sem(found) < 0.02


VARIANCE = 0.7
ORTHOGONAL = np.linalg.qr(W)[0] * [1.5, 0.4]
PRECISION = (ORTHOGONAL**2).sum(0) / VARIANCE + 1
TO_MEAN = ORTHOGONAL.T / VARIANCE / PRECISION[:, None]
EVIDENCE = stats.multivariate_normal(B, ORTHOGONAL @ ORTHOGONAL.T + VARIANCE * np.eye(D)).logpdf(X)


def at_posterior_mean(logvar: np.ndarray) -> VAE:
    """Orthogonal columns make the posterior diagonal: N(TO_MEAN (x - B), 1 / PRECISION); the encoder has its mean."""
    encoder = (np.vstack([TO_MEAN, np.zeros((L, D))]), np.concatenate([-TO_MEAN @ B, logvar]))
    return linear_gaussian(VARIANCE, weight=ORTHOGONAL, encoder=encoder)


def test_at_the_exact_posterior_every_importance_weight_is_the_evidence():
    model = at_posterior_mean(-np.log(PRECISION))
    for draws in (1, 7):
        found = evaluation(model, draws=draws)
        assert found.importance_weighted.mean == pytest.approx(EVIDENCE.mean(), rel=1e-6)
        assert found.importance_weighted.standard_error == pytest.approx(stats.sem(EVIDENCE), rel=1e-5)
    many = [evaluation(model, draws=50, seed=seed).elbo.mean for seed in range(10)]
    assert abs(np.mean(many) - EVIDENCE.mean()) < 4 * stats.sem(many)


@pytest.mark.parametrize("draws", [100, 3000])
def test_the_importance_weighted_bound_lies_half_the_weights_variance_over_k_below_the_evidence(draws):
    """To first order in 1/K; under q of variance 1 the weights' variance is prod p / sqrt(2 p - 1) - 1."""
    weights_variance = np.prod(PRECISION / np.sqrt(2 * PRECISION - 1)) - 1
    found = evaluation(at_posterior_mean(np.zeros(L)), draws=draws).importance_weighted.mean
    standard_error = np.sqrt(weights_variance / (draws * len(X)))
    assert abs(found - (EVIDENCE.mean() - weights_variance / (2 * draws))) < 4 * standard_error
    assert standard_error < 0.02


# ------------------------------------------------------------------------------------------------ a decoder without z


def ignoring_z(likelihood: str = "bernoulli") -> tuple[VAE, np.ndarray, np.ndarray]:
    """A model whose decoder ignores z, observations, and log p(x), which is then that of independent coins."""
    model = VAE(D, L, hidden=(), likelihood=likelihood, seed=3)
    set_linear(model.decoder[0], np.zeros((D, L)), B)
    x = np.random.default_rng(4).integers(0, 2, (60, D))
    return model, x, stats.bernoulli(1 / (1 + np.exp(-B))).logpmf(x).sum(1)


def test_a_decoder_that_ignores_z_loses_exactly_the_kl():
    model, x, log_p = ignoring_z()
    found = evaluation(model, x, draws=4)
    kl = kl_by_torch(*posterior(model, x)).sum(1)
    assert found.reconstruction_nll.mean == pytest.approx(-log_p.mean(), rel=1e-6)
    assert found.reconstruction_nll.standard_error == pytest.approx(stats.sem(log_p), rel=1e-5)
    assert found.elbo.mean == pytest.approx((log_p - kl).mean(), rel=1e-6)
    assert found.elbo.standard_error == pytest.approx(stats.sem(log_p - kl), rel=1e-5)
    assert evaluation(model, x, draws=5000).importance_weighted.mean == pytest.approx(log_p.mean(), abs=5e-3)
    assert found.log_evidence is None


def test_with_the_prior_for_posterior_all_bounds_are_the_evidence():
    model, x, log_p = ignoring_z()
    set_linear(model.encoder[0], np.zeros((2 * L, D)), np.zeros(2 * L))
    found = evaluation(model, x, draws=3)
    assert found.kl == Estimate(0.0, 0.0)
    for estimate in (found.elbo, found.importance_weighted):
        assert estimate.mean == pytest.approx(log_p.mean(), rel=1e-6)


# ------------------------------------------------------------------------------------------------ KL and active units


@pytest.mark.parametrize("hidden", [(), (8,)])
def test_kl_of_each_latent_is_that_of_torch_distributions(hidden):
    model = VAE(D, 4, hidden=hidden, seed=5)
    found = evaluation(model)
    kl = kl_by_torch(*posterior(model))
    assert [estimate.mean for estimate in found.kl_per_dimension] == pytest.approx(kl.mean(0), rel=1e-6)
    assert [estimate.standard_error for estimate in found.kl_per_dimension] == pytest.approx(stats.sem(kl), rel=1e-5)
    assert found.kl.mean == pytest.approx(kl.sum(1).mean(), rel=1e-6)
    assert found.kl.standard_error == pytest.approx(stats.sem(kl.sum(1)), rel=1e-5)


def varying(active: int, latent: int = 4) -> VAE:
    """Posterior means that vary by 0.0102 in the first `active` latents, and by 0.0098 in the others."""
    model = VAE(D, latent, hidden=(), seed=0)
    rows = np.zeros((2 * latent, D))
    wanted = np.where(np.arange(latent) < active, 0.0102, 0.0098)
    rows[:latent, 0] = np.sqrt(wanted / X[:, 0].var())
    set_linear(model.encoder[0], rows, np.full(2 * latent, 0.3))
    return model


THRESHOLD = "(variance of the posterior mean over the data above 0.01)"


@pytest.mark.parametrize("active", range(5))
def test_exactly_the_latents_that_vary_enough_are_active(active):
    found = evaluation(varying(active))
    assert found.active_units == active
    assert found.mean_variance == pytest.approx([0.0102] * active + [0.0098] * (4 - active), rel=1e-5)


def test_the_verdict_says_what_was_counted():
    collapsed = evaluation(varying(0))
    kl = kl_by_torch(*posterior(varying(0))).sum(1).mean()
    assert collapsed.verdict == (
        f"Collapsed: none of 4 latents is active {THRESHOLD}, and the KL is {kl:.2g} nats. The decoder ignores z. "
        "Learn the likelihood's variance, warm the KL up, or lower beta."
    )
    assert evaluation(varying(3)).verdict == (
        f"Not collapsed: 3 of 4 latents are active {THRESHOLD}; the model does without the other 1."
    )
    assert evaluation(varying(4)).verdict == f"Not collapsed: all 4 latents are active {THRESHOLD}."


# ------------------------------------------------------------------------------------------------ every likelihood


OBSERVATIONS = {
    "bernoulli": lambda rng: rng.integers(0, 2, (30, D)),
    "continuous_bernoulli": lambda rng: rng.random((30, D)),
    "gaussian": lambda rng: rng.normal(size=(30, D)),
    "gaussian_diag": lambda rng: rng.normal(size=(30, D)),
    "laplace": lambda rng: rng.normal(size=(30, D)),
    "poisson": lambda rng: rng.poisson(3, (30, D)),
    "negative_binomial": lambda rng: rng.poisson(3, (30, D)),
    "binomial:16": lambda rng: rng.integers(0, 17, (30, D)),
    "gaussian:0.5": lambda rng: rng.normal(size=(30, D)),
    "categorical:3": lambda rng: rng.integers(0, 3, (30, D)),
}


@pytest.mark.parametrize("likelihood", OBSERVATIONS)
def test_the_figures_of_an_evaluation_agree_with_each_other(likelihood):
    model = VAE(D, L, hidden=(8,), likelihood=likelihood, seed=1)
    found = evaluation(model, OBSERVATIONS[likelihood](np.random.default_rng(6)), draws=200)
    assert (found.rows, found.coordinates, found.likelihood, found.draws) == (30, D, likelihood, 200)
    assert found.elbo.mean == pytest.approx(-found.reconstruction_nll.mean - found.kl.mean, abs=1e-12)
    assert found.bits_per_dim.mean == pytest.approx(-found.elbo.mean / math.log(2) / D, rel=1e-12)
    assert found.bits_per_dim.standard_error == pytest.approx(found.elbo.standard_error / math.log(2) / D, rel=1e-12)
    assert sum(kl.mean for kl in found.kl_per_dimension) == pytest.approx(found.kl.mean, rel=1e-12)
    assert found.importance_weighted.mean > found.elbo.mean
    assert found.discrete == (likelihood.partition(":")[0] in {"bernoulli", "poisson", "negative_binomial", "binomial", "categorical"})  # fmt: skip  # noqa: E501


def test_bits_per_dimension_of_fair_coins_is_one():
    model = VAE(D, L, hidden=(), likelihood="bernoulli", seed=0)
    for layer, size in ((model.decoder[0], (D, L)), (model.encoder[0], (2 * L, D))):
        set_linear(layer, np.zeros(size), np.zeros(size[0]))
    found = evaluation(model, np.random.default_rng(0).integers(0, 2, (9, D)))
    assert found.bits_per_dim.mean == pytest.approx(1, rel=1e-12)
    assert found.bits_per_dim.standard_error == pytest.approx(0, abs=1e-12)


# ------------------------------------------------------------------------------------------------ estimates and seeds


def test_an_estimate_is_scipys_mean_and_standard_error():
    values = np.random.default_rng(0).normal(3, 2, 50)
    found = Estimate.of(torch.tensor(values))
    assert found.mean == pytest.approx(values.mean(), rel=1e-14)
    assert found.standard_error == pytest.approx(stats.sem(values), rel=1e-14)
    assert math.isnan(Estimate.of(torch.tensor([1.0])).standard_error)


def test_an_evaluation_is_a_function_of_its_seed_and_leaves_everything_as_it_was():
    model = VAE(D, L, hidden=(8,), seed=1).train()
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.manual_seed(1)
    generator = torch.get_rng_state()
    first, again, other = (evaluation(model, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first.elbo != other.elbo
    assert first.kl == other.kl
    assert model.training
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())


def test_rows_are_evaluated_in_batches_and_progress_counts_them():
    model = VAE(D, L, hidden=(), likelihood="gaussian:1", seed=1)
    x = np.random.default_rng(0).normal(size=(1100, D))
    done = []
    whole = evaluate_rows(
        model, rows_of(x, model.likelihood), torch.arange(1100), draws=2, seed=0, progress=done.append
    )
    assert done == [512, 512, 76]
    exact = stats.multivariate_normal(
        model.decoder[0].bias.detach().double().numpy(),
        (w := model.decoder[0].weight.detach().double().numpy()) @ w.T + np.eye(D),
    ).logpdf(x)
    assert whole.log_evidence.mean == pytest.approx(exact.mean(), rel=1e-6)
    some = evaluate_rows(model, rows_of(x, model.likelihood), torch.tensor([5, 900]), draws=2, seed=0)
    assert some.log_evidence.mean == pytest.approx(exact[[5, 900]].mean(), rel=1e-6)


def test_at_least_one_draw_is_needed():
    with pytest.raises(InputError) as error:
        evaluation(VAE(D, L), draws=0)
    assert str(error.value) == "draws=0 must be a whole number of at least 1."
