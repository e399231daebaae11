"""The slope of log p(x|z) in the decoder's output, finite and right as far out as floats reach: x - mean, mostly.

For an exponential family in its natural parameter d log p / d output = x - E[x]; each law's closed form is at 50
digits here, and what torch differentiates is compared with it in float32 and float64.
"""

import numpy as np
import pytest
import torch

from conformance.densities import BY_NAME, CONTINUOUS_BERNOULLI_LOGITS
from conformance.precise import MP, distance, exact, exp, sigmoid
from vaelid import spec

FAR = (0.0, 1.0, -1.0, 20.0, -20.0, 60.0, -60.0, 80.0, 100.0, -100.0)


def _odds_share(log_mean, log_dispersion):
    """r / (r + m)."""
    return sigmoid(log_dispersion - log_mean)


SLOPES = {
    "bernoulli": lambda x, out: x - BY_NAME["bernoulli"].mean(out),
    "binomial:16": lambda x, out: x - BY_NAME["binomial:16"].mean(out),
    "continuous_bernoulli": lambda x, out: x - BY_NAME["continuous_bernoulli"].mean(out),
    "poisson": lambda x, out: x - exp(out),
    "gaussian": lambda x, out, lv: (x - out) * exp(-lv),
    "gaussian:0.3": lambda x, out: (x - out) / exact(0.3),
    "laplace": lambda x, out, ls: np.vectorize(MP.sign, otypes=[object])(x - out) * exp(-ls),
    "negative_binomial": lambda x, out, ld: (x - exp(out)) * _odds_share(out, ld),
}
LEARNED = {"gaussian": -1.0, "laplace": -1.0, "negative_binomial": 2.0}
OBSERVED = {
    "bernoulli": (0, 1),
    "binomial:16": (0, 5, 16),
    "continuous_bernoulli": (0, 0.25, 1),
    "poisson": (0, 3, 1000),
    "negative_binomial": (0, 3, 1000),
}


def _grid(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Every observation at every output."""
    outputs = (*FAR, *CONTINUOUS_BERNOULLI_LOGITS) if name == "continuous_bernoulli" else FAR
    x, output = np.meshgrid(OBSERVED.get(name, (0.5, -3.0, 700.0)), np.float32(outputs))
    return x.ravel().astype(float), output.ravel().astype(float)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", SLOPES)
def test_slope_in_the_output_is_the_closed_form(name: str, dtype: torch.dtype):
    x, output = _grid(name)
    limits = torch.finfo(dtype)
    learned = [exact(LEARNED[name])] if name in LEARNED else []
    expected = SLOPES[name](exact(x), exact(output), *learned)
    representable = np.abs(expected) < limits.max
    leaf = torch.tensor(output, dtype=dtype, requires_grad=True)
    numbers = {key: torch.tensor(LEARNED[name], dtype=dtype) for key in spec.likelihood(name).learned}
    density = spec.likelihood(name).log_density(torch.tensor(x, dtype=dtype), leaf, **numbers)
    (slope,) = torch.autograd.grad(density.sum(), leaf)
    size = np.abs(expected).astype(float)
    if name in ("bernoulli", "binomial:16"):
        size = size + 16
    if name == "continuous_bernoulli":
        size = 9 + size  # 1/(e^|l| - 1) and 1/|l|, each at most 4
    if name == "negative_binomial":
        size = size + (np.abs(x) + np.exp(2.0)) * (1 + np.abs(output - 2.0))
    if name == "poisson":
        size = size + x
    assert torch.isfinite(slope).numpy()[representable].all()
    error = distance(slope.numpy()[representable], expected[representable])
    assert np.all(error <= 4 * (limits.eps * size[representable] + limits.smallest_normal))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("label", [0, 1, 2])
def test_slope_of_a_categorical_is_one_hot_minus_softmax(label: int, dtype: torch.dtype):
    columns = np.float32([[0, 0, 0], [100, -100, 0], [-100, 100, 100], [1e-3, 0, 0], [30, 31, -90]]).T
    leaf = torch.tensor(columns, dtype=dtype, requires_grad=True)
    x = torch.full((columns.shape[1],), float(label), dtype=dtype)
    (slope,) = torch.autograd.grad(spec.likelihood("categorical:3").log_prob(x, leaf), leaf)
    softmax = exp(exact(columns)) / exp(exact(columns)).sum(0)
    one_hot = np.eye(3)[label][:, None]
    assert np.all(distance(slope.numpy(), one_hot - softmax) <= 4 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_slopes_of_a_gaussian_in_both_of_its_outputs(dtype: torch.dtype):
    """d/dm = (x - m) / s2 and d/dv = ((x - m)^2 / s2 - 1) / 2."""
    mean, log_variance = np.float32([[0, 3, 100, -100, 0.5], [0, -20, 20, 60, -60]]).astype(float)
    x = np.float32([1, 3.5, 90, 700, 0.5]).astype(float)
    leaf = torch.tensor(np.stack([mean, log_variance]), dtype=dtype, requires_grad=True)
    log_prob = spec.likelihood("gaussian_diag").log_prob(torch.tensor(x, dtype=dtype), leaf)
    (slope,) = torch.autograd.grad(log_prob, leaf)
    gap, precision = exact(x) - exact(mean), exp(-exact(log_variance))
    expected = np.stack([gap * precision, (gap**2 * precision - 1) / 2])
    size = np.abs(expected).astype(float) + 1
    # exp(-v/2) is taken of a rounded v/2 = v/2 exactly; what is left are the roundings of the products
    assert np.all(distance(slope.numpy(), expected) <= 8 * torch.finfo(dtype).eps * size)


@pytest.mark.parametrize("name", ["bernoulli", "binomial:16", "continuous_bernoulli"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_logits_of_any_size_leave_value_and_slope_finite(name: str, dtype: torch.dtype):
    logits = torch.tensor([s * 10.0**e for e in range(-40, 38) for s in (1, -1)], dtype=dtype, requires_grad=True)
    for x in (0.0, 1.0):
        density = spec.likelihood(name).log_density(torch.full_like(logits, x), logits)
        (slope,) = torch.autograd.grad(density.sum(), logits)
        assert torch.isfinite(density).all()
        assert torch.isfinite(slope).all()
