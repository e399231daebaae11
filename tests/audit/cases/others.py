"""Objectives that are no ELBO and no mistake: named, neither proved nor refuted."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .case import Bank, Built, grey, half_squares, kl_of, nets, usual

BANK = Bank()


def other(name, objective, *verdicts, **parts):
    BANK.usual(name, *(verdicts or ("OTHER",)), parts=parts, objective=objective, numbers=False)


other(
    "free_bits_of_each_latent", "(?i)free.?bits", kl=lambda m, v: (-0.5 * (1 + v - m**2 - v.exp())).clamp(min=0.2).sum()
)
other("free_bits_by_maximum", "(?i)free.?bits", kl=lambda m, v: torch.maximum(kl_of(m, v), torch.tensor(0.5)))
other("free_bits_by_relu", "(?i)free.?bits", kl=lambda m, v: F.relu(kl_of(m, v) - 0.5))
other("squared_capacity", "(?i)capacity", kl=lambda m, v: (kl_of(m, v) - 5) ** 2)
other(
    "weights_of_latents",
    "(?i)weight|coordinate",
    kl=lambda m, v: (torch.arange(1.0, m.shape[1] + 1, dtype=m.dtype) * -0.5 * (1 + v - m**2 - v.exp())).sum(),
)
other(
    "weights_of_pixels",
    None,
    "OTHER",
    "UNKNOWN",
    "REFUTED",
    reconstruction=lambda h, x: (h - x).square().mul(torch.arange(1.0, x.shape[1] + 1, dtype=x.dtype)).sum(),
)
other("truncated_noise", None, "OTHER", "UNKNOWN", "REFUTED", noise=lambda t: torch.randn_like(t).clamp(-1, 1))
other("normalised_noise", None, "OTHER", "UNKNOWN", "REFUTED", noise=lambda t: F.normalize(torch.randn_like(t), dim=-1))
other("absolute_kl", None, "OTHER", "UNKNOWN", "PROVED", kl=lambda m, v: kl_of(m, v).abs())
other("huber", None, "OTHER", "UNKNOWN", "PROVED", reconstruction=lambda h, x: F.smooth_l1_loss(h, x, reduction="sum"))


@BANK.step("OTHER", objective="(?i)auto.?encoder", numbers=False)
def plain_autoencoder(B, L, D):
    encoder, decoder = nn.Linear(D, L), nn.Linear(L, D)
    model = nn.ModuleList([encoder, decoder])
    return Built(lambda x: F.mse_loss(decoder(encoder(x)), x), grey(B, D), model, decoder)


@BANK.step("OTHER", "UNKNOWN", numbers=False)
def denoising_autoencoder(B, L, D):
    encoder, decoder = nn.Linear(D, L), nn.Linear(L, D)
    model = nn.ModuleList([encoder, decoder])
    return Built(lambda x: F.mse_loss(decoder(encoder(x + 0.1 * torch.randn_like(x))), x), grey(B, D), model, decoder)


@BANK.step("OTHER", objective="(?i)vq|vector|quanti", numbers=False)
def vector_quantised(B, L, D):
    encoder, decoder, codes = nn.Linear(D, L), nn.Linear(L, D), nn.Embedding(8, L)

    def run(x):
        z = encoder(x)
        nearest = codes(torch.cdist(z, codes.weight).argmin(1))
        commitment = F.mse_loss(nearest, z.detach()) + 0.25 * F.mse_loss(nearest.detach(), z)
        return F.mse_loss(decoder(z + (nearest - z).detach()), x) + commitment

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder, codes]), decoder)


def log_normal(z, mu, logvar):
    return -0.5 * (math.log(2 * math.pi) + logvar + (z - mu) ** 2 / logvar.exp())


@BANK.step("OTHER", objective="(?i)tc|total.?correlation", numbers=False)
def beta_tc(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        pairs = log_normal(z[:, None], mu[None], logvar[None])
        log_q = pairs.sum(2).logsumexp(1)
        log_product = pairs.logsumexp(1).sum(1)
        log_prior = log_normal(z, torch.zeros_like(z), torch.zeros_like(z)).sum(1)
        log_posterior = log_normal(z, mu, logvar).sum(1)
        nll = 0.5 * (decoder(z) - x).pow(2).sum(1)
        return (nll + log_posterior - log_q + 6 * (log_q - log_product) + log_product - log_prior).mean()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


def kernel(a, b):
    return torch.exp(-((a[:, None] - b[None]) ** 2).mean(2))


def mmd(z):
    prior = torch.randn_like(z)
    return kernel(z, z).mean() + kernel(prior, prior).mean() - 2 * kernel(z, prior).mean()


@BANK.step("OTHER", objective="(?i)info|mmd", numbers=False)
def info_vae(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return half_squares(decoder(z), x) + 0.5 * kl_of(mu, logvar) + 10 * mmd(z)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("OTHER", "UNKNOWN", objective="(?i)info|mmd|wasserstein", numbers=False)
def wasserstein_autoencoder(B, L, D):
    encoder, decoder = nn.Linear(D, L), nn.Linear(L, D)

    def run(x):
        z = encoder(x)
        return F.mse_loss(decoder(z), x) + 10 * mmd(z)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("OTHER", "UNKNOWN", "REFUTED", numbers=False)
def features_of_the_decoder_regularised(B, L, D):
    penalty = 0.01
    return usual(B, L, D, reconstruction=lambda h, x: half_squares(h, x) + penalty * h.abs().sum())
