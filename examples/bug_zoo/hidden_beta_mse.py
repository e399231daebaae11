"""A mean over pixels and a mean over latents: both terms are averaged, and over different numbers of things.

It looks even-handed. Against a Gaussian of variance 1 the KL weighs D / (2 L) times too much. Setting that weight to 1
would not be enough: pixels in [0, 1] do not vary by 1. The variance of the observation has to be learned.
"""

import torch
import torch.nn.functional as F

from digits_run import VAE, grey, run

batch = grey[:32]
model = VAE()


def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.randn_like(std)
    return mu + eps * std


def step(x):
    mu, logvar = model.encode(x)
    x_hat = torch.sigmoid(model.decode(reparameterize(mu, logvar)))
    mse = F.mse_loss(x_hat, x)  # wrong
    kld = -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())  # wrong
    return mse + kld  # wrong
    # mend: variance = model.log_variance.exp()
    # mend: nll = 0.5 * torch.sum((x_hat - x).pow(2) / variance + torch.log(2 * torch.pi * variance))
    # mend: kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    # mend: return (nll + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
