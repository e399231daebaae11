"""MOSES: the VAE of strings of molecules, two GRUs, its defaults but for the sizes."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, definitions, load, statements
from torch import Tensor

LENGTHS, WEIGHT = (6, 5, 3, 2, 1), 0.05
B, T = len(LENGTHS), sum(length + 1 for length in LENGTHS)  # every character and the end count


def vae(source: Path) -> Step:
    vocabulary = definitions(source / "moses" / "utils.py", "SpecialTokens", "CharVocab", "OneHotVocab")["OneHotVocab"]
    config = load(source / "moses" / "vae" / "config.py").get_parser()
    sizes = ["--q_d_h=5", "--d_d_h=7", "--d_n_layers=1", "--d_z=3"]
    model = load(source / "moses" / "vae" / "model.py").VAE(vocabulary("CNO"), config.parse_args(sizes))
    step = statements(
        source / "moses" / "vae" / "trainer.py", "kl_loss", "recon_loss", "loss", within="_train_epoch", model=model
    )

    def run(batch: tuple[Tensor, ...]) -> Tensor:
        return step(input_batch=batch, kl_weight=WEIGHT)

    strings = ("".join("CNO"[i] for i in torch.randint(3, (length,))) for length in LENGTHS)
    return Step(run, tuple(map(model.string2tensor, strings)))


PROJECT = Project(
    "molecularsets/moses",
    "dd7ed6ab38e23afd3ef5371d67939a1760bd8599",
    (
        Case(
            "VAE, kl_weight=0.05",
            vae,
            "PROVED",
            "cross-entropy is averaged over the tokens of the batch, the KL over rows, times w: beta = w T / B "
            "with T the tokens that count",
            beta=WEIGHT * T / B,
            checked=True,
        ),
    ),
)
