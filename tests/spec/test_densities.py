"""log_prob is that of scipy.stats and torch.distributions, and each density has mass one and the mean it states."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy_laws import HAS_LEARNED_NUMBER, LAWS, PLANES

from vaelid import spec

NAMES = (*LAWS, *PLANES)
OBSERVATIONS = {
    "bernoulli": st.integers(0, 1),
    "binomial:16": st.integers(0, 16),
    "categorical:3": st.integers(0, 2),
    "continuous_bernoulli": st.floats(1e-9, 1 - 1e-9),  # at 0 and 1 scipy cuts one rounding too early
    "poisson": st.integers(0, 300),
    "negative_binomial": st.integers(0, 300),
}
REALS = st.floats(-50, 50)
OUTPUTS = st.floats(-6, 6)


def _number(value: float) -> np.ndarray:
    return np.asarray([value], dtype=np.float64)


def _output(name: str, outputs: list[float]) -> np.ndarray:
    """The drawn numbers as an output for one coordinate: (1,), or (planes, 1)."""
    planes = spec.likelihood(name).outputs
    return _number(outputs[0]) if planes == 1 else np.asarray(outputs[:planes])[:, None]


def _learned(name: str, number: float) -> dict[str, np.ndarray]:
    return {key: _number(number) for key in spec.likelihood(name).learned}


def _log_prob(name: str, x: float, outputs: list[float], number: float) -> float:
    return float(spec.likelihood(name).log_prob(_number(x), _output(name, outputs), **_learned(name, number)))


def _law(name: str, outputs: list[float], number: float):
    if name in PLANES:
        return PLANES[name](np.asarray(outputs[: spec.likelihood(name).outputs]))
    return LAWS[name](outputs[0], *([number] if name in HAS_LEARNED_NUMBER else []))


def _mean(name: str, outputs: list[float], number: float) -> np.ndarray:
    return spec.likelihood(name).mean(_output(name, outputs), **_learned(name, number))


def _away_from_zero(outputs: list[float], least: float) -> list[float]:
    """Where scipy's and torch's own continuous Bernoulli are good; nearer to zero, tests/conformance has 50 digits."""
    return outputs if abs(outputs[0]) >= least else [least, *outputs[1:]]


DRAWN = {"outputs": st.lists(OUTPUTS, min_size=3, max_size=3), "number": st.floats(-3, 3)}


def test_every_likelihood_has_a_law():
    families = {name.partition(":")[0] for name in spec.LIKELIHOOD_NAMES}
    assert {name.partition(":")[0] for name in NAMES} == families


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60)
@given(data=st.data(), **DRAWN)
def test_log_prob_is_that_of_scipy(name: str, data, outputs: list[float], number: float):
    if name == "continuous_bernoulli":
        outputs = _away_from_zero(outputs, 1e-3)
    x = data.draw(OBSERVATIONS.get(name, REALS))
    law = _law(name, outputs, number)
    expected = law.logpmf(x) if spec.likelihood(name).discrete else law.logpdf(x)
    assert _log_prob(name, x, outputs, number) == pytest.approx(float(expected), rel=1e-11, abs=1e-11)


TORCH = {
    "bernoulli": lambda o, n: torch.distributions.Bernoulli(logits=o),
    "binomial:16": lambda o, n: torch.distributions.Binomial(16, logits=o),
    "categorical:3": lambda o, n: torch.distributions.Categorical(logits=o[:, 0]),
    "continuous_bernoulli": lambda o, n: torch.distributions.ContinuousBernoulli(logits=o),
    "gaussian": lambda o, n: torch.distributions.Normal(o, torch.exp(n / 2)),
    "gaussian:0.3": lambda o, n: torch.distributions.Normal(o, 0.3**0.5),
    "gaussian_diag": lambda o, n: torch.distributions.Normal(o[0], torch.exp(o[1] / 2)),
    "laplace": lambda o, n: torch.distributions.Laplace(o, torch.exp(n)),
    "poisson": lambda o, n: torch.distributions.Poisson(torch.exp(o)),
    "negative_binomial": lambda o, n: torch.distributions.NegativeBinomial(torch.exp(n), logits=o - n),
}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(data=st.data(), **DRAWN)
def test_log_prob_is_that_of_torch(name: str, data, outputs: list[float], number: float):
    if name == "continuous_bernoulli":
        outputs = _away_from_zero(outputs, 0.1)
    x = data.draw(OBSERVATIONS.get(name, REALS))
    law = TORCH[name](torch.from_numpy(_output(name, outputs)), torch.tensor(number, dtype=torch.float64))
    expected = law.log_prob(torch.tensor([x], dtype=torch.float64)).sum().item()
    assert _log_prob(name, x, outputs, number) == pytest.approx(expected, rel=1e-11, abs=1e-11)


def _support(name: str, law) -> np.ndarray:
    """All observations of a discrete law but for a tail of less than 1e-14."""
    last = {"bernoulli": 1, "binomial:16": 16, "categorical:3": 2}.get(name)
    return np.arange(1 + (int(law.isf(1e-15)) if last is None else last), dtype=np.float64)


def _pieces(name: str, outputs: list[float], law) -> list[float]:
    """Where to cut the line (or [0, 1]) so that quadrature meets a smooth piece that is neither wide nor spiked."""
    if name == "continuous_bernoulli":
        return [0, 0.125, 0.5, 0.875, 1]
    deviation = float(law.std())
    return [outputs[0] + step * deviation for step in (-60, -12, -4, 0, 4, 12, 60)]


def _integral(function, pieces: list[float]) -> float:
    return sum(integrate.quad(function, *ends, epsabs=1e-12, epsrel=1e-12)[0] for ends in pairwise(pieces))


@pytest.mark.parametrize("name", [name for name in NAMES if spec.likelihood(name).discrete])
@settings(max_examples=20)
@given(**DRAWN)
def test_probabilities_sum_to_one_and_give_the_mean(name: str, outputs: list[float], number: float):
    support = _support(name, _law(name, outputs, number))
    rows, output = support[:, None], _output(name, outputs)
    probabilities = np.exp(spec.likelihood(name).log_prob(rows, output, **_learned(name, number)))
    assert np.sum(probabilities) == pytest.approx(1, abs=1e-11)
    mean = _mean(name, outputs, number)
    if name.startswith("categorical"):
        np.testing.assert_allclose(mean[:, 0], probabilities, rtol=1e-12)
    else:
        assert float(mean[0]) == pytest.approx(np.sum(support * probabilities), rel=1e-10)


@pytest.mark.parametrize("name", [name for name in NAMES if not spec.likelihood(name).discrete])
@settings(max_examples=12)
@given(**DRAWN)
def test_density_integrates_to_one_and_has_the_mean(name: str, outputs: list[float], number: float):
    pieces = _pieces(name, outputs, _law(name, outputs, number))

    def density(x: float) -> float:
        return np.exp(_log_prob(name, x, outputs, number))

    assert _integral(density, pieces) == pytest.approx(1, abs=1e-9)
    mean = float(_mean(name, outputs, number)[0])
    assert _integral(lambda x: x * density(x), pieces) == pytest.approx(mean, rel=1e-9, abs=1e-9)


@given(logit=st.floats(-500, 500))
def test_continuous_bernoulli_has_mass_one_at_any_logit(logit: float):
    """log of the integral of e^(xl), by a quadrature of e^(x l - max) that a spike at 0 or 1 does not escape."""
    width = 1 / max(1.0, abs(logit))
    cuts = [0, min(4 * width, 0.25), min(40 * width, 0.5), 1]
    pieces = cuts if logit < 0 else [1 - cut for cut in reversed(cuts)]
    mass = _integral(lambda x: np.exp(_log_prob("continuous_bernoulli", x, [logit], 0.0)), pieces)
    assert mass == pytest.approx(1, abs=1e-9)


def test_bernoulli_as_a_density_on_the_unit_interval_has_mass_at_most_one_half():
    """Why greys are refused: cross-entropy is not a density there. At l = 0 the mass is 1/2 and falls away from it."""
    for logit in (0.0, 0.5, -3.0, 20.0):
        mass, _ = integrate.quad(lambda x, at=logit: np.exp(x * at - np.logaddexp(0, at)), 0, 1)
        exact = 0.5 if logit == 0 else np.tanh(logit / 2) / logit
        assert mass == pytest.approx(exact, rel=1e-9)
        assert mass <= 0.5


def test_negative_binomial_approaches_poisson():
    x, log_mean = np.arange(12.0)[:, None], np.asarray([0.7])
    given_poisson = stats.poisson(np.exp(0.7)).logpmf(x[:, 0])
    got = spec.likelihood("negative_binomial").log_prob(x, log_mean, log_dispersion=np.asarray([18.0]))
    np.testing.assert_allclose(got, given_poisson, atol=2e-6)  # of order x^2/r = 144 e^-18, and log Gamma's rounding
