"""Right losses in many styles, to be changed in one place at a time.

A loss takes tensors by the usual names. A step takes an encoder, a decoder and the data; what else it needs is here,
outside its body. All are ELBOs with beta = 1, or as `BETAS` says.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

MASK = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
LATENTS = 3


def functional(x_hat, x, mu, logvar):
    reconstruction = 0.5 * torch.sum((x_hat - x) ** 2)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return reconstruction + kl


def bce_with_logits(logits, x, mu, logvar):
    nll = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * torch.sum(mu**2 + torch.exp(logvar) - 1.0 - logvar, dim=1)
    return torch.mean(nll + kl)


def bce_by_hand(x_hat, x, mu, logvar):
    nll = -torch.sum(x * torch.log(x_hat) + (1 - x) * torch.log(1 - x_hat), dim=-1)
    kl = -0.5 * torch.sum(1 + logvar - mu * mu - torch.exp(logvar), dim=-1)
    return nll.mean() + kl.mean()


def means_times_sizes(x_hat, x, mu, logvar):
    nll = F.mse_loss(x_hat, x, reduction="mean") * x.size(1) / 2
    kl = -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp()) * mu.size(1)
    return nll + 1.0 * kl


def common_factor(x_hat, x, mu, logvar):
    squares = (x - x_hat).square().sum()
    kl = (mu.square() + logvar.exp() - logvar - 1).sum()
    return (squares + kl) / (2 * x.shape[0] * x.shape[1])


def in_place(x_hat, x, mu, logvar):
    off = x_hat - x
    off.pow_(2).mul_(0.5)
    total = off.sum(1)
    kl = mu.pow(2)
    kl += logvar.exp()
    kl -= logvar
    kl.sub_(1.0).mul_(0.5)
    total += kl.sum(1)
    return total.mean()


def log_std(x_hat, x, mu, log_std):
    nll = (x_hat - x).pow(2).sum(1) / 2
    kl = (0.5 * (mu**2 + torch.exp(2 * log_std) - 1) - log_std).sum(1)
    return (nll + kl).sum() / len(x)


def std(x_hat, x, mu, std):
    nll = 0.5 * ((x_hat - x) * (x_hat - x)).sum()
    kl = (-torch.log(std) + (std**2 + mu**2) / 2 - 0.5).sum()
    return (nll + kl) / x.size(0)


def normal_objects(x_hat, x, mu, std):
    posterior = Normal(mu, std)
    prior = Normal(torch.zeros_like(mu), torch.ones_like(std))
    log_likelihood = Normal(x_hat, 1.0).log_prob(x).sum(-1)
    kl = kl_divergence(posterior, prior).sum(-1)
    return -(log_likelihood - kl).mean()


def learned_variance(x_hat, x_logvar, x, mu, logvar):
    nll = 0.5 * (math.log(2 * math.pi) + x_logvar + (x - x_hat) ** 2 / torch.exp(x_logvar))
    kl = -0.5 * (1 + logvar - mu**2 - logvar.exp())
    return (nll.sum(dim=1) + kl.sum(dim=1)).mean(dim=0)


def absolute_error(x_hat, x, mu, var):
    nll = torch.sum(torch.abs(x_hat - x), dim=[0, 1])
    kl = 0.5 * torch.sum(mu**2 + var - 1 - torch.log(var))
    return nll / x.shape[0] + kl / mu.shape[0]


def step_functional(encoder, decoder, x):
    mu, logvar = encoder(x).chunk(2, dim=-1)
    std = torch.exp(0.5 * logvar)
    z = mu + std * torch.randn_like(std)
    x_hat = decoder(z)
    nll = 0.5 * torch.sum((x_hat - x) ** 2)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return nll + kl


def step_softplus(encoder, decoder, x):
    hidden = encoder(x)
    mu, raw = hidden[:, :3], hidden[:, 3:]
    std = F.softplus(raw) + 1e-2
    z = torch.randn(mu.shape, dtype=mu.dtype).mul(std).add(mu)
    nll = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
    kl = torch.sum(0.5 * (std**2 + mu**2 - 1) - torch.log(std))
    return (nll + kl) / x.size(0)


def step_distributions(encoder, decoder, x):
    mu, logvar = encoder(x).split(LATENTS, dim=1)
    posterior = Independent(Normal(mu, torch.exp(logvar / 2)), 1)
    prior = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    z = posterior.rsample()
    log_likelihood = Independent(Bernoulli(logits=decoder(z)), 1).log_prob(x)
    kl = kl_divergence(posterior, prior)
    return {"loss": (kl - log_likelihood).mean(), "kl": kl.mean()}


def step_monte_carlo(encoder, decoder, x):
    mu, logvar = encoder(x).chunk(2, dim=1)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    log_q = -0.5 * (math.log(2 * math.pi) + logvar + (z - mu) ** 2 / logvar.exp()).sum(1)
    log_p = -0.5 * (math.log(2 * math.pi) + z**2).sum(1)
    nll = 0.5 * (decoder(z) - x).pow(2).sum(1)
    return (nll + log_q - log_p).mean()


def step_masked(encoder, decoder, x):
    mu, logvar = torch.chunk(encoder(x), 2, dim=-1)
    z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
    nll = 0.5 * ((decoder(z) - x) ** 2).sum(-1)
    kl = 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(-1)
    return torch.sum((nll + kl) * MASK) / MASK.sum()


class StepModule(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def sample(self, mu, logvar):
        std = logvar.mul(0.5).exp()
        noise = torch.randn_like(std)
        return noise * std + mu

    def forward(self, x):
        mu, logvar = torch.chunk(self.encoder(x), 2, dim=1)
        logits = self.decoder(self.sample(mu, logvar))
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / x.shape[0]
        kl = torch.mean(-0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), dim=1), dim=0)
        return nll + kl


def step_two_levels(encoder, decoder, x):
    m2, v2 = encoder[0](x).chunk(2, -1)
    z2 = m2 + torch.exp(0.5 * v2) * torch.randn_like(m2)
    m1, v1 = encoder[1](x).chunk(2, -1)
    z1 = m1 + torch.exp(0.5 * v1) * torch.randn_like(m1)
    pm, pv = encoder[2](z2).chunk(2, -1)
    kl1 = 0.5 * (pv - v1 + (v1.exp() + (m1 - pm) ** 2) / pv.exp() - 1).sum()
    kl2 = -0.5 * (1 + v2 - m2**2 - v2.exp()).sum()
    return 0.5 * ((decoder(z1) - x) ** 2).sum() + kl1 + kl2


LOSSES: tuple[Callable[..., Tensor], ...] = (
    functional,
    bce_with_logits,
    bce_by_hand,
    means_times_sizes,
    common_factor,
    in_place,
    log_std,
    std,
    normal_objects,
    learned_variance,
    absolute_error,
)
STEPS = (
    step_functional,
    step_softplus,
    step_distributions,
    step_monte_carlo,
    step_masked,
    StepModule,
    step_two_levels,
)
