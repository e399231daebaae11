"""A mean where a sum belongs: the cross-entropy is averaged over pixels, the KL is summed over latents.

`reduction="mean"` is PyTorch's default. The likelihood of an image is a product over its pixels, so its logarithm is a
sum; the mean is D times smaller, and the KL weighs D times too much.
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
    bce = F.binary_cross_entropy_with_logits(logits, x)  # wrong
    # mend: bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)
    return bce + kld.mean()


if __name__ == "__main__":
    run(__file__)
