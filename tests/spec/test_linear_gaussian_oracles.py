"""The linear-Gaussian VAE's closed forms against scipy's multivariate normal, quadrature and each other."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vaelid import spec

SEEDS = st.integers(0, 2**32)
LOG_VARIANCES = st.floats(-4, 3)


def _decoder(rng: np.random.Generator, D: int, L: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(D, L)), rng.normal(size=D)


@given(seed=SEEDS, D=st.integers(1, 7), L=st.integers(1, 5), log_variance=LOG_VARIANCES)
def test_evidence_is_that_of_a_multivariate_normal(seed: int, D: int, L: int, log_variance: float):
    rng = np.random.default_rng(seed)
    weight, bias = _decoder(rng, D, L)
    x = 3 * rng.normal(size=(4, D))
    law = stats.multivariate_normal(bias, weight @ weight.T + np.exp(log_variance) * np.eye(D))
    got = spec.linear_gaussian_log_evidence(x, weight, bias, np.asarray(log_variance))
    np.testing.assert_allclose(got, np.atleast_1d(law.logpdf(x)), rtol=1e-9, atol=1e-9)


def test_evidence_holds_where_latents_outnumber_observations():
    rng = np.random.default_rng(5)
    weight, bias = _decoder(rng, 2, 9)
    x = rng.normal(size=(6, 2))
    law = stats.multivariate_normal(bias, weight @ weight.T + 0.25 * np.eye(2))
    got = spec.linear_gaussian_log_evidence(x, weight, bias, np.asarray(np.log(0.25)))
    np.testing.assert_allclose(got, law.logpdf(x), rtol=1e-10)


@settings(max_examples=40)
@given(seed=SEEDS, D=st.integers(1, 5), L=st.integers(1, 3), log_variance=LOG_VARIANCES)
def test_expected_nll_is_gauss_hermite_quadrature(seed: int, D: int, L: int, log_variance: float):
    """The NLL is a parabola in z, for which a grid of 4^L nodes is exact."""
    rng = np.random.default_rng(seed)
    weight, bias = _decoder(rng, D, L)
    x, mu, logvar = rng.normal(size=D), rng.normal(size=L), rng.normal(size=L)
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(4)
    law = stats.norm(scale=np.exp(log_variance / 2))
    expected = 0.0
    for grid in itertools.product(range(4), repeat=L):
        z = mu + np.exp(logvar / 2) * nodes[list(grid)]
        mass = np.prod(node_weights[list(grid)]) / np.sqrt(2 * np.pi) ** L
        expected -= mass * law.logpdf(x - (weight @ z + bias)).sum()
    got = spec.expected_gaussian_nll(x, mu, logvar, weight, bias, np.asarray(log_variance))
    assert float(got) == pytest.approx(expected, rel=1e-11)


@given(seed=SEEDS, D=st.integers(1, 6), L=st.integers(1, 4), log_variance=LOG_VARIANCES)
def test_at_the_true_posterior_the_elbo_is_the_evidence(seed: int, D: int, L: int, log_variance: float):
    """Orthogonal columns make the true posterior diagonal; there the ELBO touches log p(x), elsewhere it is below."""
    rng = np.random.default_rng(seed)
    L = min(D, L)
    columns = np.linalg.qr(rng.normal(size=(D, L)))[0] * rng.uniform(0.2, 2, size=L)
    bias, x = rng.normal(size=D), rng.normal(size=(3, D))
    s2 = np.exp(log_variance)
    precision = 1 + (columns**2).sum(0) / s2
    mu, logvar = (x - bias) @ columns / s2 / precision, np.broadcast_to(-np.log(precision), (3, L))

    def elbo(mu: np.ndarray, logvar: np.ndarray) -> np.ndarray:
        nll = spec.expected_gaussian_nll(x, mu, logvar, columns, bias, np.asarray(log_variance))
        return -spec.negative_elbo(spec.ElboTerms(nll, spec.diagonal_gaussian_kl_to_standard_sum(mu, logvar)))

    evidence = spec.linear_gaussian_log_evidence(x, columns, bias, np.asarray(log_variance))
    np.testing.assert_allclose(elbo(mu, logvar), evidence, rtol=1e-9, atol=1e-9)
    assert np.all(elbo(mu + 0.1, logvar - 0.2) < evidence)
