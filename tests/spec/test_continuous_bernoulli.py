"""The continuous Bernoulli's normaliser and mean cancel at zero: against 50 digits on both sides of the switch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from conformance.densities import BY_NAME, CONTINUOUS_BERNOULLI_LOGITS
from conformance.precise import distance, exact
from vaelid import spec
from vaelid.spec.likelihoods import continuous_bernoulli_log_normaliser

LAW = BY_NAME["continuous_bernoulli"]
LOGITS = st.one_of(
    st.floats(-300, 300),
    st.floats(-0.5, 0.5),
    st.floats(-1e-6, 1e-6),
    st.sampled_from(CONTINUOUS_BERNOULLI_LOGITS),
    st.integers(-50, 50).map(lambda steps: 0.25 + steps * 2.0**-54),
    st.integers(-50, 50).map(lambda steps: -0.25 + steps * 2.0**-54),
)


def _normaliser_size(logit: float) -> float:
    """What is added up: l itself, and away from zero log(1 - e^-|l|) and log|l|."""
    far = 0.0 if abs(logit) < 0.25 else -np.log(-np.expm1(-abs(logit))) + abs(np.log(abs(logit)))
    return abs(logit) + far


@given(LOGITS)
def test_log_normaliser_is_that_of_fifty_digits(logit: float):
    got = continuous_bernoulli_log_normaliser(np.asarray(logit))
    expected = -LAW.log_density(exact(0.0), exact(logit))
    assert distance(got, expected) <= 2 * np.finfo(np.float64).eps * _normaliser_size(logit) + 5e-324


@given(LOGITS)
def test_mean_is_that_of_fifty_digits(logit: float):
    got = spec.likelihood("continuous_bernoulli").mean(np.asarray(logit))
    size = 1.0 if abs(logit) < 0.25 else 9.0  # 1/(1 - e^-l) and 1/l, where they are subtracted
    assert distance(got, LAW.mean(exact(logit))) <= 0.5 * np.finfo(np.float64).eps * size


@given(LOGITS)
def test_slope_of_the_log_normaliser_is_the_mean(logit: float):
    leaf = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(continuous_bernoulli_log_normaliser(leaf), leaf)
    size = 1.0 if abs(logit) < 0.25 else 9.0
    assert distance(slope.numpy(), LAW.mean(exact(logit))) <= 2 * np.finfo(np.float64).eps * size


@pytest.mark.parametrize("sign", [1, -1])
def test_nothing_jumps_at_the_switch(sign: int):
    """Across |l| = 1/4 the polynomial gives way to the formula: by no more than rounding."""
    below, above = (sign * np.nextafter(0.25, to) for to in (0.0, 1.0))
    model = spec.likelihood("continuous_bernoulli")
    steps = continuous_bernoulli_log_normaliser(np.asarray([below, above])), model.mean(np.asarray([below, above]))
    assert abs(np.diff(steps[0])[0]) <= 1e-15
    assert abs(np.diff(steps[1])[0]) <= 2e-15


@given(LOGITS)
def test_mean_is_mirrored_by_the_sign_of_the_logit(logit: float):
    up, down = (float(spec.likelihood("continuous_bernoulli").mean(np.asarray(s * logit))) for s in (1, -1))
    assert up + down == pytest.approx(1, abs=4e-15)
    assert 0 <= up <= 1


@pytest.mark.parametrize("logit", [logit for logit in CONTINUOUS_BERNOULLI_LOGITS if 0.01 <= abs(logit) <= 15])
def test_log_prob_is_that_of_torch_where_torch_is_good(logit: float):
    """torch's is a Taylor polynomial for p in (0.499, 0.501), and clamps p beyond |l| = 36."""
    x = torch.linspace(0, 1, 11, dtype=torch.float64)
    expected = torch.distributions.ContinuousBernoulli(logits=torch.tensor(logit, dtype=torch.float64)).log_prob(x)
    got = spec.likelihood("continuous_bernoulli").log_density(x, torch.full_like(x, logit))
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)
