"""Gradients of the twins: those of the definitions in float64, and closed forms where the definitions give out."""

import numpy as np
import pytest
import torch
from ties import TIES, cast
from torch import Tensor

from conformance.precise import distance, exact, exp, floats
from vaelid.train.losses import gaussian_nll, importance_weighted_bound, kl_sum, logistic_nll
from vaelid.train.twins import TWINS

DIFFERENTIATED = {
    "kl_sum": (0, 1),
    "logistic_nll": (1,),
    "poisson_nll": (1,),
    "negative_binomial_nll": (1, 2),
    "gaussian_nll": (0, 1, 2),
    "gaussian_fixed_nll": (0, 1),
    "continuous_bernoulli_nll": (0, 1),
    "importance_weighted_bound": (0,),
}
MOST_WEIGHT = 7
# The size of what a slope adds up, where that is more than its value.
PARTS = {
    "kl_sum": lambda mu, logvar: 1e-8,  # (e^lv - 1) / 2 cancels in the definition, to one epsilon of float64
    "logistic_nll": lambda x, logits, trials=1: float(trials),  # trials * sigmoid - x
    "poisson_nll": lambda x, log_rate: float((x + log_rate.exp()).max()),
    # r (digamma(x + r) - digamma(r)) cancels in float64; against 50 digits it is compared in test_counts.py
    "negative_binomial_nll": lambda x, m, r: float(((x + r.exp()) * (1 + m.abs() + r.abs()) * (1 + x.log1p())).max()),
    "gaussian_fixed_nll": lambda x, mean, variance: 0.0,
    "continuous_bernoulli_nll": lambda x, logits: 9.0,  # e^l / (e^l - 1) and 1 / l, each at most 4; x
    "gaussian_nll": lambda x, mean, log_variance: float(x.numel()),  # (1 - residual^2 / s2) / 2, summed
    "importance_weighted_bound": lambda w: 1.0 + float(w.abs().max()),  # e^w is taken of rounded weights
}


def _gradients(function, arguments: tuple, which: tuple[int, ...]) -> list[Tensor]:
    """Of a weighted sum of the results, so that rows are told apart."""
    leaves = [arguments[index].clone().requires_grad_() for index in which]
    moved = list(arguments)
    for index, leaf in zip(which, leaves, strict=True):
        moved[index] = leaf
    result = function(*moved)
    weights = (1.0 + torch.arange(result.numel(), dtype=result.dtype) % MOST_WEIGHT).reshape(result.shape)
    return list(torch.autograd.grad((result * weights).sum(), leaves))


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_gradient_in_float32_is_that_of_the_definition_in_float64(name: str):
    """Wherever float64 can say: to 1e-6 of the largest slope of an input, or of what it adds up."""
    twin, compared = TWINS[name], 0
    for given, _ in TIES[name].cases:
        fast = _gradients(twin.fast, cast(given, torch.float32), DIFFERENTIATED[name])
        slow = _gradients(twin.slow, given, DIFFERENTIATED[name])
        for got, expected in zip(fast, slow, strict=True):
            assert got.dtype == torch.float32
            assert got.shape == expected.shape
            inside = torch.isfinite(expected) & (expected.abs() < torch.finfo(torch.float32).max)
            size = expected[inside].abs().max() if inside.any() else 0.0
            assert torch.isfinite(got[inside]).all()
            assert ((got.double() - expected)[inside].abs() <= 1e-6 * (size + MOST_WEIGHT * PARTS[name](*given))).all()
            compared += int(inside.sum())
    assert compared > 500


def test_every_twin_but_the_optimiser_is_differentiated():
    assert {*DIFFERENTIATED, "adam_update_"} == TWINS.keys()


def test_kl_slopes_are_mu_and_half_expm1_of_the_log_variance():
    for (mu, logvar), _ in TIES["kl_sum"].cases:
        leaves = [mu.float().requires_grad_(), logvar.float().requires_grad_()]
        by_mu, by_logvar = torch.autograd.grad(kl_sum(*leaves).sum(), leaves)
        assert torch.equal(by_mu, mu.float())
        expected = (exp(exact(logvar)) - 1) / 2
        tiny = torch.finfo(torch.float32).smallest_normal
        assert np.all(distance(by_logvar.numpy(), expected) <= 1e-6 * floats(abs(expected)) + tiny)


def test_logistic_slope_is_the_mean_minus_the_observation():
    for (x, logits, *trials), _ in TIES["logistic_nll"].cases:
        number = trials[0] if trials else 1
        leaf = logits.float().requires_grad_()
        (slope,) = torch.autograd.grad(logistic_nll(x.float(), leaf, number).sum(), leaf)
        expected = number / (1 + exp(-exact(logits))) - exact(x)
        size = number / (1 + np.exp(-logits.numpy())) + x.numpy()
        assert np.all(distance(slope.numpy(), expected) <= 1e-6 * size + number * 1.2e-38)


def test_slope_of_the_bound_is_the_softmax_of_the_weights():
    """The normalised importance weights: they sum to one, also 500 nats apart."""
    for (log_weights,), _ in TIES["importance_weighted_bound"].cases:
        leaf = log_weights.float().requires_grad_()
        (slope,) = torch.autograd.grad(importance_weighted_bound(leaf).sum(), leaf)
        given = exact(log_weights)
        shares = exp(given - given.max(-1, keepdims=True))
        expected = shares / shares.sum(-1, keepdims=True)
        size = (1 + np.abs(log_weights.numpy()).max(-1, keepdims=True)) * np.ones_like(log_weights)
        assert np.all(distance(slope.numpy(), expected) <= 1e-6 * size)
        assert torch.isfinite(slope).all()


def test_gaussian_slopes_are_closed_forms():
    for (x, mean, log_variance), _ in TIES["gaussian_nll"].cases:
        leaves = [mean.float().requires_grad_(), log_variance.float().requires_grad_()]
        by_mean, by_log_variance = torch.autograd.grad(gaussian_nll(x.float(), *leaves).sum(), leaves)
        gap, precision = exact(x) - exact(mean), exp(-exact(log_variance))
        if float(floats(abs(gap * precision)).max()) < 1e38:
            expected = -gap * precision
            assert np.all(distance(by_mean.numpy(), expected) <= 1e-6 * floats(abs(expected)) + 1.2e-38)
        squares = (gap**2 * precision).sum()
        expected = (x.numel() - squares) / 2
        assert distance(by_log_variance.numpy(), expected) <= 2e-6 * float(x.numel() + squares)


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_gradcheck(name: str):
    """Numerical differentiation in float64, at moderate points."""
    generator = torch.Generator().manual_seed(1)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    inputs = {
        "kl_sum": (normal(3, 4), normal(3, 4)),
        "logistic_nll": ((normal(3, 4) > 0).double(), normal(3, 4)),
        "poisson_nll": (torch.arange(12.0, dtype=torch.float64).reshape(3, 4), normal(3, 4)),
        "negative_binomial_nll": (torch.arange(12.0, dtype=torch.float64).reshape(3, 4), normal(3, 4), normal(4)),
        "gaussian_nll": (normal(3, 4), normal(3, 4), normal()),
        "gaussian_fixed_nll": (normal(3, 4), normal(3, 4), 0.3),
        "continuous_bernoulli_nll": (normal(3, 4).sigmoid(), normal(3, 4)),
        "importance_weighted_bound": (normal(3, 4),),
    }[name]
    leaves = [value.requires_grad_() if i in DIFFERENTIATED[name] else value for i, value in enumerate(inputs)]
    assert torch.autograd.gradcheck(TWINS[name].fast, tuple(leaves), eps=1e-6, atol=1e-8, rtol=1e-6)
