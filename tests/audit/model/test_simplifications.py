"""A loss with less in it: what is left out is as small as the note says, and nothing else changes."""

from fractions import Fraction

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of, names_in
from vaelid.auditor.lifting.two_runs import read_calls
from vaelid.auditor.model.loss_model import View, model_of
from vaelid.auditor.model.simplifications import with_constant_sums, with_size_factors, without_stabilisers
from vaelid.auditor.recording.calls import call_of, scalar_loss
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..made import Nets, batch, formula_of_loss, formula_of_step, kl, question_of_loss, textbook, usual_step
from ..numbers_of_terms import value

V, C = element_of("v", (0,)), as_term(Fraction(1, 10**8))
P = {"v": [0.3], "i0": 0}

STABILISED = {
    "after": (xp.log(V + C), xp.log(V), 1e-8 / 0.3),
    "before": (xp.log(C + V), xp.log(V), 1e-8 / 0.3),
    "of one less": (xp.log(1 - V + C), xp.log(1 - V), 1e-8 / 0.7),
    "of one less that": (xp.log(1 - (V + C)), xp.log(1 - V), 1e-8 / 0.7),
    "scaled": (xp.log(V * (1 - Fraction(2, 10**8)) + C), xp.log(V), 1e-7),
    "in a sum": (2 * xp.log(V + C) + V, 2 * xp.log(V) + V, 2 * 1e-8 / 0.3),
    "two": (xp.log(V + C) + xp.log(1 - V + C), xp.log(V) + xp.log(1 - V), 2e-7),
}


@pytest.mark.parametrize("name", STABILISED)
def test_a_stabiliser_is_left_out_and_is_as_small_as_is_said(name):
    term, wanted, bound = STABILISED[name]
    found, note = without_stabilisers(term)
    assert value(found, P) == pytest.approx(value(wanted, P), rel=1e-12)
    assert 0 < abs(value(found, P) - value(term, P)) <= bound
    assert "off by at most c / v in each" in note


@pytest.mark.parametrize(
    "term", [xp.log(V), xp.log(V + 1), xp.log(V + Fraction(1, 1000)), V + C, xp.exp(V + C), xp.log(V - C)]
)
def test_what_is_no_stabiliser_stays(term):
    found, note = without_stabilisers(term)
    assert found.term is term.term
    assert note == ""


def test_the_note_names_every_number_once():
    _, note = without_stabilisers(xp.log(V + C) + xp.log(V + Fraction(1, 10**6)) + xp.log(1 - V + C))
    assert "c = 1e-08, 1e-06:" in note


def masked(mask):
    """A step whose error is averaged over the places of a mask."""
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return (0.5 * mask[: len(x)] * (nets.decoder(z) - x) ** 2).sum() / mask[: len(x)].sum() + kl(mu, logvar)

    return step


def test_the_sum_of_a_mask_is_its_number():
    mask = (torch.rand(5, 7, generator=torch.Generator().manual_seed(3)) > 0.4).float()
    run = read_calls(masked(mask), [call_of(batch())], scalar_loss)
    term, note = with_constant_sums(run)
    assert f" is {int(mask.sum())}" in note
    assert note.startswith("constants are as they were recorded: ")
    assert term.term is not run.term.term


def test_without_sums_of_constants_there_is_nothing_to_say():
    run, _ = formula_of_loss(textbook)
    term, note = with_constant_sums(run)
    assert term is run.term
    assert note == ""


def library_step():
    """A step of counts whose decoder is given the sum of a row's counts."""
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(torch.log1p(x))
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        rate = x.sum(1, keepdim=True) * torch.softmax(nets.decoder(z), -1)
        return (rate - x * rate.log()).sum() + kl(mu, logvar)

    return step


def test_the_sum_of_a_rows_counts_is_known():
    counts = torch.poisson(3 * torch.ones(5, 7), generator=torch.Generator().manual_seed(0)) + 1
    run = formula_of_step(library_step(), counts)
    question = model_of(run, None).question
    found = with_size_factors(question)
    assert found is not question
    assert names_in(found.term) - names_in(question.term) == {"size_of_x"}
    for arrays in found.values.sets:
        torch.testing.assert_close(arrays["size_of_x"].exp(), arrays["x"].sum(1))
    assert "size_of_x" in names_in(model_of(run, None, View(size_factors=True)).question.term)


def test_a_loss_without_such_sums_stays_the_same_question():
    for question in (question_of_loss(textbook), model_of(formula_of_step(usual_step()), None).question):
        assert with_size_factors(question) is question
