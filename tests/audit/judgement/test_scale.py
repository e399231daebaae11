"""The variance that a likelihood is taken to have, and the beta that follows: those of torch's own densities."""

import pytest
import torch
from torch import nn
from torch.distributions import Laplace, Normal, StudentT

from vaelid.auditor import audit

ENCODER, DECODER = nn.Linear(8, 4), nn.Linear(2, 8)
DENSITIES = {
    "Gaussian, variance 0.25": lambda out: Normal(out, 0.5),
    "Gaussian, variance 9": lambda out: Normal(out, 3.0),
    "Gaussian, variance 1": lambda out: Normal(out, 1.0),
    "Laplace, scale 0.75": lambda out: Laplace(out, 0.75),
}


def step_of(density, draws, reduced, weight):
    def step(x):
        mu, logvar = ENCODER(x).chunk(2, -1)
        nlls = [-density(DECODER(mu + (logvar / 2).exp() * torch.randn_like(mu))).log_prob(x) for _ in range(draws)]
        nll = torch.stack(nlls).mean(0) if draws > 1 else nlls[0]
        return reduced(nll) + weight * 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum() / len(x)

    return step


@pytest.mark.parametrize("draws", [1, 2, 3])
@pytest.mark.parametrize("name", DENSITIES)
@pytest.mark.parametrize(
    ("reduced", "places"), [(lambda nll: nll.sum(1).mean(), 1), (lambda nll: nll.mean(), 8)], ids=["of rows", "of all"]
)
@pytest.mark.every(8)
def test_the_variance_that_a_density_states_is_its_own(name, draws, reduced, places):
    torch.manual_seed(0)
    report = audit(step_of(DENSITIES[name], draws, reduced, 0.3), torch.randn(6, 8))
    assert report.verdict == "PROVED", report
    assert report.likelihood == name
    assert report.beta_effective == pytest.approx(0.3 * places, rel=1e-12)


@pytest.mark.parametrize("draws", [1, 3])
def test_an_error_without_its_constant_states_none(draws):
    torch.manual_seed(0)

    class Squares:
        def __init__(self, out):
            self.out = out

        def log_prob(self, x):
            return -2 * (x - self.out) ** 2

    report = audit(step_of(Squares, draws, lambda nll: nll.sum(1).mean(), 1.0), torch.randn(6, 8))
    assert (report.verdict, report.likelihood) == ("PROVED", "Gaussian, variance 1")
    assert report.beta_effective == pytest.approx(0.25, rel=1e-12)


LEARNED = {
    "Laplace of learned scale": lambda out: Laplace(out[:, :8], out[:, 8:].exp()),
    "Laplace of learned scale by a softplus": lambda out: Laplace(out[:, :8], nn.functional.softplus(out[:, 8:])),
    "Gaussian of learned variance": lambda out: Normal(out[:, :8], out[:, 8:].exp()),
    "density without a name": lambda out: StudentT(4.0, out[:, :8], 0.5),
}


@pytest.mark.parametrize("draws", [1, 2, 3])
@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.every(6)
def test_a_mean_over_draws_has_the_beta_of_one_draw(name, draws):
    torch.manual_seed(0)
    encoder, decoder, density = nn.Linear(8, 4), nn.Linear(2, 16), LEARNED[name]

    def step(x):
        mu, logvar = encoder(x).chunk(2, -1)
        nlls = [-density(decoder(mu + (logvar / 2).exp() * torch.randn_like(mu))).log_prob(x) for _ in range(draws)]
        return torch.stack(nlls).mean(0).sum(1).mean() + 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum() / len(x)

    report = audit(step, torch.randn(6, 8))
    assert (report.verdict, report.objective_name) == ("PROVED", "ELBO"), report
    assert name.startswith(report.likelihood)
    assert report.claim("reconstruction").weight == "1 / B"
