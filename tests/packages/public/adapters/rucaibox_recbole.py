"""RecBole: two variational autoencoders for collaborative filtering; rows of ratings stand for users' histories."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from tests.packages.public.project import Case, Project, Step, package

B, D, H, L, W = 5, 11, 7, 3, 0.2


def step(name: str, *options: bool, **config: Any) -> Callable[[Path], Step]:
    """A step of the model `name`; `options` are what its loss takes after the interaction."""

    def make(source: Path) -> Step:
        recommender = getattr(package(source, f"recbole.model.general_recommender.{name.lower()}"), name)
        nothing = torch.zeros(1, 1)
        dataset = SimpleNamespace(num=lambda _: D, history_item_matrix=lambda: (nothing, nothing, None))
        fields = {"USER_ID_FIELD": "user", "ITEM_ID_FIELD": "item", "NEG_PREFIX": "neg_", "device": "cpu"}
        model = recommender(fields | {"dropout_prob": 0.5} | config, dataset)
        model.get_rating_matrix = lambda user: user
        ratings = torch.rand(B, D).round()
        ratings[:, 0] = 1
        return Step(lambda x: model.calculate_loss({"user": x}, *options), ratings)

    return make


PROJECT = Project(
    "RUCAIBox/RecBole",
    "7b02be5ec80a88310f2d04a27a82adfcbb5dc211",
    (
        Case(
            "MultiVAE, anneal_cap=0.2",
            step("MultiVAE", mlp_hidden_size=[H], latent_dimension=2 * L, anneal_cap=W, total_anneal_steps=0),
            "REFUTED",
            "eps is drawn with standard deviation 0.01: z = mu + 0.01 sigma eps, while the KL has sigma",
            checked=True,
        ),
        Case(
            "RecVAE, gamma=0, beta=0.2",
            step(
                "RecVAE",
                True,
                hidden_dimension=H,
                latent_dimension=L,
                beta=W,
                gamma=0,
                mixture_weights=[0.15, 0.75, 0.1],
            ),
            "PROVED",
            "eps of standard deviation 0.01: z = mu + 0.01 sigma eps; log q(z) has sigma, but differs from that of "
            "0.01 sigma only by constants and eps^2, so beta = 0.2, to a mixture that holds the last epoch's posterior",
            beta=W,
            accept=("OTHER",),
            checked=True,
        ),
    ),
)
