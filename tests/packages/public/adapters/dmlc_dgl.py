"""DGL: its example of a variational graph autoencoder, on one small graph; its graph convolution is a stand-in."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from tests.packages.public.project import Case, Project, Step, definitions, excerpt, load
from torch import Tensor, nn

N, D, H, L = 7, 5, 11, 3


class GraphConv(nn.Linear):
    def __init__(self, in_dim: int, out_dim: int, activation: Callable[[Tensor], Tensor], **_: Any) -> None:
        super().__init__(in_dim, out_dim)
        self.activation = activation

    def forward(self, graph: Tensor, features: Tensor) -> Tensor:
        return self.activation(super().forward(graph @ features))


def vgae(source: Path) -> Step:
    folder = source / "examples/pytorch/vgae"
    scope = definitions(folder / "train.py", "compute_loss_para", device="cpu")
    stand_ins = {"dgl__nn__pytorch": SimpleNamespace(GraphConv=GraphConv), "train": SimpleNamespace(device="cpu")}
    vgae_model = load(folder / "model.py", **stand_ins).VGAEModel(D, H, L)
    edges = (torch.rand(N, N) < 0.3).float().triu(1)
    graph = edges + edges.T + torch.eye(N)
    weight_tensor, norm = scope["compute_loss_para"](graph)
    of_loss = excerpt(folder / "train.py", "loss = norm", "loss -= kl_divergence")

    def run(batch: dict[str, Tensor]) -> Tensor:
        logits, adj = vgae_model(graph, batch["features"][0]), batch["adj"][0]
        variables = scope | {
            "logits": logits,
            "adj": adj,
            "weight_tensor": weight_tensor,
            "norm": norm,
            "vgae_model": vgae_model,
        }
        exec(of_loss, variables)
        return variables["loss"]

    return Step(run, {"features": torch.randn(1, N, D), "adj": graph[None]})


PROJECT = Project(
    "dmlc/dgl",
    "3d16000b4170fa741ed9e9667f22ba84d3493026",
    (
        Case(
            "VGAE, loss of train.py",
            vgae,
            "OTHER",
            "norm * mean over N^2 of BCE with present edges weighed up by pos_weight, + KL / N^2: a weighted "
            "likelihood, not one of the graph",
        ),
    ),
)
