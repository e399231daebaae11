"""Fast or accurate torch functions, each declared as the twin of a slow definition of the spec.

A twin is tied by a bound: on floats, |fast - slow| <= relative * scale, where `slow` is the spec's function
evaluated without rounding and `scale` is the size of what is added up; a term below the smallest normal number (1e-38)
may be lost. `tests/twins` checks every entry of `TWINS` against its slow side at 50 digits; an entry without such a
check fails there. The fast functions are in `losses.py` and `adam.py`. Those of a loss are registered there with
`register_twin`, as a user's own are: an audit reads their slow sides, and compares both at the numbers that it meets.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import vaelid.spec as spec
from vaelid.readings.twins import twin_behind
from vaelid.spec.likelihoods import binomial_log_coefficient
from vaelid.train.adam import adam_update_
from vaelid.train.losses import (
    continuous_bernoulli_nll,
    gaussian_fixed_nll,
    gaussian_nll,
    importance_weighted_bound,
    kl_sum,
    logistic_nll,
    negative_binomial_nll,
    poisson_nll,
)

__all__ = ["TWINS", "BoundedTwin"]


@dataclass(frozen=True)
class BoundedTwin:
    """A fast function, the definition it stands for, and the bound between them in float32."""

    fast: Callable[..., Any]
    slow: Callable[..., Any]
    relative: float
    scale: Callable[..., Tensor]


def _of(function: Callable[..., Tensor], scale: Callable[..., Tensor]) -> BoundedTwin:
    """A twin that an audit knows: the sides and the bound that it was registered with."""
    twin = twin_behind(function)
    return BoundedTwin(twin.fast, twin.slow, twin.bound, scale)


def _sum_of_magnitudes(*terms: Tensor) -> Tensor:
    return torch.stack([term.double().abs().sum(-1) for term in terms]).sum(0)


def _logistic_scale(x: Tensor, logits: Tensor, trials: int = 1) -> Tensor:
    if trials == 1:  # for x in {0, 1} nothing cancels: the bound is relative to the value
        return torch.nn.functional.softplus(logits.double() * (1 - 2 * x.double())).sum(-1)
    coefficient = binomial_log_coefficient(trials, x, logits.double())
    return _sum_of_magnitudes(coefficient, trials * torch.nn.functional.softplus(logits.double()), x * logits)


def _continuous_bernoulli_scale(x: Tensor, logits: Tensor) -> Tensor:
    """|x l| + |l| and, away from 0, the two logarithms whose difference the normaliser is."""
    size = logits.double().abs()
    far = size.clamp_min(0.25)
    logarithms = torch.where(size < 0.25, 0.0, torch.log(-torch.expm1(-far)).abs() + torch.log(far).abs())
    return _sum_of_magnitudes(x * logits, logits, logarithms)


def _adam_scale(weights: Tensor, gradient: Tensor, moments: spec.AdamMoments, **options: Any) -> Tensor:
    """|weights|, and the update that the same magnitudes would make if the first moment and gradient had one sign."""
    magnitudes = spec.AdamMoments(moments.first.double().abs(), moments.second.double())
    update, _ = spec.adam_update(torch.zeros_like(magnitudes.first), gradient.double().abs(), magnitudes, **options)
    return weights.double().abs() + update.abs()


TWINS = {
    "kl_sum": _of(
        kl_sum,
        scale=lambda mu, logvar: kl_sum(mu.double(), logvar.double()),
    ),
    "logistic_nll": _of(
        logistic_nll,
        scale=_logistic_scale,
    ),
    "gaussian_nll": _of(
        gaussian_nll,
        scale=lambda x, mean, log_variance: _sum_of_magnitudes(
            ((x - mean).double() * torch.exp(-log_variance.double() / 2)) ** 2 / 2,
            (log_variance.double().abs() + 2).expand_as(x),
        ),
    ),
    "gaussian_fixed_nll": _of(
        gaussian_fixed_nll,
        scale=lambda x, mean, variance: _sum_of_magnitudes(
            (x - mean).double() ** 2 / (2 * variance), torch.full_like(x, abs(math.log(variance)) + 2)
        ),
    ),
    "continuous_bernoulli_nll": _of(
        continuous_bernoulli_nll,
        scale=_continuous_bernoulli_scale,
    ),
    "poisson_nll": _of(
        poisson_nll,
        scale=lambda x, log_rate: 1 + poisson_nll(x.double(), log_rate.double()),
    ),
    "negative_binomial_nll": _of(
        negative_binomial_nll,
        scale=lambda x, *output: 1 + negative_binomial_nll(x.double(), *(value.double() for value in output)),
    ),
    "importance_weighted_bound": BoundedTwin(
        fast=importance_weighted_bound,
        slow=spec.importance_weighted_bound,
        relative=1e-6,
        scale=lambda log_weights: log_weights.double().abs().amax(-1) + 1,
    ),
    "adam_update_": BoundedTwin(
        fast=adam_update_,
        slow=spec.adam_update,
        relative=1e-6,
        scale=_adam_scale,
    ),
}
"""Every twin of the package, by name."""
