"""PyTorch-GAN: the adversarial autoencoder, what its generator minimises."""

from pathlib import Path
from types import SimpleNamespace

import torch
from tests.packages.public.project import Case, Project, Step, definitions, statements

B, SIDE, L = 7, 5, 3


def aae(source: Path) -> Step:
    script = source / "implementations" / "aae" / "aae.py"
    scope = definitions(
        script,
        *("reparameterization", "Encoder", "Decoder", "Discriminator"),
        opt=SimpleNamespace(latent_dim=L),
        img_shape=(1, SIDE, SIDE),
        Tensor=torch.FloatTensor,
    )
    g_loss = statements(
        script,
        *("adversarial_loss", "pixelwise_loss", "valid", "real_imgs", "encoded_imgs", "decoded_imgs", "g_loss"),
        Tensor=torch.FloatTensor,
        encoder=scope["Encoder"](),
        decoder=scope["Decoder"](),
        discriminator=scope["Discriminator"](),
    )
    return Step(lambda imgs: g_loss(imgs=imgs), 2 * torch.rand(B, 1, SIDE, SIDE) - 1)


PROJECT = Project(
    "eriklindernoren/PyTorch-GAN",
    "36d3c77e5ff20ebe0aeefd322326a134a279b93e",
    (
        Case(
            "aae.py, g_loss",
            aae,
            "OTHER",
            "0.999 mean absolute error + 0.001 adversarial loss of z: an adversarial autoencoder, "
            "its noise drawn by numpy",
        ),
    ),
)
