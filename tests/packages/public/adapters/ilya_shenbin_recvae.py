"""RecVAE: a variational autoencoder for collaborative filtering with a composite prior."""

from collections.abc import Callable
from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, load
from torch import Tensor

B, D, H, L = 5, 11, 7, 3


def recvae(gamma: float, beta: float | None = None) -> Callable[[Path], Step]:
    def make(source: Path) -> Step:
        model = load(source / "model.py").VAE(H, L, D)
        ratings = torch.rand(B, D).round()
        ratings[:, 0] = 1

        def run(x: Tensor) -> Tensor:
            return model(x, beta=beta, gamma=gamma)[1]

        return Step(run, ratings)

    return make


PROJECT = Project(
    "ilya-shenbin/RecVAE",
    "05fdd528a3c973bc125ad001cdf34af526ad78d9",
    (
        Case(
            "VAE, gamma=0.005",
            recvae(gamma=0.005),
            "OTHER",
            "KL at one draw to a mixture of three Gaussians per coordinate, weighed by gamma times each row's number "
            "of items: another weight for each row",
            checked=True,
        ),
        Case(
            "VAE, gamma=0, beta=0.2",
            recvae(gamma=0, beta=0.2),
            "PROVED",
            "mean over rows of the multinomial NLL + 0.2 * KL at one draw, to a mixture that holds the last epoch's "
            "posterior: a beta-ELBO of a mixture prior",
            beta=0.2,
            accept=("OTHER",),
            checked=True,
        ),
    ),
)
