"""What a function without a formula made of data refutes nothing: whether data stand in it is not known."""

import pytest
import torch
from torch import nn

from vaelid.auditor import audit

ENCODER, DECODER = nn.Linear(7, 6), nn.Linear(3, 7)


def step_of(loss):
    def step(batch):
        x, mask = batch
        mu, logvar = ENCODER(x).chunk(2, -1)
        out = DECODER(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
        return loss(0.5 * (out - x) ** 2, out, x, mask) - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()

    return step


RIGHT_AND_NOT_READ = {
    "sorted": lambda nll, out, x, mask: nll.sort(1).values.sum(),
    "cumulated": lambda nll, out, x, mask: nll.cumsum(1)[:, -1].sum(),
    "rolled": lambda nll, out, x, mask: nll.roll(1, 1).sum(),
    "flipped": lambda nll, out, x, mask: nll.flip(1).sum(),
    "places by number": lambda nll, out, x, mask: nll[:, [6, 5, 4, 3, 2, 1, 0]].sum(),
    "kept and sorted": lambda nll, out, x, mask: nll[mask].sort().values.sum(),
    "by a product of matrices": lambda nll, out, x, mask: (nll @ torch.ones(7, 1)).sum(),
}


@pytest.mark.parametrize("name", RIGHT_AND_NOT_READ)
@pytest.mark.parametrize("declared", [{}, {"beta": 1}, {"beta": 1, "likelihood": "gaussian"}])
@pytest.mark.every(8)
def test_what_was_not_read_is_not_refuted(name, declared):
    torch.manual_seed(0)
    batch = torch.randn(5, 7), torch.rand(5, 7) > 0.3
    report = audit(step_of(RIGHT_AND_NOT_READ[name]), batch, **declared)
    assert report.verdict in ("PROVED", "UNKNOWN"), report


def test_an_output_that_is_compared_with_nothing_is_refuted_still():
    torch.manual_seed(0)
    batch = torch.randn(5, 7), torch.rand(5, 7) > 0.3
    other = nn.Linear(7, 7)
    step = step_of(lambda nll, out, x, mask: nll[mask].sum() + 0.1 * other(out).abs().sum())
    assert audit(step, batch, beta=1).verdict == "REFUTED"


@pytest.mark.slow
def test_of_a_latent_that_was_not_read_no_array_is_one_that_is_compared_with_nothing():
    """A second latent with a whole covariance: its triangle stands in its KL, which is not read."""
    torch.manual_seed(0)
    encoder, above, decoder = nn.Linear(7, 6), nn.Linear(7, 4), nn.Linear(4, 7)

    def step(x):
        mu, logvar = above(x).chunk(2, -1)
        top = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        loc, raw = encoder(x).split([2, 4], -1)
        tril = raw.view(-1, 2, 2).tril(-1) + torch.diag_embed(nn.functional.softplus(raw[:, :2]))
        q = torch.distributions.MultivariateNormal(loc, scale_tril=tril)
        z = q.rsample()
        p = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2))
        kl = (q.log_prob(z) - p.log_prob(z)).sum() - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()
        return 0.5 * ((decoder(torch.cat([z, top], 1)) - x) ** 2).sum() + kl

    for declared in ({}, {"beta": 1}, {"likelihood": "gaussian"}):
        assert audit(step, torch.randn(5, 7), **declared).verdict in ("PROVED", "UNKNOWN")


def test_outputs_of_the_step_before_are_not_those_of_another_row():
    """With as many steps of time as rows, along the first axis: x[t] is compared with what was put out at t - 1."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(7, 6), nn.Linear(3, 7)

    def step(x):
        mu, logvar = encoder(x.mean(0)).chunk(2, -1)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        out = decoder(z) + x * 0.5
        nll = 0.5 * ((out[:-1] - x[1:]) ** 2).sum() + 0.5 * (x[0] ** 2).sum()
        return nll - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()

    report = audit(step, torch.randn(5, 5, 7), beta=1, likelihood="gaussian")
    assert "of another row" not in str(report)


@pytest.mark.parametrize("declared", [{}, {"beta": 1, "likelihood": "gaussian"}])
@pytest.mark.every(2)
def test_a_step_of_time_that_is_given_the_one_before_is_no_fault(declared):
    """p(x_1 | z) p(x_2 | x_1, z) ...: places of a row do not add up, and an output stands with several of them."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(7, 6), nn.Linear(3, 7)

    def step(x):
        mu, logvar = encoder(x.mean(1)).chunk(2, -1)
        move = decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
        nll = 0.5 * ((x[:, :-1] + move[:, None] - x[:, 1:]) ** 2).sum() + 0.5 * ((x[:, 0] - move) ** 2).sum()
        return nll - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()

    assert audit(step, torch.randn(6, 5, 7), **declared).verdict in ("PROVED", "UNKNOWN")


@pytest.mark.parametrize("declared", [{}, {"beta": 1, "likelihood": "gaussian"}])
def test_an_output_that_several_places_share_is_no_fault(declared):
    """A mean of two neighbouring outputs, and one learned scale for all places of a row."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(7, 6), nn.Linear(3, 9)

    def step(x):
        mu, logvar = encoder(x).chunk(2, -1)
        out = decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
        mean, scale = (out[:, :7] + out[:, 1:8]) / 2, out[:, 8:]
        nll = 0.5 * ((mean - x) ** 2 * torch.exp(-scale) + scale).sum()
        return nll - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()

    assert audit(step, torch.randn(5, 7), **declared).verdict in ("PROVED", "UNKNOWN")
