"""Exact beta-ELBOs whose beta nobody wrote: proved with their beta, refuted once another is declared."""

import torch
import torch.nn.functional as F

from .case import Bank, kl_of

BANK = Bank()


def per_row(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), dim=1)


def mean_of_all(mu, logvar):
    return -0.5 * torch.mean(1 + logvar - mu**2 - logvar.exp())


@BANK.loss("PROVED", beta="D / (2 * L)", likelihood="gaussian")
def mean_and_mean(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x) + mean_of_all(mu, logvar)


@BANK.loss("REFUTED", beta="D / (2 * L)", likelihood="gaussian", declared={"beta": 1.0}, bug="hidden-beta")
def mean_and_mean_for_one(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x) + mean_of_all(mu, logvar)


@BANK.loss("PROVED", beta="D / 2", likelihood="gaussian")
def mean_and_row_mean(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x) + per_row(mu, logvar).mean()


@BANK.loss("REFUTED", beta="D / 2", likelihood="gaussian", declared={"beta": 1.0}, bug="hidden-beta")
def mean_and_row_mean_for_one(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x) + per_row(mu, logvar).mean()


@BANK.loss("PROVED", beta="B * D / 2", likelihood="gaussian")
def mean_and_sum(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x) + kl_of(mu, logvar)


@BANK.loss("REFUTED", beta="B * D / 2", likelihood="gaussian", declared={"beta": 1.0}, bug="batch-beta")
def mean_and_sum_for_one(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x) + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1 / (2 * B * L)", likelihood="gaussian")
def sum_and_mean(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x, reduction="sum") + mean_of_all(mu, logvar)


@BANK.loss("REFUTED", beta="1 / B", likelihood="gaussian", declared={"beta": 1.0}, bug="batch-beta")
def half_sum_and_row_mean_for_one(x_hat, x, mu, logvar):
    return 0.5 * F.mse_loss(x_hat, x, reduction="sum") + per_row(mu, logvar).mean()


@BANK.loss("PROVED", beta="D / L", likelihood="bernoulli")
def bce_mean_and_mean(logits, x, mu, logvar):
    return F.binary_cross_entropy_with_logits(logits, x) + mean_of_all(mu, logvar)


@BANK.loss("REFUTED", beta="D", likelihood="bernoulli", declared={"beta": 1.0}, bug="hidden-beta")
def bce_mean_and_row_mean_for_one(logits, x, mu, logvar):
    return F.binary_cross_entropy_with_logits(logits, x) + per_row(mu, logvar).mean()


@BANK.loss("PROVED", beta="D / 8000", likelihood="gaussian")
def weight_of_a_tutorial(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x) + 0.00025 * per_row(mu, logvar).mean()


@BANK.loss("PROVED", beta="1 / 2", likelihood="gaussian")
def squares_without_half(x_hat, x, mu, logvar):
    return torch.sum((x_hat - x) ** 2) + kl_of(mu, logvar)


@BANK.loss("REFUTED", beta="1 / 2", likelihood="gaussian", declared={"beta": 1.0})
def squares_without_half_for_one(x_hat, x, mu, logvar):
    return torch.sum((x_hat - x) ** 2) + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="2", likelihood="gaussian")
def kl_without_half(x_hat, x, mu, logvar):
    return 0.5 * torch.sum((x_hat - x) ** 2) + (logvar.exp() + mu**2 - 1 - logvar).sum()


@BANK.loss("REFUTED", beta="2", likelihood="gaussian", declared={"beta": 1.0}, bug="kl-doubled")
def kl_without_half_for_one(x_hat, x, mu, logvar):
    return 0.5 * torch.sum((x_hat - x) ** 2) + (logvar.exp() + mu**2 - 1 - logvar).sum()


@BANK.loss("PROVED", beta="D / 1568", likelihood="gaussian")
def size_of_mnist(x_hat, x, mu, logvar):
    return 784 * F.mse_loss(x_hat, x) + per_row(mu, logvar).mean(0)


@BANK.loss("PROVED", beta="1 / L", likelihood="gaussian")
def kl_averaged_over_latents(x_hat, x, mu, logvar):
    return (0.5 * (x_hat - x).pow(2).sum(1) - 0.5 * (1 + logvar - mu**2 - logvar.exp()).mean(1)).sum()


@BANK.loss("PROVED", beta="B", likelihood="gaussian")
def reconstruction_averaged_over_rows(x_hat, x, mu, logvar):
    return 0.5 * (x_hat - x).pow(2).sum(1).mean() + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1 / D", likelihood="gaussian")
def kl_divided_by_pixels(x_hat, x, mu, logvar):
    return 0.5 * (x_hat - x).pow(2).sum() + kl_of(mu, logvar) / x.shape[1]


@BANK.loss("REFUTED", beta="2", likelihood="gaussian", declared={"beta": 4.0})
def another_beta_than_declared(x_hat, x, mu, logvar):
    return 0.5 * (x_hat - x).pow(2).sum() + 2 * kl_of(mu, logvar)


@BANK.loss("REFUTED", beta="1", likelihood="gaussian", declared={"beta": 4.0})
def beta_that_does_nothing(x_hat, x, mu, logvar, beta=4.0):
    return 0.5 * (x_hat - x).pow(2).sum() + kl_of(mu, logvar)
