"""The loss that this package trains with, audited: its fused kernels by their slow sides."""

import pytest
import torch

from vaelid import audit
from vaelid.train.model import VAE
from vaelid.train.slow_sides import slow_sides
from vaelid.train.twins import TWINS

COUNTS = torch.randint(0, 17, (5, 7), generator=torch.Generator().manual_seed(0)).float()
LOSSES = {
    "binomial:16": (COUNTS, "binomial of 16 trials"),
    "bernoulli": ((COUNTS > 8).float(), "Bernoulli"),
    "gaussian": (COUNTS / 16, "Gaussian of learned variance"),
    "laplace": (COUNTS / 16, "Laplace of learned scale"),
    "poisson": (COUNTS, "Poisson"),
}


def step_of(model, beta):
    def step(x):
        with slow_sides():
            return model.loss(x, beta=beta)

    return step


@pytest.mark.parametrize("beta", [1.0, 4.0])
@pytest.mark.parametrize("likelihood", LOSSES)
def test_the_loss_that_is_trained_is_proved(likelihood, beta):
    x, name = LOSSES[likelihood]
    report = audit(step_of(VAE(obs=(7,), latent=3, hidden=(6,), likelihood=likelihood), beta), x, beta=beta)
    assert (report.verdict, report.beta_effective, report.likelihood, report.prior) == ("PROVED", beta, name, "N(0, I)")


@pytest.mark.parametrize("likelihood", ["binomial:16", "bernoulli", "gaussian"])
def test_the_slow_sides_give_the_loss_of_the_fast_ones_to_their_bounds(likelihood):
    x, _ = LOSSES[likelihood]
    model, eps = VAE(obs=(7,), latent=3, hidden=(6,), likelihood=likelihood), torch.randn(5, 3)
    fast = model.loss(x, eps)
    with slow_sides():
        slow = model.loss(x, eps)
    scale = 7 * 16 * 3.0  # more than the terms add up to
    assert abs(fast.item() - slow.item()) <= sum(twin.relative for twin in TWINS.values()) * scale
    assert torch.equal(model.loss(x, eps), fast)
