"""pytorch-mnist-VAE: a notebook; its data are 784 numbers."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions
from torch import Tensor

B, D, L = 3, 784, 2


def notebook(source: Path) -> Step:
    scope = definitions(source / "pytorch-mnist-VAE.ipynb", "VAE", "loss_function")
    model, loss_function = scope["VAE"](D, 7, 5, L), scope["loss_function"]

    def run(x: Tensor) -> Tensor:
        recon_x, mu, log_var = model(x)
        return loss_function(recon_x, x, mu, log_var)

    return Step(run, torch.rand(B, D).round())


PROJECT = Project(
    "lyeoni/pytorch-mnist-VAE",
    "b6aaf1e1698789856ef624428939380bff6d0227",
    (
        Case(
            "notebook",
            notebook,
            "PROVED",
            "sum of BCE + sum of KL; z = eps.mul(std).add_(mu)",
            beta=1,
            checked=True,
        ),
    ),
)
