"""pytorch-vae of Shubham Kumar: the notebook with linear layers."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions
from torch import Tensor

B, D, H, L = 5, 7, 11, 3


def notebook(source: Path) -> Step:
    scope = definitions(source / "vae.ipynb", "to_var", "VAE", "loss_fn")
    model, loss_fn = scope["VAE"](D, H, L), scope["loss_fn"]

    def run(x: Tensor) -> Tensor:
        recon_x, mu, logvar = model(x)
        return loss_fn(recon_x, x, mu, logvar)

    return Step(run, torch.rand(B, D).round())


PROJECT = Project(
    "sksq96/pytorch-vae",
    "14ce22796fe0ee5120f4f1cdb1dbaf515e72559d",
    (Case("vae.ipynb", notebook, "PROVED", "sum of BCE + sum of KL", beta=1, checked=True),),
)
