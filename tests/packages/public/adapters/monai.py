"""monai: its two variational autoencoders, with the losses that its tutorials put beside them."""

import importlib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, l1_loss

B, SHAPE, EVEN, L, W = 5, (5, 7), (6, 10), 3, 1e-6


def kl(mean: Tensor, variance: Tensor) -> Tensor:
    return (mean**2 + variance - variance.log() - 1).sum() / 2


def var_autoencoder(_: Path) -> Step:
    nets = importlib.import_module("monai.networks.nets")
    model = nets.VarAutoEncoder(2, (1, *EVEN), 1, latent_size=L, channels=(2, 3), strides=(1, 2))

    def loss_of(model: nn.Module) -> Callable[[Tensor], Tensor]:
        def run(x: Tensor) -> Tensor:
            recon, mu, log_var, _ = model(x)
            return binary_cross_entropy(recon, x, reduction="sum") + kl(mu, log_var.exp())

        return run

    return Step(loss_of(model), torch.rand(B, 1, *EVEN).round(), evaluation=loss_of(deepcopy(model).eval()))


def autoencoder_kl(_: Path) -> Step:
    nets = importlib.import_module("monai.networks.nets")
    model = nets.AutoencoderKL(
        2, num_res_blocks=1, channels=(4,), attention_levels=(False,), latent_channels=L, norm_num_groups=2
    )

    def run(x: Tensor) -> Tensor:
        reconstruction, z_mu, z_sigma = model(x)
        return l1_loss(reconstruction, x) + W * kl(z_mu, z_sigma**2) / len(x)

    return Step(run, torch.rand(B, 1, *SHAPE))


PROJECT = Project(
    "monai",
    "1.6.1",
    (
        Case(
            "VarAutoEncoder, with the loss of its tutorial",
            var_autoencoder,
            "PROVED",
            "sum of BCE + sum of KL; in evaluation z = mu + std, without noise, by default",
            beta=1,
            checked=True,
        ),
        Case(
            "AutoencoderKL, L1 + 1e-6 KL",
            autoencoder_kl,
            "PROVED",
            "mean over B D of absolute errors + 1e-6 times the mean over rows of KL, as its tutorial: beta = 1e-6 D at "
            "scale 1; log-variance clamped to [-30, 20] in the sampler, whose sigma the KL gets",
            beta=W * SHAPE[0] * SHAPE[1],
            checked=True,
        ),
    ),
)
