"""rtqichen/beta-tcvae: the VAE class of `vae_quant.py`, with linear layers as networks."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import torch
from tests.packages.public.project import Case, Project, Step, package
from torch import nn

B, L, D, N = 5, 3, 64 * 64, 1009


def step(beta: float, **options: bool) -> Callable[[Path], Step]:
    """A step of `main`, which no present Python can parse: what comes before it is run."""

    def make(source: Path) -> Step:
        package(source, "lib.dist", visdom=MagicMock(), lib__datasets=MagicMock(), plot_latent_vs_true=MagicMock())
        file = source / "vae_quant.py"
        scope = {"__name__": "foreign_vae_quant"}
        exec(compile(file.read_text().partition("def main(")[0], str(file), "exec"), scope)
        model = scope["VAE"](L, **options)
        model.encoder, model.decoder = nn.Sequential(nn.Flatten(), nn.Linear(D, 2 * L)), nn.Linear(L, D)
        model.beta = beta
        return Step(lambda x: -model.elbo(x, N)[0].mean(), torch.rand(B, 1, 64, 64).round())

    return make


PROJECT = Project(
    "rtqichen/beta-tcvae",
    "1a3577dbb14642b9ac27010928d12132d0c0fb91",
    (
        Case(
            "elbo, beta=1",
            step(1),
            "PROVED",
            "-(log p(x|z) + log p(z) - log q(z)) at one draw, mean over rows, log sigma parameters",
            beta=1,
            checked=True,
        ),
        Case(
            "elbo, beta=6, no TC",
            step(6),
            "PROVED",
            "logpx - 6 (logq(z|x) - logp(z) - 0 * (...)): the minibatch estimates are made and weighed by lamb = 0",
            beta=6,
            checked=True,
        ),
        Case(
            "elbo, beta=6, TC, minibatch stratified",
            step(6, tcvae=True, mss=True),
            "OTHER",
            "mutual information, 6 times total correlation, dimension-wise KL, by minibatch stratified sampling",
        ),
    ),
)
