"""Each likelihood's log-density and mean at 50 digits, from its textbook formula, and the size of what it adds up.

`Density(name).log_density(x, output, *learned)` is elementwise over (..., D), as the spec's is. The formulas are
those of the distributions in their own parameters (p, rate, r, ...), not those of the code under test.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .precise import MP, PI, digamma, exact, exp, log, log_gamma, sigmoid, softplus


@dataclass(frozen=True, eq=False)
class Density:
    """log_density and mean at 50 digits, and the magnitude of what log_density adds up: `size`.

    `slope_size` gives the same of its derivatives: one array for the output and one for each learned number.
    """

    name: str
    log_density: Callable[..., np.ndarray]
    mean: Callable[..., np.ndarray]
    size: Callable[..., np.ndarray]
    slope_size: Callable[..., np.ndarray]
    accepted: tuple[float, ...]
    hard_outputs: tuple[float, ...]
    outputs: int = 1
    learned: tuple[str, ...] = ()
    """One letter for each learned number: "s" for a scalar, "c" for one number per coordinate."""


def log_choose(n: int, k) -> np.ndarray:
    return log_gamma(exact(n + 1)) - log_gamma(k + 1) - log_gamma(n - k + 1)


def _normal(x, mean, log_variance):
    return -((x - mean) ** 2) / (2 * exp(log_variance)) - (log(exact(2) * PI) + log_variance) / 2


def _normal_size(x, mean, log_variance):
    return (x - mean) ** 2 * exp(-log_variance) + (abs(x) + abs(mean)) ** 2 * exp(-log_variance) + abs(log_variance) + 2


def _normal_slope(x, mean, log_variance):
    reach = abs(x) + abs(mean)
    return reach * exp(-log_variance), reach**2 * exp(-log_variance) + 1


def _planes(function):
    """A function of two planes of numbers, as one of the (..., 2, D) that holds both."""
    return lambda x, output: function(x, output[..., 0, :], output[..., 1, :])


def _bernoulli_family(n: int, name: str) -> Density:
    return Density(
        name=name,
        log_density=lambda x, logit: log_choose(n, x) + x * log(sigmoid(logit)) + (n - x) * log(sigmoid(-logit)),
        mean=lambda logit: n * sigmoid(logit),
        size=lambda x, logit: log_choose(n, x) + abs(x * logit) + n * softplus(logit),
        slope_size=lambda x, logit: x + n * sigmoid(logit),
        accepted=(0, 1, n // 2, n),
        hard_outputs=(0, 1e-6, -1e-6, 3, -3, 20, -20, 90, -90, 100, -100),
    )


def _softmax(output):
    return exp(output) / exp(output).sum(-2, keepdims=True)


def _categorical(classes: int) -> Density:
    def log_density(x, output):
        log_probabilities = log(_softmax(output))
        batch = np.broadcast_shapes(x.shape, (*output.shape[:-2], output.shape[-1]))
        values = np.empty(batch, dtype=object)
        table = np.broadcast_to(log_probabilities, (*batch[:-1], classes, batch[-1]))
        for index, label in np.ndenumerate(np.broadcast_to(x, batch)):
            values[index] = table[(*index[:-1], int(label), index[-1])]
        return values

    def size(x, output):
        return abs(output).max(-2) * 2 + float(np.log(classes)) + 0 * x

    return Density(
        name=f"categorical:{classes}",
        log_density=log_density,
        mean=_softmax,
        size=size,
        slope_size=lambda x, output: np.expand_dims(1 + 0 * size(x, output), -2) + 0 * output,
        accepted=(0, 1, classes - 1),
        hard_outputs=(0, 0.5, 30, -30, 100, -100),
        outputs=classes,
    )


def _with_digits_to_spare(at):
    """Elementwise, with digits for what cancels near zero: float64 logits reach down to 1e-308."""

    def precisely(value):
        with MP.workdps(MP.dps + 650):
            return at(value)

    return np.vectorize(precisely, otypes=[object])


_continuous_bernoulli_normaliser = _with_digits_to_spare(lambda v: MP.log((MP.exp(v) - 1) / v) if v else MP.mpf(0))
_continuous_bernoulli_mean = _with_digits_to_spare(lambda v: 1 / (1 - MP.exp(-v)) - 1 / v if v else MP.mpf(0.5))


def _continuous_bernoulli_size(x, logit):
    away = np.vectorize(
        lambda v: abs(MP.log(-MP.expm1(-abs(v)))) + abs(MP.log(abs(v))) if abs(v) >= 0.25 else MP.mpf(0),
        otypes=[object],
    )(logit)
    return abs(x * logit) + abs(logit) + away


_AROUND_SWITCH = tuple(float(np.nextafter(np.float32(0.25), np.float32(to))) for to in (0, 1))
CONTINUOUS_BERNOULLI_LOGITS = (
    0.0,
    *(sign * logit for logit in (1e-8, 1e-3, *_AROUND_SWITCH, 0.25, 5, 50, 200) for sign in (1, -1)),
)


def _negative_binomial(x, log_mean, log_dispersion):
    m, r = exp(log_mean), exp(log_dispersion)
    return log_gamma(x + r) - log_gamma(r) - log_gamma(x + 1) + r * log(r / (r + m)) + x * log(m / (r + m))


def _negative_binomial_size(x, log_mean, log_dispersion):
    r, odds = exp(log_dispersion), abs(log_mean) + abs(log_dispersion)
    gammas = abs(log_gamma(x + r)) + abs(log_gamma(r)) + abs(log_gamma(x + 1))
    rounded_r = r * (abs(digamma(x + r)) + abs(digamma(r)))  # r = e^ld is rounded before log Gamma reads it
    return gammas + rounded_r + (x + r) * (odds + 1)


def _negative_binomial_slope(x, log_mean, log_dispersion):
    r, odds = exp(log_dispersion), abs(log_mean) + abs(log_dispersion)
    by_mean = (x + r) * (1 + odds)
    return by_mean, by_mean + r * (abs(digamma(x + r)) + abs(digamma(r)))


DENSITIES = (
    _bernoulli_family(1, "bernoulli"),
    _bernoulli_family(16, "binomial:16"),
    _categorical(3),
    Density(
        name="continuous_bernoulli",
        log_density=lambda x, logit: x * logit - _continuous_bernoulli_normaliser(logit),
        mean=_continuous_bernoulli_mean,
        size=_continuous_bernoulli_size,
        slope_size=lambda x, logit: x + 9 + 0 * logit,  # 1/(e^l - 1) and 1/l, each at most 4
        accepted=(0, 0.25, 0.5, 1),
        hard_outputs=CONTINUOUS_BERNOULLI_LOGITS,
    ),
    Density(
        name="gaussian",
        log_density=_normal,
        mean=lambda mean, log_variance: mean,
        size=_normal_size,
        slope_size=_normal_slope,
        accepted=(0, -1.5, 0.125, 40),
        hard_outputs=(0, 1e-6, 3, -100, 100),
        learned=("s",),
    ),
    Density(
        name="gaussian:0.3",
        log_density=lambda x, mean: _normal(x, mean, log(exact(0.3))),
        mean=lambda mean: mean,
        size=lambda x, mean: _normal_size(x, mean, log(exact(0.3))),
        slope_size=lambda x, mean: _normal_slope(x, mean, log(exact(0.3)))[0],
        accepted=(0, -1.5, 0.125, 40),
        hard_outputs=(0, 1e-6, 3, -100, 100),
    ),
    Density(
        name="gaussian_diag",
        log_density=_planes(_normal),
        mean=lambda output: output[..., 0, :],
        size=_planes(_normal_size),
        slope_size=lambda x, output: np.stack(_planes(_normal_slope)(x, output), axis=-2),
        accepted=(0, -1.5, 0.125, 4),
        hard_outputs=(0, 1e-6, 3, -20, 20),
        outputs=2,
    ),
    Density(
        name="laplace",
        log_density=lambda x, mean, log_scale: -abs(x - mean) / exp(log_scale) - log(2 * exp(log_scale)),
        mean=lambda mean, log_scale: mean,
        size=lambda x, mean, log_scale: (abs(x) + abs(mean)) * exp(-log_scale) + abs(log_scale) + 1,
        slope_size=lambda x, mean, log_scale: (
            exp(-log_scale) + 0 * x + 0 * mean,
            (abs(x) + abs(mean)) * exp(-log_scale) + 1,
        ),
        accepted=(0, -1.5, 0.125, 40),
        hard_outputs=(1e-6, 3, -100, 100),
        learned=("s",),
    ),
    Density(
        name="poisson",
        log_density=lambda x, log_rate: x * log_rate - exp(log_rate) - log_gamma(x + 1),
        mean=lambda log_rate: exp(log_rate),
        size=lambda x, log_rate: abs(x * log_rate) + exp(log_rate) + log_gamma(x + 1),
        slope_size=lambda x, log_rate: x + exp(log_rate),
        accepted=(0, 1, 2, 7, 300),
        hard_outputs=(0, 1e-6, 5, 20, 80, -100),
    ),
    Density(
        name="negative_binomial",
        log_density=_negative_binomial,
        mean=lambda log_mean, log_dispersion: exp(log_mean),
        size=_negative_binomial_size,
        slope_size=_negative_binomial_slope,
        accepted=(0, 1, 2, 7, 300),
        hard_outputs=(0, 1e-6, 5, 20, 80, -100),
        learned=("c",),
    ),
)
BY_NAME = {density.name: density for density in DENSITIES}
