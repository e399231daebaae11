"""A root of the squared error: no density of an image has it as its logarithm.

The root is taken over the whole batch, so that one image changes what another one weighs.
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
    nll = torch.sqrt(F.mse_loss(x_hat, x, reduction="sum"))  # wrong
    # mend: variance = model.log_variance.exp()
    # mend: nll = 0.5 * torch.sum((x_hat - x).pow(2) / variance + torch.log(2 * torch.pi * variance))
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (nll + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
