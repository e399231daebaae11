"""Where the optimum is known: a linear VAE is probabilistic PCA, and its evidence has a closed form."""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import vaelid

DIGITS = load_digits().data / 16
X = (DIGITS - DIGITS.mean(axis=0)).astype(np.float32)


@pytest.fixture(scope="module")
def trained() -> vaelid.VAE:
    model = vaelid.VAE(64, 2, hidden=(), likelihood="gaussian", seed=0)
    settings = {"batch_size": len(X), "learning_rate": 0.04, "schedule": "cosine", "validation": 0, "progress": False}
    vaelid.fit(model, X, epochs=2000, expectation="exact", **settings)
    return model


def test_the_linear_vae_reaches_the_evidence_of_probabilistic_pca(trained):
    with torch.no_grad():
        terms = trained.elbo_terms(torch.from_numpy(X), expectation="exact")
    elbo = -float((terms.reconstruction_nll + terms.kl_posterior_prior).double().mean())
    assert elbo == pytest.approx(PCA(2).fit(X).score(X), abs=1e-3)


def test_the_exact_evidence_is_that_of_scipy(trained):
    with torch.no_grad():
        weight, bias = trained.decoder[0].weight.double(), trained.decoder[0].bias.double()
        covariance = weight @ weight.T + torch.exp(trained.learned["log_variance"].double()) * torch.eye(64).double()
        found = trained.log_evidence(torch.from_numpy(X)).numpy()
    assert found == pytest.approx(multivariate_normal(bias.numpy(), covariance.numpy()).logpdf(X), abs=1e-8)


def test_the_importance_weighted_bound_agrees_with_the_exact_evidence(trained):
    # away from its optimum the posterior is not exact and the bound has something to do
    model = vaelid.VAE(64, 2, hidden=(), likelihood="gaussian", seed=0)
    model.load_state_dict(trained.state_dict())
    with torch.no_grad():
        model.encoder[0].bias += 0.05
    found = vaelid.evaluate(model, X, draws=2000, progress=False)
    assert found.log_evidence is not None
    assert found.elbo.mean < found.importance_weighted.mean < found.log_evidence.mean + 1e-3
    distance = found.importance_weighted.mean - found.log_evidence.mean
    assert abs(distance) < 3 * found.importance_weighted.standard_error
    assert abs(distance) < 5e-3  # much closer than the spread over rows: K = 2000 leaves no more
