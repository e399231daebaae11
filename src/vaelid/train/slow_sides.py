"""The slow sides of the twins: the spec's own definitions, with the arguments of the fast functions in `losses.py`.

An audit reads these, since it cannot look into a fused kernel.
"""

import torch
from torch import Tensor

import vaelid.spec as spec
from vaelid.spec.likelihoods import bernoulli, binomial, gaussian, negative_binomial, poisson

__all__ = [
    "continuous_bernoulli_nll",
    "gaussian_fixed_nll",
    "gaussian_nll",
    "kl_sum",
    "logistic_nll",
    "negative_binomial_nll",
    "poisson_nll",
]


def kl_sum(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, e^logvar) | N(0, 1)) in nats, summed over the last axis."""
    return spec.diagonal_gaussian_kl_to_standard_sum(mu, logvar)


def logistic_nll(x: Tensor, logits: Tensor, trials: int = 1) -> Tensor:
    """Minus the `log_prob` of `bernoulli` (trials = 1) or `binomial(trials)`, in nats."""
    return -(bernoulli if trials == 1 else binomial(trials)).log_prob(x, logits)


def gaussian_nll(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Minus the `log_prob` of `gaussian`, in nats."""
    return -gaussian.log_prob(x, mean, log_variance=log_variance)


def gaussian_fixed_nll(x: Tensor, mean: Tensor, variance: float) -> Tensor:
    """Minus the `log_prob` of `gaussian_fixed(variance)`, in nats.

    The logarithm is torch's: a formula has log(V) then, whose exponential is V, and not a rounded number.
    """
    return -gaussian.log_prob(x, mean, log_variance=torch.log(torch.full_like(mean[(0,) * mean.ndim], variance)))


def continuous_bernoulli_nll(x: Tensor, logits: Tensor) -> Tensor:
    """Minus the `log_prob` of `continuous_bernoulli`, in nats, as one formula for logits other than 0.

    At 0 it is NaN. The spec's own function has a series near 0, which is no formula.
    """
    return (torch.log(torch.expm1(logits) / logits) - x * logits).sum(-1)


def poisson_nll(x: Tensor, log_rate: Tensor) -> Tensor:
    """Minus the `log_prob` of `poisson`, in nats."""
    return -poisson.log_prob(x, log_rate)


def negative_binomial_nll(x: Tensor, log_mean: Tensor, log_dispersion: Tensor) -> Tensor:
    """Minus the `log_prob` of `negative_binomial`, in nats."""
    return -negative_binomial.log_prob(x, log_mean, log_dispersion=log_dispersion)
