"""A sigmoid in the decoder, and one more in the loss that takes logits.

No pixel can be less likely than 1/2 or more likely than 0.73: it is a Bernoulli, of a decoder that cannot say no.
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
    bce = F.binary_cross_entropy_with_logits(x_hat, x, reduction="sum")  # wrong
    # mend: bce = F.binary_cross_entropy(x_hat, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (bce + kld) / len(x)


if __name__ == "__main__":
    run(__file__)
