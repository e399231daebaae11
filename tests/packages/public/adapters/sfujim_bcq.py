"""Batch-Constrained deep Q-learning: its conditional VAE of actions, in its training step."""

from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, load, statements

B, STATE, D = 5, 3, 2
L = 2 * D  # BCQ's choice


def vae(source: Path) -> Step:
    script = source / "continuous_BCQ" / "BCQ.py"
    agent = load(script).BCQ(STATE, D, max_action=1.0, device="cpu")
    loss = statements(script, "recon", "recon_loss", "KL_loss", "vae_loss", within="train", self=agent)
    batch = {"state": torch.randn(B, STATE), "action": 2 * torch.rand(B, D) - 1}
    return Step(lambda batch: loss(**batch), batch)


PROJECT = Project(
    "sfujim/BCQ",
    "4876f7e5afa9eb2981feec5daf67202514477518",
    (
        Case(
            "BCQ's VAE",
            vae,
            "PROVED",
            "mean over B D of squares + 0.5 * mean over B L of KL: beta = 0.5 D / (2 L); log sigma clamped to [-4, 15] "
            "before both",
            beta=0.5 * D / (2 * L),
            checked=True,
        ),
    ),
)
