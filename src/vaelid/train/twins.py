"""Fast or accurate torch functions, each declared as the twin of a slow definition of the spec.

A twin is tied by a bound: on floats, |fast - slow| <= relative * scale, where `slow` is the spec's function
evaluated without rounding and `scale` is the size of what is added up; a term below the smallest normal number (1e-38)
may be lost. `tests/twins` checks every entry of `TWINS` against its slow side at 50 digits; an entry without such a
check fails there.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

import vaelid.spec as spec
from vaelid.spec.likelihoods import (
    Likelihood,
    bernoulli,
    binomial,
    binomial_log_coefficient,
    gaussian,
    negative_binomial,
    poisson,
)
from vaelid.train.counts import NegativeBinomialNll, PoissonNll
from vaelid.train.excess import exp_excess

__all__ = [
    "TWINS",
    "Twin",
    "adam_update_",
    "gaussian_nll",
    "importance_weighted_bound",
    "kl_sum",
    "logistic_nll",
    "negative_binomial_nll",
    "poisson_nll",
    "reconstruction_nll",
    "slow_sides",
]


@dataclass(frozen=True)
class Twin:
    """A fast function, the definition it stands for, and the bound between them in float32."""

    fast: Callable[..., Any]
    slow: Callable[..., Any]
    relative: float
    scale: Callable[..., Tensor]


class _KlSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mu: Tensor, logvar: Tensor) -> Tensor:
        value, slope = exp_excess(logvar)  # twice the variance part of the KL, and its slope
        ctx.save_for_backward(mu, slope)
        return value.addcmul_(mu, mu).sum(-1).mul_(0.5)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, grad: Tensor
    ) -> tuple[Tensor, Tensor]:
        mu, slope = ctx.saved_tensors
        grad = grad.unsqueeze(-1)
        return grad * mu, grad.mul(0.5) * slope


def coordinate_kl(mu: Float[Tensor, "*batch L"], logvar: Float[Tensor, "*batch L"]) -> Float[Tensor, "*batch L"]:
    """Twin of `spec.coordinate_kl_to_standard`, in nats: never negative, accurate near collapse.

    (mu^2 + e^lv - 1 - lv) / 2 cancels near mu = lv = 0; here the variance part is lv^2 P(lv) for |lv| < 1.
    Half-precision inputs are computed in float32. The second derivative is not defined.
    """
    return kl_sum(mu.unsqueeze(-1), logvar.unsqueeze(-1))


_slow = ContextVar("slow", default=False)


@contextmanager
def slow_sides() -> Iterator[None]:
    """Inside, the losses that are twins are computed by their slow sides: the spec's own definitions."""
    token = _slow.set(True)
    try:
        yield
    finally:
        _slow.reset(token)


def kl_sum(mu: Float[Tensor, "*batch L"], logvar: Float[Tensor, "*batch L"]) -> Float[Tensor, "*batch"]:
    """Twin of `spec.diagonal_gaussian_kl_to_standard_sum`, in nats: the sum of `coordinate_kl`."""
    if _slow.get():
        return TWINS["kl_sum"].slow(mu, logvar)
    wide = torch.promote_types(mu.dtype, torch.float32)
    return _KlSum.apply(mu.to(wide), logvar.to(wide))  # pyright: ignore[reportReturnType]


@lru_cache(maxsize=8)
def _log_coefficients(trials: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Log C(trials, k) for k = 0..trials."""
    counts = torch.arange(trials + 1, dtype=dtype, device=device)
    return binomial_log_coefficient(trials, counts, counts)


class _LogisticNll(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, logits: Tensor, trials: int) -> Tensor:
        ctx.save_for_backward(x, logits)
        ctx.trials = trials
        # trials * softplus(l) - x l, as trials * log(1 + e^-|l|) and |l| for each trial that l does not expect: the
        # number of these is a difference of counts, which is exact
        terms = torch.nn.functional.softplus(logits.abs().neg_())
        unexpected = torch.where(logits > 0, trials - x, -x)
        if trials != 1:
            coefficients = _log_coefficients(trials, logits.dtype, logits.device)
            terms.mul_(trials).sub_(torch.take(coefficients, x.long()))
        return terms.addcmul_(unexpected, logits).sum(-1)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, grad: Tensor
    ) -> tuple[None, Tensor, None]:
        x, logits = ctx.saved_tensors
        slope = torch.sigmoid(logits)
        if ctx.trials != 1:
            slope.mul_(ctx.trials)
        return None, slope.sub_(x).mul_(grad.unsqueeze(-1)), None


def logistic_nll(
    x: Float[Tensor, "*batch D"], logits: Float[Tensor, "*batch D"], trials: int = 1
) -> Float[Tensor, "*batch"]:
    """Twin of minus the `log_prob` of `bernoulli` (trials = 1) and `binomial(trials)`, in nats.

    The gradient goes to the logits only; x is data.
    """
    if _slow.get():
        return TWINS["logistic_nll"].slow(x, logits, trials)
    return _LogisticNll.apply(x, logits, trials)  # pyright: ignore[reportReturnType]


def gaussian_nll(
    x: Float[Tensor, "*batch D"], mean: Float[Tensor, "*batch D"], log_variance: Float[Tensor, ""]
) -> Float[Tensor, "*batch"]:
    """Twin of minus the `log_prob` of `gaussian`, in nats: squares are summed, then scaled.

    1 / s2 must be a finite float: log_variance > -88 in float32.
    """
    if _slow.get():
        return TWINS["gaussian_nll"].slow(x, mean, log_variance)
    residual = x - mean
    squares = torch.linalg.vecdot(residual, residual)
    constant = x.shape[-1] * (log_variance + torch.log(torch.full_like(log_variance, 2 * torch.pi)))
    return (squares * torch.exp(-log_variance) + constant) / 2


def poisson_nll(x: Float[Tensor, "*batch D"], log_rate: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch"]:
    """Twin of minus the `log_prob` of `poisson`, in nats: never negative, right for counts of 1e15.

    x l - e^l - log x! cancels where the rate is large; see `counts` for the form that does not. Computed in float64.
    """
    if _slow.get():
        return TWINS["poisson_nll"].slow(x, log_rate)
    nll: Any = PoissonNll.apply(x.double(), log_rate.double())
    return nll.sum(-1).to(log_rate.dtype)


def negative_binomial_nll(
    x: Float[Tensor, "*batch D"], log_mean: Float[Tensor, "*batch D"], log_dispersion: Float[Tensor, "#D"]
) -> Float[Tensor, "*batch"]:
    """Twin of minus the `log_prob` of `negative_binomial`, in nats: never negative, at any dispersion.

    log Gamma(x + r) - log Gamma(r) cancels where r is large; see `counts` for the form that does not. Computed in
    float64.
    """
    if _slow.get():
        return TWINS["negative_binomial_nll"].slow(x, log_mean, log_dispersion)
    nll: Any = NegativeBinomialNll.apply(x.double(), log_mean.double(), log_dispersion.double())
    return nll.sum(-1).to(log_mean.dtype)


def reconstruction_nll(likelihood: Likelihood, x: Tensor, output: Tensor, **learned: Tensor) -> Tensor:
    """-log p(x|z) in nats, summed over D: by a twin where the likelihood has one, else by its own definition.

    The support of x is not checked here: data are checked once, before training.
    """
    match likelihood.family, likelihood.number:
        case "negative_binomial", _:
            return negative_binomial_nll(x, output, learned["log_dispersion"])
        case "poisson", _:
            return poisson_nll(x, output)
        case "bernoulli", _:
            return logistic_nll(x, output)
        case "binomial", float(trials):
            return logistic_nll(x, output, int(trials))
        case "gaussian", None:
            return gaussian_nll(x, output, learned["log_variance"])
        case "gaussian", float(variance):
            return gaussian_nll(x, output, torch.full_like(output[(0,) * output.ndim], math.log(variance)))
    return -likelihood.log_density(x, output, **learned).sum(-1)


def importance_weighted_bound(log_weights: Float[Tensor, "*batch K"]) -> Float[Tensor, "*batch"]:
    """Twin of `spec.importance_weighted_bound`, in nats: never below mean(w) in floats, and never overflows.

    mean(w) + log(1 + mean v(w - mean w)), v(x) = e^x - 1 - x by the KL kernel; where some weight lies 30 nats
    above the mean, mean(w) + log mean e^(w - mean w), which is then at least 30 - log K above it.
    """
    elbo = log_weights.mean(-1)
    centred = log_weights - elbo.unsqueeze(-1)
    excess = 2 * coordinate_kl(torch.zeros_like(centred), centred.clamp_max(30))
    near = torch.log1p(excess.mean(-1))
    far = torch.logsumexp(centred, -1) - torch.log(torch.full_like(elbo, log_weights.shape[-1]))
    return elbo + torch.where(centred.amax(-1) < 30, near, far)


def adam_update_(
    weights: list[Tensor],
    gradients: list[Tensor],
    moments: spec.AdamMoments,
    *,
    step: int,
    learning_rate: float,
    weight_decay: float = 0.0,
) -> None:
    """Twin of `spec.adam_update`, in place on lists, by torch's fused kernel; `step` counts from 1."""
    steps = list(torch.full((len(weights),), float(step), device=weights[0].device).unbind())
    # what torch.optim.AdamW(fused=True) ends in: the Python on the way there costs 0.06 ms a step
    torch._fused_adamw_(  # pyright: ignore[reportPrivateImportUsage]
        weights,
        gradients,
        moments.first,
        moments.second,
        [],
        steps,
        lr=learning_rate,
        beta1=0.9,
        beta2=0.999,
        weight_decay=weight_decay,
        eps=1e-8,
        amsgrad=False,
        maximize=False,
    )


def _logistic(trials: int) -> Likelihood:
    return bernoulli if trials == 1 else binomial(trials)


def _sum_of_magnitudes(*terms: Tensor) -> Tensor:
    return torch.stack([term.double().abs().sum(-1) for term in terms]).sum(0)


def _logistic_scale(x: Tensor, logits: Tensor, trials: int = 1) -> Tensor:
    if trials == 1:  # for x in {0, 1} nothing cancels: the bound is relative to the value
        return torch.nn.functional.softplus(logits.double() * (1 - 2 * x.double())).sum(-1)
    coefficient = binomial_log_coefficient(trials, x, logits.double())
    return _sum_of_magnitudes(coefficient, trials * torch.nn.functional.softplus(logits.double()), x * logits)


def _adam_scale(weights: Tensor, gradient: Tensor, moments: spec.AdamMoments, **options: Any) -> Tensor:
    """|weights|, and the update that the same magnitudes would make if the first moment and gradient had one sign."""
    magnitudes = spec.AdamMoments(moments.first.double().abs(), moments.second.double())
    update, _ = spec.adam_update(torch.zeros_like(magnitudes.first), gradient.double().abs(), magnitudes, **options)
    return weights.double().abs() + update.abs()


TWINS = {
    "kl_sum": Twin(
        fast=kl_sum,
        slow=spec.diagonal_gaussian_kl_to_standard_sum,
        relative=1e-6,
        scale=lambda mu, logvar: kl_sum(mu.double(), logvar.double()),
    ),
    "logistic_nll": Twin(
        fast=logistic_nll,
        slow=lambda x, logits, trials=1: -_logistic(trials).log_prob(x, logits),
        relative=1e-6,
        scale=_logistic_scale,
    ),
    "gaussian_nll": Twin(
        fast=gaussian_nll,
        slow=lambda x, mean, log_variance: -gaussian.log_prob(x, mean, log_variance=log_variance),
        relative=2e-6,
        scale=lambda x, mean, log_variance: _sum_of_magnitudes(
            ((x - mean).double() * torch.exp(-log_variance.double() / 2)) ** 2 / 2,
            (log_variance.double().abs() + 2).expand_as(x),
        ),
    ),
    "poisson_nll": Twin(
        fast=poisson_nll,
        slow=lambda x, log_rate: -poisson.log_prob(x, log_rate),
        relative=1e-6,
        scale=lambda x, log_rate: 1 + poisson_nll(x.double(), log_rate.double()),
    ),
    "negative_binomial_nll": Twin(
        fast=negative_binomial_nll,
        slow=lambda x, log_mean, log_dispersion: (
            -negative_binomial.log_prob(x, log_mean, log_dispersion=log_dispersion)
        ),
        relative=1e-6,
        scale=lambda x, *output: 1 + negative_binomial_nll(x.double(), *(value.double() for value in output)),
    ),
    "importance_weighted_bound": Twin(
        fast=importance_weighted_bound,
        slow=spec.importance_weighted_bound,
        relative=1e-6,
        scale=lambda log_weights: log_weights.double().abs().amax(-1) + 1,
    ),
    "adam_update_": Twin(
        fast=adam_update_,
        slow=spec.adam_update,
        relative=1e-6,
        scale=_adam_scale,
    ),
}
"""Every twin of the package, by name."""
