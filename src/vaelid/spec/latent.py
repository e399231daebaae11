"""The latent side of a VAE: the diagonal Gaussian posterior, its sampler, and its KL to the standard normal.

Latents lie on the last axis (L coordinates); any axes before it are batch axes.
Source: `Generative.Latent.*` of TorchLean; Kingma and Welling (2014), arXiv:1312.6114, 2.4 and appendix B.
"""

from typing import Any

from jaxtyping import Float

from vaelid.spec.arrays import array_namespace

__all__ = [
    "coordinate_kl_to_standard",
    "diagonal_gaussian_kl_to_standard",
    "diagonal_gaussian_kl_to_standard_sum",
    "reparameterize_diag",
    "variance_of_scale",
]


def reparameterize_diag(
    mu: Float[Any, "*#batch L"], logvar: Float[Any, "*#batch L"], eps: Float[Any, "*#batch L"]
) -> Float[Any, "*batch L"]:
    """Z = mu + exp(logvar / 2) * eps, elementwise.

    With eps ~ N(0, I), z ~ N(mu, diag exp(logvar)). That eps has this law is the caller's affair.

    Source: `reparameterizeDiag`; Kingma and Welling (2014), equation 10.
    """
    xp = array_namespace(mu, logvar, eps)
    return mu + xp.exp(logvar / 2) * eps


def coordinate_kl_to_standard(mu: Float[Any, "*#batch"], logvar: Float[Any, "*#batch"]) -> Float[Any, "*batch"]:
    """KL(N(mu, exp(logvar)) || N(0, 1)) = (exp(logvar) + mu^2 - 1 - logvar) / 2, in nats, of each coordinate.

    Source: `coordinateKlToStandard`; Kingma and Welling (2014), appendix B.
    """
    xp = array_namespace(mu, logvar)
    return (xp.exp(logvar) + mu**2 - 1 - logvar) / 2


def diagonal_gaussian_kl_to_standard_sum(
    mu: Float[Any, "*#batch L"], logvar: Float[Any, "*#batch L"]
) -> Float[Any, "*batch"]:
    """KL(N(mu, diag exp(logvar)) || N(0, I)) in nats: the **sum** over the L coordinates. The KL of an ELBO.

    Source: `diagonalGaussianKlToStandardReal`.
    """
    xp = array_namespace(mu, logvar)
    return xp.sum(coordinate_kl_to_standard(mu, logvar), axis=-1)


def diagonal_gaussian_kl_to_standard(
    mu: Float[Any, "*#batch L"], logvar: Float[Any, "*#batch L"]
) -> Float[Any, "*batch"]:
    """The **mean** over the L coordinates of the KL: 1/L times the KL in nats. Never the KL of an ELBO.

    TorchLean's executable convention; `diagonal_gaussian_kl_to_standard_sum` is the KL in nats.

    Source: `diagonalGaussianKlToStandard`.
    """
    xp = array_namespace(mu, logvar)
    return xp.mean(coordinate_kl_to_standard(mu, logvar), axis=-1)


def variance_of_scale(sigma: Any) -> Any:
    """sigma^2: the variance of sigma * eps when eps has variance 1.

    Source: `varianceOfScale`.
    """
    return sigma**2
