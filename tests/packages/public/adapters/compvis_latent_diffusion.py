"""CompVis/latent-diffusion: the loss of its KL autoencoder, with an adversarial part."""

from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from tests.packages.public.project import Case, Project, Step, load
from torch import Tensor, nn

ROWS, CHANNELS, SHAPE, LATENTS, DISC_START = 5, 3, (5, 7), 2, 50001


def _discriminator(input_nc: int, **_: Any) -> nn.Module:
    return nn.Sequential(nn.Conv2d(input_nc, 11, 3), nn.LeakyReLU(0.2), nn.Conv2d(11, 1, 3))


def _step(source: Path, *, global_step: int) -> Step:
    taming = ModuleType("taming.modules.losses.vqperceptual")
    vars(taming).update(
        LPIPS=nn.Identity,
        NLayerDiscriminator=_discriminator,
        weights_init=lambda _: None,
        adopt_weight=lambda weight, step, threshold: weight if step >= threshold else 0.0,
        hinge_d_loss=None,
        vanilla_d_loss=None,
    )
    modules = source / "ldm/modules"
    losses = load(modules / "losses/contperceptual.py", taming__modules__losses__vqperceptual=taming)
    posterior = load(modules / "distributions/distributions.py").DiagonalGaussianDistribution
    loss = losses.LPIPSWithDiscriminator(DISC_START, kl_weight=1e-6, disc_weight=0.5, perceptual_weight=0)
    encoder, decoder = nn.Conv2d(CHANNELS, 2 * LATENTS, 1), nn.Conv2d(LATENTS, CHANNELS, 1)

    def run(x: Tensor) -> Any:
        q = posterior(encoder(x))
        return loss(x, decoder(q.sample()), q, 0, global_step, last_layer=decoder.weight)[0]

    return Step(run, 2 * torch.rand(ROWS, CHANNELS, *SHAPE) - 1)


PROJECT = Project(
    "CompVis/latent-diffusion",
    "a506df5756472e2ebaf9078affdde2c4f1502cd4",
    (
        Case(
            "LPIPSWithDiscriminator before disc_start, no perceptual part",
            partial(_step, global_step=0),
            "PROVED",
            "|x - rec| / s + log s summed over D, s = exp(logvar) learned: a Laplace without its log 2, mean over B, "
            "+ 1e-6 mean of KL; the adversarial part is weighed by 0",
            beta=1e-6,
            checked=True,
        ),
        Case(
            "LPIPSWithDiscriminator after disc_start",
            partial(_step, global_step=DISC_START),
            "OTHER",
            "as before, + an adaptive weight times an adversarial loss of the reconstruction",
        ),
    ),
)
