"""The VAE of TorchLean, in its executable **mean** convention.

Observations lie on the last axis (D coordinates), latents on the last axis (L coordinates); axes before it
are batch axes. `reconstruction_loss`, `kl_loss` and `loss` average over coordinates: none of them is an ELBO.
The ELBO, in nats, is in `vaelid.spec.elbo`; the factor between the two is `effective_beta`.
Source: `Generative.VAE.*` of TorchLean.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float

from vaelid.spec.arrays import array_namespace
from vaelid.spec.latent import diagonal_gaussian_kl_to_standard, reparameterize_diag

__all__ = [
    "Decoder",
    "Encoder",
    "Model",
    "encode",
    "forward",
    "kl_loss",
    "loss",
    "mean_squared_error",
    "reconstruction_loss",
    "sample_latent",
]

Map = Callable[[Any], Any]


@dataclass(frozen=True)
class Encoder:
    """The posterior q(z|x) = N(mean(x), diag exp(logvar(x))), as two maps from observation to latent.

    Source: `Encoder`.
    """

    mean: Map
    logvar: Map


@dataclass(frozen=True)
class Decoder:
    """The map `forward` from latent to observation.

    Source: `Decoder`.
    """

    forward: Map


@dataclass(frozen=True)
class Model:
    """An encoder and a decoder; both are arbitrary functions.

    Source: `Model`.
    """

    encoder: Encoder
    decoder: Decoder


def encode(model: Model, x: Float[Any, "*batch D"]) -> tuple[Float[Any, "*batch L"], Float[Any, "*batch L"]]:
    """The posterior's mean and log-variance, (mu, logvar).

    Source: `encode`.
    """
    return model.encoder.mean(x), model.encoder.logvar(x)


def sample_latent(model: Model, x: Float[Any, "*batch D"], eps: Float[Any, "*batch L"]) -> Float[Any, "*batch L"]:
    """Z = reparameterize_diag(mu, logvar, eps) at the posterior of x.

    Source: `sampleLatent`.
    """
    mu, logvar = encode(model, x)
    return reparameterize_diag(mu, logvar, eps)


def forward(model: Model, x: Float[Any, "*batch D"], eps: Float[Any, "*batch L"]) -> Float[Any, "..."]:
    """The reconstruction: the decoder at `sample_latent(model, x, eps)`.

    Source: `forward`.
    """
    return model.decoder.forward(sample_latent(model, x, eps))


def mean_squared_error(x_hat: Float[Any, "*#batch D"], x: Float[Any, "*#batch D"]) -> Float[Any, "*batch"]:
    """mean_d (x_hat_d - x_d)^2: the mean over the D coordinates, without a half.

    Source: `mseSpec`.
    """
    xp = array_namespace(x_hat, x)
    return xp.mean((x_hat - x) ** 2, axis=-1)


def reconstruction_loss(model: Model, x: Float[Any, "*batch D"], eps: Float[Any, "*batch L"]) -> Float[Any, "*batch"]:
    """The mean squared error of the reconstruction.

    Source: `reconstructionLoss`.
    """
    return mean_squared_error(forward(model, x, eps), x)


def kl_loss(model: Model, x: Float[Any, "*batch D"]) -> Float[Any, "*batch"]:
    """The mean over latent coordinates of the posterior's KL to the standard normal.

    Source: `klLoss`.
    """
    mu, logvar = encode(model, x)
    return diagonal_gaussian_kl_to_standard(mu, logvar)


def loss(model: Model, beta: Any, x: Float[Any, "*batch D"], eps: Float[Any, "*batch L"]) -> Float[Any, "*batch"]:
    """reconstruction_loss + beta * kl_loss: TorchLean's executable beta-VAE loss.

    It is c * (NLL + b * KL) + const for the Gaussian likelihood of any variance s2, with
    b = beta * D / (2 * s2 * L), which `effective_beta` computes.

    Source: `loss`; Higgins et al. (2017).
    """
    return reconstruction_loss(model, x, eps) + beta * kl_loss(model, x)
