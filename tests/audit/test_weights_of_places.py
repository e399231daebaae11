"""Constants of the batch that a likelihood is multiplied by: zeros and ones are a mask, and all else are weights."""

import pytest
import torch
from torch import nn

from vaelid.auditor import audit

ROWS, PIXELS = 60, 64
X = (torch.rand(ROWS, PIXELS, generator=torch.Generator().manual_seed(1)) > 0.5).float()
THIRDS = (torch.arange(ROWS * PIXELS).reshape(ROWS, PIXELS) % 3 > 0).float()


def step_of(loss):
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(PIXELS, 8), nn.Linear(4, PIXELS)

    def step(batch):
        x, weights = batch
        mu, logvar = encoder(x).chunk(2, dim=1)
        logits = decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
        nll = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
        return loss(nll, ((mu**2 + logvar.exp() - logvar - 1) / 2).sum(1), weights)

    return step


def of_places(nll, kl, weights):
    return ((nll * weights).sum(1) + kl).mean()


def of_rows(nll, kl, weights):
    return (nll.sum(1) * weights + kl).mean()


def of_both(nll, kl, weights):
    return ((nll.sum(1) + kl) * weights).sum() / weights.sum()


def with_one(weights, value):
    changed = weights.clone()
    changed.view(-1)[weights.numel() // 2 + 5] = value
    return changed


WRONG = {
    "half of the rows twice": (of_rows, 2.0 * (torch.arange(ROWS) % 2)),
    "all rows twice": (of_rows, torch.full((ROWS,), 2.0)),
    "all rows half": (of_rows, torch.full((ROWS,), 0.5)),
    "all places five times": (of_places, torch.full((ROWS, PIXELS), 5.0)),
    "one row five times": (of_rows, with_one(torch.ones(ROWS), 5.0)),
    "one place five times": (of_places, with_one(torch.ones(ROWS, PIXELS), 5.0)),
    "one place of a mask five times": (of_places, with_one(THIRDS, 5.0)),
}


@pytest.mark.every(3)
@pytest.mark.parametrize("name", WRONG)
def test_weights_are_no_mask(name):
    loss, weights = WRONG[name]
    report = audit(step_of(loss), (X, weights))
    assert (report.verdict, report.objective_name) == ("OTHER", "a likelihood with a weight for each place")


@pytest.mark.every(14)
@pytest.mark.parametrize("name", WRONG)
def test_nor_are_they_where_an_elbo_is_declared(name):
    loss, weights = WRONG[name]
    assert audit(step_of(loss), (X, weights), beta=1.0, likelihood="bernoulli").verdict != "PROVED"


@pytest.mark.parametrize("weights", [torch.arange(ROWS) % 2, 3.0 * (torch.arange(ROWS) % 2)])
def test_a_weight_of_likelihood_and_kl_of_a_row_is_none(weights):
    report = audit(step_of(of_both), (X, weights.float()))
    assert (report.verdict, report.beta_effective) == ("PROVED", 1.0)


@pytest.mark.parametrize(("loss", "mask"), [(of_places, THIRDS), (of_rows, (torch.arange(ROWS) % 2).float())])
def test_zeros_and_ones_are_a_mask(loss, mask):
    report = audit(step_of(loss), (X, mask))
    assert (report.verdict, report.beta_effective) == ("PROVED", 1.0)
