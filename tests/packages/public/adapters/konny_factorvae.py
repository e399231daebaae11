"""1Konny/FactorVAE: the VAE's loss of FactorVAE (Kim and Mnih)."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from tests.packages.public.project import Case, Project, Step, excerpt, load
from torch import Tensor, nn

ROWS, SHAPE, LATENTS = 5, (1, 3, 7), 2


def _step(source: Path, *, gamma: float) -> Step:
    model = load(source / "model.py")
    scope = vars(load(source / "ops.py"))
    iteration = excerpt(source / "solver.py", "x_recon, mu, logvar, z = ", "vae_loss = ")
    vae, discriminator = model.FactorVAE1(LATENTS), model.Discriminator(LATENTS)
    size = torch.Size(SHAPE).numel()
    vae.encode = nn.Sequential(nn.Flatten(), nn.Linear(size, 2 * LATENTS), nn.Unflatten(1, (2 * LATENTS, 1, 1)))
    vae.decode = nn.Sequential(nn.Flatten(), nn.Linear(LATENTS, size), nn.Unflatten(1, SHAPE))
    discriminator.net = nn.Sequential(nn.Linear(LATENTS, 11), nn.LeakyReLU(0.2), nn.Linear(11, 2))
    solver = SimpleNamespace(VAE=vae, D=discriminator, gamma=gamma)

    def run(x: Tensor) -> Any:
        exec(iteration, variables := scope | {"self": solver, "x_true1": x})
        return variables["vae_loss"]

    return Step(run, torch.rand(ROWS, *SHAPE).round())


PROJECT = Project(
    "1Konny/FactorVAE",
    "8c97b1fc6150fa8f9241468b2c687b83335543d4",
    (
        Case(
            "vae_loss, gamma=6.4",
            partial(_step, gamma=6.4),
            "OTHER",
            "NLL + KL + gamma times a density-ratio estimate of the total correlation, from a discriminator of z",
        ),
        Case(
            "vae_loss, gamma=0",
            partial(_step, gamma=0),
            "PROVED",
            "with gamma = 0 the discriminator's part is 0: sum of BCE / B + mean of KL",
            beta=1,
            checked=True,
        ),
    ),
)
