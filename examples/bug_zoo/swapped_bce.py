"""The arguments of the cross-entropy are swapped: the data are taken for probabilities.

PyTorch clamps log 0 to -100, so that no error is raised: it is 100 times an absolute error.
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
    x_hat = torch.sigmoid(model.decode(reparameterize(mu, logvar)))
    bce = F.binary_cross_entropy(x, x_hat, reduction="sum")  # wrong
    # mend: bce = F.binary_cross_entropy(x_hat, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (bce + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
