"""jmtomczak/vae_vampprior: a VAE with a standard prior, or with a mixture of posteriors of pseudo-inputs."""

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import torch
from tests.packages.public.project import Case, Project, Step, package

B, D, L, COMPONENTS = 5, 7, 3, 4
MISSING = ("matplotlib", "matplotlib__pyplot", "matplotlib__gridspec", "scipy__misc")


def _step(source: Path, prior: str) -> Step:
    module = package(source, "models.VAE", **{name: MagicMock() for name in MISSING})
    pseudo_inputs = {"use_training_data_init": False, "pseudoinputs_mean": 0.05, "pseudoinputs_std": 0.01}
    sizes = {"input_size": [1, 1, D], "z1_size": L, "number_components": COMPONENTS}
    model = module.VAE(SimpleNamespace(input_type="binary", prior=prior, cuda=False, **sizes, **pseudo_inputs))
    return Step(lambda x: model.calculate_loss(x, average=True)[0], torch.randint(0, 2, (B, D)).float())


PROJECT = Project(
    "jmtomczak/vae_vampprior",
    "bb6ff3e58036adbea448e82d7bc55593d605b52c",
    (
        Case(
            "VAE, standard prior",
            lambda source: _step(source, "standard"),
            "PROVED",
            "-log p(x|z) + beta (log q(z) - log p(z)) at one draw, mean over rows; log-variance clamped to [-6, 2] "
            "before both sampler and KL; probabilities clamped to [1e-5, 1 - 1e-5]",
            beta=1,
            checked=True,
        ),
        Case(
            "VAE, VampPrior",
            lambda source: _step(source, "vampprior"),
            "PROVED",
            "the same with a mixture prior, the posteriors of learned pseudo-inputs: an ELBO of that prior, without a "
            "closed form",
            beta=1,
            checked=True,
        ),
    ),
)
