"""atinghosh/VAE-pytorch: VAEs with several draws for each image, in scripts for a GPU."""

from pathlib import Path
from unittest.mock import patch

import torch
from tests.packages.public.project import Case, Project, Step, definitions
from torch import nn

B, D = 3, 28 * 28


def _simple_main(source: Path) -> Step:
    scope = definitions(source / "simple_main.py", "VAE", "loss_VAE", batch_size=B, z_dim=20, no_of_sample=2)
    model, loss_vae = scope["VAE"](), scope["loss_VAE"]

    def run(x: torch.Tensor) -> torch.Tensor:
        with patch.object(torch.Tensor, "cuda", lambda tensor: tensor):
            parameter_z, parameter_x = model(x)
            return loss_vae(x, parameter_x, parameter_z)

    return Step(run, torch.rand(B, D))


def _bce(source: Path) -> Step:
    script = source / "VAE_CNN_BCEloss.py"
    foreign = definitions(script, "VAE", BATCH_SIZE=B, ZDIMS=5, no_of_sample=3)["VAE"]

    class SmallVAE(foreign):
        """Its convolutions have 10^8 weights."""

        def __init__(self) -> None:
            nn.Module.__init__(self)
            self.mean, self.log_variance, self.decoder = nn.Linear(D, 5), nn.Linear(D, 5), nn.Linear(5, D)

        def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.mean(x), self.log_variance(x)

        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(self.decoder(z))

    model = SmallVAE()

    def run(x: torch.Tensor) -> torch.Tensor:
        reconstructions, mu, logvar = model(x)
        return model.loss_function(reconstructions, x, mu, logvar)

    return Step(run, torch.randint(0, 2, (B, 1, 28, 28)).float())


PROJECT = Project(
    "atinghosh/VAE-pytorch",
    "e5365f2ecb6635321b045eb8a21ff57af558a532",
    (
        Case(
            "simple_main.py",
            _simple_main,
            "REFUTED",
            "the KL is subtracted (negative_KLD + nll is minimised), and sigma = exp(logvar)/2 where the KL has "
            "exp(logvar/2); log sigma^2 in the likelihood without its 1/2",
            checked=True,
        ),
        Case(
            "VAE_CNN_BCEloss.py, loss_function",
            _bce,
            "PROVED",
            "mean over 3 draws of the mean over B D of BCE + sum of KL / (B D): both divided by B D",
            beta=1,
            checked=True,
        ),
    ),
)
