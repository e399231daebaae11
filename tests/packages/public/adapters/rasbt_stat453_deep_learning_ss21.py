"""STAT 453 of Sebastian Raschka: its training step, on the notebook's VAE with linear layers for its convolutions."""

from pathlib import Path
from unittest import mock

import torch
from tests.packages.public.project import Case, Project, Step, definitions, statements
from torch import Tensor, nn

B, D, H, L = 5, 11, 7, 3


def train_vae_v1(source: Path) -> Step:
    folder = source / "L17"
    model = definitions(folder / "1_VAE_mnist_sigmoid_mse.ipynb", "Reshape", "Trim", "VAE")["VAE"]()
    model.encoder = nn.Sequential(nn.Linear(D, H), nn.Tanh())
    model.z_mean, model.z_log_var = nn.Linear(H, L), nn.Linear(H, L)
    model.decoder = nn.Sequential(nn.Linear(L, D), nn.Sigmoid())
    loss = statements(
        folder / "helper_train.py",
        *("decoded", "kl_div", "batchsize", "pixelwise", "loss"),
        within="train_vae_v1",
        model=model,
        loss_fn=nn.functional.mse_loss,
        reconstruction_term_weight=1,
    )

    def run(x: Tensor) -> Tensor:
        with mock.patch.object(Tensor, "get_device", lambda tensor: tensor.device):  # it is a number on GPUs only
            return loss(features=x)

    return Step(run, torch.rand(B, D))


PROJECT = Project(
    "rasbt/stat453-deep-learning-ss21",
    "2202699c5fd38af398e2682f289a0868b1b91f0e",
    (
        Case(
            "train_vae_v1",
            train_vae_v1,
            "PROVED",
            "mean over rows of the sum of squares + mean of KL: beta = 1/2 at variance 1",
            beta=0.5,
            checked=True,
        ),
    ),
)
