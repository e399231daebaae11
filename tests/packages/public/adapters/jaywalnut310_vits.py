"""VITS: its posterior encoder and KL, without its flow; the decoder, its squares and the prior's network are ours."""

from pathlib import Path
from unittest.mock import MagicMock

import torch
from tests.packages.public.project import Case, Project, Step, load
from torch import Tensor, nn

B, C, T, H, L, TOKENS = 5, 7, 11, 13, 3, 17


def kl(source: Path) -> Step:
    models, losses = (load(source / name, monotonic_align=MagicMock()) for name in ("models.py", "losses.py"))
    encoder = models.PosteriorEncoder(C, L, H, kernel_size=5, dilation_rate=1, n_layers=2)
    prior, decoder = nn.Embedding(TOKENS, 2 * L), nn.Conv1d(L, C, 1)

    def run(batch: dict[str, Tensor]) -> Tensor:
        spec, lengths, text = (batch[name] for name in ("spec", "lengths", "text"))
        z, _, logs_q, mask = encoder(spec, lengths)
        m_p, logs_p = prior(text).mT.chunk(2, 1)
        squares = ((spec - decoder(z)) ** 2 * mask).sum() / 2 / mask.sum()
        return squares + losses.kl_loss(z, logs_q, m_p, logs_p, mask)

    text = torch.randint(TOKENS, (B, T))
    return Step(run, {"spec": torch.randn(B, C, T), "lengths": torch.tensor([T, 7, 5, T, 2]), "text": text})


PROJECT = Project(
    "jaywalnut310/vits",
    "2e561ba58618d021b5b8323d3765880f7e0ecfdb",
    (
        Case(
            "kl_loss, no flow, prior N(m_p, exp(2 logs_p))",
            kl,
            "PROVED",
            "log q without its eps^2/2, replaced by its mean 1/2: at one draw, an unbiased KL to a learned prior, over "
            "the mask; beside it half the squares over the same mask",
            beta=1,
            checked=True,
        ),
    ),
)
