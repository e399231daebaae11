"""The KL the wrong way round: KL(p || q) where KL(q || p) belongs.

Both are zero at the prior, both are positive, and only one of them makes the sum a bound on the evidence.
"""

import torch
import torch.nn.functional as F
from torch.distributions import Normal, kl_divergence

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()
prior = Normal(0.0, 1.0)


def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.randn_like(std)
    return mu + eps * std


def step(x):
    mu, logvar = model.encode(x)
    logits = model.decode(reparameterize(mu, logvar))
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = kl_divergence(prior, Normal(mu, (0.5 * logvar).exp())).sum()  # wrong
    # mend: kld = kl_divergence(Normal(mu, (0.5 * logvar).exp()), prior).sum()
    return (bce + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
