"""altosaar/variational-autoencoder: mean-field and flow posteriors for binary MNIST, in one training script."""

from pathlib import Path
from typing import Any

import torch
from tests.packages.public.project import Case, Project, Step, definitions, excerpt, load

B, D, L = 5, 7, 3
NETWORKS = ("Model", "VariationalMeanField", "VariationalFlow", "NeuralNetwork", "NormalLogProb", "BernoulliLogProb")


def _step(source: Path, posterior: str, **sizes: int) -> Step:
    script = source / "train_variational_autoencoder_pytorch.py"
    scope = definitions(script, *NETWORKS, flow=load(source / "flow.py"))
    model = scope["Model"](latent_size=L, data_size=D)
    variational = scope[posterior](latent_size=L, data_size=D, **sizes)
    lines = excerpt(script, "x = batch[0].to(device)", "loss = -elbo.sum(0)")

    def run(x: torch.Tensor) -> torch.Tensor:
        names: dict[str, Any] = {"batch": (x,), "device": "cpu", "model": model, "variational": variational}
        exec(lines, names)
        return names["loss"]

    return Step(run, torch.randint(0, 2, (B, D)).float())


PROJECT = Project(
    "altosaar/variational-autoencoder",
    "c7b298ef64773c798b3f24444af780f45ec81043",
    (
        Case(
            "mean-field",
            lambda source: _step(source, "VariationalMeanField"),
            "PROVED",
            "-(log p(x|z) + log p(z) - log q(z)) at one draw, summed over rows; sigma = softplus; "
            "the loss has shape (1,)",
            beta=1,
            checked=True,
        ),
        Case(
            "inverse autoregressive flow",
            lambda source: _step(source, "VariationalFlow", flow_depth=2),
            "OTHER",
            "the posterior is a flow of a Gaussian draw: an ELBO, but not of a Gaussian posterior",
        ),
    ),
)
