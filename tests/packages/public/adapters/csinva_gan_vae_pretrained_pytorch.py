"""csinva/gan-vae-pretrained-pytorch: a VAE for MNIST with a weight of the KL."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions

B = 3


def _step(source: Path) -> Step:
    scope = definitions(source / "mnist_vae" / "vae.py", "VAE", "loss_function")
    model, loss_function = scope["VAE"](), scope["loss_function"]

    def run(x: torch.Tensor) -> torch.Tensor:
        reconstruction, mu, logvar = model(x)
        return loss_function(reconstruction, x, mu, logvar)

    return Step(run, torch.randint(0, 2, (B, 1, 28, 28)).float())


PROJECT = Project(
    "csinva/gan-vae-pretrained-pytorch",
    "9b6401e122fa186a3a57f97c5df57e3603121fba",
    (
        Case(
            "mnist_vae",
            _step,
            "PROVED",
            "sum of BCE + 1 * sum of KL",
            beta=1,
            checked=True,
        ),
    ),
)
