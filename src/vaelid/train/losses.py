"""The fast functions of the objective: each is registered as the twin of a definition of the spec, by `register_twin`.

Where torch's own operations would cancel or be slow, a function is a kernel whose gradient is written out.
"""

import math
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from vaelid.readings.twins import register_twin
from vaelid.spec.likelihoods import Likelihood, binomial_log_coefficient, continuous_bernoulli
from vaelid.train import slow_sides
from vaelid.train.counts import NegativeBinomialNll, PoissonNll
from vaelid.train.excess import exp_excess

__all__ = [
    "continuous_bernoulli_nll",
    "coordinate_kl",
    "gaussian_fixed_nll",
    "gaussian_nll",
    "importance_weighted_bound",
    "kl_sum",
    "logistic_nll",
    "negative_binomial_nll",
    "poisson_nll",
    "reconstruction_nll",
]


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


def kl_sum(mu: Float[Tensor, "*batch L"], logvar: Float[Tensor, "*batch L"]) -> Float[Tensor, "*batch"]:
    """Twin of `spec.diagonal_gaussian_kl_to_standard_sum`, in nats: the sum of `coordinate_kl`."""
    wide = torch.promote_types(mu.dtype, torch.float32)
    return _KlSum.apply(mu.to(wide), logvar.to(wide))  # pyright: ignore[reportReturnType]


kl_sum = register_twin(kl_sum, slow_sides.kl_sum, bound=1e-6)


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
    return _LogisticNll.apply(x, logits, trials)  # pyright: ignore[reportReturnType]


logistic_nll = register_twin(logistic_nll, slow_sides.logistic_nll, bound=1e-6)


def gaussian_nll(
    x: Float[Tensor, "*batch D"], mean: Float[Tensor, "*batch D"], log_variance: Float[Tensor, ""]
) -> Float[Tensor, "*batch"]:
    """Twin of minus the `log_prob` of `gaussian`, in nats: squares are summed, then scaled.

    1 / s2 must be a finite float: log_variance > -88 in float32.
    """
    residual = x - mean
    squares = torch.linalg.vecdot(residual, residual)
    constant = x.shape[-1] * (log_variance + torch.log(torch.full_like(log_variance, 2 * torch.pi)))
    return (squares * torch.exp(-log_variance) + constant) / 2


gaussian_nll = register_twin(gaussian_nll, slow_sides.gaussian_nll, bound=2e-6)


def gaussian_fixed_nll(
    x: Float[Tensor, "*batch D"], mean: Float[Tensor, "*batch D"], variance: float
) -> Float[Tensor, "*batch"]:
    """Twin of minus the `log_prob` of `gaussian_fixed(variance)`, in nats: `gaussian_nll` at log(variance), rounded."""
    return gaussian_nll(x, mean, torch.full_like(mean[(0,) * mean.ndim], math.log(variance)))


gaussian_fixed_nll = register_twin(gaussian_fixed_nll, slow_sides.gaussian_fixed_nll, bound=2e-6)


def continuous_bernoulli_nll(
    x: Float[Tensor, "*batch D"], logits: Float[Tensor, "*batch D"]
) -> Float[Tensor, "*batch"]:
    """Twin of minus the `log_prob` of `continuous_bernoulli`, in nats: the spec's own, with its series near l = 0."""
    return -continuous_bernoulli.log_density(x, logits).sum(-1)


continuous_bernoulli_nll = register_twin(continuous_bernoulli_nll, slow_sides.continuous_bernoulli_nll, bound=4e-6)


def poisson_nll(x: Float[Tensor, "*batch D"], log_rate: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch"]:
    """Twin of minus the `log_prob` of `poisson`, in nats: never negative, right for counts of 1e15.

    x l - e^l - log x! cancels where the rate is large; see `counts` for the form that does not. Computed in float64.
    """
    nll: Any = PoissonNll.apply(x.double(), log_rate.double())
    return nll.sum(-1).to(log_rate.dtype)


poisson_nll = register_twin(poisson_nll, slow_sides.poisson_nll, bound=1e-6)


def negative_binomial_nll(
    x: Float[Tensor, "*batch D"], log_mean: Float[Tensor, "*batch D"], log_dispersion: Float[Tensor, "#D"]
) -> Float[Tensor, "*batch"]:
    """Twin of minus the `log_prob` of `negative_binomial`, in nats: never negative, at any dispersion.

    log Gamma(x + r) - log Gamma(r) cancels where r is large; see `counts` for the form that does not. Computed in
    float64.
    """
    nll: Any = NegativeBinomialNll.apply(x.double(), log_mean.double(), log_dispersion.double())
    return nll.sum(-1).to(log_mean.dtype)


negative_binomial_nll = register_twin(negative_binomial_nll, slow_sides.negative_binomial_nll, bound=1e-6)


def reconstruction_nll(likelihood: Likelihood, x: Tensor, output: Tensor, **learned: Tensor) -> Tensor:
    """-log p(x|z) in nats, summed over D: by a twin where the likelihood has one, else by its own definition.

    The support of x is not checked here: data are checked once, before training.
    """
    match likelihood.family, likelihood.number:
        case "negative_binomial", _:
            return negative_binomial_nll(x, output, learned["log_dispersion"])
        case "continuous_bernoulli", _:
            return continuous_bernoulli_nll(x, output)
        case "poisson", _:
            return poisson_nll(x, output)
        case "bernoulli", _:
            return logistic_nll(x, output)
        case "binomial", float(trials):
            return logistic_nll(x, output, int(trials))
        case "gaussian", None:
            return gaussian_nll(x, output, learned["log_variance"])
        case "gaussian", float(variance):
            return gaussian_fixed_nll(x, output, variance)
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
