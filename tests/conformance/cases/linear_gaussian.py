"""The linear-Gaussian VAE in closed form."""

from typing import Any

import numpy as np

from vaelid import spec

from ..case import Case, given, numbers
from ..precise import MP, exact, exp


def _log_normal_density(x: Any, mean: Any, covariance: Any) -> np.ndarray:
    """Log N(x; mean, covariance) for x (..., D), by a D x D solve."""
    matrix = MP.matrix(covariance.tolist())
    inverse, determinant, size = MP.inverse(matrix), MP.det(matrix), covariance.shape[0]
    precision = np.array([[inverse[i, j] for j in range(size)] for i in range(size)], dtype=object)
    y = x - mean
    quadratic = ((y @ precision) * y).sum(-1)
    return np.asarray(-(quadratic + MP.log(determinant) + size * MP.log(2 * MP.pi)) / 2, dtype=object)


def linear_gaussian_cases() -> list[Case]:
    def evidence(x: Any, weight: Any, bias: Any, log_variance: Any) -> Any:
        observed = weight.shape[0]
        variance = exp(log_variance)[()]
        return _log_normal_density(x, bias, weight @ weight.T + variance * exact(np.eye(observed)))

    def evidence_size(x: Any, weight: Any, bias: Any, log_variance: Any) -> Any:
        square = ((abs(x) + abs(bias)) ** 2).sum(-1) / exp(log_variance)
        # the inverse of M = W^T W + s2 I carries its condition number, at most 1 + |W|^2 / s2
        return (square + weight.shape[0] * (2 + abs(log_variance))) * (1 + (weight**2).sum() / exp(log_variance))

    def expected(x: Any, mu: Any, logvar: Any, weight: Any, bias: Any, log_variance: Any) -> Any:
        """E |x - Wz - b|^2 by the moments of z: E z = mu, E z_l^2 = mu_l^2 + e^logvar_l, independent."""
        c = x - bias
        second = mu[..., :, None] * mu[..., None, :] + exp(logvar)[..., :, None] * exact(np.eye(mu.shape[-1]))
        square = (c * c).sum(-1) - 2 * (c * (mu @ weight.T)).sum(-1) + ((weight.T @ weight) * second).sum(-1).sum(-1)
        constant = x.shape[-1] * (log_variance + MP.log(2 * MP.pi))
        return (square / exp(log_variance) + constant) / 2

    def expected_size(x: Any, mu: Any, logvar: Any, weight: Any, bias: Any, log_variance: Any) -> Any:
        reach = abs(x) + abs(bias) + abs(mu) @ abs(weight.T)
        square = (reach**2).sum(-1) + (exp(logvar) * (weight**2).sum(0)).sum(-1)
        return (square / exp(log_variance) + x.shape[-1] * (2 + abs(log_variance))) * (1 + abs(log_variance))

    cases = []
    for about, batch, log_variance in (
        ("of-one", (), -0.5),
        ("of-a-batch", (2,), 1.0),
        ("of-two-batch-axes", (2, 1), 0.0),
        ("of-a-small-variance", (2,), -6.0),
    ):
        x, mu, logvar = numbers(*batch, 4), numbers(*batch, 2, seed=1), numbers(*batch, 2, seed=2)
        decoder = (numbers(4, 2, seed=3), numbers(4, seed=4), given(log_variance)[0])
        cases += [
            Case(
                "linear_gaussian_log_evidence",
                about,
                spec.linear_gaussian_log_evidence,
                (x, *decoder),
                evidence,
                evidence_size,
                slope_size=lambda *inputs: np.max(evidence_size(*inputs)) * (1 + 4 * exp(-inputs[3])),
            ),
            Case(
                "expected_gaussian_nll",
                about,
                spec.expected_gaussian_nll,
                (x, mu, logvar, *decoder),
                expected,
                expected_size,
                slope_size=lambda *inputs: np.max(expected_size(*inputs)),
            ),
        ]
    return cases
