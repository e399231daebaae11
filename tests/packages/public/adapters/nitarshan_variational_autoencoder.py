"""Variational Autoencoder Tutorial: a notebook; its images have 28 x 28 pixels."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions
from torch import Tensor

B, L = 3, 5


def notebook(source: Path) -> Step:
    scope = definitions(source / "Variational Autoencoder Tutorial.ipynb", "VAE", "criterion")
    model, criterion = scope["VAE"](latent_dim=L, hidden_dim=7), scope["criterion"]

    def run(x: Tensor) -> Tensor:
        x_out, z_mu, z_logvar = model(x)
        return criterion(x_out, x, z_mu, z_logvar)

    return Step(run, torch.rand(B, 1, 28, 28).round())


PROJECT = Project(
    "nitarshan/variational-autoencoder",
    "0d81b7888c82a33a1fd17eb9b3b30ab0005020cc",
    (Case("notebook", notebook, "PROVED", "(sum of BCE + sum of KL) / B", beta=1, checked=True),),
)
