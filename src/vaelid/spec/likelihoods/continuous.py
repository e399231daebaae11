"""Densities of real observations: Gaussian, Laplace, continuous Bernoulli."""

import math
from typing import Any

import numpy as np
from array_api_compat import device

from vaelid.spec.arrays import array_namespace, log_of_number, may_be_supplied
from vaelid.spec.digits import shortest
from vaelid.spec.errors import InputError
from vaelid.spec.likelihoods.likelihood import Likelihood

__all__ = [
    "continuous_bernoulli",
    "continuous_bernoulli_log_normaliser",
    "continuous_bernoulli_mean",
    "gaussian",
    "gaussian_diag",
    "gaussian_fixed",
    "gaussian_log_density",
    "laplace",
    "laplace_log_density",
]

ANY_REAL = "any finite real number"


def _finite(x: Any) -> Any:
    return array_namespace(x).isfinite(x)


def _constant(value: Any, like: Any) -> Any:
    return array_namespace(like).asarray(value, dtype=like.dtype, device=device(like))


def gaussian_log_density(x: Any, mean: Any, log_variance: Any) -> Any:
    """Log N(x; mean, exp(log_variance)) = -(((x - mean) exp(-lv/2))^2 + lv + log(2 pi)) / 2, in nats."""
    xp = array_namespace(x, mean, log_variance)
    standardised = (x - mean) * xp.exp(-log_variance / 2)
    return -(standardised**2 + log_variance + xp.log(_constant(2 * xp.pi, standardised))) / 2


def laplace_log_density(x: Any, mean: Any, log_scale: Any) -> Any:
    """Log Laplace(x; mean, b) = -|x - mean| / b - log(2 b), b = exp(log_scale), in nats."""
    xp = array_namespace(x, mean, log_scale)
    distance = xp.abs(x - mean) * xp.exp(-log_scale)
    return -distance - log_scale - xp.log(_constant(2.0, distance))


# |l| below which log((e^l - 1)/l) and its derivative, the mean, are polynomials in l: the quotient's derivative,
# which cancels near zero, is never formed. The errors are then under 1e-17 (log) and 1e-18 (mean).
_NEAR_ZERO = 0.25
_LOG_SERIES = (1 / 6, -1 / 180, 1 / 2835, -1 / 37800, 1 / 467775)  # log(sinh(h)/h) in powers of h^2, h = l/2
_MEAN_SERIES = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000)  # odd powers of l


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    total = array_namespace(x).zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


@may_be_supplied
def continuous_bernoulli_log_normaliser(logits: Any) -> Any:
    """Log of the integral of e^(x l) over x in [0, 1]: log((e^l - 1) / l), and 0 at l = 0."""
    xp = array_namespace(logits)
    near = xp.abs(logits) < _NEAR_ZERO
    half_square = xp.where(near, logits / 2, xp.zeros_like(logits)) ** 2
    series = half_square * _polynomial(_LOG_SERIES, half_square)
    magnitude = xp.where(near, xp.ones_like(logits), xp.abs(logits))
    far = xp.log(-xp.expm1(-magnitude)) - xp.log(magnitude)
    positive_part = (logits + xp.abs(logits)) / 2
    return xp.where(near, logits / 2 + series, positive_part + far)


def _continuous_bernoulli_log_density(x: Any, logits: Any) -> Any:
    return x * logits - continuous_bernoulli_log_normaliser(logits)


@may_be_supplied
def continuous_bernoulli_mean(logits: Any) -> Any:
    """E x under the density proportional to e^(x l) on [0, 1]: 1 / (1 - e^-l) - 1 / l, and 1/2 at l = 0."""
    xp = array_namespace(logits)
    near = xp.abs(logits) < _NEAR_ZERO
    small = xp.where(near, logits, xp.zeros_like(logits))
    series = 1 / 2 + small * _polynomial(_MEAN_SERIES, small**2)
    magnitude = xp.where(near, xp.ones_like(logits), xp.abs(logits))
    upper = -1 / xp.expm1(-magnitude) - 1 / magnitude  # the mean at |l|; at -|l| it is one minus this
    return xp.where(near, series, xp.where(logits > 0, upper, 1 - upper))


def _continuous_bernoulli_draw(rng: np.random.Generator, logits: np.ndarray) -> np.ndarray:
    uniform = rng.random(logits.shape)
    downward = -np.maximum(np.abs(logits), 1e-9)  # at |l| < 1e-9 the law is uniform to 1e-9
    lower = np.log1p(uniform * np.expm1(downward)) / downward
    return np.where(logits > 0, 1 - lower, lower)


def _normal_draw(rng: np.random.Generator, mean: np.ndarray, log_variance: Any) -> np.ndarray:
    return rng.normal(mean, np.exp(np.asarray(log_variance) / 2))


gaussian = Likelihood(
    name="gaussian",
    accepts=ANY_REAL,
    log_density=gaussian_log_density,
    mean=lambda output, log_variance: output,
    draw=_normal_draw,
    contains=_finite,
    learned={"log_variance": "scalar"},
)
"""N(output, s2) in each coordinate; s2 = exp(log_variance) is learned, one for all coordinates."""

gaussian_diag = Likelihood(
    name="gaussian_diag",
    accepts=ANY_REAL,
    log_density=lambda x, output: gaussian_log_density(x, output[..., 0, :], output[..., 1, :]),
    mean=lambda output: output[..., 0, :],
    draw=lambda rng, output: _normal_draw(rng, output[..., 0, :], output[..., 1, :]),
    contains=_finite,
    outputs=2,
)
"""N(m, exp(v)) in each coordinate; the decoder puts out both m and v. Unbounded where it fits x exactly."""

laplace = Likelihood(
    name="laplace",
    accepts=ANY_REAL,
    log_density=laplace_log_density,
    mean=lambda output, log_scale: output,
    draw=lambda rng, output, log_scale: rng.laplace(output, np.exp(log_scale)),
    contains=_finite,
    learned={"log_scale": "scalar"},
)
"""Laplace(output, b) in each coordinate; b = exp(log_scale) is learned, one for all coordinates."""

continuous_bernoulli = Likelihood(
    name="continuous_bernoulli",
    accepts="numbers in [0, 1]",
    log_density=_continuous_bernoulli_log_density,
    mean=continuous_bernoulli_mean,
    draw=_continuous_bernoulli_draw,
    contains=lambda x: (x >= 0) & (x <= 1),
)
"""Density proportional to e^(x output) on [0, 1]. Loaiza-Ganem and Cunningham (2019), arXiv:1907.06845."""


def gaussian_fixed(variance: float) -> Likelihood:
    """N(output, variance I) with a variance that is given, not learned."""
    if not (math.isfinite(variance) and variance > 0):
        raise InputError(f"gaussian:{shortest(variance)} needs a positive finite variance, for instance gaussian:1.")
    return Likelihood(
        name=f"gaussian:{repr(float(variance)).removesuffix('.0')}",
        accepts=ANY_REAL,
        log_density=lambda x, output: gaussian_log_density(x, output, log_of_number(variance, output)),
        mean=lambda output: output,
        draw=lambda rng, output: _normal_draw(rng, output, math.log(variance)),
        contains=_finite,
    )
