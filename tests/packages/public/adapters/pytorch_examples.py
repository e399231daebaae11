"""The examples of PyTorch: the VAE of MNIST; its data are 784 numbers."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions
from torch import Tensor

B, D = 3, 784


def vae(source: Path) -> Step:
    scope = definitions(source / "vae" / "main.py", "VAE", "loss_function")
    model, loss_function = scope["VAE"](), scope["loss_function"]

    def run(x: Tensor) -> Tensor:
        recon_x, mu, logvar = model(x)
        return loss_function(recon_x, x, mu, logvar)

    return Step(run, torch.rand(B, D).round())


PROJECT = Project(
    "pytorch/examples",
    "77f55b912142e11fcfdf5b530231fb9c52f181e8",
    (Case("vae/main.py", vae, "PROVED", "sum of BCE + sum of KL", beta=1, checked=True),),
)
