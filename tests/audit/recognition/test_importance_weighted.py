"""Importance-weighted bounds: the right ones are proved, the wrong ones say what they are."""

import math

import pytest
import torch

from vaelid.auditor.model.loss_model import model_of
from vaelid.auditor.recognition.detached_weights import bound_in
from vaelid.auditor.recognition.importance_weighted import importance_weighted

from ..made import Nets, formula_of_step, usual_step

K = 4


def step_of(combined, *, of_z=1.0, of_x=1.0):
    """A step with K draws: `combined` makes the loss of the log-weights, of shape (K, rows)."""
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        eps = torch.randn(K, *mu.shape)
        z = mu + torch.exp(logvar / 2) * eps
        log_p = -0.5 * ((nets.decoder(z) - x) ** 2).sum(-1)
        log_ratio = (-0.5 * z**2 + 0.5 * eps**2 + 0.5 * logvar).sum(-1)
        return combined(of_x * log_p + of_z * log_ratio)

    return step


RIGHT = {
    "mean over rows": lambda w: -(torch.logsumexp(w, 0) - math.log(K)).mean(),
    "sum over rows": lambda w: -torch.logsumexp(w, 0).sum(),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_bound_is_proved(name):
    question = model_of(formula_of_step(step_of(RIGHT[name])), None).question
    found = importance_weighted(question)
    assert found is not None
    assert (found.failure, found.note) == ("", "")
    assert found.theorem is not None
    assert found.of_rows is not None
    assert found.objective.theorem is not None
    assert found.over not in question.posteriors[0].axes


WRONG = {
    "sign": (step_of(lambda w: torch.logsumexp(w, 0).mean()), "its sign is wrong", True),
    "over rows": (step_of(lambda w: -torch.logsumexp(w, 1).mean()), "and not over draws of z", True),
    "weight of the kl": (step_of(RIGHT["mean over rows"], of_z=2.0), "the terms in them have other weights", True),
    "weight of the likelihood": (step_of(RIGHT["mean over rows"], of_x=3.0), "have other weights", True),
    "square": (
        step_of(lambda w: (torch.logsumexp(w, 0) ** 2).mean()),
        "it is no weight times the sum of the bounds",
        False,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_bound_says_why(name):
    step, reason, has_witness = WRONG[name]
    found = importance_weighted(model_of(formula_of_step(step), None).question)
    assert found is not None
    assert reason in found.failure
    assert (found.witness is not None) is has_witness


def test_a_loss_without_a_logarithm_of_a_sum_is_none():
    assert importance_weighted(model_of(formula_of_step(usual_step()), None).question) is None


def weighted(w):
    """The log-weights averaged with their own normalised weights, detached."""
    return -(torch.softmax(w, 0).detach() * w).sum(0).mean()


def test_detached_normalised_weights_have_the_gradient_of_the_bound():
    run = formula_of_step(step_of(weighted))
    question = model_of(run, None).question
    assert importance_weighted(question) is None or importance_weighted(question).failure
    found = bound_in(question, run)
    assert found is not None
    assert found.failure == ""
    assert "its value is not the bound" in found.note


def test_weights_that_are_not_detached_have_not():
    run = formula_of_step(step_of(lambda w: -(torch.softmax(w, 0) * w).sum(0).mean()))
    found = bound_in(model_of(run, None).question, run)
    assert found is None or found.failure


def test_a_bound_itself_has_no_note():
    run = formula_of_step(step_of(RIGHT["mean over rows"]))
    found = bound_in(model_of(run, None).question, run)
    assert found is not None
    assert found.note == ""


def test_a_usual_step_is_neither():
    run = formula_of_step(usual_step())
    assert bound_in(model_of(run, None).question, run) is None
