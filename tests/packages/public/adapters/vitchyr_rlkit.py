"""vitchyr/rlkit: its ConvVAE, as its trainer calls it, with linear layers as networks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tests.packages.public.project import Case, Project, Step, package
from torch import nn

B, L, SIDE = 7, 3, 5
D = SIDE * SIDE
BETA = 0.5
ARCHITECTURE = {
    "conv_args": {"kernel_sizes": []},
    "conv_kwargs": {},
    "deconv_args": {
        "kernel_sizes": [],
        "deconv_input_width": 1,
        "deconv_input_height": 1,
        "deconv_input_channels": 11,
    },
    "deconv_kwargs": {},
}


def encoder(output_size: int, **_: Any) -> nn.Module:
    """Features."""
    layer = nn.Sequential(nn.Linear(D, output_size), nn.Tanh())
    layer.output_size = output_size
    return layer


def decoder(fc_input_size: int, output_activation: nn.Module, **_: Any) -> nn.Module:
    """Flat images."""
    return nn.Sequential(nn.Linear(fc_input_size, D), output_activation)


def step(distribution: str) -> Callable[[Path], Step]:
    """A step of `ConvVAETrainer.train_epoch`."""

    def make(source: Path) -> Step:
        model = package(source, "rlkit.torch.vae.conv_vae").ConvVAE(
            L,
            ARCHITECTURE,
            encoder_class=encoder,
            decoder_class=decoder,
            decoder_output_activation=nn.Sigmoid(),
            decoder_distribution=distribution,
            imsize=SIDE,
        )

        def run(x: torch.Tensor) -> torch.Tensor:
            _, observation, posterior = model(x)
            return -model.logprob(x, observation) + BETA * model.kl_divergence(posterior)

        x = torch.rand(B, D)
        return Step(run, x.round() if distribution == "bernoulli" else x)

    return make


PROJECT = Project(
    "vitchyr/rlkit",
    "7daf34b0ef2277d545a0ee792399a2ae6c3fb6ad",
    (
        Case(
            "ConvVAE, bernoulli, beta=0.5",
            step("bernoulli"),
            "PROVED",
            "D * mean over B D of BCE + 0.5 * mean of KL",
            beta=BETA,
            checked=True,
        ),
        Case(
            "ConvVAE, gaussian_identity_variance, beta=0.5",
            step("gaussian_identity_variance"),
            "PROVED",
            "mean over B D of squares (named a unit-variance log-likelihood) + 0.5 * mean of KL: beta = 0.5 D / 2",
            beta=BETA * D / 2,
            checked=True,
        ),
    ),
)
