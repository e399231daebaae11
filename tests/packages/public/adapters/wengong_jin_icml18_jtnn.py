"""Junction tree VAE: its sampler and KL, between an encoder and a decoder of ours."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions
from torch import Tensor, nn

B, D, H, L, BETA = 5, 7, 11, 3, 0.1


def rsample(source: Path) -> Step:
    scope = definitions(
        source / "fast_jtnn" / "jtnn_vae.py",
        "JTNNVAE",
        create_var=lambda tensor: tensor,  # its own needs a GPU
    )
    model = scope["JTNNVAE"]
    encoder, decoder = nn.Sequential(nn.Linear(D, H), nn.Tanh()), nn.Linear(L, D)
    mean, log_variance = nn.Linear(H, L), nn.Linear(H, L)

    def run(x: Tensor) -> Tensor:
        z, kl = model.rsample(None, encoder(x), mean, log_variance)
        nll = nn.functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum") / len(x)
        return nll + BETA * kl

    return Step(run, torch.rand(B, D).round())


PROJECT = Project(
    "wengong-jin/icml18-jtnn",
    "d4c425a8a28fce7d0e8f5da741d27d3fce4a7ec0",
    (
        Case(
            "JTNNVAE.rsample, beta=0.1",
            rsample,
            "PROVED",
            "log-variance -|W h|: a posterior of variance at most 1; sum of KL / B, times 0.1, with a Bernoulli sum "
            "/ B of ours",
            beta=BETA,
            checked=True,
        ),
    ),
)
