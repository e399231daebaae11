"""Networks and the optimiser's step against torch's own, in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from vaelid import spec


def _normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng([seed, *shape]).normal(size=shape))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 1000),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    image=st.tuples(st.integers(4, 9), st.integers(4, 9)),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
)
def test_convolution_is_that_of_torch(seed, kernel, image, channels, stride, padding):
    inputs, outputs = channels
    weight, bias, x = _normal(seed, outputs, inputs, *kernel), _normal(seed, outputs), _normal(seed, 2, inputs, *image)
    expected = functional.conv2d(x, weight, bias, stride=stride, padding=padding)
    got = spec.conv2d(weight, bias, x, stride=stride, padding=padding)
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)


@given(
    source=st.tuples(st.integers(1, 23), st.integers(1, 23)),
    target=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_upsampling_is_that_of_torch(source, target):
    x = _normal(0, 2, 3, *source)
    expected = functional.interpolate(x, size=target, mode="nearest")
    assert torch.equal(spec.upsample_nearest(x, size=target), expected)


def test_upsampling_from_half_the_size_is_that_of_torch():
    """The sizes that a convolutional decoder meets, from ceil(n / 2) to n: torch divides in floats."""
    for n in range(1, 300):
        x = torch.arange((n + 1) // 2, dtype=torch.float64)[None, None, None, :]
        expected = functional.interpolate(x, size=(1, n), mode="nearest")
        assert torch.equal(spec.upsample_nearest(x, size=(1, n)), expected)


@pytest.mark.parametrize("batch", [(), (5,), (2, 3)], ids=str)
def test_affine_is_that_of_torch(batch):
    weight, bias, x = _normal(0, 4, 6), _normal(0, 4), _normal(0, *batch, 6)
    torch.testing.assert_close(spec.affine(weight, bias, x), functional.linear(x, weight, bias), rtol=1e-13, atol=1e-13)


def test_relu_is_that_of_torch():
    x = torch.cat([_normal(0, 100), torch.tensor([0.0, -0.0, torch.inf, -torch.inf, 5e-324], dtype=torch.float64)])
    assert torch.equal(spec.relu(x), functional.relu(x))


OPTIMISERS = {
    "Adam": (torch.optim.Adam, 0.0),
    "AdamW": (torch.optim.AdamW, 0.05),
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_fifty_steps_are_those_of_torch(name: str):
    """On a quartic whose gradients the two sides compute from their own weights."""
    make, decay = OPTIMISERS[name]
    start, target = _normal(0, 3, 4), _normal(1, 3, 4)
    leaf = start.clone().requires_grad_()
    options = {"weight_decay": decay} if decay else {}
    optimiser = make([leaf], lr=0.03, betas=(0.9, 0.999), eps=1e-8, **options)
    weights = start.numpy()
    moments = spec.AdamMoments(np.zeros_like(weights), np.zeros_like(weights))
    for step in range(1, 51):
        optimiser.zero_grad()
        ((leaf - target) ** 4).sum().backward()
        optimiser.step()
        gradient = 4 * (weights - target.numpy()) ** 3
        weights, moments = spec.adam_update(
            weights, gradient, moments, step=step, learning_rate=0.03, weight_decay=decay
        )
        np.testing.assert_allclose(weights, leaf.detach().numpy(), rtol=1e-11, atol=1e-12)
    state = optimiser.state[leaf]
    np.testing.assert_allclose(moments.first, state["exp_avg"].numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(moments.second, state["exp_avg_sq"].numpy(), rtol=1e-9, atol=1e-12)
    assert float(np.abs(weights - start.numpy()).max()) > 0.5  # it went somewhere


@pytest.mark.parametrize(("beta1", "beta2", "epsilon"), [(0.5, 0.9, 1e-3), (0.0, 0.99, 1e-8)])
def test_other_betas_are_those_of_torch(beta1: float, beta2: float, epsilon: float):
    start, gradients = _normal(0, 6), _normal(2, 10, 6)
    leaf = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([leaf], lr=0.01, betas=(beta1, beta2), eps=epsilon)
    weights, moments = start, spec.AdamMoments(torch.zeros_like(start), torch.zeros_like(start))
    for step, gradient in enumerate(gradients, start=1):
        leaf.grad = gradient.clone()
        optimiser.step()
        weights, moments = spec.adam_update(
            weights, gradient, moments, step=step, learning_rate=0.01, beta1=beta1, beta2=beta2, epsilon=epsilon
        )
        torch.testing.assert_close(weights, leaf.detach(), rtol=1e-12, atol=1e-13)
