"""Poisson and negative binomial at every size: against 50 digits, with slopes, and no probability above one."""

import inspect
import itertools
import math
import shutil

import numpy as np
import pytest
import torch

from conformance.precise import MP
from vaelid import VAE, evaluate, spec
from vaelid.train.losses import negative_binomial_nll, poisson_nll

COUNTS = (0, 1, 2, 31, 32, 33, 300, 1e6, 1e9, 1e15)
LOG_MEANS = (-60.0, -1.0, 3.0, 13.8, 34.5, 34.538, 80.0)
LOG_DISPERSIONS = (-80.0, -30.0, -5.0, 0.0, 3.46, 18.0, 27.0, 35.0, 36.0, 85.0)


def _float32(value: float) -> float:
    return float(np.float32(value))


def _poisson(k: float, log_mean: float) -> tuple:
    """The NLL and its slope at 50 digits or more."""
    k, rate = MP.mpf(k), MP.exp(MP.mpf(log_mean))
    return MP.loggamma(k + 1) + rate - k * MP.mpf(log_mean), (rate - k,)


def _negative_binomial(k: float, log_mean: float, log_dispersion: float) -> tuple:
    """The NLL, its slopes by log m and log r, and the magnitudes of the terms of the stated form, added up."""
    k, m, r = MP.mpf(k), MP.exp(MP.mpf(log_mean)), MP.exp(MP.mpf(log_dispersion))
    rising = MP.loggamma(k + r) - MP.loggamma(r) - k * log_dispersion  # sum of log1p(j / r) over j < k
    terms = (rising, -MP.loggamma(k + 1), k * MP.mpf(log_mean), -(k + r) * MP.log1p(m / r))
    by_mean = r * (m - k) / (r + m)
    by_dispersion = k - r * (MP.digamma(k + r) - MP.digamma(r)) + r * MP.log1p(m / r) - (k + r) * m / (r + m)
    return -sum(terms), (by_mean, by_dispersion), sum(map(abs, terms))


def _computed(twin, k: float, *output: float, dtype: torch.dtype) -> tuple[float, list[float]]:
    leaves = [torch.tensor([value], dtype=dtype, requires_grad=True) for value in output]
    nll = twin(torch.tensor([k], dtype=dtype), *leaves)
    nll.sum().backward()
    return nll.item(), [leaf.grad.item() for leaf in leaves]


@pytest.fixture(scope="module", autouse=True)
def _digits():
    with MP.workdps(50 + 80):  # log Gamma(k + r) - log Gamma(r) loses some, at r = e^85 the most
        yield


GRID = list(itertools.product(COUNTS, LOG_MEANS, LOG_DISPERSIONS))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_negative_binomial_is_right_with_its_slopes_from_certainty_to_poisson(dtype):
    """In float32 to 1e-6 (1 + value), 1e-5 (1 + summed magnitudes) being asked; in float64 to 1e-11."""
    relative = 1e-6 if dtype == torch.float32 else 1e-11
    most = torch.finfo(dtype).max
    for k, log_mean, log_dispersion in GRID:
        given = tuple(map(_float32, (k, log_mean, log_dispersion)))
        value, slopes, summed = _negative_binomial(*given)
        got, found = _computed(negative_binomial_nll, *given, dtype=dtype)
        assert got >= 0, given
        for computed, exact in zip((got, *found), (value, *slopes), strict=True):
            if abs(exact) < most:
                assert abs(MP.mpf(computed) - exact) <= relative * (1 + abs(exact)), given
        assert value > most or abs(MP.mpf(got) - value) <= 1e-5 * (1 + summed)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_poisson_is_right_with_its_slope_up_to_counts_of_1e15(dtype):
    relative = 1e-6 if dtype == torch.float32 else 1e-11
    for k, log_mean in itertools.product(COUNTS, LOG_MEANS):
        given = (_float32(k), _float32(log_mean))
        value, (slope,) = _poisson(*given)
        got, (found,) = _computed(poisson_nll, *given, dtype=dtype)
        assert got >= 0, given
        assert abs(MP.mpf(got) - value) <= relative * (1 + value), given
        assert abs(MP.mpf(found) - slope) <= relative * (1 + abs(slope)), given


def test_the_definitions_give_probabilities_above_one():
    """What the twins are for: +35 nats at log r = 18 in float32; in float64 too from log r = 35 on."""
    density = spec.likelihood("negative_binomial").log_density
    mean = torch.tensor([3.0])
    float32 = density(torch.tensor([20.0]), mean, log_dispersion=torch.linspace(17, 19, 101))
    assert float32.max() > 30
    float64 = density(torch.tensor([20.0]).double(), mean.double(), log_dispersion=torch.linspace(34, 37, 101).double())
    assert float64.max() > 0
    counts = torch.linspace(1e14, 1e15, 101).reshape(-1, 1)
    assert spec.likelihood("poisson").log_density(counts, counts.log()).max() > 1e6
    assert poisson_nll(counts, counts.log()).min() > 16


@pytest.mark.parametrize("k", [0.0, 1.0, 5.0, 1e15])
@pytest.mark.parametrize("log_mean", [-1e30, -1000.0, 0.0, 1000.0, 1e30])
@pytest.mark.parametrize("log_dispersion", [-1e30, -1000.0, 0.0, 1000.0, 1e30])
def test_nothing_is_nan_at_the_ends_of_float32(k, log_mean, log_dispersion):
    got, slopes = _computed(negative_binomial_nll, k, log_mean, log_dispersion, dtype=torch.float32)
    assert got >= 0
    assert not any(math.isnan(slope) for slope in slopes)
    got, slopes = _computed(poisson_nll, k, log_mean, dtype=torch.float32)
    assert got >= 0
    assert not any(math.isnan(slope) for slope in slopes)


def test_probabilities_add_up_to_one_at_a_large_dispersion():
    counts = torch.arange(200.0).reshape(-1, 1)
    for log_dispersion in (-3.0, 0.0, 18.0, 36.0, 200.0):
        output, dispersion = torch.full((200, 1), 3.0), torch.tensor([log_dispersion])
        total = torch.exp(-negative_binomial_nll(counts.double(), output.double(), dispersion.double())).sum()
        tail = 0.0 if log_dispersion >= 0 else 0.2
        assert 1 - tail - 1e-3 < total <= 1 + 1e-12


def test_model_and_evaluation_compute_by_the_twin():
    """At log r = 36, where the definition has no digit left."""
    model = VAE(obs=3, latent=2, hidden=(4,), likelihood="negative_binomial", seed=0)
    with torch.no_grad():
        model.learned["log_dispersion"].fill_(36.0)
    x = torch.poisson(torch.full((20, 3), 4.0), generator=torch.Generator().manual_seed(0))
    mu, _ = model.encode(x)
    output = model.decode(mu).detach()
    expected = [
        sum(float(_negative_binomial(float(x[i, j]), float(output[i, j]), 36.0)[0]) for j in range(3))
        for i in range(20)
    ]
    np.testing.assert_allclose(model.reconstruction_nll(x, mu).detach().numpy(), expected, rtol=2e-6)
    terms = model.elbo_terms(x, torch.zeros(20, 2))
    np.testing.assert_allclose(terms.reconstruction_nll.detach().numpy(), expected, rtol=2e-6)
    found = evaluate(model, x, draws=4, progress=False)
    assert 0 < found.reconstruction_nll.mean < 100
    assert found.elbo.mean == pytest.approx(-found.reconstruction_nll.mean - found.kl.mean)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcc") is None and shutil.which("cc") is None, reason="no C compiler")
@pytest.mark.filterwarnings("ignore")
def test_compiled_they_are_the_same():
    x, log_mean, log_dispersion = (torch.tensor(v) for v in zip(*GRID[::7], strict=True))
    x, log_mean = (
        part.reshape(-1, 1) for part in torch.cartesian_prod(torch.tensor(COUNTS), torch.tensor(LOG_MEANS)).T
    )
    for log_dispersion in (None, *LOG_DISPERSIONS):
        learned = [] if log_dispersion is None else [torch.tensor([log_dispersion])]
        twin = negative_binomial_nll if learned else poisson_nll
        got = torch.compile(inspect.unwrap(twin))(x, log_mean, *learned)
        torch.testing.assert_close(got, twin(x, log_mean, *learned), rtol=1e-6, atol=1e-6)
        assert (got >= 0).all()
