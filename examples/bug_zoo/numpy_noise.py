"""Noise drawn by numpy: the right law, from a generator that torch does not know.

`torch.manual_seed` does not seed it, workers of a data loader may repeat it, `torch.compile` freezes it.
"""

import numpy as np
import torch
import torch.nn.functional as F

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()


def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.from_numpy(np.random.randn(*mu.shape)).float()  # wrong
    # mend: eps = torch.randn_like(std)
    return mu + eps * std


def step(x):
    mu, logvar = model.encode(x)
    logits = model.decode(reparameterize(mu, logvar))
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (bce + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
