"""A ReLU after the head of the log-variance: no posterior is narrower than the prior.

The objective is an ELBO; the family of posteriors it searches leaves out every precise one.
"""

import torch
import torch.nn.functional as F

from digits_run import VAE, binary, run

batch = binary[:32]


class PositiveVAE(VAE):
    def encode(self, x):
        mu, logvar = super().encode(x)
        return mu, F.relu(logvar)  # wrong
        # mend: return mu, logvar


model = PositiveVAE()


def reparameterize(mu, logvar):
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
