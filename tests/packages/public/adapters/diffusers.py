"""diffusers: the KL autoencoder of latent diffusion, with the squares and the KL of its training example."""

import importlib
from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step
from torch import Tensor
from torch.nn.functional import mse_loss

B, C, SHAPE, L, KL_SCALE = 5, 3, (5, 7), 2, 1e-6


def autoencoder_kl(_: Path) -> Step:
    model = importlib.import_module("diffusers").AutoencoderKL(
        block_out_channels=(4,), latent_channels=L, norm_num_groups=2
    )

    def run(x: Tensor) -> Tensor:
        posterior = model.encode(x).latent_dist
        squares = mse_loss(model.decode(posterior.sample()).sample, x, reduction="sum") / len(x)
        return squares + KL_SCALE * posterior.kl().mean()

    return Step(run, 2 * torch.rand(B, C, *SHAPE) - 1)


PROJECT = Project(
    "diffusers",
    "0.42.1",
    (
        Case(
            "AutoencoderKL, squares + 1e-6 KL",
            autoencoder_kl,
            "PROVED",
            "mean over rows of summed squares + 1e-6 * mean over rows of posterior.kl(), as its training example "
            "before the adversarial part and without the perceptual one: beta = 1e-6 / 2; log-variance clamped to "
            "[-30, 20] before both",
            beta=KL_SCALE / 2,
            checked=True,
        ),
    ),
)
