"""A posterior that is not sampled is found by its divergence; of other terms none is."""

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.model.unsampled_posterior import unsampled

from ..made import Nets, formula_of_step, kl, squares


def step_with(of_posterior):
    """A step that decodes the mean, with these terms of mean and log-variance."""
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        return squares(nets.decoder(mu), x) + of_posterior(mu, logvar)

    return step


FOUND = {
    "kl": kl,
    "weighted": lambda mu, logvar: 4 * kl(mu, logvar) / len(mu),
    "mean": lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(),
    "deviation": lambda mu, logstd: 0.5 * (mu**2 + (2 * logstd).exp() - 1 - 2 * logstd).sum(),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_posterior_of_a_divergence_is_found(name):
    run = formula_of_step(step_with(FOUND[name]))
    found = unsampled(run)
    assert found is not None
    assert names_in(found.mean) == names_in(found.log_variance) == {"h1"}
    assert found.mean.term is not found.log_variance.term
    assert found.noise == ""


NONE = {
    "weight decay": lambda mu, logvar: (mu**2).sum(),
    "nothing": lambda mu, logvar: 0 * mu.sum(),
    "no kl": lambda mu, logvar: (mu**4 + logvar.exp() - logvar).sum(),
    "reversed": lambda mu, logvar: ((1 + mu**2) / logvar.exp() + logvar).sum(),
}


@pytest.mark.parametrize("name", NONE)
def test_of_other_terms_none_is_found(name):
    assert unsampled(formula_of_step(step_with(NONE[name]))) is None


def test_a_sample_that_stands_in_the_divergence_alone_has_its_posterior():
    def estimate(mu, logvar):
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return 0.5 * (z**2 - (z - mu) ** 2 / logvar.exp() - logvar).sum()

    run = formula_of_step(step_with(estimate))
    found = unsampled(run)
    assert found is not None
    assert found.noise == "eps1"
    assert "test_unsampled_posterior" in found.source
