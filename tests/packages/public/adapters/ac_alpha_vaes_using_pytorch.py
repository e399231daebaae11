"""ac-alpha/VAEs-using-Pytorch: notebooks on MNIST, with one term of the loss or the other left out."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions

B, D = 3, 28 * 28


def _step(notebook: Path) -> Step:
    scope = definitions(notebook, "VAE", "loss_function")
    model, loss_function = scope["VAE"](), scope["loss_function"]

    def run(x: torch.Tensor) -> torch.Tensor:
        reconstruction, mu, logvar = model(x)
        return loss_function(reconstruction, x, mu, logvar)

    return Step(run, torch.randint(0, 2, (B, D)).float())


PROJECT = Project(
    "ac-alpha/VAEs-using-Pytorch",
    "b4b2d1767a47488c5596b803adafd3e37395c9d8",
    (
        Case(
            "VAE",
            lambda source: _step(source / "VAE.ipynb"),
            "PROVED",
            "sum of BCE + sum of KL",
            beta=1,
            checked=True,
        ),
        Case(
            "VAE_without_KLD_Loss",
            lambda source: _step(source / "VAE_without_KLD_Loss.ipynb"),
            "REFUTED",
            "the KL is computed and left out, as its title says",
            checked=True,
        ),
        Case(
            "VAE_without_cross_entropy_loss",
            lambda source: _step(source / "VAE_without_cross_entropy_loss.ipynb"),
            "REFUTED",
            "the KL alone: no reconstruction, as its title says",
            checked=True,
        ),
    ),
)
