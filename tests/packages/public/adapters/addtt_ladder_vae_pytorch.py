"""addtt/ladder-vae-pytorch: the stochastic layer and the likelihood of a ladder VAE, between convolutions of ours."""

from pathlib import Path
from unittest.mock import MagicMock

import torch
from tests.packages.public.project import Case, Project, Step, package
from torch import nn

B, CHANNELS, HEIGHT, WIDTH, L = 5, 1, 3, 7, 2  # L is the channels of a map of latents


def _step(source: Path, analytical_kl: bool) -> Step:
    likelihoods = package(source, "lib.likelihoods", matplotlib=MagicMock(), matplotlib__pyplot=MagicMock())
    block = package(source, "lib.stochastic").NormalStochasticBlock2d(
        c_in=4, c_vars=L, c_out=6, transform_p_params=False
    )
    encoder = nn.Sequential(nn.Conv2d(CHANNELS, 4, 3, padding=1), nn.Tanh())
    likelihood = likelihoods.BernoulliLikelihood(6, CHANNELS)
    prior = torch.zeros(1, 2 * L, HEIGHT, WIDTH)  # as the top layer's, where it is not learned

    def run(x: torch.Tensor) -> torch.Tensor:
        out, data = block(prior, encoder(x), analytical_kl=analytical_kl)
        log_likelihood, _ = likelihood(out, x)
        return (data["kl_samplewise"] - log_likelihood).mean()

    return Step(run, torch.randint(0, 2, (B, CHANNELS, HEIGHT, WIDTH)).float())


PROJECT = Project(
    "addtt/ladder-vae-pytorch",
    "a27d45ce1c9b7b1cba49813f86c7fe99529179b5",
    (
        Case(
            "NormalStochasticBlock2d, one layer, analytical KL",
            lambda source: _step(source, analytical_kl=True),
            "PROVED",
            "mean over rows of Bernoulli NLL + kl_divergence summed over a feature map",
            beta=1,
            checked=True,
        ),
        Case(
            "NormalStochasticBlock2d, one layer, Monte-Carlo KL",
            lambda source: _step(source, analytical_kl=False),
            "PROVED",
            "the same with log q(z) - log p(z) at the draw",
            beta=1,
            checked=True,
        ),
    ),
)
