"""What was wrongly judged until a stranger tried it: each with its truth by hand, or by the sum that shows it."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vaelid.auditor import audit, audit_loss

D = 7


def bce(h, x):
    return F.binary_cross_entropy_with_logits(h, x, reduction="sum")


def squares(h, x):
    return 0.5 * ((h - x) ** 2).sum()


TWICE = {
    "some columns, of one output": lambda h, k, x: bce(h, x) + bce(h[:, 4:], x[:, 4:]),
    "some columns, of another head": lambda h, k, x: bce(h, x) + bce(k[:, 4:], x[:, 4:]),
    "some rows": lambda h, k, x: bce(h, x) + bce(h[3:], x[3:]),
    "columns that overlap in one": lambda h, k, x: bce(h[:, :4], x[:, :4]) + bce(k[:, 3:], x[:, 3:]),
    "all, by two families": lambda h, k, x: bce(h, x) + squares(k, x),
    "x and 1 - x": lambda h, k, x: bce(h, x) + bce(k, 1 - x),
    "a square": lambda h, k, x: squares(h, x) + squares(k, x**2),
}
ONCE = {
    "columns of two families": lambda h, k, x: bce(h[:, :4], x[:, :4]) + squares(k[:, 4:], x[:, 4:]),
    "three parts": lambda h, k, x: bce(h[:, :2], x[:, :2]) + squares(h[:, 2:5], x[:, 2:5]) + bce(h[:, 5:], x[:, 5:]),
}


def verdict(likelihoods, draws=1, **declared):
    torch.manual_seed(0)
    encoder, decoder, head = nn.Linear(D, 6), nn.Linear(3, D), nn.Linear(3, D)

    def step(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = [mu + (logvar / 2).exp() * torch.randn_like(mu) for _ in range(draws)]
        return (
            likelihoods(decoder(z[0]), (head if draws == 1 else decoder)(z[-1]), x)
            + 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()
        )

    return audit(step, (torch.rand(6, D) > 0.5).float(), **declared).verdict


def test_two_cross_entropies_of_one_datum_are_no_density():
    h = torch.tensor([-2.0, 0.0, 1.0], dtype=torch.float64)
    nll = torch.stack(
        [2 * F.binary_cross_entropy_with_logits(h, torch.full_like(h, x), reduction="none") for x in (0, 1)]
    )
    totals = (-nll).exp().sum(0)
    assert totals.max() - totals.min() > 0.2


@pytest.mark.parametrize("draws", [1, 2])
@pytest.mark.parametrize("name", TWICE)
@pytest.mark.every(14)
def test_data_that_are_counted_twice_are_not_proved(name, draws):
    assert verdict(TWICE[name], draws) in ("UNKNOWN", "REFUTED", "OTHER")
    assert verdict(TWICE[name], draws, beta=1.0) in ("UNKNOWN", "REFUTED", "OTHER")


@pytest.mark.parametrize("name", ONCE)
def test_parts_of_the_data_are_proved(name):
    assert verdict(ONCE[name]) == "PROVED"


def test_of_a_function_of_tensors_as_well():
    def loss(x_hat, x, mu, logvar):
        return bce(x_hat, x) + bce(x_hat[:, 2:], x[:, 2:]) + 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()

    report = audit_loss(loss)
    assert report.verdict != "PROVED"


def test_noise_of_a_decoders_own_layer_needs_no_kl():
    """q(z2 | z1) = p(z2 | z1): the KL of z2 is 0, so the loss is an ELBO. It is not read as one, and not refuted."""
    torch.manual_seed(0)
    encoder, layer, decoder = nn.Linear(D, 6), nn.Linear(3, 6), nn.Linear(3, D)

    def step(x):
        mu, logvar = encoder(x).chunk(2, -1)
        mean, spread = layer(mu + (logvar / 2).exp() * torch.randn_like(mu)).chunk(2, -1)
        z = mean + (spread / 2).exp() * torch.randn_like(mean)
        return bce(decoder(z), x) + 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()

    report = audit(step, (torch.rand(6, D) > 0.5).float())
    assert report.verdict == "UNKNOWN"
    assert "noise of the decoder's own" in report.summary


def test_targets_of_fewer_digits_than_the_outputs_are_no_wrong_gradient():
    """A cross-entropy of float64 logits and float32 targets is a float32: its slope is no better than that."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(D, 6), nn.Linear(3, D)

    def step(x):
        mu, logvar = encoder(x).chunk(2, -1)
        h = decoder(mu + (logvar / 2).exp() * torch.randn_like(mu))
        return bce(h, (x > 0.5).float()) + 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()

    assert audit(step, torch.rand(6, D)).verdict == "PROVED"


@pytest.mark.parametrize("declared", [{}, {"likelihood": "gaussian", "beta": 1.0}])
def test_an_error_that_is_a_square_near_the_data_is_no_gaussians(declared):
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(D, 6), nn.Linear(3, D)

    def step(x):
        mu, logvar = encoder(x).chunk(2, -1)
        h = decoder(mu + (logvar / 2).exp() * torch.randn_like(mu))
        return F.huber_loss(h, x, delta=20.0, reduction="sum") + 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()

    report = audit(step, torch.randn(6, D), **declared)
    assert report.likelihood != "Gaussian, variance 1"
    assert report.verdict != "PROVED" or not declared
