"""KLs by themselves, for `audit_kl`."""

import torch
from torch import distributions as td

from .case import Built, right, wrong


@right("audit_kl", beta=1)
def trace_and_log_determinant():
    """(tr S + mu.mu - L - log det S) / 2 with S = diag(e^logvar) is the textbook's matrix form of the KL.

    Source: the multivariate form asked for in pluskid/Mocha.jl issue 117, written with matrices.
    """

    def kl(mu, logvar):
        covariance = torch.diag_embed(logvar.exp())
        trace = covariance.diagonal(dim1=-2, dim2=-1).sum(-1)
        return 0.5 * (trace + (mu * mu).sum(-1) - mu.shape[-1] - torch.logdet(covariance))

    return Built(kl)


@right("audit_kl", beta=1)
def expm1_form():
    """(mu^2 + expm1(logvar) - logvar) / 2, summed: expm1(v) = e^v - 1.

    Source: made for this set, after numerically careful libraries.
    """

    def kl_divergence(mean, log_var):
        return 0.5 * torch.sum(torch.square(mean) + torch.expm1(log_var) - log_var)

    return Built(kl_divergence)


@right("audit_kl", beta=1)
def relu_that_does_nothing():
    """Each coordinate's KL is >= 0, so clamping it at 0 changes neither its value nor its gradient.

    Source: guards against a negative KL, as proposed in jaywalnut310/vits issue 6.
    """

    def kl(mu, logvar):
        each = 0.5 * (mu.pow(2) + logvar.exp() - logvar - 1)
        return torch.clamp(each, min=0).sum(-1).mean()

    return Built(kl)


@right("audit_kl", beta=1)
def loops_over_rows_and_latents():
    """The KL of one number, added up in two Python loops and divided by the rows.

    Source: beginners' code, and XMUDeepLIT/VNMT's style of explicit unary operations.
    """

    def gaussian_kl(mu, std):
        total = mu.new_zeros(())
        for i in range(mu.size(0)):
            for j in range(mu.size(1)):
                s = std[i, j]
                total += -torch.log(s) + (s**2 + mu[i, j] ** 2) / 2 - 0.5
        return total / mu.size(0)

    return Built(gaussian_kl, scale="std")


@wrong("audit_kl")
def square_of_log_sigma():
    """log(sigma)^2 where 2 log sigma belongs.

    mu = 0, sigma = e: (e^2 - 1 - 1) / 2 = 2.69, the KL is (e^2 - 1 - 2) / 2 = 2.19; sigma = 1/e: -0.93 for 0.57.
    Source: FluxML/model-zoo pull request 76.
    """

    def kl(mu, sigma):
        return 0.5 * torch.sum(mu**2 + sigma**2 - 1 - torch.log(sigma) ** 2)

    return Built(kl, scale="std")


@wrong("audit_kl", declare={"roles": {"weight_mu": "mu", "weight_logvar": "logvar"}})
def logvar_read_as_log_std():
    """-v + (e^(2v) + mu^2 - 1) / 2 is the KL of a log standard deviation v; given a log-variance it is another.

    mu = 0, v = 1: -1 + (e^2 - 1) / 2 = 2.19 where the KL is (e - 1 - 1) / 2 = 0.36; at v = -1: 0.57 for 0.18.
    Source: KarenUllrich/Tutorial_BayesianCompressionForDL issue 1.
    """

    def kl(weight_mu, weight_logvar):
        element = -weight_logvar + 0.5 * (weight_logvar.exp().pow(2) + weight_mu.pow(2)) - 0.5
        return element.sum()

    return Built(kl)


@wrong("audit_kl")
def arguments_of_kl_divergence_swapped():
    """KL(p || q) = ((1 + mu^2) / sigma^2 + log sigma^2 - 1) / 2: at mu = 0, sigma^2 = 4 it is 0.318, KL(q || p) 0.807.

    Source: kumar-shridhar/PyTorch-BayesianCNN issue 28, KL[p || q] for KL[q || p].
    """

    def kl(mu, logvar):
        q = td.Normal(mu, torch.exp(0.5 * logvar))
        p = td.Normal(torch.zeros_like(mu), torch.ones_like(mu))
        return td.kl_divergence(p, q).sum(dim=1)

    return Built(kl)


@wrong("audit_kl")
def kl_of_the_batch_average():
    """The moments are averaged over rows first: mu = +1, -1 with sigma = 1 gives 0 where the KLs are 1/2 and 1/2.

    Source: made for this set; a `mean(0)` in the wrong place.
    """

    def kl(mu, logvar):
        m, v = mu.mean(0), logvar.mean(0)
        return -0.5 * torch.sum(1 + v - m.pow(2) - v.exp())

    return Built(kl)


@wrong("audit_kl")
def deviation_where_the_variance_belongs():
    """mu^2 + sigma - log sigma^2 - 1: at mu = 0 it is smallest at sigma = 2, not at 1: -0.193, where the KL is 0.807.

    Source: pytorch/examples issue 225 and tkipf-like ports, sigma for sigma^2 in the last term.
    """

    def kl(mu, logvar):
        std = torch.exp(0.5 * logvar)
        return 0.5 * torch.sum(mu.pow(2) + std - logvar - 1)

    return Built(kl)


@wrong("audit_kl")
def log_det_term_left_out():
    """(mu^2 + sigma^2 - 1) / 2 has no log: smallest at sigma = 0, where a KL is infinite. 1.5 at sigma = 2, KL 0.807.

    Source: pluskid/Mocha.jl issue 117, a KL layer without log(sigma).
    """

    def kl(mu, log_std):
        return 0.5 * (mu.square() + torch.exp(2 * log_std) - 1).sum(1).mean()

    return Built(kl, scale="logstd")
