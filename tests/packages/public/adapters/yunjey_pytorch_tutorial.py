"""PyTorch Tutorial of Yunjey Choi: the variational autoencoder."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions, statements

B, D, H, L = 5, 7, 11, 3


def vae(source: Path) -> Step:
    script = source / "tutorials" / "03-advanced" / "variational_autoencoder" / "main.py"
    model = definitions(script, "VAE")["VAE"](D, H, L)
    loss = statements(script, "x_reconst", "reconst_loss", "kl_div", "loss", model=model)
    return Step(lambda x: loss(x=x), torch.rand(B, D).round())


PROJECT = Project(
    "yunjey/pytorch-tutorial",
    "0500d3df5a2a8080ccfccbc00aca0eacc21818db",
    (Case("variational_autoencoder", vae, "PROVED", "sum of BCE + sum of KL", beta=1, checked=True),),
)
