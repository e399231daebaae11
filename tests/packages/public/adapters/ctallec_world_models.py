"""World Models (Ha and Schmidhuber): the VAE that sees; small nets in place of its convolutions on 64 x 64 images."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions, load
from torch import Tensor, nn

B, D, L = 5, 7, 3


class Encoder(nn.Module):
    """A mean and the log of a standard deviation."""

    def __init__(self) -> None:
        super().__init__()
        self.mu, self.log_sigma = nn.Linear(D, L), nn.Linear(D, L)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.mu(x), self.log_sigma(x)


def vae(source: Path) -> Step:
    model = load(source / "models" / "vae.py").VAE(1, L)
    model.encoder, model.decoder = Encoder(), nn.Sequential(nn.Linear(L, D), nn.Sigmoid())
    loss_function = definitions(source / "trainvae.py", "loss_function")["loss_function"]

    def run(x: Tensor) -> Tensor:
        recon_x, mu, log_sigma = model(x)
        return loss_function(recon_x, x, mu, log_sigma)

    return Step(run, torch.rand(B, D))


PROJECT = Project(
    "ctallec/world-models",
    "d6abd9ce97409734a766eb67ccf0d1967ba9bf0c",
    (
        Case(
            "trainvae.py",
            vae,
            "PROVED",
            "sum of squares + sum of KL of a log standard deviation: beta = 1/2 at variance 1",
            beta=0.5,
            checked=True,
        ),
    ),
)
