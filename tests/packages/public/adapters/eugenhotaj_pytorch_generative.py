"""EugenHotaj/pytorch-generative: a convolutional VAE with maps of latents, whose KL and sampler are TorchScript."""

from pathlib import Path
from unittest.mock import MagicMock

import torch
from tests.packages.public.project import Case, Project, Step, nested, package
from torch.nn import functional as F

B, HEIGHT, WIDTH, L = 5, 6, 14, 3  # L is the channels of a map of latents
MISSING = ("torchvision", "torchvision__datasets", "torchvision__transforms", "torch__utils__tensorboard")


def _step(source: Path) -> Step:
    module = package(source, "pytorch_generative.models.vae.vae", **{name: MagicMock() for name in MISSING})
    model = module.VAE(latent_channels=L, strides=[2], hidden_channels=4, residual_channels=2)
    loss_fn = nested(Path(module.__file__), "loss_fn", F=F)
    return Step(lambda x: loss_fn(x, None, model(x))["loss"], torch.randint(0, 2, (B, 1, HEIGHT, WIDTH)).float())


PROJECT = Project(
    "EugenHotaj/pytorch-generative",
    "d1f0a5ce45195fed3e2787be86ad87c7c8229481",
    (
        Case(
            "VAE, loss of reproduce()",
            _step,
            "PROVED",
            "mean over rows of the sum of BCE with logits + KL of a log standard deviation; spatial latents, torch.jit "
            "functions",
            beta=1,
            checked=True,
        ),
    ),
)
