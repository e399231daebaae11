"""A formula as the model of a loss: its samples, posteriors and rows."""

import torch

from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.lifting.two_runs import read_calls
from vaelid.auditor.model.loss_model import PLAIN, View, depths_of_latents, model_of
from vaelid.auditor.recording.calls import call_of, scalar_loss

from ..made import Nets, batch, formula_of_loss, formula_of_step, kl, squares, textbook, usual_step


def test_a_loss_of_tensors_has_no_samples_and_rows_first():
    run, roles = formula_of_loss(textbook)
    model = model_of(run, roles)
    assert model.samples == ()
    assert model.view is PLAIN
    assert model.question.posteriors[0].axes[0] in model.rows
    assert {run.reading.axes.lengths[axis] for axis in model.rows} == {5}
    assert model.question.moved == run.moved


def test_lengths_are_free_only_if_the_view_says_so():
    run, roles = formula_of_loss(textbook)
    assert model_of(run, roles, View(free_lengths=False)).question.moved == frozenset()


def test_a_step_has_its_sample_with_what_it_is_drawn_from():
    run = formula_of_step(usual_step())
    model = model_of(run, None)
    ((sample, drawn),) = model.samples
    assert drawn is not None
    assert drawn.sample is sample
    assert model.question.posteriors[0].noise == sample.noise[0].name
    assert model.rows == run.moved


def test_a_step_without_a_gaussian_has_a_sample_and_no_posterior():
    run = formula_of_step(usual_step(lambda mu, logvar: (mu + torch.randn_like(mu)) ** 2 + mu))
    ((_, drawn),) = model_of(run, None).samples
    assert drawn is None


def test_a_step_that_samples_nothing_has_the_posterior_of_its_divergence():
    model = model_of(formula_of_step(usual_step(lambda mu, logvar: mu)), None)
    assert model.samples == ()
    (posterior,) = model.question.posteriors
    assert posterior.noise == ""
    assert names_in(posterior.mean) == {"h1"}


def test_rows_of_one_run_are_the_first_axes_and_those_of_networks_that_are_as_long():
    step, x = usual_step(), batch()
    run = read_calls(step, [call_of(x)], scalar_loss)
    model = model_of(run, None)
    assert run.moved == frozenset()
    lengths = {run.reading.axes.lengths[axis] for axis in model.rows}
    assert lengths == {len(x)}


def test_several_draws_of_one_posterior_are_its_own():
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        drawn = [mu + torch.exp(logvar / 2) * torch.randn_like(mu) for _ in range(3)]
        return sum(squares(nets.decoder(z), x) for z in drawn) / 3 + kl(mu, logvar)

    model = model_of(formula_of_step(step), None)
    assert len(model.samples) == 3
    (posterior,) = model.question.posteriors
    assert len(posterior.draws) == 3
    assert set(model.question.noise) == set(posterior.draws)


def test_two_latents_are_two_posteriors_with_numbers_of_their_own():
    nets, other = Nets(), Nets()

    def step(x):
        (mu, logvar), (m, lv) = nets.posterior(x), other.posterior(x * 2)
        one = mu + torch.nn.functional.softplus(logvar) * torch.randn_like(mu)
        two = m + torch.nn.functional.softplus(lv) * torch.randn_like(m)
        return squares(nets.decoder(one) + other.decoder(two), x) + kl(mu, logvar) + kl(m, lv)

    model = model_of(formula_of_step(step), None)
    assert len(model.question.posteriors) == 2
    assert sorted(model.question.noise.values()) == [0, 1]
    written = [names_in(p.log_variance) for p in model.question.posteriors]
    assert written[0] != written[1]


def test_the_sample_may_be_inside_of_what_is_decoded():
    run = formula_of_step(usual_step(lambda mu, logvar: 1 + 2 * (mu + torch.exp(logvar / 2) * torch.randn_like(mu))))
    depths = depths_of_latents(run)
    assert depths >= 1
    outer, inner = model_of(run, None), model_of(run, None, View(inner=0))
    assert outer.samples[0][0].element.term is not inner.samples[0][0].element.term
    assert inner.view.inner == 0


def test_fixed_lengths_reach_the_question():
    run = formula_of_step(usual_step())
    assert model_of(run, None, View(fixed=frozenset({1}))).question.values.fixed == {1}
