"""Samples follow the law that log_prob states: moments within five standard errors, and the whole distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy_laws import LAWS, PLANES, continuous_bernoulli

from vaelid import spec

DRAWS = 40_000
# name: (output of one coordinate, its learned number) at several points
POINTS = {
    "bernoulli": [(-2.0,), (0.0,), (4.0,)],
    "binomial:16": [(-2.0,), (0.0,), (4.0,)],
    "categorical:3": [([0.0, 0.0, 0.0],), ([3.0, -1.0, 0.5],)],
    "continuous_bernoulli": [(0.0,), (1e-10,), (0.2,), (-0.3,), (5.0,), (-40.0,)],
    "gaussian": [(1.5, -2.0), (-30.0, 3.0)],
    "gaussian:0.3": [(1.5,), (-30.0,)],
    "gaussian_diag": [([1.5, -2.0],), ([-30.0, 3.0],)],
    "laplace": [(1.5, -2.0), (-30.0, 3.0)],
    "poisson": [(-2.0,), (1.0,), (6.0,)],
    "negative_binomial": [(-1.0, 1.0), (2.0, -0.5), (4.0, 3.0)],
}
CASES = [(name, *point) for name, points in POINTS.items() for point in points]


def _drawn(name: str, output, learned=()) -> np.ndarray:
    model = spec.likelihood(name)
    one = np.asarray(output)
    outputs = np.broadcast_to(one[..., None], (*one.shape, DRAWS))
    numbers = {key: np.full(DRAWS if kind == "coordinate" else (), learned) for key, kind in model.learned.items()}
    return model.sample(np.random.default_rng(20240229), outputs, **numbers)


def _law(name: str, output, *learned):
    law = continuous_bernoulli if name == "continuous_bernoulli" and abs(output) > 1e-6 else {**LAWS, **PLANES}[name]
    return stats.uniform() if name == "continuous_bernoulli" and abs(output) < 1e-6 else law(output, *learned)


def test_every_likelihood_is_sampled():
    assert POINTS.keys() == {*LAWS, *PLANES}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_mean_and_variance_lie_within_five_standard_errors(case):
    name, output, *learned = case
    x = _drawn(name, output, *learned)
    mean, variance, excess_kurtosis = (float(moment) for moment in _law(name, output, *learned).stats(moments="mvk"))
    assert abs(x.mean() - mean) <= 5 * np.sqrt(variance / DRAWS)
    assert abs(((x - mean) ** 2).mean() - variance) <= 5 * variance * np.sqrt((excess_kurtosis + 2) / DRAWS)


@pytest.mark.parametrize("case", [case for case in CASES if not spec.likelihood(case[0]).discrete], ids=str)
def test_continuous_samples_pass_a_kolmogorov_smirnov_test(case):
    name, output, *learned = case
    assert stats.kstest(_drawn(name, output, *learned), _law(name, output, *learned).cdf).pvalue > 1e-4


@pytest.mark.parametrize("case", [case for case in CASES if spec.likelihood(case[0]).discrete], ids=str)
def test_discrete_samples_pass_a_chi_square_test(case):
    name, output, *learned = case
    law = _law(name, output, *learned)
    x = _drawn(name, output, *learned)
    support = np.arange(int(x.max()) + 2)
    expected = DRAWS * law.pmf(support)
    common = expected >= 5
    observed = np.bincount(x.astype(int), minlength=len(support))[: len(support)]
    found, wanted = observed[common], expected[common]
    if DRAWS - wanted.sum() >= 5:  # all the rare values together
        found, wanted = np.append(found, DRAWS - found.sum()), np.append(wanted, DRAWS - wanted.sum())
    chi_square = ((found - wanted) ** 2 / wanted).sum()
    assert stats.chi2(len(wanted) - 1).sf(chi_square) > 1e-4


@settings(max_examples=60)
@given(logit=st.one_of(st.floats(-800, 800), st.floats(-1e-6, 1e-6)), seed=st.integers(0, 2**32))
def test_continuous_bernoulli_samples_stay_in_the_unit_interval(logit: float, seed: int):
    drawn = spec.likelihood("continuous_bernoulli").sample(np.random.default_rng(seed), np.full(500, logit))
    assert np.all((drawn >= 0) & (drawn <= 1))


@pytest.mark.parametrize("logit", [-100.0, 100.0])
@pytest.mark.parametrize("name", ["bernoulli", "binomial:16"])
def test_a_certain_outcome_is_always_drawn(name: str, logit: float):
    drawn = spec.likelihood(name).sample(np.random.default_rng(0), np.full(1000, logit))
    assert np.all(drawn == (0 if logit < 0 else {"bernoulli": 1, "binomial:16": 16}[name]))


def test_one_categorical_sample_for_each_position():
    """The classes lie on the axis before the last: position d takes the class that its own column makes certain."""
    output = np.full((2, 3, 4), -60.0)
    classes = np.array([[0, 1, 2, 1], [2, 2, 0, 1]])
    np.put_along_axis(output, classes[:, None, :], 60.0, axis=1)
    drawn = spec.likelihood("categorical:3").sample(np.random.default_rng(0), output)
    assert np.array_equal(drawn, classes)
