"""The linear-Gaussian VAE, in closed form: ground truth for everything that estimates.

Decoder N(W z + b, s2 I), prior N(0, I). Then p(x) = N(b, W W^T + s2 I): probabilistic PCA.
Source: Tipping and Bishop (1999); Lucas et al. (2019), arXiv:1911.02469.
"""

from typing import Any

from array_api_compat import device
from jaxtyping import Float

from vaelid.spec.arrays import array_namespace
from vaelid.spec.likelihoods.continuous import gaussian_log_density
from vaelid.spec.networks import affine

__all__ = ["expected_gaussian_nll", "linear_gaussian_log_evidence"]


def expected_gaussian_nll(
    x: Float[Any, "*batch D"],
    mu: Float[Any, "*batch L"],
    logvar: Float[Any, "*batch L"],
    weight: Float[Any, "D L"],
    bias: Float[Any, " D"],
    log_variance: Float[Any, ""],
) -> Float[Any, "*batch"]:
    """E over z ~ N(mu, diag exp(logvar)) of -log N(x; W z + b, s2 I), exactly, in nats.

    = -log N(x; W mu + b, s2 I) + sum_l exp(logvar_l) |W_l|^2 / (2 s2), where W_l is column l.
    """
    xp = array_namespace(x, mu, logvar, weight)
    at_mean = xp.sum(gaussian_log_density(x, affine(weight, bias, mu), log_variance), axis=-1)
    column_norms = xp.sum(weight**2, axis=0)
    spread = xp.sum(xp.exp(logvar) * column_norms, axis=-1)
    return spread * xp.exp(-log_variance) / 2 - at_mean


def linear_gaussian_log_evidence(
    x: Float[Any, "*batch D"],
    weight: Float[Any, "D L"],
    bias: Float[Any, " D"],
    log_variance: Float[Any, ""],
) -> Float[Any, "*batch"]:
    """Log N(x; b, W W^T + s2 I) in nats, by L x L algebra.

    With M = W^T W + s2 I and y = x - b: the quadratic form is (|y|^2 - y^T W M^-1 W^T y) / s2 and the log
    determinant is log det M + (D - L) log s2.
    """
    xp = array_namespace(x, weight, bias, log_variance)
    observed, latent = weight.shape
    variance = xp.exp(log_variance)
    identity = xp.eye(latent, dtype=weight.dtype, device=device(weight))
    inner = xp.matmul(xp.matrix_transpose(weight), weight) + variance * identity
    centred = x - bias
    projected = xp.matmul(centred, weight)
    solved = xp.matmul(projected, xp.linalg.inv(inner))
    quadratic = (xp.sum(centred**2, axis=-1) - xp.sum(projected * solved, axis=-1)) / variance
    log_determinant = xp.linalg.slogdet(inner)[1] + (observed - latent) * log_variance
    two_pi = xp.asarray(2 * xp.pi, dtype=weight.dtype, device=device(weight))
    return -(quadratic + log_determinant + observed * xp.log(two_pi)) / 2
