"""L1aoXingyu/pytorch-beginner: a VAE for MNIST in a beginner's script, with squared errors."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions

B, D = 3, 28 * 28


def _step(source: Path) -> Step:
    script = source / "08-AutoEncoder" / "Variational_autoencoder.py"
    scope = definitions(script, "VAE", "reconstruction_function", "loss_function")
    model, loss_function = scope["VAE"](), scope["loss_function"]

    def run(x: torch.Tensor) -> torch.Tensor:
        reconstruction, mu, logvar = model(x)
        return loss_function(reconstruction, x, mu, logvar)

    return Step(run, torch.rand(B, D))


PROJECT = Project(
    "L1aoXingyu/pytorch-beginner",
    "a57dd7ea35c9965a41f4963dee62d38884f92a65",
    (
        Case(
            "Variational_autoencoder.py",
            _step,
            "PROVED",
            "sum of squares + sum of KL: squares without 1/2, so beta = 1/2 at variance 1",
            beta=1 / 2,
            checked=True,
        ),
    ),
)
