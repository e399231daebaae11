"""A draw without a gradient: `sample()` is `rsample()` with the gradient cut off.

The value of the loss is right. The encoder feels the KL only, and the KL alone makes every posterior the prior.
"""

import torch
import torch.nn.functional as F
from torch.distributions import Normal

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()


def step(x):
    mu, logvar = model.encode(x)
    q = Normal(mu, (0.5 * logvar).exp())
    logits = model.decode(q.sample())  # wrong
    # mend: logits = model.decode(q.rsample())
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (bce + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
