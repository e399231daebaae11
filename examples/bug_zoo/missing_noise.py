"""No noise: the model stays in `eval()` after the first validation, where it decodes the mean.

Nothing pays for a small variance any more, so the KL drives it to 1, and the decoder never sees a drawn z.
"""

import torch
import torch.nn.functional as F

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()
model.eval()  # wrong
# mend: model.train()


def reparameterize(mu, logvar):
    if not model.training:
        return mu
    std = torch.exp(0.5 * logvar)
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
