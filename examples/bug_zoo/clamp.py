"""The sampler clamps logvar, the KL does not: outside the clamp they speak of two posteriors.

A clamp that is never reached does nothing; clamped once, before both, it is harmless.
"""

import torch
import torch.nn.functional as F

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()


def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar.clamp(-2, 2))  # wrong
    # mend: std = torch.exp(0.5 * logvar)
    eps = torch.randn_like(std)
    return mu + eps * std


def step(x):
    mu, logvar = model.encode(x)
    logits = model.decode(reparameterize(mu, logvar))
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (bce + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
