"""A claim names the line of the user's that made the part of the loss that it speaks of."""

import inspect

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Normal

from vaelid.auditor import audit, audit_loss


def line_with(function, mark):
    """The file and line of a function's source that ends with a mark."""
    lines, first = inspect.getsourcelines(function)
    (found,) = [n for n, line in enumerate(lines) if line.rstrip().endswith(f"# {mark}")]
    return f"{__file__}:{first + found}"


def kl_first(x_hat, x, mu, logvar):
    kl = -0.5 * torch.sum(1 + logvar - mu - logvar.exp())  # divergence
    scaled = kl / len(x)
    nll = 0.5 * ((x_hat - x) ** 2).sum()  # reconstruction
    return nll / len(x) + scaled


def scaled_elsewhere(x_hat, x, mu, logvar):
    kl = torch.sum(1 + logvar - mu - logvar.exp())  # divergence
    kl = kl.neg()
    kl *= 0.5
    nll = 0.5 * ((x_hat - x) ** 2).sum()  # reconstruction
    return (nll + kl.squeeze()) / len(x)


def added_in_place(x_hat, x, mu, logvar):
    loss = F.binary_cross_entropy(x_hat, x, reduction="sum")  # reconstruction
    loss += -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()  # divergence
    return loss / len(x)


def with_a_variance(x_hat, x, mu, var):
    nll = 0.5 * ((x_hat - x) ** 2).sum(1)  # reconstruction
    kl = 0.5 * (mu**2 + var - 1 - var.log()).sum(1)  # divergence
    return (nll + kl).mean()


@pytest.mark.parametrize("loss", [kl_first, scaled_elsewhere, added_in_place, with_a_variance])
def test_lines_of_a_loss_of_tensors(loss):
    claims = {claim.name: claim for claim in audit_loss(loss).claims}
    assert claims["reconstruction"].source == line_with(loss, "reconstruction")
    assert claims["divergence"].source == line_with(loss, "divergence")


@pytest.mark.parametrize("closed", [True, False])
def test_lines_of_a_step(closed):
    encoder, decoder = nn.Linear(7, 6), nn.Linear(3, 7)

    def step(x):
        mu, logvar = encoder(x).chunk(2, 1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)  # sampler
        nll = 0.5 * ((decoder(z) - x) ** 2).sum()  # reconstruction
        q = Normal(mu, torch.exp(0.5 * logvar))
        exact = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()  # closed
        drawn = (q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum()  # drawn
        return nll + (exact if closed else drawn)

    claims = {claim.name: claim for claim in audit(step, torch.rand(5, 7)).claims}
    assert {name: claim.verdict for name, claim in claims.items()} == dict.fromkeys(claims, "PROVED")
    assert claims["divergence"].source == line_with(step, "closed" if closed else "drawn")
    assert claims["reconstruction"].source == line_with(step, "reconstruction")
    assert claims["sampler"].source == line_with(step, "sampler")


def test_what_is_not_joined_has_no_line():
    claims = audit_loss(lambda x_hat, x, mu, logvar: 0.5 * ((x_hat - x) ** 2).sum()).claims
    assert {claim.source for claim in claims if claim.name == "reconstruction"} == {None}
