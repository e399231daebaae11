"""What each array of a loss is, and what a term depends on."""

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of, names_in
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, PARAMETER, Divergence, Reconstruction
from vaelid.auditor.model.assigned import argument_element
from vaelid.auditor.model.loss_model import View, model_of
from vaelid.auditor.model.question import Rewrite, rewritten
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..made import Nets, formula_of_step, kl, model_of_loss, question_of_loss, squares, textbook, usual_step
from ..numbers_of_terms import variables


@pytest.fixture(scope="module")
def of_loss():
    return question_of_loss(textbook)


@pytest.fixture(scope="module")
def of_step():
    return model_of(formula_of_step(usual_step()), None).question


def test_the_arrays_of_a_loss_are_what_their_roles_say(of_loss):
    assert (of_loss.data, of_loss.outputs) == ({"x"}, {"x_hat"})
    assert [p.leaves for p in of_loss.posteriors] == [{"mu", "logvar"}]
    assert (of_loss.noise, of_loss.masks, of_loss.parameters) == ({}, frozenset(), frozenset())


def test_the_arrays_of_a_step_are_found(of_step):
    assert of_step.data == {"x"}
    assert [p.leaves for p in of_step.posteriors] == [{"h1"}]
    assert of_step.outputs == {"h2"}
    assert of_step.noise == {"eps1": 0}
    assert of_step.drawn["h2"] == {"eps1"}
    assert of_step.drawn["h1"] == frozenset()


def test_the_rows_are_those_that_moved(of_step, of_loss):
    assert of_step.rows == of_step.moved
    assert {of_step.values.lengths[f"N{axis}"] for axis in of_step.rows} == {5}
    assert {of_loss.values.lengths[f"N{axis}"] for axis in of_loss.moved} == {5, 3, 7}  # B, L and D differ in the calls


X, OUT, MU, EPS, OTHER = (element_of(n, (0, 1)) for n in ("x", "h2", "h1", "eps1", "other"))
KINDS = {
    "data": (X**2, CONSTANT),
    "number": (as_term(3), CONSTANT),
    "output": (OUT, Reconstruction()),
    "output and data": ((X - OUT) ** 2, Reconstruction()),
    "posterior": (MU**2, Divergence(0)),
    "draw": (EPS * MU, Divergence(0)),
    "posterior and data": (MU * X, Divergence(0)),
    "both": (MU * OUT, MIXED),
    "neither": (OTHER + X, PARAMETER),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_kind_of_a_term(of_step, name):
    term, kind = KINDS[name]
    assert of_step.kind(term) == kind


def test_kinds_are_all_that_a_term_depends_on(of_step):
    assert of_step.kinds(MU * OUT * X) == {Divergence(0), Reconstruction()}
    assert of_step.kinds(X) == set()


def test_draws_behind_a_term(of_step):
    assert of_step.noise_in(OUT) == {"eps1"}
    assert of_step.noise_in(X, MU) == frozenset()
    assert of_step.drawn_for(OUT) == {0}


def test_the_same_question_about_another_term(of_step):
    other = of_step.about(X)
    assert other.term is X
    assert other.posteriors is of_step.posteriors


def test_hypotheses_say_that_lengths_are_positive_and_what_is_fixed(of_loss):
    assert len(of_loss.hypotheses) == len([v for v in variables(of_loss.term) if v.startswith("N")])
    fixed = model_of(formula_of_step(usual_step()), None, View(fixed=frozenset({1}))).question
    assert len(fixed.hypotheses) == 1 + len([v for v in variables(fixed.term) if v.startswith("N")])


def test_an_array_written_for_a_term_has_its_values(of_loss):
    written = of_loss.with_array("square", of_loss.posteriors[0].mean ** 2)
    assert "square" in names_in(written.term)
    found = written.values.whole(element_of("square", of_loss.posteriors[0].axes), of_loss.posteriors[0].axes)
    for values, arrays in zip(found, of_loss.values.sets, strict=True):
        torch.testing.assert_close(values, arrays["mu"] ** 2)
    assert "square" not in names_in(of_loss.term)


@pytest.mark.parametrize(("how", "function"), [("exp", torch.exp), ("sigmoid", torch.sigmoid)])
def test_a_term_rewritten_is_that_function_of_the_new_array(how, function):
    def loss(x_hat, x, mu, logvar):
        return (x * x_hat.log() + (1 - x) * (1 - x_hat).log()).sum() + kl(mu, logvar)

    model = model_of_loss(loss)
    question, output = model.question, argument_element(model.run, "x_hat")
    found = rewritten(question, Rewrite(output, how), "s")
    assert "x_hat" not in names_in(found.term)
    assert "s" in names_in(found.term)
    assert "s" in found.outputs
    assert found.written["s"] == {"x_hat"}
    assert found.as_recorded({"s", "x"}) == {"x_hat", "x"}
    for arrays in found.values.sets:
        torch.testing.assert_close(function(arrays["s"]), arrays["x_hat"])


def test_a_positive_deviation_is_written_as_an_exponential():
    def loss(x_hat, x, mu, std):
        return squares(x_hat, x) + (mu**2 + std**2 - 2 * std.log()).sum() / 2

    question = question_of_loss(loss)
    assert "std" not in names_in(question.term)
    (posterior,) = question.posteriors
    (name,) = names_in(posterior.log_variance)
    for arrays in question.values.sets:
        torch.testing.assert_close(arrays[name].exp(), arrays["std"])


def test_what_is_made_from_data_alone_is_data():
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), (x > 0.5).float()) + kl(mu, logvar)

    question = model_of(formula_of_step(step), None).question
    made = question.data - {"x"}
    assert len(made) == 1
    assert not question.masks  # these zeros and ones are what is compared


def test_what_is_made_from_a_posterior_is_told():
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) + kl(mu, logvar) + torch.linalg.norm(mu.t() @ mu)

    question = model_of(formula_of_step(step), None).question
    assert question.derived
    assert all("(" in where for where in question.derived.values())


def test_a_second_draw_of_the_only_posterior_is_its_own():
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        other = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) + (other**2 / 2).sum() - logvar.sum() / 2

    question = model_of(formula_of_step(step), None).question
    assert set(question.noise.values()) == {0}
    assert len(question.noise) == 2


def test_learned_numbers_are_parameters():
    nets, scale = Nets(), torch.nn.Parameter(torch.zeros(()))

    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) * torch.exp(-scale) + scale * x.numel() / 2 + kl(mu, logvar)

    question = model_of(formula_of_step(step), None).question
    used = question.parameters & names_in(question.term)
    assert len(used) == 1
    (name,) = used
    assert question.kind(xp.exp(element_of(name, ()))) == PARAMETER
