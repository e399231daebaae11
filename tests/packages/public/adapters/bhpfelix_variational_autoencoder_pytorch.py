"""bhpfelix/Variational-Autoencoder-PyTorch: a VAE for faces of 128 x 128 pixels, with small layers of ours."""

from pathlib import Path
from types import SimpleNamespace

import torch
from tests.packages.public.project import Case, Project, Step, definitions
from torch import nn

B, D, L = 5, 11, 3


def _step(source: Path) -> Step:
    names = ("VAE", "reconstruction_function", "loss_function")
    scope = definitions(source / "src" / "vanila_vae.py", *names, args=SimpleNamespace(cuda=False))
    foreign, loss_function = scope["VAE"], scope["loss_function"]

    class SmallVAE(foreign):
        def __init__(self) -> None:
            foreign.__init__(self, nc=D, ngf=1, ndf=1, latent_variable_size=L)
            self.mean, self.log_variance, self.decoder = nn.Linear(D, L), nn.Linear(D, L), nn.Linear(L, D)

        def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.mean(x.flatten(1)), self.log_variance(x.flatten(1))

        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return self.sigmoid(self.decoder(z))[:, :, None, None]

    model = SmallVAE()

    def run(x: torch.Tensor) -> torch.Tensor:
        reconstruction, mu, logvar = model(x)
        return loss_function(reconstruction, x, mu, logvar)

    return Step(run, torch.randint(0, 2, (B, D, 1, 1)).float())


PROJECT = Project(
    "bhpfelix/Variational-Autoencoder-PyTorch",
    "135ad8cfff8f5d01a5bfd44fbfc53066150fa8e5",
    (
        Case(
            "loss_function",
            _step,
            "PROVED",
            "nn.BCELoss() whose size_average is set afterwards, which does nothing in this torch: mean of BCE over B D "
            "+ sum of KL: beta = B D",
            beta=B * D,
            checked=True,
        ),
    ),
)
