"""timbmg/Sentence-VAE: its recurrent VAE with few units, and the loss that `train.py` defines inside `main`."""

from pathlib import Path

import numpy as np
import torch
from tests.packages.public.project import Case, Project, Step, load, nested

B, L, STEPS, WORDS = 5, 3, 7, 13
PAD, UNK, SOS, EOS = range(4)
X0 = 2500


def training(source: Path) -> Step:
    """A step of `train.py` with its default options, except sizes."""
    model = load(source / "model.py").SentenceVAE(
        WORDS, 6, "gru", 8, 0, 0.5, L, SOS, EOS, PAD, UNK, max_sequence_length=STEPS
    )
    loss = nested(
        source / "train.py",
        "loss_fn",
        torch=torch,
        NLL=torch.nn.NLLLoss(ignore_index=PAD, reduction="sum"),
        kl_anneal_function=nested(source / "train.py", "kl_anneal_function", np=np),
    )

    def run(batch: dict[str, torch.Tensor]) -> torch.Tensor:
        logp, mean, logvar, _ = model(batch["input"], batch["length"])
        nll, kl, weight = loss(logp, batch["target"], batch["length"], mean, logvar, "logistic", X0, 0.0025, X0)
        return (nll + weight * kl) / len(batch["input"])

    length = torch.tensor([7, 4, 6, 7, 5])
    words = torch.randint(EOS + 1, WORDS, (B, STEPS))
    position = torch.arange(STEPS)
    target = words.where(position < length[:, None] - 1, EOS).where(position < length[:, None], PAD)
    shifted = torch.cat([torch.full((B, 1), SOS), words[:, :-1]], 1).where(position < length[:, None], PAD)
    return Step(run, {"input": shifted, "target": target, "length": length})


PROJECT = Project(
    "timbmg/Sentence-VAE",
    "4e2c7009ff36677c40d0b252400f68a5ea114078",
    (
        Case(
            "train.py at the middle of its annealing",
            training,
            "PROVED",
            "(sum over tokens of the categorical NLL, padding left out, + w sum of KL) / B, w = 1/2 where step = x0",
            beta=0.5,
            checked=True,
        ),
    ),
)
