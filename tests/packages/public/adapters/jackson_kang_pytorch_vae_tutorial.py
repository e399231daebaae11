"""Jackson-Kang/Pytorch-VAE-tutorial: a notebook with a VAE of linear layers for MNIST."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions

B, D, L = 5, 7, 3


def _step(source: Path) -> Step:
    notebook = source / "01_Variational_AutoEncoder.ipynb"
    scope = definitions(notebook, "Encoder", "Decoder", "Model", "loss_function", DEVICE="cpu")
    model = scope["Model"](scope["Encoder"](D, 11, L), scope["Decoder"](L, 11, D))
    return Step(lambda x: scope["loss_function"](x, *model(x)), torch.randint(0, 2, (B, D)).float())


PROJECT = Project(
    "Jackson-Kang/Pytorch-VAE-tutorial",
    "ae227c560ee09a92c9e57088d093022882327b46",
    (
        Case(
            "01_Variational_AutoEncoder",
            _step,
            "PROVED",
            "sum of BCE + sum of KL; a standard deviation under the name var",
            beta=1,
            checked=True,
        ),
    ),
)
