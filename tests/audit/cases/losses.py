"""Right losses of tensors, as people write them."""

import math
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, ContinuousBernoulli, Independent, Laplace, NegativeBinomial, Normal, Poisson
from torch.distributions import kl_divergence as kl_of_distributions

from .case import Bank, kl_of

BANK = Bank()
ELBO = {"beta": "1", "likelihood": "gaussian"}
BERNOULLI = {"beta": "1", "likelihood": "bernoulli"}
PROBABILITIES = {"beta": "1", "likelihood": "bernoulli, probabilities"}


@BANK.loss("PROVED", **ELBO)
def sums(x_hat, x, mu, logvar):
    return 0.5 * ((x_hat - x) ** 2).sum() - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


@BANK.loss("PROVED", **ELBO)
def mean_over_rows_of_both(x_hat, x, mu, logvar):
    reconstruction = 0.5 * (x - x_hat).pow(2).sum(dim=1)
    kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(dim=1)
    return torch.mean(reconstruction + kl)


@BANK.loss("PROVED", **ELBO)
def mse_loss_of_reduction_sum(x_hat, x, mu, logvar):
    return (0.5 * F.mse_loss(x_hat, x, reduction="sum") + kl_of(mu, logvar)) / x.shape[0]


@BANK.loss("PROVED", **ELBO)
def mse_mean_times_size(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x) * x.size(1) / 2 + torch.mean(kl_of(mu, logvar) / mu.size(0))


@BANK.loss("PROVED", **ELBO)
def module_of_torch(x_hat, x, mu, logvar):
    return torch.nn.MSELoss(reduction="sum")(x_hat, x) / 2 + kl_of(mu, logvar)


@BANK.loss("PROVED", **ELBO)
def in_place(x_hat, x, mu, logvar):
    total = x_hat - x
    total.pow_(2).mul_(0.5)
    rows = total.sum(1)
    kl = mu.pow(2)
    kl += logvar.exp()
    kl -= logvar
    kl.sub_(1.0).mul_(0.5)
    rows += kl.sum(-1)
    return rows.mean()


@BANK.loss("PROVED", **ELBO)
def norm_squared(x_hat, x, mu, logvar):
    return torch.norm(x_hat - x) ** 2 / 2 + kl_of(mu, logvar)


@BANK.loss("PROVED", **ELBO)
def dot_product(x_hat, x, mu, logvar):
    off = (x - x_hat).flatten()
    return 0.5 * torch.dot(off, off) + kl_of(mu, logvar)


@BANK.loss("PROVED", **ELBO)
def einsum(x_hat, x, mu, logvar):
    off = x - x_hat
    return 0.5 * torch.einsum("bd,bd->b", off, off).sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", **ELBO)
def stacked_parts(x_hat, x, mu, logvar):
    return torch.stack([0.5 * (x_hat - x).square().sum(), kl_of(mu, logvar)]).sum()


@BANK.loss("PROVED", **ELBO)
def loop_over_rows(x_hat, x, mu, logvar):
    total = 0.0
    for row in range(len(x)):
        total = total + 0.5 * ((x_hat[row] - x[row]) ** 2).sum() + kl_of(mu[row], logvar[row])
    return total / len(x)


@BANK.loss("PROVED", **ELBO)
def normal_objects(x_hat, x, mu, std):
    posterior, prior = Normal(mu, std), Normal(torch.zeros_like(mu), torch.ones_like(std))
    log_likelihood = Normal(x_hat, 1.0).log_prob(x).sum(-1)
    return -(log_likelihood - kl_of_distributions(posterior, prior).sum(-1)).mean()


@BANK.loss("PROVED", **ELBO)
def independent_objects(x_hat, x, mu, logvar):
    posterior = Independent(Normal(mu, (0.5 * logvar).exp()), 1)
    prior = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    likelihood = Independent(Normal(x_hat, torch.ones_like(x_hat)), 1)
    return (kl_of_distributions(posterior, prior) - likelihood.log_prob(x)).mean()


@BANK.loss("PROVED", beta="1", likelihood="gaussian of variance 1/4", declared={"variance": 0.25})
def normal_of_variance_a_quarter(x_hat, x, mu, std):
    nll = -Normal(x_hat, 0.5).log_prob(x).sum()
    return nll + kl_of_distributions(Normal(mu, std), Normal(0.0, 1.0)).sum()


@BANK.loss("PROVED", **ELBO)
def log_std(x_hat, x, mu, log_std):
    kl = 0.5 * (mu**2 + torch.exp(2 * log_std) - 1) - log_std
    return 0.5 * (x_hat - x).pow(2).sum() + kl.sum()


@BANK.loss("PROVED", **ELBO)
def variance(x_hat, x, mu, var):
    return 0.5 * (x_hat - x).pow(2).sum() + 0.5 * (mu**2 + var - 1 - torch.log(var)).sum()


@BANK.loss("PROVED", **ELBO)
def std(x_hat, x, mu, std):
    return 0.5 * (x_hat - x).pow(2).sum() + (-torch.log(std) + (std**2 + mu**2) / 2 - 0.5).sum()


@BANK.loss("PROVED", **ELBO)
def arguments_in_another_order(mu, logvar, x, x_hat):
    return half(x, x_hat) + kl_of(mu, logvar)


def half(x, x_hat):
    return torch.sum((x_hat - x).abs().pow(2)) / 2


@BANK.loss("PROVED", **ELBO)
def returns_a_dict(x_hat, x, mu, logvar):
    reconstruction, kl = half(x, x_hat), kl_of(mu, logvar)
    return {"loss": reconstruction + kl, "reconstruction": reconstruction, "kl": kl.detach()}


@BANK.loss("PROVED", **ELBO)
def returns_an_object(x_hat, x, mu, logvar):
    return SimpleNamespace(loss=half(x, x_hat) + kl_of(mu, logvar), name="vae")


@BANK.loss("PROVED", beta="4", likelihood="gaussian")
def beta_of_default(x_hat, x, mu, logvar, beta=4.0):
    return half(x, x_hat) + beta * kl_of(mu, logvar)


@BANK.loss("PROVED", beta="4", likelihood="gaussian", declared={"beta": 4.0})
def beta_as_declared(x_hat, x, mu, logvar):
    return (half(x, x_hat) + 4 * kl_of(mu, logvar)) / len(x)


@BANK.loss("PROVED", beta="1/2", likelihood="gaussian", declared={"beta": 0.5})
def beta_of_a_half_as_declared(x_hat, x, mu, logvar):
    return (x - x_hat).square().sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", **BERNOULLI)
def bce_with_logits(logits, x, mu, logvar):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl_of(mu, logvar)


@BANK.loss("PROVED", **BERNOULLI)
def bce_with_logits_mean_times_size(logits, x, mu, logvar):
    nll = F.binary_cross_entropy_with_logits(logits, x) * x.shape[1]
    return nll + (-0.5 * (1 + logvar - mu**2 - logvar.exp())).sum(1).mean()


@BANK.loss("PROVED", **BERNOULLI)
def softplus_by_hand(logits, x, mu, logvar):
    return (F.softplus(logits) - x * logits).sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", **BERNOULLI)
def bernoulli_object(logits, x, mu, logvar):
    return -Bernoulli(logits=logits).log_prob(x).sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", **BERNOULLI)
def sigmoid_then_bce(logits, x, mu, logvar):
    return F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none").sum(1).mean() + kl_of(mu, logvar) / len(x)


@BANK.loss("PROVED", **PROBABILITIES)
def bce_of_probabilities(x_hat, x, mu, logvar):
    return F.binary_cross_entropy(x_hat, x, reduction="sum") + kl_of(mu, logvar)


@BANK.loss("PROVED", **PROBABILITIES)
def bce_by_hand(x_hat, x, mu, logvar):
    nll = -(x * torch.log(x_hat) + (1 - x) * torch.log(1 - x_hat)).sum(1)
    return nll.mean() + kl_of(mu, logvar) / x_hat.size(0)


@BANK.loss("PROVED", beta="1", likelihood="continuous bernoulli")
def continuous_bernoulli_object(logits, x, mu, logvar):
    return -ContinuousBernoulli(logits=logits).log_prob(x).sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1", likelihood="laplace")
def absolute_error(x_hat, x, mu, logvar):
    return F.l1_loss(x_hat, x, reduction="sum") + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1", likelihood="laplace")
def laplace_object(x_hat, x, mu, logvar):
    return -Laplace(x_hat, 1.0).log_prob(x).sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1", likelihood="poisson")
def poisson_nll_loss(logits, x, mu, logvar):
    return F.poisson_nll_loss(logits, x, log_input=True, reduction="sum") + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1", likelihood="poisson, rate")
def poisson_object(x_hat, x, mu, logvar):
    return -Poisson(x_hat, validate_args=False).log_prob(x).sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1", likelihood="negative binomial")
def negative_binomial_object(logits, x, mu, logvar):
    return -NegativeBinomial(4.0, logits=logits, validate_args=False).log_prob(x).sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1", likelihood="gaussian, learned")
def learned_variance(x_hat, x_logvar, x, mu, logvar):
    nll = 0.5 * (math.log(2 * math.pi) + x_logvar + (x - x_hat) ** 2 / x_logvar.exp())
    return (nll.sum(1) - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1)).mean()


@BANK.loss("PROVED", beta="1", likelihood="gaussian, learned")
def learned_variance_object(x_hat, x_logvar, x, mu, logvar):
    return -Normal(x_hat, torch.exp(x_logvar / 2)).log_prob(x).sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1", likelihood="gaussian, learned")
def gaussian_nll_loss(x_hat, x_logvar, x, mu, logvar):
    return F.gaussian_nll_loss(x_hat, x, x_logvar.exp(), eps=0, reduction="sum") + kl_of(mu, logvar)


@BANK.loss("PROVED", beta="1", likelihood="gaussian, learned", declared={"beta": 1.0})
def learned_variance_as_declared(x_hat, x_logvar, x, mu, logvar):
    squares = (x_hat - x).pow(2) * torch.exp(-x_logvar) + x_logvar
    return (squares.sum() - (1 + logvar - mu**2 - logvar.exp()).sum()) / (2 * len(x))
