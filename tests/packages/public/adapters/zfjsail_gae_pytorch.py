"""gae-pytorch: the variational graph autoencoder, on one small graph."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, package, statements
from torch import Tensor

N, D, H, L = 7, 5, 11, 3


def gcn(source: Path) -> Step:
    preprocess_graph = package(source, "gae.utils").preprocess_graph
    model = package(source, "gae.model").GCNModelVAE(D, H, L, dropout=0.0)
    loss_function = package(source, "gae.optimizer").loss_function
    edges = (torch.rand(N, N) < 0.3).float().triu(1)
    adj = edges + edges.T
    norm, pos_weight = (
        statements(source / "gae" / "train.py", name, within="gae_for")(adj=adj) for name in ("norm", "pos_weight")
    )
    adj_norm = preprocess_graph(adj.numpy())

    def run(graph: dict[str, Tensor]) -> Tensor:
        recovered, mu, logvar = model(graph["features"][0], adj_norm)
        return loss_function(recovered, graph["labels"][0], mu, logvar, N, norm, pos_weight)

    return Step(run, {"features": torch.randn(1, N, D), "labels": (adj + torch.eye(N))[None]})


PROJECT = Project(
    "zfjsail/gae-pytorch",
    "c0b95cac8eb2928d0b5d6d65fee938fe97f60262",
    (
        Case(
            "GCNModelVAE",
            gcn,
            "OTHER",
            "norm * mean over N^2 of BCE with present edges weighed up by pos_weight, + KL / N^2 of a log standard "
            "deviation named logvar",
        ),
    ),
)
