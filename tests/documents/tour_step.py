import torch
from torch import nn

torch.manual_seed(0)
encoder, decoder = nn.Linear(6, 4), nn.Linear(2, 6)
batch = torch.randn(5, 6)


def step(x):
    mu, logvar = encoder(x).chunk(2, dim=1)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    nll = 0.5 * (x - decoder(z)).pow(2).sum()
    kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()
    return (nll + kl) / len(x)
