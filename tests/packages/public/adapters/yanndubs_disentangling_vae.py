"""YannDubs/disentangling-vae: its VAE class and its losses, as its trainer calls them, on linear networks."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import torch
from tests.packages.public.project import Case, Project, Step, package
from torch import nn

B, L, SHAPE, D = 5, 3, (3, 32, 32), 3072


class Encoder(nn.Module):
    """Mean and log-variance."""

    def __init__(self, shape: tuple[int, ...], latents: int) -> None:
        super().__init__()
        self.mean, self.logvar = nn.Linear(D, latents), nn.Linear(D, latents)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Of images."""
        return self.mean(x.flatten(1)), self.logvar(x.flatten(1))


def decoder(shape: tuple[int, ...], latents: int) -> nn.Module:
    """Of a sigmoid, as the project's."""
    return nn.Sequential(nn.Linear(latents, D), nn.Sigmoid(), nn.Unflatten(1, shape))


def step(name: str, binary: bool = True, **options: object) -> Callable[[Path], Step]:
    """The first training step: the losses count their calls, so each call gets a new one."""

    def make(source: Path) -> Step:
        models = package(source, "disvae.models.vae", imageio=MagicMock())
        losses = package(source, "disvae.models.losses")
        model = models.VAE(SHAPE, Encoder, decoder, L)

        def run(x: torch.Tensor) -> torch.Tensor:
            loss = getattr(losses, name)(**options)
            reconstruction, posterior, z = model(x)
            return loss(x, reconstruction, posterior, model.training, defaultdict(list), latent_sample=z)

        x = torch.rand(B, *SHAPE)
        return Step(run, x.round() if binary else x)

    return make


PROJECT = Project(
    "YannDubs/disentangling-vae",
    "f0452191bab6d94eba0b4e6a065f74dcfd54ac52",
    (
        Case(
            "BetaHLoss(4), bernoulli",
            step("BetaHLoss", beta=4),
            "PROVED",
            "sum of BCE / B + 4 * sum over L of the mean over B of KL",
            beta=4,
            checked=True,
        ),
        Case(
            "BetaHLoss(1), gaussian",
            step("BetaHLoss", binary=False, beta=1, rec_dist="gaussian"),
            "PROVED",
            "255 * sum of squares / B + KL: 510 (NLL + KL / 510), beta = 1/510 at variance 1",
            beta=1 / 510,
            checked=True,
        ),
        Case(
            "BetaHLoss(1), laplace",
            step("BetaHLoss", binary=False, beta=1, rec_dist="laplace"),
            "PROVED",
            "3 * sum of absolute errors / B * (it is not 0) + KL: beta = 1/3 at scale 1",
            beta=1 / 3,
            checked=True,
        ),
        Case(
            "BetaHLoss(4), reg_anneal=10000",
            step("BetaHLoss", beta=4, steps_anneal=10000),
            "PROVED",
            "as BetaHLoss(4), the weight warmed up from 0: 4 * step / 10000, here at the first step",
            beta=4 / 10000,
            checked=True,
        ),
        Case("BetaBLoss", step("BetaBLoss"), "OTHER", "100 |KL - C|: the KL is held at a capacity"),
        Case(
            "BtcvaeLoss",
            step("BtcvaeLoss", n_data=1009),
            "OTHER",
            "mutual information, total correlation and dimension-wise KL, by minibatch stratified sampling",
        ),
    ),
)
