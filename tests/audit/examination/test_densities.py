"""The second implementation of each density, against a third: scipy, and sums and integrals that must be 1."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from torch.distributions import Normal, kl_divergence

from vaelid.auditor.examination.densities import (
    base_measure,
    negative_log_likelihood,
    off_support,
    posterior_and_prior,
    trials_of,
)
from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.findings.account import StatedDivergence
from vaelid.auditor.recording.calls import call_of, scalar_loss
from vaelid.auditor.recording.record import record
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import as_term

from .made import LATENT, ROWS, ZERO, Small, likelihood, term

REAL = st.floats(-5, 5).map(lambda number: round(number, 6))
COUNT = st.integers(0, 8)


def nll(family, x, *parameters):
    tensors = [torch.tensor(float(number), dtype=torch.float64) for number in (x, *parameters)]
    return float(negative_log_likelihood(likelihood(family), tensors))


def whole(family, x, *parameters):
    """With what has only data in it."""
    return nll(family, x, *parameters) + float(base_measure(likelihood(family), torch.tensor(float(x)).double()))


@given(REAL, REAL, REAL)
def test_gaussian(x, mean, log_variance):
    expected = stats.norm.logpdf(x, mean, math.exp(log_variance / 2))
    assert -nll("gaussian", x, mean, log_variance) == pytest.approx(expected, abs=1e-9, rel=1e-9)
    assert -nll("gaussian", x, mean) == pytest.approx(stats.norm.logpdf(x, mean), abs=1e-9)


@given(REAL, REAL, REAL)
def test_laplace(x, location, log_scale):
    expected = -math.log(2) - log_scale - abs(x - location) / math.exp(log_scale)  # scipy's is exp and log again
    assert -nll("laplace", x, location, log_scale) == pytest.approx(expected, abs=1e-9, rel=1e-9)
    assert -nll("laplace", x, location) == pytest.approx(stats.laplace.logpdf(x, location), abs=1e-9)


@given(st.integers(0, 1), REAL)
def test_bernoulli(x, logit):
    assert -whole("bernoulli", x, logit) == pytest.approx(
        stats.bernoulli.logpmf(x, 1 / (1 + math.exp(-logit))), abs=1e-9
    )


@given(COUNT, REAL)
def test_poisson(x, log_rate):
    assert -whole("poisson", x, log_rate) == pytest.approx(stats.poisson.logpmf(x, math.exp(log_rate)), abs=1e-8)


@given(COUNT, REAL)
def test_binomial(x, logit):
    expected = stats.binom.logpmf(x, 8, 1 / (1 + math.exp(-logit)))
    assert -whole("binomial", x, logit) == pytest.approx(expected, abs=1e-8)


@given(COUNT, REAL, REAL)
def test_negative_binomial_of_log_mean_and_log_dispersion(x, log_mean, log_dispersion):
    r, mean = math.exp(log_dispersion), math.exp(log_mean)
    expected = stats.nbinom.logpmf(x, r, r / (r + mean))
    assert -whole("negative_binomial", x, log_mean, log_dispersion) == pytest.approx(expected, abs=1e-7, rel=1e-7)


@given(st.lists(REAL, min_size=3, max_size=3), st.integers(0, 2))
def test_categorical_of_log_probabilities(scores, which):
    log_p = torch.log_softmax(torch.tensor(scores).double(), 0)
    terms = negative_log_likelihood(likelihood("categorical"), [torch.eye(3).double()[which], log_p])
    assert -float(terms.sum()) == pytest.approx(float(log_p[which]))


@pytest.mark.parametrize(
    ("family", "grid", "parameters"),
    [
        ("bernoulli", range(2), (0.7,)),
        ("poisson", range(60), (1.2,)),
        ("binomial", range(9), (-0.4,)),
        ("negative_binomial", range(400), (0.5, 0.3)),
    ],
)
def test_the_sum_over_the_data_is_1(family, grid, parameters):
    assert sum(math.exp(-whole(family, x, *parameters)) for x in grid) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("family", "parameters"), [("gaussian", (0.3, -0.5)), ("laplace", (0.3, -0.5))])
def test_the_integral_over_the_data_is_1(family, parameters):
    total, _ = integrate.quad(lambda x: math.exp(-nll(family, x, *parameters)), -40, 40, points=[0.3])
    assert total == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("family", ["student", "negative_binomial", "beta"])
def test_a_family_without_a_second_implementation_is_said(family):
    with pytest.raises(ReadingError, match=f"the {family} likelihood has no second implementation"):
        nll(family, 1.0, 0.5)  # a negative binomial has a dispersion, too


def test_a_likelihood_of_which_only_the_data_are_known_is_said():
    with pytest.raises(ReadingError, match="was not read in data and outputs"):
        nll("gaussian", 1.0)


def test_what_has_only_data_in_it():
    x = torch.tensor([0.0, 3.0, 8.0]).double()
    assert torch.allclose(base_measure(likelihood("poisson"), x).exp(), torch.tensor([1.0, 6.0, 40320.0]).double())
    ways = 1 / base_measure(likelihood("binomial"), x).exp()
    assert torch.allclose(ways, torch.tensor([math.comb(8, k) for k in (0, 3, 8)]).double())
    assert not base_measure(likelihood("gaussian"), x).any()


def test_trials_stand_in_the_name():
    assert trials_of(likelihood("binomial", name="binomial of 255 trials")) == 255
    with pytest.raises(ReadingError, match="has no number of trials"):
        trials_of(likelihood("binomial", name="binomial"))


# where data may lie


def off(family, *data):
    return off_support(likelihood(family), torch.tensor(data, dtype=torch.float64))


NAN, INF = float("nan"), float("inf")
INSIDE = {
    "bernoulli": (0, 1, 0.5, 1 + 1e-7, -1e-7, NAN),
    "categorical": (0, 1, 1 / 3, 2, 17),
    "poisson": (0, 1, 300, 3 * (1 / 3), 7 + 1e-7, -1e-7, NAN, INF),
    "negative_binomial": (0, 1, 1e6),
    "binomial": (0, 8, 8 + 1e-7, 8 / 255 * 255),
    "gaussian": (-1e9, 0.5, NAN, INF),
    "laplace": (-3, 0.5),
}
BESIDE = {
    "bernoulli": (2, -1, 255, 1.001, -0.001),
    "categorical": (1.5, -0.5),
    "poisson": (-1, 0.5, 1.01, -0.3, math.log(5)),
    "negative_binomial": (-1, 2.5),
    "binomial": (9, -1, 0.5, 255),
}


@pytest.mark.parametrize(("family", "datum"), [(family, datum) for family in INSIDE for datum in INSIDE[family]])
def test_data_in_the_support(family, datum):
    assert off(family, 0.0, datum) is None


@pytest.mark.parametrize(("family", "datum"), [(family, datum) for family in BESIDE for datum in BESIDE[family]])
def test_a_datum_beside_it_is_given(family, datum):
    found, where = off(family, 0, 1, datum, NAN)
    assert found == datum
    ends = {"bernoulli": "0 to 1", "categorical": "0 to 1", "binomial": "whole numbers, 0 to 8"}
    assert where == ends.get(family, "whole numbers, 0 or more")


def test_the_farthest_of_several_is_given():
    assert off("bernoulli", 0, -3, 2, 17, 1)[0] == 17
    assert off("poisson", 0.5, -2)[0] == -2


@given(st.lists(st.integers(0, 255), min_size=1, max_size=9))
def test_pixels_that_were_divided_and_multiplied_in_floats_are_counts(pixels):
    there_and_back = torch.from_numpy((np.array(pixels, dtype=np.float32) / np.float32(255)) * np.float32(255))
    assert off_support(likelihood("binomial", name="binomial of 255 trials"), there_and_back) is None
    assert off_support(likelihood("poisson"), there_and_back) is None


# posterior and prior


def test_laws_are_the_posterior_and_the_prior_at_all_places():
    made = Small().made()
    call = call_of(made.batch)
    numbers = Numbers(made.account, record(made.step, call.arguments, call.tensors, scalar_loss))
    (posterior,), axes = made.account.posteriors, [ROWS, LATENT]
    to_standard = StatedDivergence(0, (ZERO, ZERO), False, False, (ROWS, LATENT))
    q, p = posterior_and_prior(posterior, to_standard, numbers, axes)
    m, v = numbers["m"], numbers["v"]
    assert torch.allclose(kl_divergence(q, p), (m.square() + v.exp() - 1 - v) / 2)
    other = StatedDivergence(0, (term("m"), as_term(2)), True, False, (ROWS, LATENT))
    q, p = posterior_and_prior(posterior, other, numbers, axes)
    assert torch.allclose(kl_divergence(q, p), kl_divergence(Normal(m, (v / 2).exp()), Normal(m, math.e)))
