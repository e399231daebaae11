"""Losses of published packages, through their own classes, and the verdict that each must get.

A case is made on small random data. What it expects was derived by hand; `derivation` is that derivation in one line.
Shapes: B rows, D coordinates of the data, L latents.
"""
# The packages are in an environment of their own.
# pyright: reportMissingImports=false

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["CASES", "Case", "Function", "Step"]


@dataclass(frozen=True)
class Step:
    """For `audit`: what to run, on what, and what evaluation runs instead."""

    run: Callable[..., Any]
    batch: Any
    evaluation: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Function:
    """For `audit_kl`: a function of tensors, and what its parameters are."""

    run: Callable[..., Tensor]
    roles: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One object of a package, and what an audit of it must find.

    Attributes:
        package: the distribution's name, for its version.
        object: what is audited.
        make: makes it.
        derivation: how the expectation follows, in one line.
        verdict: the verdict on the whole; None where only `claims` are expected.
        beta: the effective beta, at the sizes made.
        claims: verdicts on single claims.
    """

    package: str
    object: str
    make: Callable[[], Step | Function]
    derivation: str
    verdict: str | None = None
    beta: float | None = None
    claims: Mapping[str, str] = field(default_factory=dict)


def _pythae(kind: str, reconstruction: str, **settings: Any) -> tuple[Any, Tensor]:
    import pythae.models

    config = getattr(pythae.models, f"{kind}Config")
    model = getattr(pythae.models, kind)(
        config(input_dim=(1, 3, 5), latent_dim=3, reconstruction_loss=reconstruction, **settings)
    )
    return model, torch.rand(5, 1, 3, 5)


def _pythae_step(kind: str, reconstruction: str, **settings: Any) -> Callable[[], Step]:
    def make() -> Step:
        model, x = _pythae(kind, reconstruction, **settings)
        return Step(lambda x: model({"data": x}), x)

    return make


def _pythae_nll() -> Step:
    model, x = _pythae("VAE", "mse")
    return Step(lambda x: model({"data": x}), x, evaluation=lambda x: torch.tensor(model.get_nll(x, n_samples=1)))


def _pyod(**settings: Any) -> Callable[[], Step]:
    def make() -> Step:
        import numpy as np
        from pyod.models.vae import VAE

        rows = np.random.default_rng(0).random((40, 7)).astype("float32")
        detector = VAE(
            latent_dim=2, encoder_neuron_list=[8, 4], decoder_neuron_list=[4, 8], epoch_num=1, verbose=0, **settings
        ).fit(rows)
        detector.model.train()

        def step(x: Tensor) -> Tensor:  # the lines of VAE.training_forward
            x_recon, mu, logvar = detector.model(x)
            return detector.criterion(
                x,
                x_recon,
                mu,
                logvar,
                beta=detector.beta,
                capacity=detector.capacity,
                logvar_clip=detector.logvar_clip_,
            )

        return Step(step, torch.from_numpy(rows[:5]))

    return make


def _deepchem() -> Function:
    from deepchem.models.losses import VAE_KLDivergence

    run = VAE_KLDivergence()._create_pytorch_loss()
    return Function(run, {"logvar": "logvar", "mu": "mu"})


def _ctgan() -> Step:
    from ctgan.data_transformer import SpanInfo
    from ctgan.synthesizers.tvae import Decoder, Encoder, _loss_function

    columns = [[SpanInfo(1, "tanh"), SpanInfo(3, "softmax")], [SpanInfo(4, "softmax")]]
    encoder, decoder = Encoder(8, (7,), 3), Decoder(3, (7,), 8)
    x = torch.cat([torch.rand(5, 1) - 0.5, torch.eye(3)[[0, 1, 2, 0, 1]], torch.eye(4)[[3, 2, 1, 0, 3]]], dim=1)

    def step(real: Tensor) -> Tensor:  # the lines of TVAE.fit
        mu, std, logvar = encoder(real)
        rec, sigmas = decoder(torch.randn_like(std) * std + mu)
        loss_1, loss_2 = _loss_function(rec, real, sigmas, mu, logvar, columns, 2)
        return loss_1 + loss_2

    return Step(step, x)


class _GraphEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        from torch_geometric.nn import GCNConv

        self.hidden, self.mu, self.logstd = GCNConv(5, 8), GCNConv(8, 3), GCNConv(8, 3)

    def forward(self, x: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        h = self.hidden(x, edges).relu()
        return self.mu(h, edges), self.logstd(h, edges)


def _vgae_kl() -> Function:
    from torch_geometric.nn import VGAE

    return Function(VGAE(_GraphEncoder()).kl_loss, {"mu": "mu", "logstd": "logstd"})


def _vgae() -> Step:
    from torch_geometric.nn import VGAE

    model = VGAE(_GraphEncoder())
    edges = torch.tensor([[0, 1, 2, 3, 4, 5, 6, 0, 2], [1, 2, 3, 4, 5, 6, 0, 3, 5]])

    def step(batch: tuple[Tensor, Tensor]) -> Tensor:  # the lines of the package's example
        x, edges = batch
        z = model.encode(x, edges)
        return model.recon_loss(z, edges) + model.kl_loss() / x.size(0)

    return Step(step, (torch.rand(7, 5), edges))


def _pyro(elbo: str) -> Callable[[], Step]:
    def make() -> Step:
        import pyro
        from pyro.distributions import Bernoulli, Normal

        encoder, decoder = nn.Linear(7, 6), nn.Linear(3, 7)

        def model(x: Tensor) -> None:
            with pyro.plate("rows", x.shape[0]):
                z = pyro.sample("z", Normal(x.new_zeros(x.shape[0], 3), x.new_ones(x.shape[0], 3)).to_event(1))
                pyro.sample("x", Bernoulli(logits=decoder(z)).to_event(1), obs=x)

        def guide(x: Tensor) -> None:
            with pyro.plate("rows", x.shape[0]):
                mu, logvar = encoder(x).chunk(2, dim=-1)
                pyro.sample("z", Normal(mu, (logvar / 2).exp()).to_event(1))

        estimator = getattr(pyro.infer, elbo)()
        return Step(lambda x: estimator.differentiable_loss(model, guide, x), torch.rand(5, 7).round())

    return make


CASES = (
    Case(
        "pythae",
        "VAE, mse",
        _pythae_step("VAE", "mse"),
        "mean over rows of SSE/2 + KL: a Gaussian of variance 1 without its constant D/2 log 2 pi",
        "PROVED",
        1.0,
    ),
    Case(
        "pythae",
        "VAE, bce",
        _pythae_step("VAE", "bce"),
        "mean over rows of the sum of BCE + KL: a Bernoulli likelihood, on grey data",
        "PROVED",
        1.0,
    ),
    Case(
        "pythae",
        "BetaVAE, mse, beta=3.5",
        _pythae_step("BetaVAE", "mse", beta=3.5),
        "mean over rows of SSE/2 + 3.5 KL",
        "PROVED",
        3.5,
    ),
    Case(
        "pythae",
        "IWAE, mse, 4 samples",
        _pythae_step("IWAE", "mse", number_samples=4),
        "self-normalised weights, detached, times -log w: the gradient of -log(mean w), not its value",
        "PROVED",
        1.0,
    ),
    Case(
        "pythae",
        "VAE.get_nll as the evaluation",
        _pythae_nll,
        "returns the mean log-likelihood, not its negative, with batch_size (100) samples when 1 is asked for",
        "PROVED",
        1.0,
        {"evaluation": "REFUTED"},
    ),
    Case(
        "pyod",
        "VAE, defaults",
        _pyod(),
        "clamp(KL, 0, capacity=0) is 0, and so is its gradient: a mean squared error alone",
        "REFUTED",
    ),
    Case(
        "pyod",
        "VAE, capacity=50",
        _pyod(capacity=50.0),
        "mean over B D of squares + min(mean over B of KL, 50): the KL up to 50 nats only, and no gradient beyond",
        "OTHER",
    ),
    Case(
        "deepchem",
        "VAE_KLDivergence",
        _deepchem,
        "mean over L of (mu^2 + s^2 - log s^2 - 1)/2 with s the argument named logvar: a standard deviation",
        "REFUTED",
    ),
    Case(
        "ctgan",
        "TVAE",
        _ctgan,
        "2/B times a Gaussian of learned variance and categoricals, + KL/B: beta = 1/2",
        "PROVED",
        0.5,
    ),
    Case(
        "torch_geometric",
        "VGAE.kl_loss",
        _vgae_kl,
        "the mean over nodes of the KL of a log standard deviation, clamped at 10 from above",
        "PROVED",
    ),
    Case(
        "torch_geometric",
        "VGAE, recon_loss + kl_loss / N",
        _vgae,
        "KL/N^2; the edges' terms are means over present and over drawn absent ones, no likelihood of a graph",
        claims={"divergence": "PROVED"},
    ),
    Case(
        "pyro-ppl",
        "Trace_ELBO",
        _pyro("Trace_ELBO"),
        "-(log p(x, z) - log q(z)) at one draw of z, summed over rows: its mean over z is NLL + KL",
        "PROVED",
        1.0,
    ),
    Case(
        "pyro-ppl",
        "TraceMeanField_ELBO",
        _pyro("TraceMeanField_ELBO"),
        "-log p(x|z) at one draw + the KL in closed form, summed over rows",
        "PROVED",
        1.0,
    ),
)
"""Every object, in the order in which it is audited."""
