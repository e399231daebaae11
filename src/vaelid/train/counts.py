"""Minus the log-probability of a count, and its slopes, as sums of terms that are never negative.

By Stirling's series, log k! = k log k - k + log(2 pi k)/2 + phi(k), where phi, the error of Stirling's formula, falls
from 1/12 - ... to 0. What log k! and k log m have in common cancels by algebra, and what is left is Loader's form
(2000, "Fast and accurate computation of binomial probabilities"):

    Poisson            log(2 pi k)/2 + phi(k) + k (e^u - 1 - u),                                 u = log(m / k)
    negative binomial  log(2 pi k)/2 + phi(k) + log(1 + k/r)/2 + phi(r) - phi(k + r) + D,
                       D = (k + r) log(1 + s (e^u - 1)) - k u,                                   s = k / (k + r)

The last term of each, the deviance, is 0 at m = k and positive elsewhere. Everything is in float64, where lgamma and
digamma take some ten times as long as exp and log: they are asked for k + r only.
"""

import math
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vaelid.train.excess import exp_excess

__all__ = ["NegativeBinomialNll", "PoissonNll"]

_LOG_TWO_PI = math.log(2 * math.pi)
# From here on the terms of Stirling's series that are left out are below 1e-15.
_FAR = 32.0
_PHI = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680)
_PHI_SLOPE = (-1 / 12, 1 / 120, -1 / 252, 1 / 240)
# y - log(1 + y) by its series below this |y|, where the difference has lost two digits.
_SMALL = 0.01
_LOG1P_EXCESS = tuple((-1) ** n / (n + 2) for n in range(6))
# log(1 + y) is taken of y itself between these, and elsewhere from the logarithms of the two parts of 1 + y.
_MIDDLE = (-0.9, 1e3)
# Larger log r change nothing that a float holds: the law is Poisson to more than 80 digits, or the NLL overflows.
_MOST_LOG_DISPERSION = 300.0
# e^x is not formed for larger x: there log(1 + s e^x) is x + log s.
_MOST_EXPONENT = 500.0


def _polynomial(coefficients: tuple[float, ...], x: Tensor) -> Tensor:
    highest, *others = x.new_tensor(coefficients[::-1]).unbind()
    total = highest
    for coefficient in others:
        total = torch.addcmul(coefficient, total, x)
    return total


def _softplus(x: Tensor) -> Tensor:
    """log(1 + e^x); torch's own softplus leaves out what is below e^-20."""
    return torch.logaddexp(x, torch.zeros_like(x))


def _phi(z: Tensor, log_z: Tensor) -> Tensor:
    """log Gamma(z) - (z - 1/2) log z + z - log(2 pi)/2, for z > 0: positive, and falling in z."""
    inverse = 1 / z.clamp_min(_FAR)
    small = z.clamp_max(_FAR)
    # log Gamma(z) = log Gamma(1 + z) - log z, which is finite where z underflows
    near = torch.lgamma(1 + small) - (small + 0.5) * log_z + small - _LOG_TWO_PI / 2
    return torch.where(z < _FAR, near, inverse * _polynomial(_PHI, inverse**2))


def _phi_slope(z: Tensor, log_z: Tensor) -> Tensor:
    """z phi'(z) = z digamma(z) - z log z + 1/2, for z > 0."""
    inverse = 1 / z.clamp_min(_FAR)
    small = z.clamp_max(_FAR)
    near = small * torch.digamma(1 + small) - 0.5 - small * log_z
    return torch.where(z < _FAR, near, inverse * _polynomial(_PHI_SLOPE, inverse**2))


@lru_cache(maxsize=4)
def _small_phi(device: torch.device) -> Tensor:
    """phi(k) for whole k below _FAR; its first entry, for k = 0, is never used."""
    k = torch.arange(int(_FAR), dtype=torch.float64, device=device).clamp_min(1)
    return _phi(k, k.log())


def _of_count(k: Tensor, log_k: Tensor) -> Tensor:
    """log(2 pi k)/2 + phi(k): log k! - k log k + k, for whole k of at least 1."""
    inverse = 1 / k.clamp_min(_FAR)
    near = torch.take(_small_phi(k.device), k.clamp_max(_FAR - 1).long())
    return (_LOG_TWO_PI + log_k) / 2 + torch.where(k < _FAR, near, inverse * _polynomial(_PHI, inverse**2))


class PoissonNll(torch.autograd.Function):
    """(k, log m) -> -log Poisson(k; m), elementwise; k is data."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, log_rate: Tensor) -> Tensor:
        """In nats."""
        counted = x > 0
        k = x.clamp_min(1)
        log_k = k.log()
        deviance, slope = exp_excess(log_rate - log_k)
        rate = log_rate.exp()
        ctx.save_for_backward(torch.where(counted, k * slope, rate))
        return torch.where(counted, _of_count(k, log_k) + k * deviance, rate)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, grad: Tensor
    ) -> tuple[None, Tensor]:
        """m - k, as k (e^u - 1)."""
        (slope,) = ctx.saved_tensors
        return None, grad * slope


class NegativeBinomialNll(torch.autograd.Function):
    """(k, log m, log r) -> -log NB(k; mean m, dispersion r), elementwise; k is data, and log r may be (D,) alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, log_mean: Tensor, log_dispersion: Tensor) -> Tensor:
        """In nats."""
        log_r = log_dispersion.clamp_max(_MOST_LOG_DISPERSION)
        k, r = x.clamp_min(1), log_r.exp()
        total = k + r
        log_k, log_total = k.log(), total.log()
        ctx.save_for_backward(x, log_mean, log_r, log_k, log_total)
        # log(1 + k/r) as a difference: it loses 1e-14, and stands beside log(2 pi k)/2 >= 0.9
        of_r = (log_total - log_r) / 2 + _phi(r, log_r) - _phi(total, log_total)
        counted = _of_count(k, log_k) + of_r + _deviance(k, r, log_mean - log_k, log_k, log_r, log_total)
        return torch.where(x > 0, counted, r * _softplus(log_mean - log_r))

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, grad: Tensor
    ) -> tuple[None, Tensor, Tensor]:
        """By log m: r (m - k)/(m + r). By log r: r (y - log(1 + y)), y = (k - m)/(m + r), and the terms of phi."""
        x, log_mean, log_r, log_k, log_total = ctx.saved_tensors
        counted, r = x > 0, log_r.exp()
        log_mean_total, mean_share = torch.logaddexp(log_mean, log_r), torch.sigmoid(log_mean - log_r)
        # (m - k)/(m + r): k (e^u - 1)/(m + r) for m < k, m (1 - e^-u)/(m + r) for m > k; no power of e overflows
        u = log_mean - log_k
        apart, below = torch.expm1(-u.abs()), u <= 0
        gap = apart * torch.where(below, torch.exp(log_k - log_mean_total), -mean_share)
        gap = torch.where(counted, gap, mean_share)
        # r times it: where m and r both underflow the gap overflows, and this does not
        by_mean = apart * torch.where(below, torch.exp(log_k + log_r - log_mean_total), -r * mean_share)
        by_mean = torch.where(counted, by_mean, r * mean_share)
        grown = torch.where(counted, log_total, log_r) - log_mean_total
        share = torch.exp(log_r - log_total)
        of_phi = _phi_slope(r, log_r) - share * _phi_slope(x.clamp_min(1) + r, log_total) - (1 - share) / 2
        by_dispersion = _log1p_excess(-gap, grown, r, -by_mean) + torch.where(counted, of_phi, 0.0)
        return None, grad * by_mean, (grad * by_dispersion).sum_to_size(log_r.shape)


def _deviance(k: Tensor, r: Tensor, u: Tensor, log_k: Tensor, log_r: Tensor, log_total: Tensor) -> Tensor:
    """(k + r) log(1 + s (e^u - 1)) - k u, s = k/(k + r).

    It is the same with k and r exchanged and u negated; the one with the smaller of the two loses fewer digits.
    """
    few, total = torch.minimum(k, r), k + r
    towards = torch.where(k <= r, u, -u)
    moved = torch.log1p(few / total * torch.expm1(towards.clamp_max(_MOST_EXPONENT)))
    far = towards + torch.minimum(log_k, log_r) - log_total
    return (total * torch.where(towards < _MOST_EXPONENT, moved, far) - few * towards).clamp_min(0)


def _log1p_excess(y: Tensor, log1p_y: Tensor, r: Tensor, r_y: Tensor) -> Tensor:
    """r (y - log(1 + y)), which is not negative, given r y, and what log(1 + y) is where y is no good for it."""
    small, middle = y.clamp(-_SMALL, _SMALL), y.clamp(*_MIDDLE)
    series = small**2 * _polynomial(_LOG1P_EXCESS, small)
    plain = r_y - r * torch.where(middle == y, torch.log1p(middle), log1p_y)
    return torch.where(small == y, r * series, plain)
