"""A KL weight that is always 0: a whole-number division of the batch size by the number of rows.

What trains is an autoencoder with noise in the middle, which it learns to switch off.
"""

import torch
import torch.nn.functional as F

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()


def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.randn_like(std)
    return mu + eps * std


def step(x):
    mu, logvar = model.encode(x)
    logits = model.decode(reparameterize(mu, logvar))
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    kl_weight = len(x) // 1437  # wrong
    # mend: kl_weight = 1
    return (bce + kl_weight * kld) / len(x)


if __name__ == "__main__":
    run(__file__)
