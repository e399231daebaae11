"""`VAE`: encoder, decoder and likelihood as one `torch.nn.Module`, whose terms are those of the spec."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

import vaelid.spec as spec
from vaelid.spec.errors import InputError
from vaelid.spec.likelihoods import Likelihood
from vaelid.spec.likelihoods import likelihood as likelihood_of
from vaelid.train import losses
from vaelid.train.networks import conv_decoder, conv_encoder, mlp
from vaelid.train.randomness import Stream, stream_seed
from vaelid.train.specification import specification

__all__ = ["VAE"]

Expectation = Literal["sampled", "exact"]
LARGEST_SIZE = 2**31 - 1


class VAE(nn.Module):
    """q(z|x) = N(mu(x), diag exp(logvar(x))), p(z) = N(0, I), p(x|z) a likelihood of the decoder's output.

    Args:
        obs: the shape of one observation: D, or (channels, height, width), say.
        latent: L, the number of latent coordinates.
        hidden: widths of the hidden layers of the encoder, mirrored in the decoder; with ``arch="conv"`` the
            channels of its stages. ``()`` makes both maps linear.
        likelihood: a `Likelihood` or its short name: ``bernoulli``, ``continuous_bernoulli``, ``binomial:N``,
            ``gaussian`` (one learned variance), ``gaussian:V`` (fixed), ``gaussian_diag`` (learned for each
            element), ``laplace``, ``categorical:K``, ``poisson``, ``negative_binomial``.
        arch: ``"mlp"`` or ``"conv"``.
        encoder, decoder: your own modules, given together, in place of `hidden` and `arch`. The encoder maps
            features (B, *obs) to (mu, logvar), or to (B, 2 L) numbers, the means first; features are
            `likelihood.features` of the data (x / N for a binomial, log(1 + x) for counts, one-hot classes).
            The decoder maps (B, L) to the likelihood's output: (B, *obs), or (B, outputs, *obs).
        seed: initial weights are a function of it; None leaves them to torch's global generator.

    Attributes:
        learned: the likelihood's own learned numbers, such as ``log_variance``; zero at the start.

    Shapes: x is (B, *obs), z is (B, L); terms are one number for each observation, (B,), in nats.

    """

    def __init__(
        self,
        obs: int | Sequence[int],
        latent: int,
        hidden: int | Sequence[int] = (256,),
        likelihood: str | Likelihood = "gaussian",
        arch: Literal["mlp", "conv"] = "mlp",
        *,
        encoder: nn.Module | None = None,
        decoder: nn.Module | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.obs = _positive_sizes("obs", obs)
        (self.latent,) = _positive_sizes("latent", latent)
        self.hidden = _positive_sizes("hidden", hidden, may_be_empty=True)
        self.likelihood = likelihood_of(likelihood)
        self.arch = arch
        self.custom = encoder is not None or decoder is not None
        if arch not in ("mlp", "conv"):
            raise InputError(f'arch={arch!r} is not known: give "mlp" or "conv".')
        if self.custom and (encoder is None or decoder is None):
            raise InputError("encoder and decoder are given together: pass both modules, or neither.")
        with torch.random.fork_rng(devices=[], enabled=seed is not None):
            if seed is not None:
                torch.manual_seed(stream_seed(seed, Stream.WEIGHTS))
            self.encoder = self._build_encoder() if encoder is None else encoder
            self.decoder = self._build_decoder() if decoder is None else decoder
        extent = {"scalar": (), "coordinate": (self.observation_size,)}
        self.learned = nn.ParameterDict(
            {name: torch.zeros(extent[kind]) for name, kind in self.likelihood.learned.items()}
        )

    def _build_encoder(self) -> nn.Module:
        if self.arch == "conv":
            return conv_encoder(self._channelled(self.likelihood.inputs), self.hidden, 2 * self.latent)
        return mlp((self.likelihood.inputs * self.observation_size, *self.hidden, 2 * self.latent))

    def _build_decoder(self) -> nn.Module:
        if self.arch == "conv":
            return conv_decoder(self.latent, self.hidden, self._channelled(self.likelihood.outputs))
        outputs = self.likelihood.outputs * self.observation_size
        return mlp((self.latent, *reversed(self.hidden), outputs))

    def _channelled(self, planes: int) -> tuple[int, ...]:
        return (planes * self.obs[0], *self.obs[1:])

    @property
    def observation_size(self) -> int:
        """D, the number of coordinates of one observation."""
        return math.prod(self.obs)

    @property
    def is_linear_gaussian(self) -> bool:
        """Whether the decoder is one linear layer and the likelihood a Gaussian of one variance."""
        return self._linear_decoder() is not None and self.likelihood.family == "gaussian"

    def _linear_decoder(self) -> nn.Linear | None:
        decoder = self.decoder
        if type(decoder) is nn.Sequential and len(decoder) == 1:
            decoder = decoder[0]
        return decoder if type(decoder) is nn.Linear else None  # a subclass may compute something else

    def encode(self, x: Shaped[Tensor, "B ..."]) -> tuple[Float[Tensor, "B L"], Float[Tensor, "B L"]]:
        """The posterior's (mu, logvar), each (B, L)."""
        encoded = self.encoder(self._features(x))
        mu, logvar = encoded if isinstance(encoded, tuple) else encoded.chunk(2, dim=-1)
        if mu.shape != (len(x), self.latent) or logvar.shape != mu.shape:
            raise InputError(
                f"the encoder gave mu {tuple(mu.shape)} and logvar {tuple(logvar.shape)} for {len(x)} "
                f"observations: both must be ({len(x)}, {self.latent})."
            )
        return mu, logvar

    def _features(self, x: Tensor) -> Tensor:
        if tuple(x.shape[1:]) != self.obs:
            raise InputError(
                f"observations of shape {tuple(x.shape[1:])} were given to a model of observations of shape "
                f"{self.obs}: reshape the data to (rows, {', '.join(map(str, self.obs))})."
            )
        return self.likelihood.features(x.flatten(1)).reshape(len(x), *self._input_shape())

    def _input_shape(self) -> tuple[int, ...]:
        """The shape of what the encoder sees of one observation: flat for the built-in MLP."""
        shape = self._channelled(self.likelihood.inputs)
        return (math.prod(shape),) if self.arch == "mlp" and not self.custom else shape

    def _planes(self) -> tuple[int, ...]:
        return () if self.likelihood.outputs == 1 else (self.likelihood.outputs,)

    def sample_latent(
        self, x: Shaped[Tensor, "B ..."], eps: Float[Tensor, "B L"] | None = None
    ) -> Float[Tensor, "B L"]:
        """Z ~ q(z|x) as mu + exp(logvar/2) eps; without `eps`, N(0, I) from torch's global generator."""
        mu, logvar = self.encode(x)
        return spec.reparameterize_diag(mu, logvar, torch.randn_like(mu) if eps is None else eps)

    def decode(self, z: Float[Tensor, "B L"]) -> Float[Tensor, "B ..."]:
        """The likelihood's output at z: logits, means, ...: (B, *obs), or (B, outputs, *obs).

        `mean` turns it into an observation.
        """
        output = self.decoder(z)
        shape = (len(z), *self._planes(), *self.obs)
        if output.numel() != math.prod(shape):
            raise InputError(
                f"the decoder gave {tuple(output.shape)} for {len(z)} latents: {self.likelihood.name} needs {shape}."
            )
        return output.reshape(shape)

    def forward(self, x: Shaped[Tensor, "B ..."], eps: Float[Tensor, "B L"] | None = None) -> Float[Tensor, "B ..."]:
        """The decoder's output at one draw of the posterior: decode(sample_latent(x, eps))."""
        return self.decode(self.sample_latent(x, eps))

    def mean(self, output: Float[Tensor, "B ..."]) -> Float[Tensor, "B ..."]:
        """E[x|z] for the decoder's output, (B, *obs); for classes their probabilities, (B, K, *obs)."""
        mean = self.likelihood.mean(self._flat(output), **self.learned)
        return mean.reshape(len(output), *mean.shape[1:-1], *self.obs)

    @torch.no_grad()
    def sample_observation(self, z: Float[Tensor, "B L"], rng: np.random.Generator) -> Float[Tensor, "B ..."]:
        """One x ~ p(x|z) for each z, in the data's units: (B, *obs)."""
        learned = {name: value.detach().cpu() for name, value in self.learned.items()}
        drawn = self.likelihood.sample(rng, self._flat(self.decode(z)).cpu(), **learned)
        return drawn.reshape(len(z), *self.obs)

    def _flat(self, output: Tensor) -> Tensor:
        """(B, *obs) -> (B, D), and (B, outputs, *obs) -> (B, outputs, D)."""
        return output.flatten(-len(self.obs))

    def elbo_terms(
        self,
        x: Shaped[Tensor, "B ..."],
        eps: Float[Tensor, "B L"] | None = None,
        *,
        expectation: Expectation = "sampled",
    ) -> spec.ElboTerms:
        """The reconstruction NLL at one draw of the posterior, and the KL, each (B,) in nats.

        ``expectation="exact"`` integrates the NLL over the posterior instead: linear-Gaussian models only,
        else `InputError`. The data's support is not checked here; `fit` and `evaluate` do.
        """
        mu, logvar = self.encode(x)
        if expectation == "exact":
            nll = self._exact_nll(x, mu, logvar)
        else:
            z = spec.reparameterize_diag(mu, logvar, torch.randn_like(mu) if eps is None else eps)
            nll = self.reconstruction_nll(x, z)
        return spec.ElboTerms(reconstruction_nll=nll, kl_posterior_prior=losses.kl_sum(mu, logvar))

    def reconstruction_nll(self, x: Shaped[Tensor, "B ..."], z: Float[Tensor, "B L"]) -> Float[Tensor, " B"]:
        """-log p(x|z) in nats."""
        output = self._flat(self.decode(z))
        return losses.reconstruction_nll(self.likelihood, x.flatten(1), output, **self.learned)

    def loss(
        self,
        x: Shaped[Tensor, "B ..."],
        eps: Float[Tensor, "B L"] | None = None,
        *,
        beta: float = 1.0,
        expectation: Expectation = "sampled",
    ) -> Float[Tensor, ""]:
        """The mean over the batch of reconstruction NLL + beta * KL, in nats."""
        return spec.beta_negative_elbo(beta, self.elbo_terms(x, eps, expectation=expectation)).mean()

    def log_evidence(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, " B"]:
        """Log p(x) in nats, in closed form in float64, of a linear-Gaussian model; `InputError` for any other."""
        parts = (part.double() for part in self._linear_gaussian_parts("log_evidence"))  # it cancels in float32
        return spec.linear_gaussian_log_evidence(x.flatten(1).double(), *parts)

    def _exact_nll(self, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return spec.expected_gaussian_nll(x.flatten(1), mu, logvar, *self._linear_gaussian_parts('expectation="exact"'))

    def _linear_gaussian_parts(self, wanted_by: str) -> tuple[Tensor, Tensor, Tensor]:
        """The decoder's weight and bias, and the log-variance."""
        decoder = self._linear_decoder()
        if decoder is None or self.likelihood.family != "gaussian":
            raise InputError(
                f"{wanted_by} needs a linear decoder and a Gaussian likelihood of one variance: "
                'VAE(..., hidden=(), likelihood="gaussian").'
            )
        weight = decoder.weight
        bias = weight.new_zeros(len(weight)) if decoder.bias is None else decoder.bias
        if self.likelihood.number is None:
            return weight, bias, self.learned["log_variance"]
        return weight, bias, torch.full_like(weight[0, 0], math.log(self.likelihood.number))

    def spec(self) -> spec.Model:
        """The spec's `Model` that this module realises, with the weights as they are now.

        Its observations are flat, (B, D). Built-in networks become functions over any array type; your own
        encoder and decoder stay torch modules and read torch tensors.
        """
        return specification(
            self.encoder,
            self.decoder,
            latent=self.latent,
            features=self.likelihood.features,
            input_shape=self._input_shape(),
            output_shape=(*self._planes(), self.observation_size),
        )

    def extra_repr(self) -> str:
        """One line for `print(model)`."""
        return f"obs={self.obs}, latent={self.latent}, likelihood={self.likelihood.name!r}"


def _positive_sizes(name: str, sizes: int | Sequence[int], *, may_be_empty: bool = False) -> tuple[int, ...]:
    given = tuple(sizes) if isinstance(sizes, Sequence) else (sizes,)
    whole = all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in given)
    if whole and max(given, default=0) > LARGEST_SIZE:
        raise InputError(f"{name} has a size beyond {LARGEST_SIZE:,}, which is the largest: give a smaller one.")
    if not whole or not (given or may_be_empty):
        shown = given[0] if len(given) == 1 else given
        raise InputError(f"{name}={shown!r} must be made of whole numbers of at least 1.")
    return given
