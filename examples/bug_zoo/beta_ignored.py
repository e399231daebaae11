"""A beta that is stored and never used: the experiment that varies it compares a program with itself.

The mend gives the beta that was asked for, here 4: another objective than the ELBO, and on purpose.
"""

import torch
import torch.nn.functional as F

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()


class BetaVAELoss:
    def __init__(self, beta):
        self.beta = beta

    def __call__(self, logits, x, mu, logvar):
        bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        return (bce + kld) / len(x)  # wrong
        # mend: return (bce + self.beta * kld) / len(x)


loss_function = BetaVAELoss(beta=4.0)


def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.randn_like(std)
    return mu + eps * std


def step(x):
    mu, logvar = model.encode(x)
    logits = model.decode(reparameterize(mu, logvar))
    return loss_function(logits, x, mu, logvar)


if __name__ == "__main__":
    run(__file__)
