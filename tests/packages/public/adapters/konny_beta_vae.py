"""1Konny/Beta-VAE: the beta-VAE of Higgins et al. (objective H) and of Burgess et al. (objective B)."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from tests.packages.public.project import Case, Project, Step, definitions, excerpt, load
from torch import Tensor, nn

ROWS, SHAPE, LATENTS = 5, (1, 3, 7), 2


def _step(source: Path, *, model: str, decoder: str, **weights: Any) -> Step:
    scope = definitions(source / "solver.py", "reconstruction_loss", "kl_divergence")
    iteration = excerpt(source / "solver.py", "x_recon, mu, logvar = ", "beta_vae_loss = recon_loss + self.gamma")
    net = getattr(load(source / "model.py"), f"BetaVAE_{model}")(LATENTS, SHAPE[0])
    size = torch.Size(SHAPE).numel()
    net.encoder = nn.Sequential(nn.Flatten(), nn.Linear(size, 2 * LATENTS))
    net.decoder = nn.Sequential(nn.Linear(LATENTS, size), nn.Unflatten(1, SHAPE))
    solver = SimpleNamespace(net=net, objective=model, decoder_dist=decoder, global_iter=1, **weights)

    def run(x: Tensor) -> Any:
        exec(iteration, variables := scope | {"self": solver, "x": x})
        return variables["beta_vae_loss"]

    return Step(run, torch.rand(ROWS, *SHAPE).round() if decoder == "bernoulli" else torch.rand(ROWS, *SHAPE))


PROJECT = Project(
    "1Konny/Beta-VAE",
    "977a1ece88e190dd8a556b4e2efb665f759d0772",
    (
        Case(
            "objective H, bernoulli",
            partial(_step, model="H", decoder="bernoulli", beta=4),
            "PROVED",
            "sum of BCE / B + 4 * mean over B of KL; the loss has shape (1,)",
            beta=4,
            checked=True,
        ),
        Case(
            "objective H, gaussian",
            partial(_step, model="H", decoder="gaussian", beta=4),
            "PROVED",
            "sum of squares / B + 4 * mean of KL: squares without 1/2, so beta = 4/2",
            beta=2,
            checked=True,
        ),
        Case(
            "objective B, bernoulli",
            partial(_step, model="B", decoder="bernoulli", gamma=100, C_max=torch.tensor([20.0]), C_stop_iter=1e5),
            "OTHER",
            "gamma * |KL - C|: the KL is held at a capacity",
        ),
    ),
)
