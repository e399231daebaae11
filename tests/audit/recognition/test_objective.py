"""A loss as weights times likelihoods and divergences: the theorem is true at numbers, for lengths of every size."""

from functools import cache

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, PARAMETER, Divergence, Reconstruction
from vaelid.auditor.model.loss_model import model_of
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.auditor.recognition.groups import ProvedGroup, UnprovedGroup
from vaelid.auditor.recognition.objective import identify, of_one_array
from vaelid.auditor.recognition.priors import prior_sees_sample
from vaelid.auditor.recognition.quantities import Quantity
from vaelid.readings.terms.arrays import as_term

from ..made import Nets, formula_of_step, kl, question_of_loss, squares, textbook, usual_step
from ..numbers_of_terms import holds, random_numbers, value


def sigmoid_loss(x_hat, x, mu, logvar):
    return torch.nn.functional.binary_cross_entropy(x_hat, x, reduction="sum") + kl(mu, logvar)


def learned_variance(x_hat, x, mu, logvar, x_logvar):
    return 0.5 * (x_logvar + (x - x_hat) ** 2 / x_logvar.exp()).sum() + kl(mu, logvar)


LOSSES = {
    "textbook": (textbook, 1, 1),
    "squares without a half": (lambda x_hat, x, mu, logvar: ((x - x_hat) ** 2).sum() + kl(mu, logvar), 2, 1),
    "mean over rows": (lambda x_hat, x, mu, logvar: textbook(x_hat, x, mu, logvar) / len(x), 0.2, 0.2),
    "mean of both": (
        lambda x_hat, x, mu, logvar: ((x - x_hat) ** 2).mean() + (mu**2 + logvar.exp() - 1 - logvar).mean() / 2,
        2 / 35,
        1 / 15,
    ),
    "beta": (lambda x_hat, x, mu, logvar: squares(x_hat, x) + 4 * kl(mu, logvar), 1, 4),
    "laplace": (lambda x_hat, x, mu, logvar: (x - x_hat).abs().sum() + kl(mu, logvar), 1, 1),
    "bernoulli": (sigmoid_loss, 1, 1),
    "learned variance": (learned_variance, 1, 1),
    "with a constant": (lambda x_hat, x, mu, logvar: textbook(x_hat, x, mu, logvar) + 3 + (x**2).sum(), 1, 1),
}


@cache
def identified(name):
    """What is recognised of a loss: once for all tests."""
    return identify(question_of_loss(LOSSES[name][0]))


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_proved_with_its_weights(name):
    _, of_data, of_kl = LOSSES[name]
    found = identified(name)
    assert found.theorem is not None, found.failure
    lengths = found.question.values.lengths
    for kind, weight in ((Reconstruction(), of_data), (Divergence(0), of_kl)):
        group = found.group(kind)
        assert isinstance(group, ProvedGroup)
        assert value(group.weight, lengths) == pytest.approx(weight)
        assert value(group.found.fit.weights[0], lengths) == pytest.approx(weight)
        assert group.failure == ""
    assert found.proofs == 2
    assert not found.is_not_decomposed


@pytest.mark.parametrize("name", ["textbook", "mean over rows", "mean of both", "learned variance"])
def test_the_theorem_is_true_at_other_lengths(name):
    found = identified(name)
    assert found.theorem is not None
    count = len(found.question.values.lengths) // 2
    of_each = {leaf: arrays.shape for leaf, arrays in found.question.values.sets[0].items()}
    recorded = {n: length for n, length in found.question.values.lengths.items() if n[0] == "N"}
    for seed, (rows, latents, places) in enumerate([(2, 3, 4), (4, 2, 3)]):
        sizes = {5: rows, 3: latents, 7: places}
        lengths = tuple(sizes[recorded[f"N{axis}"]] for axis in range(count))
        numbers = random_numbers(seed, lengths)
        for leaf, shape in of_each.items():
            generator = torch.Generator().manual_seed(seed)
            numbers[leaf] = torch.randn([sizes[n] for n in shape], generator=generator, dtype=torch.float64).numpy()
        assert holds(found.theorem, numbers)


UNPROVED = {
    "no likelihood": (lambda x_hat, x, mu, logvar: ((x * x_hat) ** 2).sum() + kl(mu, logvar), Reconstruction()),
    "no divergence": (lambda x_hat, x, mu, logvar: squares(x_hat, x) + (mu**4 + logvar).sum(), Divergence(0)),
}


@pytest.mark.parametrize("name", UNPROVED)
def test_what_is_not_recognised_is_said_and_the_rest_is_proved(name):
    loss, kind = UNPROVED[name]
    found = identify(question_of_loss(loss))
    assert found.theorem is None
    group = found.group(kind)
    assert isinstance(group, UnprovedGroup)
    assert (group.found, group.theorem, group.failure) == (None, None, "")
    assert found.proofs == 1


def test_a_term_of_both_is_a_group_of_its_own():
    def loss(x_hat, x, mu, logvar):
        return textbook(x_hat, x, mu, logvar) + (x_hat * x).sum() * mu.sum()

    found = identify(question_of_loss(loss))
    assert found.theorem is None
    assert isinstance(found.group(MIXED), UnprovedGroup)


def test_a_loss_that_cannot_be_decomposed_is_one_group_with_the_reason(monkeypatch):
    def refuse(*_):
        raise NoProof("it is too odd")

    monkeypatch.setattr("vaelid.auditor.recognition.objective.decomposed", refuse)
    question = question_of_loss(textbook)
    found = identify(question)
    assert found.is_not_decomposed
    assert (found.failure, found.theorem, found.question) == ("it is too odd", None, question)
    assert found.groups[0].failure == "it is too odd"


def test_a_proof_that_fails_is_said_of_its_group(monkeypatch):
    def refuse(*_):
        raise NoProof("the solvers do not agree")

    monkeypatch.setattr("vaelid.auditor.recognition.objective.prove_pointwise", refuse)
    found = identify(question_of_loss(textbook))
    group = found.group(Divergence(0))
    assert isinstance(group, UnprovedGroup)
    assert group.found is not None
    assert group.failure == "the solvers do not agree"


def test_likelihoods_of_several_draws_are_told_apart():
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        drawn = [mu + torch.exp(logvar / 2) * torch.randn_like(mu) for _ in range(2)]
        return sum(squares(nets.decoder(z), x) for z in drawn) / 2 + kl(mu, logvar)

    found = identify(model_of(formula_of_step(step), None).question)
    assert found.theorem is not None
    assert [group.kind for group in found.reconstructions] == [Reconstruction(1), Reconstruction(2)]
    assert found.over_draws


@pytest.mark.slow
def test_likelihoods_of_several_data_are_not_over_draws():
    nets, other = Nets(), Nets()

    def step(batch):
        x, y = batch["x"], batch["y"]
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) + (other.decoder(z) - y).abs().sum() + kl(mu, logvar)

    data = {"x": torch.rand(5, 7), "y": torch.rand(5, 7)}
    found = identify(model_of(formula_of_step(step, data), None).question)
    assert found.theorem is not None
    assert {group.found.target.family for group in found.reconstructions if group.found} == {"gaussian", "laplace"}
    assert not found.over_draws


def test_a_monte_carlo_estimate_is_its_mean_and_a_rest():
    def estimate(mu, logvar):
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return 0.5 * (z**2 - (z - mu) ** 2 / logvar.exp() - logvar).sum()

    found = identify(model_of(formula_of_step(usual_step(of_kl=estimate)), None).question)
    group = found.group(Divergence(0))
    assert isinstance(group, ProvedGroup)
    assert group.rest is not None
    assert found.theorem is not None


def test_a_loss_as_a_multiple_of_one_array():
    question = question_of_loss(lambda x, mu: 3 * (mu**2).sum())
    found = of_one_array(question, question.posteriors[0].mean ** 2, "square")
    assert found is not None
    assert found.kind is PARAMETER
    assert value(found.weight, question.values.lengths) == 3
    other = question_of_loss(textbook)
    assert of_one_array(other, other.posteriors[0].mean ** 2, "square") is None


def test_whether_a_prior_was_made_from_the_sample():
    question = model_of(formula_of_step(usual_step()), None).question
    posterior = question.posteriors[0]
    output = element_of("h2", (0, 1))
    learned = Quantity("learned", output, learned=True, parameters=(output, as_term(0)))
    assert prior_sees_sample(question, posterior, learned)
    assert not prior_sees_sample(question, posterior, Quantity("fixed", output, parameters=(output, as_term(0))))
    own = Quantity("learned", output, learned=True, parameters=(posterior.mean, as_term(0)))
    assert not prior_sees_sample(question, posterior, own)


def test_constants_are_no_group_that_needs_a_proof():
    found = identified("with a constant")
    group = found.group(CONSTANT)
    assert group is not None
    assert group.theorem is None
    assert found.theorem is not None
