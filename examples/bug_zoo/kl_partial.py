"""The KL of one half of the latents: the code was split into content and style, and one of the two was forgotten.

The style is free: it carries what it likes, and the decoder has never seen what the prior draws there.
"""

import torch
import torch.nn.functional as F

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()


CONTENT, STYLE = slice(0, 4), slice(4, 8)


def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.randn_like(std)
    return mu + eps * std


def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


def step(x):
    mu, logvar = model.encode(x)
    logits = model.decode(reparameterize(mu, logvar))
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = kl_divergence(mu[:, CONTENT], logvar[:, CONTENT])  # wrong
    # mend: kld = kl_divergence(mu[:, CONTENT], logvar[:, CONTENT]) + kl_divergence(mu[:, STYLE], logvar[:, STYLE])
    return (bce + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
