"""The parts of a loss by kind: each part in one group, and together again the loss."""

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, Divergence, Reconstruction
from vaelid.auditor.model.loss_model import model_of
from vaelid.auditor.proofs.decomposition import decomposed
from vaelid.auditor.proofs.sums import Part, value_of
from vaelid.auditor.recognition.groups import by_elements, by_outputs, gathered, gathered_of, places_of
from vaelid.readings.terms.arrays import as_term

from ..made import Nets, formula_of_step, kl, question_of_loss, squares, textbook


def groups_of(question):
    parts = decomposed(question.term, question.kind, question.hypotheses).parts
    return parts, gathered(question, parts)


LOSSES = {
    "textbook": (textbook, {Reconstruction(), Divergence(0)}),
    "with a constant": (lambda x_hat, x, mu, logvar: textbook(x_hat, x, mu, logvar) + (x**2).sum(), None),
    "in parts": (
        lambda x_hat, x, mu, logvar: squares(x_hat, x) + (mu**2).sum() / 2 + (logvar.exp() - logvar).sum() / 2,
        {Reconstruction(), Divergence(0)},
    ),
    "mixed": (lambda x_hat, x, mu, logvar: (x_hat * x).sum() * mu.sum() + kl(mu, logvar), {MIXED, Divergence(0)}),
}


@pytest.mark.parametrize("name", LOSSES)
def test_each_part_is_in_one_group(name):
    loss, kinds = LOSSES[name]
    question = question_of_loss(loss)
    parts, groups = groups_of(question)
    assert sorted(map(id, (p for g in groups for p in g.parts))) == sorted(map(id, parts))
    assert len({group.kind for group in groups}) == len(groups)
    if kinds is not None:
        assert {group.kind for group in groups} == kinds


def test_a_constant_is_a_group_of_its_own():
    question = question_of_loss(LOSSES["with a constant"][0])
    _, groups = groups_of(question)
    constant = next(group for group in groups if group.kind is CONSTANT)
    assert names_in(value_of(constant.parts)) == {"x"}


def test_a_group_has_the_axes_and_the_summand_of_its_parts():
    question = question_of_loss(textbook)
    _, groups = groups_of(question)
    group = next(g for g in groups if g.kind == Divergence(0))
    assert len(group.axes) == 2
    assert set(group.axes) == set(question.posteriors[0].axes)
    whole = question.values.whole(group.body, group.axes)[0].sum()
    arrays = question.values.sets[0]
    wanted = 0.5 * (arrays["mu"] ** 2 + arrays["logvar"].exp() - 1 - arrays["logvar"]).sum()
    torch.testing.assert_close(whole, wanted)
    assert places_of(question, group) == list(group.axes)


def test_a_learned_scale_goes_with_what_it_scales():
    nets, scale = Nets(), torch.nn.Parameter(torch.zeros(()))

    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) * torch.exp(-scale) + scale * x.numel() / 2 + kl(mu, logvar)

    _, groups = groups_of(model_of(formula_of_step(step), None).question)
    assert {group.kind for group in groups} == {Reconstruction(), Divergence(0)}


def test_the_prior_of_a_lower_latent_goes_to_its_divergence():
    nets, upper = Nets(), Nets()

    def step(x):
        (mu, logvar), (m, lv) = nets.posterior(x), upper.posterior(x)
        z2 = m + torch.exp(lv / 2) * torch.randn_like(m)
        prior = z2 @ torch.ones(3, 3)
        prior = upper.decoder(z2)[:, :3] + 0 * prior
        z1 = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        lower = 0.5 * ((mu - prior) ** 2 + logvar.exp() - 1 - logvar).sum()
        return squares(nets.decoder(z1), x) + lower + kl(m, lv)

    question = model_of(formula_of_step(step), None).question
    _, groups = groups_of(question)
    kinds = {group.kind for group in groups}
    assert Reconstruction() in kinds
    assert {Divergence(0), Divergence(1)} <= kinds


def test_parts_that_share_no_element_are_apart():
    question = question_of_loss(lambda x_hat, x, mu, logvar: textbook(x_hat, x, mu, logvar))
    parts, _ = groups_of(question)
    own = [p for p in parts if question.kind(value_of([p])) == Divergence(0)]
    mean, spread = question.posteriors[0].mean, question.posteriors[0].log_variance
    several = gathered_of(Divergence(0), [Part(as_term(1), mean**2), Part(as_term(1), spread), Part(as_term(2), mean)])
    found = by_elements(several)
    assert [group.kind for group in found] == [Divergence(0, 1), Divergence(0, 2)]
    assert sorted(len(group.parts) for group in found) == [1, 2]
    assert own


def test_data_compared_with_several_draws_are_split_by_draw():
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        drawn = [mu + torch.exp(logvar / 2) * torch.randn_like(mu) for _ in range(2)]
        return sum(squares(nets.decoder(z), x) for z in drawn) / 2 + kl(mu, logvar)

    question = model_of(formula_of_step(step), None).question
    _, groups = groups_of(question)
    group = next(g for g in groups if g.kind == Reconstruction())
    found = by_outputs(question, group)
    assert [one.kind for one in found] == [Reconstruction(1), Reconstruction(2)]
    outputs = [names_in(one.body) & question.outputs for one in found]
    assert not outputs[0] & outputs[1]


def test_other_kinds_have_no_parts():
    question = question_of_loss(textbook)
    constant = gathered_of(CONSTANT, [Part(as_term(1), as_term(3)), Part(as_term(1), as_term(4))])
    assert by_elements(constant) == []
    assert by_outputs(question, constant) == []
