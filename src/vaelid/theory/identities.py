"""Numbers that a theorem gives: what a user asks of a loss as it is written."""

import math
from typing import Any

import numpy as np

from vaelid import spec
from vaelid.readings.terms.text import text
from vaelid.spec.likelihoods import gaussian_log_density
from vaelid.theory.library import EFFECTIVE_BETAS, LIBRARY
from vaelid.theory.library.definitions import EFFECTIVE_BETA
from vaelid.theory.result import Result

__all__ = ["ByTheorem", "effective_beta", "gaussian_nll_identification"]


class ByTheorem(float):
    """A number, with the theorem that says what it is: `theorem` is its name, `says` its sentence."""

    theorem: str
    says: str
    formula: str

    def __new__(cls, value: float, result: Result, formula: str) -> "ByTheorem":
        """The number, by this theorem of the library."""
        self = super().__new__(cls, value)
        self.theorem, self.says, self.formula = result.name, result.says, formula
        return self

    def __repr__(self) -> str:
        return f"{float(self):.12g}  (theorem {self.theorem}: {self.formula})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (float(self), self.theorem, self.formula)


def _restored(value: float, theorem: str, formula: str) -> ByTheorem:
    return ByTheorem(value, LIBRARY[theorem], formula)


def _positive(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (math.isfinite(value) and value > 0):
            raise spec.InputError(f"{name}={value!r} must be a positive number.")


def effective_beta(
    *, loss: str = "mse-mean", kl: str = "mean", D: int, L: int, beta: float = 1, variance: float = 1
) -> ByTheorem:
    """The weight that `loss + beta * kl` really puts on the KL in nats, and the theorem that says so.

    ``effective_beta(loss="mse-mean", kl="mean", D=784, L=20)`` is 19.6, by theorem ``effective_beta``: up to a positive
    factor and a constant that code is NLL + 19.6 KL. The conventions are those of `vaelid.spec.effective_beta`, which
    computes the number and also takes arrays; `variance` is that of the Gaussian that a squared error stands for.

    Raises `InputError` for an unknown convention, and for a D, L or variance that is not positive.
    """
    _positive(D=D, L=L, variance=variance)
    value = spec.effective_beta(loss=loss, kl=kl, D=D, L=L, beta=beta, variance=variance)
    result = LIBRARY["effective_beta"] if (loss, kl) == ("mse-mean", "mean") else EFFECTIVE_BETAS[loss, kl]
    (symbol,) = EFFECTIVE_BETA[loss, kl].symbols
    return ByTheorem(value, result, f"b = {text(symbol.body)}")


def gaussian_nll_identification(mse: float, *, D: int, variance: float = 1) -> ByTheorem:
    """The NLL in nats, summed over D, that a mean squared error stands for under N(x_hat, variance I).

    NLL = D / (2 variance) * mse + D / 2 * log(2 pi variance), by the theorem of this name: the spec's density is asked
    at one error of that size in each coordinate.

    Raises `InputError` for a D or variance that is not positive, and for a mean square that is negative.
    """
    _positive(D=D, variance=variance)
    if not mse >= 0:
        raise spec.InputError(f"mse={mse!r} must be a mean of squares, at least 0.")
    error, log_variance = np.sqrt(np.float64(mse)), np.log(np.float64(variance))
    value = -D * float(gaussian_log_density(error, np.float64(0), log_variance))
    result = LIBRARY["gaussian_nll_identification"]
    return ByTheorem(value, result, "mse = 2 · variance / D · (NLL − D / 2 · log(2 · π · variance))")
