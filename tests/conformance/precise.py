"""Formulas at 50 digits, on numpy arrays whose elements are mpmath numbers. The oracle of most checks.

An oracle is written with these functions and with + - * / **, sum and matmul, which numpy carries out on
objects. Its inputs are the floats that the code under test was given, taken as exact.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from mpmath.ctx_mp import MPContext

MP = MPContext()  # a context of its own: the global one stays as it is
MP.dps = 50

PI = MP.pi


def exact(x) -> np.ndarray:
    """An array of the same numbers, each an mpmath number with its exact value."""
    return _each(MP.mpf)(np.asarray(x, dtype=np.float64))


def floats(x) -> np.ndarray:
    """The nearest float64 numbers."""
    return np.asarray(x, dtype=object).astype(np.float64)


def fraction(value) -> Fraction:
    """The rational number that an mpmath number is."""
    sign, mantissa, exponent, _ = MP.mpf(value)._mpf_
    return (-1) ** sign * int(mantissa) * Fraction(2) ** exponent


def distance(got, expected: np.ndarray) -> np.ndarray:
    """|got - expected| without rounding, then as floats; infinite where `got` is infinite or NaN."""
    got = np.asarray(got, dtype=np.float64)
    finite = np.isfinite(got)
    return np.where(finite, floats(abs(exact(np.where(finite, got, 0.0)) - expected)), np.inf)


def _each(function: Callable) -> Callable[..., np.ndarray]:
    vectorized = np.vectorize(function, otypes=[object])
    return lambda *arrays: np.asarray(vectorized(*arrays), dtype=object)


exp, log, expm1, log1p, sqrt, tanh = (
    _each(getattr(MP, name)) for name in ("exp", "log", "expm1", "log1p", "sqrt", "tanh")
)
log_gamma = _each(MP.loggamma)
digamma = _each(MP.digamma)


def softplus(x) -> np.ndarray:
    """log(1 + e^x)."""
    return _each(lambda value: MP.log1p(MP.exp(value)) if value < 0 else value + MP.log1p(MP.exp(-value)))(x)


def sigmoid(x) -> np.ndarray:
    """1 / (1 + e^-x)."""
    return 1 / (1 + exp(-x))


def log_sum_exp(x, axis: int = -1) -> np.ndarray:
    """log sum e^x along an axis."""
    return log(exp(x).sum(axis))


def gradient(function: Callable[..., np.ndarray], inputs: list[np.ndarray], which: int) -> np.ndarray:
    """d function / d inputs[which], function being one number: central differences, good to 50 digits."""
    slope = np.empty(inputs[which].shape, dtype=object)
    with MP.workdps(150):
        step = MP.mpf(10) ** -50
        for index in np.ndindex(slope.shape):
            moved = []
            for sign in (1, -1):
                point = inputs[which].copy()
                point[index] += sign * step
                moved.append(function(*inputs[:which], point, *inputs[which + 1 :]))
            slope[index] = (moved[0] - moved[1]) / (2 * step)
    return slope
