"""jmtomczak/intro_dgm: the VAE notebook of a book on deep generative models, for any networks."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions
from torch import nn

B, D, L, VALUES = 5, 7, 3, 4
DENSITIES = ("PI", "EPS", "log_categorical", "log_bernoulli", "log_normal_diag", "log_standard_normal")


def _step(source: Path, likelihood: str, values: int) -> Step:
    notebook = source / "vaes" / "vae_example.ipynb"
    scope = definitions(notebook, *DENSITIES, "Encoder", "Decoder", "Prior", "VAE")
    encoder = nn.Sequential(nn.Linear(D, 11), nn.LeakyReLU(), nn.Linear(11, 2 * L))
    decoder = nn.Sequential(nn.Linear(L, 11), nn.LeakyReLU(), nn.Linear(11, D * values))
    model = scope["VAE"](encoder, decoder, num_vals=values, L=L, likelihood_type=likelihood)
    return Step(model.forward, torch.randint(0, max(values, 2), (B, D)).float())


PROJECT = Project(
    "jmtomczak/intro_dgm",
    "28bbc85bb9430515f9beef8a282c8bc503174725",
    (
        Case(
            "vae_example, categorical",
            lambda source: _step(source, "categorical", VALUES),
            "PROVED",
            "-(log p(x|z) + log p(z) - log q(z)) at one draw, mean over rows; the constants 1/2 D log 2 pi, once too "
            "many per coordinate, cancel between prior and posterior",
            beta=1,
            checked=True,
        ),
        Case(
            "vae_example, bernoulli",
            lambda source: _step(source, "bernoulli", 1),
            "PROVED",
            "the same with a Bernoulli, probabilities clamped to [1e-5, 1 - 1e-5]",
            beta=1,
            checked=True,
        ),
    ),
)
