"""What is recognised of whole steps, against the sum of torch.distributions' own log-densities and divergences."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal, Poisson, kl_divergence

from vaelid.auditor.formula.kinds import Divergence, Reconstruction
from vaelid.auditor.model.loss_model import model_of
from vaelid.auditor.recognition.groups import ProvedGroup
from vaelid.auditor.recognition.objective import identify

from ..made import Nets, batch, formula_of_step
from ..numbers_of_terms import value


def step_of(law, prior=None, weight=1.0):
    """A step in torch's own words: -log p of a law of the decoder's output, and a weight times the KL to a prior."""
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        q = Normal(mu, torch.exp(logvar / 2))
        p = prior(mu) if prior else Normal(torch.zeros_like(mu), torch.ones_like(mu))
        nll = -law(nets.decoder(q.rsample())).log_prob(x).sum()
        return nll + weight * kl_divergence(q, p).sum()

    return step


def counts():
    return torch.poisson(3 * torch.ones(5, 7), generator=torch.Generator().manual_seed(0))


STEPS = {
    "gaussian of a small variance": (step_of(lambda h: Normal(h, 0.1)), batch(), "gaussian", 100, 1, "N(0, I)"),
    "bernoulli": (step_of(lambda h: Bernoulli(logits=h)), (batch() > 0.5).float(), "bernoulli", 1, 1, "N(0, I)"),
    "poisson": (step_of(lambda h: Poisson(h.exp())), counts(), "poisson", 1, 1, "N(0, I)"),
    "beta": (step_of(lambda h: Normal(h, 1.0), weight=4.0), batch(), "gaussian", 1, 4, "N(0, I)"),
    "wide prior": (
        step_of(lambda h: Normal(h, 1.0), lambda m: Normal(torch.zeros_like(m), 2 * torch.ones_like(m))),
        batch(),
        "gaussian",
        1,
        1,
        "N(0, 4)",
    ),
}


QUICK = ("bernoulli", "wide prior")


@pytest.fixture(
    scope="module", params=[name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in STEPS]
)
def case(request):
    step, x, family, of_data, of_kl, prior = STEPS[request.param]
    return identify(model_of(formula_of_step(step, x), None).question), family, of_data, of_kl, prior


def test_a_step_in_torchs_words_is_proved(case):
    assert case[0].theorem is not None, case[0].failure


def test_its_likelihood_has_its_family_and_weight(case):
    found, family, of_data, _, _ = case
    group = found.group(Reconstruction())
    assert isinstance(group, ProvedGroup)
    assert group.found.target.family == family
    assert value(group.weight, found.question.values.lengths) == pytest.approx(of_data, rel=1e-6)


def test_its_divergence_has_its_prior_and_weight(case):
    found, _, _, of_kl, prior = case
    group = found.group(Divergence(0))
    assert isinstance(group, ProvedGroup)
    assert group.found.target.name == prior
    assert value(group.weight, found.question.values.lengths) == pytest.approx(of_kl, rel=1e-6)


def test_its_divergence_has_the_value_of_torchs(case):
    found, _, _, _, prior = case
    group = found.group(Divergence(0))
    assert isinstance(group, ProvedGroup)
    question = found.question
    posterior = question.posteriors[0]
    mean, log_variance = (question.values.whole(t, posterior.axes)[1] for t in (posterior.mean, posterior.log_variance))
    of_prior = {"N(0, I)": (0.0, 1.0), "N(0, 4)": (0.0, 2.0)}[prior]
    wanted = kl_divergence(Normal(mean, torch.exp(log_variance / 2)), Normal(*map(torch.tensor, of_prior)))
    numbers = question.values.whole(group.found.target.term, posterior.axes)[1]
    torch.testing.assert_close(numbers, wanted.to(numbers.dtype), rtol=1e-6, atol=1e-8)
