"""Lightning-Universe/lightning-bolts: a VAE as a LightningModule, with linear layers of ours for its residual nets."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from tests.packages.public.project import Case, Project, Step, definitions
from torch import nn

B, SHAPE, L = 5, (3, 4, 7), 11
D = 3 * 4 * 7


class LightningModule(nn.Module):
    """A stand-in: nothing is saved, nothing is logged."""

    def save_hyperparameters(self) -> None: ...

    def log_dict(self, *_: Any, **__: Any) -> None: ...


def _step(source: Path) -> Step:
    module = source / "src" / "pl_bolts" / "models" / "autoencoders" / "basic_vae" / "basic_vae_module.py"
    encoders = dict.fromkeys(
        ("resnet18_encoder", "resnet50_encoder"), lambda *_: nn.Sequential(nn.Flatten(), nn.Linear(D, 13), nn.Tanh())
    )
    decoders = dict.fromkeys(
        ("resnet18_decoder", "resnet50_decoder"), lambda *_: nn.Sequential(nn.Linear(L, D), nn.Unflatten(1, SHAPE))
    )
    others = {"under_review": lambda: lambda it: it, "_HTTPS_AWS_HUB": ""}
    lightning = SimpleNamespace(LightningModule=LightningModule, Trainer=None, seed_everything=None)
    with patch.dict(sys.modules, pytorch_lightning=lightning):
        vae = definitions(module, "VAE", **encoders, **decoders, **others)["VAE"]
    model = vae(input_height=SHAPE[1], enc_out_dim=13, latent_dim=L)
    return Step(lambda x: model.training_step((x, None), 0), torch.randn(B, *SHAPE))


PROJECT = Project(
    "Lightning-Universe/lightning-bolts",
    "34958a8892d42714edf02ba896fd5861ebb3cb7e",
    (
        Case(
            "VAE, defaults",
            _step,
            "PROVED",
            "mean of squares over B D + 0.1 * mean over B L of KL, in place: beta = 0.1 D / (2 L)",
            beta=0.1 * D / (2 * L),
            checked=True,
        ),
    ),
)
