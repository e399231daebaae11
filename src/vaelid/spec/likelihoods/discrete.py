"""Probabilities of counts and classes: Bernoulli, binomial, categorical, Poisson, negative binomial."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from array_api_compat import device

from vaelid.spec.arrays import array_namespace, index_dtype, lgamma, log_softmax, may_be_supplied, sigmoid, softplus
from vaelid.spec.errors import InputError
from vaelid.spec.likelihoods.likelihood import Likelihood
from vaelid.spec.likelihoods.support import MOST_TRIALS

__all__ = [
    "bernoulli",
    "bernoulli_log_density",
    "binomial",
    "binomial_log_coefficient",
    "categorical",
    "negative_binomial",
    "poisson",
]


def _is_count(x: Any) -> Any:
    xp = array_namespace(x)
    if xp.isdtype(x.dtype, ("integral", "bool")):
        return x >= 0
    return xp.isfinite(x) & (x >= 0) & (xp.floor(x) == x)


def bernoulli_log_density(x: Any, logits: Any) -> Any:
    """X l - log(1 + e^l), in nats: log of s^x (1 - s)^(1 - x) with s = 1 / (1 + e^-l).

    Minus the binary cross-entropy from logits. A log-probability for x in {0, 1} only: on [0, 1] its
    exponential integrates to at most 1/2.
    """
    return x * logits - softplus(logits)


@lru_cache(maxsize=8)
def _log_choose_table(n: int) -> np.ndarray:
    """Log C(n, k) for k = 0..n, from exact integers."""
    row = [1]
    for k in range(n):
        row.append(row[-1] * (n - k) // (k + 1))
    return np.array([math.log(value) for value in row])


@may_be_supplied
def binomial_log_coefficient(n: int, x: Any, like: Any) -> Any:
    """Log C(n, x), elementwise, in the namespace, dtype and device of `like`."""
    xp = array_namespace(like)
    table = xp.asarray(_log_choose_table(n), dtype=like.dtype, device=device(like))
    index = xp.reshape(xp.astype(x, index_dtype(x)), (-1,))
    return xp.reshape(xp.take(table, index), x.shape)


def _one_hot(x: Any, classes: int) -> Any:
    """(..., D) of class numbers -> (..., K, D) of zeros and ones, in the dtype of x."""
    xp = array_namespace(x)
    labels = xp.asarray(np.arange(classes).reshape(-1, 1), dtype=x.dtype, device=device(x))
    return xp.astype(xp.expand_dims(x, axis=-2) == labels, x.dtype)


bernoulli = Likelihood(
    name="bernoulli",
    accepts="0 or 1",
    log_density=bernoulli_log_density,
    mean=sigmoid,
    draw=lambda rng, output: rng.random(output.shape) < sigmoid(output),
    contains=lambda x: (x == 0) | (x == 1),
    discrete=True,
)
"""P(x = 1) = sigmoid(output) in each coordinate."""


def binomial(n: int) -> Likelihood:
    """Binomial(n, sigmoid(output)) in each coordinate: log C(n, x) + x l - n log(1 + e^l)."""
    if not 1 <= n <= MOST_TRIALS:
        raise InputError(f"binomial:{n} needs a number of trials from 1 to {MOST_TRIALS}, for instance binomial:255.")
    return Likelihood(
        name=f"binomial:{n}",
        accepts=f"whole numbers from 0 to {n}",
        log_density=lambda x, output: binomial_log_coefficient(n, x, output) + x * output - n * softplus(output),
        mean=lambda output: n * sigmoid(output),
        draw=lambda rng, output: rng.binomial(n, sigmoid(output)),
        contains=lambda x: _is_count(x) & (x <= n),
        features=lambda x: x / n,
        discrete=True,
    )


def categorical(classes: int) -> Likelihood:
    """P(x = k) = softmax(output)_k in each coordinate, x in {0, ..., K-1}; output is (..., K, D)."""
    if classes < 2:
        raise InputError(f"categorical:{classes} needs at least 2 classes, for instance categorical:10.")

    def log_density(x: Any, output: Any) -> Any:
        xp = array_namespace(output)
        index = xp.expand_dims(xp.astype(x, index_dtype(x)), axis=-2)
        batch = np.broadcast_shapes(index.shape[:-2], output.shape[:-2])
        index = xp.broadcast_to(index, (*batch, *index.shape[-2:]))
        log_probabilities = xp.broadcast_to(log_softmax(output, axis=-2), (*batch, *output.shape[-2:]))
        return xp.take_along_axis(log_probabilities, index, axis=-2)[..., 0, :]

    def mean(output: Any) -> Any:
        return array_namespace(output).exp(log_softmax(output, axis=-2))

    def draw(rng: np.random.Generator, output: np.ndarray) -> np.ndarray:
        return np.argmax(output + rng.gumbel(size=output.shape), axis=-2)

    return Likelihood(
        name=f"categorical:{classes}",
        accepts=f"class numbers from 0 to {classes - 1}",
        log_density=log_density,
        mean=mean,
        draw=draw,
        contains=lambda x: _is_count(x) & (x < classes),
        outputs=classes,
        features=lambda x: _one_hot(x, classes),
        inputs=classes,
        discrete=True,
    )


def _poisson_log_density(x: Any, log_rate: Any) -> Any:
    xp = array_namespace(log_rate)
    return x * log_rate - xp.exp(log_rate) - lgamma(x + 1)


def _log1p(x: Any) -> Any:
    return array_namespace(x).log1p(x)


poisson = Likelihood(
    name="poisson",
    accepts="counts 0, 1, 2, ...",
    log_density=_poisson_log_density,
    mean=lambda output: array_namespace(output).exp(output),
    draw=lambda rng, output: rng.poisson(np.exp(output)),
    contains=_is_count,
    features=_log1p,
    discrete=True,
)
"""Poisson with rate e^output in each coordinate: x l - e^l - log x!."""


def _negative_binomial_log_density(x: Any, log_mean: Any, log_dispersion: Any) -> Any:
    xp = array_namespace(log_mean, log_dispersion)
    r = xp.exp(log_dispersion)
    odds = log_mean - log_dispersion
    coefficient = lgamma(x + r) - lgamma(r) - lgamma(x + 1)
    return coefficient - r * softplus(odds) - x * softplus(-odds)


def _negative_binomial_draw(rng: np.random.Generator, log_mean: np.ndarray, log_dispersion: np.ndarray) -> np.ndarray:
    r = np.exp(log_dispersion)
    return rng.negative_binomial(np.broadcast_to(r, log_mean.shape), r / (r + np.exp(log_mean)))


negative_binomial = Likelihood(
    name="negative_binomial",
    accepts="counts 0, 1, 2, ...",
    log_density=_negative_binomial_log_density,
    mean=lambda output, log_dispersion: array_namespace(output).exp(output),
    draw=_negative_binomial_draw,
    contains=_is_count,
    learned={"log_dispersion": "coordinate"},
    features=_log1p,
    discrete=True,
)
"""Counts of mean m = e^output and variance m + m^2/r; r = e^log_dispersion is learned for each coordinate.

log Gamma(x+r) - log Gamma(r) - log x! + r log(r/(r+m)) + x log(m/(r+m)); Lopez et al. (2018).
"""
