"""A capacity of 0 clamps the KL to 0, and with it its gradient.

A published package had this as its default: the capacity was meant as a target, and is used as a ceiling.
"""

import torch
import torch.nn.functional as F

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()


CAPACITY = 0.0


def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.randn_like(std)
    return mu + eps * std


def step(x):
    mu, logvar = model.encode(x)
    logits = model.decode(reparameterize(mu, logvar))
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    kld = torch.clamp(kld, min=0, max=CAPACITY)  # wrong
    return (bce + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
