"""vae-cf-pytorch: Mult-VAE for collaborative filtering, with its dropout of the input."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, load
from torch import Tensor

B, D, H, L, ANNEAL = 5, 11, 7, 3, 0.2


def multi_vae(source: Path) -> Step:
    models = load(source / "models.py")
    model = models.MultiVAE([L, H, D])

    def run(x: Tensor) -> Tensor:
        recon_x, mu, logvar = model(x)
        return models.loss_function(recon_x, x, mu, logvar, ANNEAL)

    return Step(run, torch.rand(B, D).round())


PROJECT = Project(
    "younggyoseo/vae-cf-pytorch",
    "3619878f8eaf77f4018be697f1ecfdbd95f9a23b",
    (
        Case(
            "MultiVAE, anneal=0.2",
            multi_vae,
            "PROVED",
            "mean over rows of -sum x log_softmax + 0.2 * mean of KL",
            beta=ANNEAL,
            checked=True,
        ),
    ),
)
