"""What was found out about a loss, from what was recognised: names of axes, weights of groups, leaves of the latent."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.kinds import Divergence, Reconstruction
from vaelid.auditor.judgement.assessed import draws_of
from vaelid.auditor.judgement.assessment import assessed_of
from vaelid.auditor.judgement.coverage import seen_data
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.reasons.of_sampler import StandardDraw
from vaelid.auditor.model.loss_model import model_of
from vaelid.auditor.recognition.objective import identify
from vaelid.readings.terms.arrays import as_term

from ..hand_made import (
    KL,
    LOGVAR,
    MU,
    POSTERIOR,
    SQUARES,
    assessed,
    kl_group,
    leaf,
    length,
    lifted,
    objective,
    over,
    question,
    reading,
    run,
    squares_group,
)
from ..made import D, L, Nets, batch, formula_of_step, kl, squares, usual_step

B = 5


def from_step(step, x=None):
    """What is found out about a training step."""
    model = model_of(formula_of_step(step, x), None)
    return assessed_of(model, identify(model.question))


# from a model and its objective


def test_the_axes_of_a_step_have_letters_and_their_lengths():
    found = from_step(usual_step())
    assert {letter: found.names.sizes[letter] for letter in "BLD"} == {"B": B, "L": L, "D": D}
    assert set(found.names.of_axis.values()) == {"B", "D", "L"}


def test_every_sample_has_its_decision():
    (decision,) = from_step(usual_step()).samplers
    assert decision.verdict == "PROVED"
    assert isinstance(decision.reason, StandardDraw)


@pytest.mark.parametrize(
    ("of_kl", "weight"),
    [
        (lambda mu, logvar: kl(mu, logvar), Monomial(1.0, {})),
        (lambda mu, logvar: 3 * kl(mu, logvar) / len(mu), Monomial(3.0, {"B": -1})),
        (lambda mu, logvar: kl(mu, logvar) / mu.shape[1], Monomial(1 / 3, {})),  # a size that did not move is a number
    ],
)
def test_the_weight_of_a_group_is_that_which_its_code_has(of_kl, weight):
    found = from_step(usual_step(of_kl=of_kl))
    known = found.weights[Divergence(0)]
    assert (known.number, known.powers) == (pytest.approx(weight.number), weight.powers)
    assert found.weights[Reconstruction()] == Monomial(1.0, {})


def test_places_of_an_image_have_a_number_each():
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x.flatten(1))
        z = mu + (logvar / 2).exp() * mu.new_empty(mu.shape).normal_()
        return squares(nets.decoder(z).view(-1, 1, D), x) + kl(mu, logvar)

    found = from_step(step, batch()[:, None])
    assert found.names.sizes["D"] == D


# weights, by hand


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (as_term(2), Monomial(2.0, {})),
        (1 / length(0), Monomial(1.0, {"B": -1})),
        (length(1) / length(0), Monomial(1.0, {"B": -1, "L": 1})),
        (1 / (1 + length(0)), None),
    ],
)
def test_a_weight_is_a_number_times_lengths_or_not_known(weight, expected):
    found = assessed((kl_group(weight), squares_group()))
    assert found.weights[Divergence(0)] == expected


def test_a_group_that_was_not_recognised_has_no_weight():
    found = assessed((kl_group(found=None), squares_group()))
    assert found.weights[Divergence(0)] is None


def test_groups_are_found_by_what_they_are_of():
    found = assessed()
    ((group, posterior),) = found.divergences()
    assert (group.kind, posterior) == (Divergence(0), POSTERIOR)
    assert found.with_divergences() == {0}
    assert found.reconstruction.kind == Reconstruction()
    assert assessed((squares_group(),)).divergences() == []


def test_axes_of_draws_are_those_that_neither_posterior_nor_data_have():
    repeated = kl_group(body=KL, parts=None)
    assert draws_of(objective(), repeated) == frozenset()
    over_draws = replace(repeated, axes=(3, 0, 1))
    assert draws_of(objective(), over_draws) == {3}
    compared = squares_group()
    assert draws_of(objective(), compared) == frozenset()
    assert draws_of(objective(), replace(compared, axes=(3, *compared.axes))) == {3}
    assert draws_of(objective(), squares_group(found=None)) == frozenset()


# leaves of the latent

STD = element_of("std", (0, 1))
WRITTEN = replace(POSTERIOR, log_variance=2 * element_of("t", (0, 1)), positive=STD)


def test_the_leaves_of_a_latent_are_the_recorded_ones():
    """e^t was written for the deviation std: in the recording there is no t."""
    assert assessed().latent_leaves == {"mu", "logvar"}
    asked = question(posteriors=[WRITTEN], written={"t": frozenset({"std"})})
    assert assessed(asked=asked).latent_leaves == {"mu", "std"}


def test_a_decoder_sees_no_data_through_its_sample_whatever_the_deviation_is_written_as():
    asked = question(posteriors=[WRITTEN], written={"t": frozenset({"std"})}, outputs=frozenset({"x_hat"}))
    made = leaf("std", "made", axes=(0, 1), inputs=frozenset({"x"}), operation="addmm")
    usual = reading(leaves=[made])
    sampled = lifted(MU + STD * element_of("eps", (0, 1)), ((0,), (1,)))
    entering = [(sampled, usual.leaves["x_hat"]), (lifted(element_of("x", (0, 2))), made)]
    found = assessed(asked=asked, ran=run(replace(usual, entering=entering)))
    assert seen_data(found, squares_group(), frozenset({"x"})) is None
    beside = [*entering, (lifted(STD), usual.leaves["x_hat"])]  # the deviation by itself tells of the data
    found = assessed(asked=asked, ran=run(replace(usual, entering=beside)))
    assert seen_data(found, squares_group(), frozenset({"x"})) == "x"


def test_a_gradient_reaches_what_a_loss_is_made_from():
    found = assessed()
    assert found.made_from(frozenset({"x"}))
    assert found.made_from(frozenset({"mu"}))
    cut = leaf("detached1", "constant", inputs=frozenset({"h"}), operation="detach")
    behind = leaf("h", "made")
    stopped = reading(over(SQUARES, 0, 2) + element_of("detached1", ()), leaves=[cut, behind])
    assert not assessed(ran=run(stopped)).made_from(frozenset({"h"}))


def test_the_line_of_a_group_is_that_of_the_last_part_of_its_own_leaves():
    joins = (
        (frozenset({"mu", "logvar"}), "step.py:8", frozenset({"mu", "logvar", "x", "x_hat"})),
        (frozenset({"x", "x_hat"}), "step.py:9", frozenset({"mu", "logvar", "x", "x_hat"})),
    )
    found = assessed(ran=run(reading(joins=joins)))
    assert [found.line_of(group) for group in (kl_group(), squares_group())] == ["step.py:8", "step.py:9"]
    assert found.line_of(kl_group(body=LOGVAR)) is None  # no part was of the log-variance alone


def test_a_gap_between_two_networks_of_one_posterior_is_none():
    """The deviation has a network of its own and is no exponential: both networks are the latent's."""
    nets = Nets()
    spread = torch.nn.Linear(D, L)

    def step(x):
        mu, std = nets.posterior(x)[0], F.softplus(spread(x))
        z = mu + std * torch.randn_like(mu)
        return squares(nets.decoder(z), x) + ((mu**2 + std**2 - 1) / 2 - std.log()).sum()

    found = from_step(step)
    (posterior,) = found.question.posteriors
    made = {name for name, leaf in found.run.reading.leaves.items() if leaf.kind == "made"}
    assert not posterior.leaves <= made  # one of them was written for the deviation
    assert found.latent_leaves <= made
    assert len(found.latent_leaves) == 2
    assert seen_data(found, found.reconstruction, ["x"]) is None
    assert all(group.theorem is not None for group in found.objective.groups)
