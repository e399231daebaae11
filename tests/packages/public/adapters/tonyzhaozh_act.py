"""ACT: its policy with a small transformer; a convolution stands for its pretrained vision backbone."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import torch
from tests.packages.public.project import Case, Project, Step, load, package
from torch import Tensor, nn

B, T, JOINTS, H, SHAPE, KL_WEIGHT = 5, 3, 14, 8, (2, 5), 10  # JOINTS is fixed in the model


class Backbone(nn.Conv2d):
    num_channels = 7

    def __init__(self) -> None:
        super().__init__(3, self.num_channels, 1)
        self.position = nn.Parameter(torch.randn(1, H, *SHAPE))

    def forward(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        return [super().forward(image)], [self.position]


def act(source: Path) -> Step:
    normalize = SimpleNamespace(Normalize=lambda **_: nn.Identity())
    vision = MagicMock(__version__="1", transforms=normalize)
    detr_vae = package(
        source / "detr",
        "models.detr_vae",
        torchvision=vision,
        torchvision__models___utils=MagicMock(),
        torchvision__transforms=normalize,
        IPython=MagicMock(),
    )
    sizes = SimpleNamespace(
        hidden_dim=H, dropout=0.0, nheads=2, dim_feedforward=11, enc_layers=1, dec_layers=1, pre_norm=False
    )
    networks = [Backbone()], detr_vae.build_transformer(sizes), detr_vae.build_encoder(sizes)

    def build(_: dict[str, Any]) -> tuple[nn.Module, None]:
        return detr_vae.DETRVAE(*networks, state_dim=JOINTS, num_queries=T, camera_names=["top"]), None

    built = SimpleNamespace(build_ACT_model_and_optimizer=build, build_CNNMLP_model_and_optimizer=None)
    policy = load(source / "policy.py", detr__main=built).ACTPolicy({"kl_weight": KL_WEIGHT})

    def run(batch: dict[str, Tensor]) -> Tensor:
        return policy(**batch, is_pad=torch.zeros(len(batch["actions"]), T, dtype=torch.bool))["loss"]

    seen = {"qpos": torch.randn(B, JOINTS), "image": torch.rand(B, 1, 3, *SHAPE)}
    return Step(run, {"actions": torch.randn(B, T, JOINTS), **seen})


PROJECT = Project(
    "tonyzhaozh/act",
    "742c753c0d4a5d87076c8f69e5628c79a8cc5488",
    (
        Case(
            "ACTPolicy, kl_weight=10",
            act,
            "PROVED",
            "mean over B T A of absolute errors (padding masked, still in the mean) + 10 * mean of KL: a Laplace of "
            "scale 1 with beta = 10 T A",
            beta=KL_WEIGHT * T * JOINTS,
            checked=True,
        ),
    ),
)
