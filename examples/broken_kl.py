"""A VAE loss that looks right and is not: its KL takes the standard deviation for the variance.

Each term is there, and at the prior (mu = 0, logvar = 0) the "KL" is 0, as it should be. An audit finds the point where
it is not: vaelid audit examples/broken_kl.py:loss
"""

import torch
import torch.nn.functional as F


def loss(x_hat, x, mu, logvar):
    """Meant to be the negative ELBO of a batch, in nats per row: x_hat holds probabilities."""
    std = torch.exp(0.5 * logvar)
    bce = F.binary_cross_entropy(x_hat, x, reduction="sum")
    kl = 0.5 * torch.sum(mu**2 + std - 1 - logvar)
    return (bce + kl) / len(x)


if __name__ == "__main__":
    from torch.distributions import Normal, kl_divergence

    x = torch.ones(1, 4)  # with x_hat = x the cross-entropy is 0, and the KL remains
    for std in (0.5, 1.0, 2.0, 4.0):
        mu, logvar = torch.zeros(1, 1), 2 * torch.log(torch.tensor([[std]]))
        right = kl_divergence(Normal(mu, std), Normal(0.0, 1.0)).item()
        print(f"standard deviation {std}: the KL is {right:.3f} nats, this loss says {loss(x, x, mu, logvar):.3f}")
