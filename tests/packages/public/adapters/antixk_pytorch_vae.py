"""AntixK/PyTorch-VAE: a collection of VAEs, each with its `loss_function`."""

from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from tests.packages.public.project import Case, Project, Step, package
from torch import Tensor

ROWS, SHAPE, LATENTS = 5, (3, 64, 64), 7
SIZE = torch.Size(SHAPE).numel()
KL_WEIGHT = 0.00025  # kld_weight of most of its configurations
CHANNELS = 3, 5, 7, 11, 512  # `decode` fixes the last


def _step(source: Path, *, model: str, channels: tuple[int, ...] = CHANNELS, **options: Any) -> Step:
    torchvision = ModuleType("torchvision.models")
    vars(torchvision).update(vgg19_bn=None)
    kind = getattr(package(source, "models", torchvision__models=torchvision), model)
    vae = kind(**{"in_channels": SHAPE[0], "latent_dim": LATENTS, "hidden_dims": list(channels)} | options)

    def run(x: Tensor) -> Any:
        return vae.loss_function(*vae(x), M_N=KL_WEIGHT, batch_idx=0)["loss"]

    return Step(run, torch.rand(ROWS, *SHAPE))


PROJECT = Project(
    "AntixK/PyTorch-VAE",
    "a6896b944c918dd7030e7d795a8c13e5c6345ec7",
    (
        Case(
            "VanillaVAE",
            partial(_step, model="VanillaVAE"),
            "PROVED",
            "mean of squares over B D + 0.00025 * mean over B of KL: beta = w D / 2",
            beta=KL_WEIGHT * SIZE / 2,
            checked=True,
        ),
        Case(
            "BetaVAE, loss_type H",
            partial(_step, model="BetaVAE", loss_type="H"),
            "PROVED",
            "mean of squares + 4 * 0.00025 * mean of KL: beta = 4 w D / 2",
            beta=4 * KL_WEIGHT * SIZE / 2,
            checked=True,
        ),
        Case(
            "BetaVAE, loss_type B",
            partial(_step, model="BetaVAE", loss_type="B"),
            "OTHER",
            "gamma w |KL - C| with a counter in C: the KL is held at a capacity; the loss has shape (1,)",
        ),
        Case(
            "MIWAE",
            partial(_step, model="MIWAE", num_samples=3, num_estimates=2),
            "REFUTED",
            "as its IWAE: a softmax of the loss weighs the worst samples most",
        ),
        Case(
            "LogCoshVAE",
            partial(_step, model="LogCoshVAE"),
            "PROVED",
            "log cosh(100 t)/100 = -log of the density cosh(100 t)^(-1/100) up to a constant: an ELBO of an unnamed "
            "likelihood, mean over B D + 10 w * mean of KL: beta = 10 w D (float32 overflows at t < -0.44)",
            beta=10 * KL_WEIGHT * SIZE,
            checked=True,
        ),
        Case(
            "InfoVAE",
            partial(_step, model="InfoVAE"),
            "OTHER",
            "KL and a maximum mean discrepancy between z and draws of the prior",
        ),
        Case(
            "WAE_MMD",
            partial(_step, model="WAE_MMD"),
            "OTHER",
            "no posterior noise: a Wasserstein autoencoder with a maximum mean discrepancy",
        ),
        Case(
            "DIPVAE",
            partial(_step, model="DIPVAE"),
            "OTHER",
            "sum of squares + w sum of KL + a penalty on the covariance of mu, centred over L, and on sigma^4",
        ),
        Case(
            "VQVAE",
            partial(_step, model="VQVAE", channels=(5, 7), embedding_dim=3, num_embeddings=11),
            "OTHER",
            "a codebook and a commitment loss, straight-through: no posterior density",
        ),
        Case(
            "BetaTCVAE",
            partial(_step, model="BetaTCVAE", channels=(3, 5, 7, 32)),
            "OTHER",
            "mutual information, total correlation and dimension-wise KL, by minibatch sampling",
        ),
        Case(
            "CategoricalVAE",
            partial(_step, model="CategoricalVAE", categorical_dim=3),
            "OTHER",
            "a relaxed categorical posterior (Gumbel softmax), its KL with a stabiliser",
        ),
    ),
)
