"""Objectives that are no ELBO are named; an ELBO is not."""

import pytest
import torch
from torch import nn

from vaelid.auditor.formula.kinds import Divergence, Reconstruction
from vaelid.auditor.model.loss_model import model_of
from vaelid.auditor.recognition.objective import identify
from vaelid.auditor.recognition.other_objectives import (
    PLAIN,
    QUANTISED,
    autoencoder,
    compares_rows,
    function_of_divergence,
    function_of_likelihood,
    is_constant,
    likelihood_and_more,
    mixture_prior,
)

from ..made import L, Nets, formula_of_step, kl, question_of_loss, squares, textbook, usual_step


def group_of(loss, kind):
    found = identify(question_of_loss(loss))
    group = found.group(kind)
    assert group is not None
    return found.question, group


def group_of_step(of_kl):
    """The divergence of a step with this function of mean and log-variance."""
    found = identify(model_of(formula_of_step(usual_step(of_kl=of_kl, scale=0.1)), None).question)
    group = found.group(Divergence(0))
    assert group is not None
    return found.question, group


FREE_BITS = "free bits: max(KL, a number)"


def coordinates(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


DIVERGENCES = {
    "free bits of each": (lambda m, lv: coordinates(m, lv).clamp(min=0.5).sum(), FREE_BITS),
    "free bits of rows": (
        lambda m, lv: coordinates(m, lv).sum(1).clamp(min=2.0).mean(),
        "free bits: max(KL, a number)",
    ),
    "free bits of all": (lambda m, lv: torch.maximum(kl(m, lv), torch.tensor(3.0)), FREE_BITS),
    "capacity": (lambda m, lv: 10 * (kl(m, lv) - 5).abs(), "capacity: |KL - C|"),
    "squared capacity": (lambda m, lv: (kl(m, lv) - 5) ** 2, "squared capacity: (KL - C)^2"),
    "clamped from above": (lambda m, lv: coordinates(m, lv).clamp(max=3.0).sum(), "a KL clamped from above"),
    "root": (lambda m, lv: kl(m, lv).sqrt(), "the root of the KL"),
}


@pytest.mark.parametrize("name", DIVERGENCES)
def test_a_function_of_the_kl_is_named(name):
    function, said = DIVERGENCES[name]
    question, group = group_of_step(function)
    assert function_of_divergence(question, group) == said


@pytest.mark.parametrize("function", [kl, lambda m, lv: (m**4).sum() + lv.sum(), lambda m, lv: (m.abs() + lv).sum()])
def test_what_is_no_function_of_the_kl_is_not(function):
    question, group = group_of(lambda x_hat, x, mu, logvar: squares(x_hat, x) + function(mu, logvar), Divergence(0))
    assert function_of_divergence(question, group) is None


def test_only_divergences_are_functions_of_divergences():
    question, group = group_of(textbook, Reconstruction())
    assert function_of_divergence(question, group) is None


LIKELIHOODS = {
    "root": (lambda x_hat, x: ((x - x_hat) ** 2).sum().sqrt(), "the root of a summed Gaussian error"),
    "root of each row": (
        lambda x_hat, x: ((x - x_hat) ** 2).sum(1).sqrt().sum(),
        "the root of a summed Gaussian error",
    ),
    "logarithm": (lambda x_hat, x: torch.log(((x - x_hat) ** 2).sum()), "a function (log) of a summed Gaussian error"),
    "square": (lambda x_hat, x: ((x - x_hat).abs().sum()) ** 2, "a function (square) of a summed Laplace error"),
}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_function_of_a_likelihood_is_named(name):
    function, said = LIKELIHOODS[name]
    question, group = group_of(lambda x_hat, x, mu, logvar: function(x_hat, x) + kl(mu, logvar), Reconstruction())
    assert function_of_likelihood(question, group) == said


def test_a_likelihood_itself_is_not():
    question, group = group_of(textbook, Reconstruction())
    assert function_of_likelihood(question, group) is None


@pytest.mark.parametrize(
    ("function", "constant"),
    [
        (lambda m, lv: kl(m, lv).clamp(max=0.0), True),
        (lambda m, lv: kl(m, lv).clamp(min=1e9), True),
        (kl, False),
        (lambda m, lv: coordinates(m, lv).clamp(min=0.5).sum(), False),
    ],
)
def test_a_kl_that_is_clamped_away(function, constant):
    question, group = group_of_step(function)
    assert is_constant(question, group) is constant


def test_an_autoencoder_is_plain_or_quantised():
    nets, table = Nets(), nn.Parameter(torch.randn(10, L))

    def plain(x):
        mu, _ = nets.posterior(x)
        return squares(nets.decoder(mu), x)

    def quantised(x):
        mu, _ = nets.posterior(x)
        nearest = table[torch.cdist(mu, table).argmin(1)]
        return squares(nets.decoder(mu + (nearest - mu).detach()), x) + ((nearest - mu.detach()) ** 2).sum()

    assert autoencoder(formula_of_step(plain))[0] == PLAIN
    name, claim = autoencoder(formula_of_step(quantised))
    assert name == QUANTISED
    assert claim.verdict == "OTHER"


def discrepancy(z, other):
    """A sum over pairs of rows."""
    return torch.exp(-((z[:, None] - other[None]) ** 2).sum(-1)).sum()


@pytest.mark.slow
def test_pairs_of_rows_are_seen():
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) + kl(mu, logvar) + discrepancy(mu, mu)

    run = formula_of_step(step)
    found = identify(model_of(run, None).question)
    assert any(compares_rows(run.reading.axes, group) for group in found.groups)
    run = formula_of_step(usual_step())
    found = identify(model_of(run, None).question)
    assert not any(compares_rows(run.reading.axes, group) for group in found.groups)


@pytest.mark.slow
def test_a_further_term_of_another_network_is_named():
    nets, other = Nets(), nn.Linear(L, 1)

    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) + nn.functional.softplus(other(z)).sum() + kl(mu, logvar)

    found = identify(model_of(formula_of_step(step), None).question)
    group = found.group(Reconstruction())
    assert group is not None
    said = likelihood_and_more(found.question, group)
    assert said == "a likelihood and a further term of another network: a density ratio, an adversarial loss, a flow"
    question, group = group_of(textbook, Reconstruction())
    assert likelihood_and_more(question, group) is None


@pytest.mark.slow
def test_a_mixture_as_prior_is_named():
    centres = torch.randn(6, L)

    def estimate(mu, logvar, z):
        log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar).sum(-1)
        log_p = torch.logsumexp(-0.5 * ((z[:, None] - centres) ** 2).sum(-1), 1)
        return (log_q - log_p).sum()

    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) + estimate(mu, logvar, z)

    found = identify(model_of(formula_of_step(step), None).question)
    group = found.group(Divergence(0))
    assert group is not None
    assert mixture_prior(found.question, group) == "an estimate, at the draw, of a KL to a prior that is a mixture"
    question, group = group_of(textbook, Divergence(0))
    assert mixture_prior(question, group) is None
