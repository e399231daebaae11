"""A variance taken for a standard deviation: `Normal` takes the standard deviation as its second argument.

The sampler draws with standard deviation exp(logvar); the KL is that of variance exp(logvar).
"""

import torch
import torch.nn.functional as F
from torch.distributions import Normal

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()


def step(x):
    mu, logvar = model.encode(x)
    z = Normal(mu, logvar.exp()).rsample()  # wrong
    # mend: z = Normal(mu, (0.5 * logvar).exp()).rsample()
    logits = model.decode(z)
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (bce + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
