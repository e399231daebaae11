"""scvi-tools: the VAE module of scVI with its four likelihoods of counts, without batch normalisation and dropout."""

import importlib
from collections.abc import Callable
from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step
from torch import Tensor

B, D, H, L = 5, 11, 7, 3


def vae(likelihood: str) -> Callable[[Path], Step]:
    def make(_: Path) -> Step:
        keys = importlib.import_module("scvi").REGISTRY_KEYS
        module = importlib.import_module("scvi.module").VAE(
            D, n_hidden=H, n_latent=L, dropout_rate=0, use_batch_norm="none", gene_likelihood=likelihood
        )

        def run(x: Tensor) -> Tensor:
            one_group = torch.zeros(len(x), 1)
            return module({keys.X_KEY: x, keys.BATCH_KEY: one_group, keys.LABELS_KEY: one_group})[2].loss

        return Step(run, torch.randint(7, (B, D)).float())

    return make


PROJECT = Project(
    "scvi-tools",
    "1.4.2",
    (
        Case(
            "VAE, zinb",
            vae("zinb"),
            "PROVED",
            "mean over rows of zero-inflated negative binomial NLL + kl_divergence; variance exp(h) + 1e-4; the row's "
            "sum is given to the decoder",
            beta=1,
            checked=True,
        ),
        Case("VAE, nb", vae("nb"), "PROVED", "the same, negative binomial", beta=1, checked=True),
        Case("VAE, poisson", vae("poisson"), "PROVED", "the same, Poisson", beta=1, checked=True),
        Case(
            "VAE, normal",
            vae("normal"),
            "PROVED",
            "the same, a Gaussian of learned standard deviation",
            beta=1,
            checked=True,
        ),
    ),
)
