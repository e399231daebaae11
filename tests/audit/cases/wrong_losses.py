"""Losses of tensors that are no ELBO of the likelihood and the posterior that their arguments name."""

import torch
import torch.nn.functional as F
from torch.distributions import Normal, kl_divergence

from .case import Bank, half_squares, kl_of

BANK = Bank()
WRONG_KL = {"claims": {"divergence": "REFUTED"}}
FORMULA = {**WRONG_KL, "bug": "kl-formula"}


@BANK.loss("REFUTED", **WRONG_KL, bug="std-variance")
def std_as_variance(x_hat, x, mu, std):
    return half_squares(x_hat, x) + 0.5 * torch.sum(mu**2 + std - 1 - torch.log(std))


@BANK.loss("REFUTED", **WRONG_KL, bug="std-variance")
def log_variance_as_log_std(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) - 0.5 * torch.sum(1 + 2 * logvar - mu**2 - torch.exp(2 * logvar))


@BANK.loss("REFUTED", **WRONG_KL, bug="std-variance")
def normal_given_the_variance(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + kl_divergence(Normal(mu, logvar.exp()), Normal(0.0, 1.0)).sum()


@BANK.loss("REFUTED", **FORMULA)
def missing_square(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) - 0.5 * torch.sum(1 + logvar - mu - logvar.exp())


@BANK.loss("REFUTED", **FORMULA)
def parenthesis(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) - 0.5 * torch.sum(1 + logvar - (mu.pow(2) - logvar.exp()))


@BANK.loss("REFUTED", **FORMULA)
def square_of_everything(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + 0.5 * torch.sum((mu + logvar.exp()) ** 2 - logvar - 1)


@BANK.loss("REFUTED", **FORMULA)
def square_of_the_sum(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) - 0.5 * torch.sum(1 + logvar - mu.sum(1, keepdim=True).pow(2) - logvar.exp())


@BANK.loss("REFUTED", **WRONG_KL, bug="kl-reversed")
def reversed_kl(x_hat, x, mu, logvar):
    prior = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return half_squares(x_hat, x) + kl_divergence(prior, Normal(mu, (logvar / 2).exp())).sum()


@BANK.loss("REFUTED", **FORMULA)
def unbounded_below(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) - 0.5 * torch.sum(1 + logvar - mu.pow(2))


@BANK.loss("REFUTED", **FORMULA)
def no_exponential(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar)


@BANK.loss("REFUTED", **WRONG_KL, bug="std-variance")
def half_of_the_log_variance(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + 0.5 * (mu**2 + (logvar / 2).exp() - logvar - 1).sum()


@BANK.loss("REFUTED", **FORMULA)
def absolute_mean(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + 0.5 * (mu.abs() + logvar.exp() - logvar - 1).sum()


@BANK.loss("REFUTED", **FORMULA)
def softplus_in_the_log(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) - 0.5 * torch.sum(1 + F.softplus(logvar) - mu.pow(2) - logvar.exp())


@BANK.loss("REFUTED", **WRONG_KL)
def arguments_swapped(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + kl_of(logvar, mu)


@BANK.loss("REFUTED", **WRONG_KL, bug="sign")
def kl_subtracted(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) - kl_of(mu, logvar)


@BANK.loss("REFUTED", bug="kl-zero")
def kl_times_zero(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + 0.0 * kl_of(mu, logvar)


@BANK.loss("REFUTED", bug="kl-clamped")
def kl_clamped_to_zero(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + torch.clamp(kl_of(mu, logvar), 0, 0)


@BANK.loss("REFUTED", **WRONG_KL, bug="kl-partial")
def kl_of_some_coordinates(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + kl_of(mu[:, 1:], logvar[:, 1:])


@BANK.loss("REFUTED", **WRONG_KL)
def kl_of_the_first_row(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + len(mu) * kl_of(mu[:1], logvar[:1])


@BANK.loss("REFUTED", **WRONG_KL)
def squares_of_the_mean_added(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + kl_of(mu, logvar) + 0.1 * mu.pow(2).sum()


@BANK.loss("REFUTED", bug="detached")
def mean_detached(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + kl_of(mu.detach(), logvar)


@BANK.loss("REFUTED", bug="detached|kl-zero")
def kl_as_a_number(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + kl_of(mu, logvar).item()


@BANK.loss("REFUTED", bug="detached")
def reconstruction_detached(x_hat, x, mu, logvar):
    return half_squares(x_hat.detach(), x) + kl_of(mu, logvar)


@BANK.loss("REFUTED", bug="sign")
def reconstruction_subtracted(x_hat, x, mu, logvar):
    return -half_squares(x_hat, x) + kl_of(mu, logvar)


@BANK.loss("REFUTED", bug="sign")
def elbo_minimised(x_hat, x, mu, logvar):
    return -half_squares(x_hat, x) - kl_of(mu, logvar)


@BANK.loss("REFUTED", bug="sign")
def log_likelihood_minimised(logits, x, mu, logvar):
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="sum") - kl_of(mu, logvar)


@BANK.loss("REFUTED", likelihood="gaussian, learned", claims={"reconstruction": "REFUTED"})
def variance_without_its_log(x_hat, x_logvar, x, mu, logvar):
    return 0.5 * ((x - x_hat) ** 2 / x_logvar.exp()).sum() + kl_of(mu, logvar)


# half the NLL of the variance e^x_logvar / 2: a beta-ELBO of beta = 2
@BANK.loss("REFUTED", likelihood="gaussian, learned", declared={"beta": 1.0, "likelihood": "gaussian"})
def half_of_the_log_of_the_variance(x_hat, x_logvar, x, mu, logvar):
    return 0.5 * ((x - x_hat) ** 2 / x_logvar.exp() + 0.5 * x_logvar).sum() + kl_of(mu, logvar)


@BANK.loss("REFUTED", "UNKNOWN", claims={"divergence": "PROVED"})
def cross_entropy_swapped(x_hat, x, mu, logvar):
    return -(x_hat * torch.log(x + 1) + (1 - x_hat) * torch.log(2 - x)).sum() + kl_of(mu, logvar)


@BANK.loss("REFUTED", "UNKNOWN", "OTHER")
def square_of_the_mean_error(x_hat, x, mu, logvar):
    return 0.5 * ((x_hat.mean(1) - x.mean(1)) ** 2).sum() + kl_of(mu, logvar)


@BANK.loss("REFUTED", "UNKNOWN", "OTHER")
def root_of_the_squares(x_hat, x, mu, logvar):
    return torch.sqrt(((x_hat - x) ** 2).sum(1)).sum() + kl_of(mu, logvar)


@BANK.loss("REFUTED", "UNKNOWN", "OTHER")
def weights_on_pixels_by_data(x_hat, x, mu, logvar):
    return (0.5 * (x_hat - x) ** 2 * x).sum() + kl_of(mu, logvar)


@BANK.loss("REFUTED", "UNKNOWN", "OTHER")
def product_of_terms(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) * kl_of(mu, logvar)


@BANK.loss("REFUTED", "UNKNOWN", "OTHER")
def regularised_output(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + 0.01 * x_hat.abs().sum() + kl_of(mu, logvar)


@BANK.loss("REFUTED", claims={"divergence": "REFUTED"})
def kl_clamped_variance(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + kl_of(mu, logvar.clamp(max=0.0))
