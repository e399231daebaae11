"""LeRobot: its action chunking transformer, small, without images; its configuration is a stand-in."""

from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock

import torch
from tests.packages.public.project import Case, Project, Step, package
from torch import Tensor, nn

B, T, A, STATE, L, KL_WEIGHT = 5, 3, 7, 11, 2, 10


class PreTrainedPolicy(nn.Module):
    def __init__(self, _: SimpleNamespace) -> None:
        super().__init__()


def module(path: list[str] | None = None, **attributes: type) -> ModuleType:
    made = ModuleType("stand_in")
    vars(made).update(attributes, __path__=path)
    return made


def act(source: Path) -> Step:
    root = source / "src"
    folders = ("lerobot/utils", "lerobot/policies", "lerobot/policies/act")
    modeling = package(
        root,
        "lerobot.policies.act.modeling_act",
        **{folder.replace("/", "__"): module([str(root / folder)]) for folder in folders},
        lerobot__policies__pretrained=module(PreTrainedPolicy=PreTrainedPolicy),
        lerobot__policies__act__configuration_act=module(ACTConfig=SimpleNamespace),
        torchvision=MagicMock(),
        torchvision__models___utils=MagicMock(),
        torchvision__ops__misc=MagicMock(),
    )
    config = SimpleNamespace(
        validate_features=lambda: None,
        temporal_ensemble_coeff=None,
        use_vae=True,
        image_features={},
        robot_state_feature=SimpleNamespace(shape=(STATE,)),
        env_state_feature=SimpleNamespace(shape=(STATE,)),
        action_feature=SimpleNamespace(shape=(A,)),
        chunk_size=T,
        n_action_steps=T,
        latent_dim=L,
        kl_weight=KL_WEIGHT,
        dim_model=8,
        n_heads=2,
        dim_feedforward=13,
        feedforward_activation="relu",
        n_vae_encoder_layers=1,
        n_encoder_layers=1,
        n_decoder_layers=1,
        pre_norm=False,
        dropout=0.0,
    )
    policy = modeling.ACTPolicy(config)

    def run(batch: dict[str, Tensor]) -> Tensor:
        return policy(batch | {"action_is_pad": torch.zeros(len(batch[modeling.ACTION]), T, dtype=torch.bool)})[0]

    states = {name: torch.randn(B, STATE) for name in (modeling.OBS_STATE, modeling.OBS_ENV_STATE)}
    return Step(run, {modeling.ACTION: torch.randn(B, T, A), **states})


PROJECT = Project(
    "huggingface/lerobot",
    "7427f31801f944f5ec9ce53cda02862ce7d1638b",
    (
        Case(
            "ACTPolicy.forward, kl_weight=10",
            act,
            "PROVED",
            "sum of absolute errors / number of valid ones + 10 * mean of KL: a Laplace of scale 1 with beta = 10 T A "
            "where nothing is padded",
            beta=KL_WEIGHT * T * A,
            checked=True,
        ),
    ),
)
