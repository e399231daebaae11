"""cornac: VAECF, a variational autoencoder for collaborative filtering with four likelihoods."""

import importlib
from collections.abc import Callable
from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step
from torch import Tensor

B, D, H, L = 5, 11, 7, 3


def vaecf(likelihood: str) -> Callable[[Path], Step]:
    def make(_: Path) -> Step:
        vae = importlib.import_module("cornac.models.vaecf.vaecf").VAE(L, [D, H], "tanh", likelihood)

        def run(x: Tensor) -> Tensor:
            return vae.loss(x, *vae(x), beta=1.0)

        return Step(run, torch.rand(B, D).round())

    return make


PROJECT = Project(
    "cornac",
    "3.0.1",
    (
        Case(
            "VAECF, mult",
            vaecf("mult"),
            "PROVED",
            "mean over rows of KL - sum x log(softmax + 1e-10): a multinomial up to the stabiliser",
            beta=1,
            checked=True,
        ),
        Case(
            "VAECF, bern",
            vaecf("bern"),
            "PROVED",
            "the same, Bernoulli, log(p + 1e-10) and log(1 - p + 1e-10)",
            beta=1,
            checked=True,
        ),
        Case(
            "VAECF, gaus",
            vaecf("gaus"),
            "PROVED",
            "mean over rows of KL + sum of squares without 1/2: beta = 1/2 at variance 1",
            beta=0.5,
            checked=True,
        ),
        Case(
            "VAECF, pois",
            vaecf("pois"),
            "PROVED",
            "sum of rate - x log(rate + 1e-10): a Poisson without log x!, its rate a sigmoid (below 1)",
            beta=1,
            checked=True,
        ),
    ),
)
