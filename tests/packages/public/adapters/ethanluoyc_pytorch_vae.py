"""pytorch-vae of Yicheng Luo: a VAE written in torch.distributions."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions, statements

B, D, H, L = 5, 7, 11, 3


def vae(source: Path) -> Step:
    script = source / "vae.py"
    scope = definitions(script, "Encoder", "Decoder", "VAE")
    model = scope["VAE"](scope["Encoder"](D, H, L), scope["Decoder"](L, H, D))
    loss = statements(script, "p_x", "log_likelihood", "kl", "loss", vae=model)
    return Step(lambda x: loss(inputs=x), torch.rand(B, D) - 0.5)


PROJECT = Project(
    "ethanluoyc/pytorch-vae",
    "d0f457ead02669bf4ea141002dbd10d305507b12",
    (
        Case(
            "vae.py",
            vae,
            "PROVED",
            "-(mean over rows of the sum of log N(x; tanh, 1) - kl_divergence), in torch.distributions",
            beta=1,
            checked=True,
        ),
    ),
)
