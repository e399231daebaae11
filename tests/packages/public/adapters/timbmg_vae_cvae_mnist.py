"""timbmg/VAE-CVAE-MNIST: its VAE class with narrow layers, and the loss that `train.py` defines inside `main`."""

from collections.abc import Callable
from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, load, nested

B, L, H, D, CLASSES = 5, 3, 7, 28 * 28, 10


def step(conditional: bool) -> Callable[[Path], Step]:
    """A step of `train.py`."""

    def make(source: Path) -> Step:
        model = load(source / "models.py").VAE([D, H], L, [H, D], conditional, CLASSES if conditional else 0)
        loss = nested(source / "train.py", "loss_fn", torch=torch)

        def run(batch: list[torch.Tensor]) -> torch.Tensor:
            reconstruction, mean, logvar, _ = model(*batch)
            return loss(reconstruction, batch[0], mean, logvar)

        x = torch.rand(B, 1, 28, 28).round()
        return Step(run, [x, torch.randint(CLASSES, (B,))] if conditional else [x])

    return make


PROJECT = Project(
    "timbmg/VAE-CVAE-MNIST",
    "4f1b22367a5c5cff88bf97ce78219132aa9fd977",
    (
        Case("VAE", step(False), "PROVED", "(sum of BCE + sum of KL) / B", beta=1, checked=True),
        Case(
            "conditional VAE",
            step(True),
            "PROVED",
            "(sum of BCE + sum of KL) / B; the class goes to encoder and decoder",
            beta=1,
            checked=True,
        ),
    ),
)
