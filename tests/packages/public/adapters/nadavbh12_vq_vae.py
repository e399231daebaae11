"""VQ-VAE of Nadav Bhonker: the loss of the plain VAE beside it."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Loss, Project, definitions
from torch import Tensor

B, D, L = 3, 784, 5


def inputs() -> tuple[Tensor, ...]:
    return torch.rand(B, D).round(), torch.rand(B, D), torch.randn(B, L), torch.randn(B, L)


def loss_function(source: Path) -> Loss:
    model = definitions(source / "vq_vae" / "auto_encoder.py", "VAE")["VAE"]()
    return Loss(model.loss_function, inputs)


PROJECT = Project(
    "nadavbh12/VQ-VAE",
    "a360e77d43ec43dd5a989f057cbf8e0843bb9b1f",
    (
        Case(
            "VAE.loss_function",
            loss_function,
            "PROVED",
            "sum of BCE + kl_coef * sum of KL (its decoder calls self.tanh, which is not there, so the loss alone)",
            beta=1,
            checked=True,
        ),
    ),
)
