"""VAE of Stanislav Pidhorskyi: convolutions with batch norm, here one layer of them, on images of 8 x 8 pixels."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions, load
from torch import Tensor

B, SHAPE, L = 5, (3, 8, 8), 7
D = 3 * 8 * 8


def vae(source: Path) -> Step:
    model = load(source / "net.py").VAE(zsize=L, layer_count=1)
    loss_function = definitions(source / "VAE.py", "loss_function")["loss_function"]

    def run(x: Tensor) -> Tensor:
        rec, mu, logvar = model(x)
        return sum(loss_function(rec, x, mu, logvar))

    return Step(run, 2 * torch.rand(B, *SHAPE) - 1)


PROJECT = Project(
    "podgorskiy/VAE",
    "ee907bc966f499ad115179f8d84e06107386a295",
    (
        Case(
            "VAE.py",
            vae,
            "PROVED",
            "mean of squares over B D + 0.1 * mean of KL over B L: beta = 0.1 D / (2 L)",
            beta=0.1 * D / (2 * L),
            checked=True,
        ),
    ),
)
