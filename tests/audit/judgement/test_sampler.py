"""One sample is decided by its draw, its gradient and its formula; the reason is a value with its facts."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from torch.distributions import Normal

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.judgement.reasons.base import Told
from vaelid.auditor.judgement.reasons.of_sampler import (
    NoGradientTo,
    OfSampler,
    Restricted,
    SeveralDraws,
    SharedDraw,
    StandardDraw,
    UnknownLaw,
)
from vaelid.auditor.judgement.sampler import judge_sample
from vaelid.auditor.lifting.tensor import Stop
from vaelid.auditor.model.posterior import drawn_from
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import EPS, LOGVAR, MU, NAMES, Z, leaf, lifted, reading, sample

EPS_LEAF = reading().leaves["eps"]


def decided(element=Z, *, noise=None, read=None, frozen=frozenset(), **changes):
    noise = [EPS_LEAF] if noise is None else noise
    read = read or reading(leaves=noise)
    return judged(read, sample(element, noise=noise, **changes), NAMES, frozen)


def judged(read, given, names, frozen=frozenset()):
    """The decision on a sample, and the posterior that it is drawn from."""
    drawn = drawn_from(given, read, 0)
    return judge_sample(read, given, drawn, names, frozen), drawn and drawn.posterior


def test_a_mean_plus_a_deviation_times_a_normal_draw_is_proved_with_its_posterior():
    decision, posterior = decided()
    assert decision.verdict == "PROVED"
    assert decision.reason == StandardDraw(decision.formula)
    assert len(decision.theorems) == 1
    assert (posterior.mean.term, posterior.log_variance.term) == (MU.term, LOGVAR.term)
    assert (posterior.axes, posterior.draws, posterior.source) == ((0, 1), ("eps",), "step.py:3")


def test_the_posterior_is_the_law_that_torch_draws_from():
    _, posterior = decided(2 * MU + xp.exp(LOGVAR) * EPS)
    mu, logvar = torch.tensor(0.3), torch.tensor(-0.4)
    assert posterior.mean.term is (2 * MU).term
    assert posterior.log_variance.term is (2 * LOGVAR).term
    drawn = 2 * mu + logvar.exp() * torch.randn(200_000, generator=torch.Generator().manual_seed(0))
    law = Normal(2 * mu, (2 * logvar / 2).exp())
    assert float(drawn.mean()) == pytest.approx(float(law.mean), abs=0.01)
    assert float(drawn.std()) == pytest.approx(float(law.stddev), rel=0.01)


LAWS = [
    ("uniform", "REFUTED", OfSampler.UNIFORM_NOISE, "uniform-noise"),
    ("bernoulli", "UNKNOWN", UnknownLaw("randn"), None),
]


@pytest.mark.parametrize(("law", "verdict", "reason", "bug"), LAWS)
def test_noise_of_another_law_is_not_proved(law, verdict, reason, bug):
    decision, posterior = decided(noise=[replace(EPS_LEAF, law=law)])
    assert (decision.verdict, decision.reason, decision.bug) == (verdict, reason, bug)
    assert (decision.witness is not None) == (verdict == "REFUTED")
    assert decision.source == "step.py:3"
    assert posterior is not None


def test_noise_that_is_the_same_in_every_step_is_refuted():
    decision, _ = decided(frozen=frozenset({"step.py:3"}))
    assert (decision.verdict, decision.reason, decision.bug) == ("REFUTED", OfSampler.FROZEN_NOISE, "frozen-noise")
    assert decision.witness.meaning.startswith("the variance of what is decoded, over steps")


@pytest.mark.parametrize(("axes", "shared"), [((0,), "L"), ((1,), "B"), ((), "B and L")])
def test_a_draw_for_several_places_is_shared_along_their_axes(axes, shared):
    noise = leaf("eps", "noise", law="normal", axes=axes, noise=frozenset({"eps"}), source="step.py:3")
    decision, _ = decided(MU + xp.exp(LOGVAR / 2) * element_of("eps", axes), noise=[noise])
    assert (decision.verdict, decision.bug) == ("REFUTED", "shared-noise")
    assert decision.reason == SharedDraw(shared)
    assert (decision.witness.computed, decision.witness.expected) == ("1", "0")


def test_an_axis_without_a_letter_is_named_by_its_length():
    noise = leaf("eps", "noise", law="normal", axes=(0,), noise=frozenset({"eps"}), source="step.py:3")
    named = replace(NAMES, groups={"B": (0,)})
    element = MU + xp.exp(LOGVAR / 2) * element_of("eps", (0,))
    decision, _ = judged(reading(leaves=[noise]), sample(element, noise=[noise]), named)
    assert decision.reason == SharedDraw("an axis of length 2")


CUTS = [
    (MU, ("mean",), {}),
    (LOGVAR, ("deviation",), {"eps": "1"}),
    (Z, ("mean", "deviation"), {}),
    (element_of("h", (0, 1)), ("mean", "deviation"), {}),  # what it is of stands in neither: both are named
]


@pytest.mark.parametrize(("of", "missed", "point"), CUTS)
def test_a_cut_gradient_names_what_it_is_cut_from(of, missed, point):
    stop = Stop("step.py:9", ("mu", "logvar"), (lifted(of),))
    decision, _ = decided(stops=frozenset({stop}))
    assert (decision.verdict, decision.bug, decision.source) == ("REFUTED", "detached", "step.py:9")
    assert decision.reason == NoGradientTo(missed)
    assert decision.witness.point == point
    assert (decision.witness.computed, decision.witness.expected) == ("0", "1")


def test_a_cut_from_a_deviation_that_is_no_exponential_is_named():
    """A new array stands for such a deviation in the posterior's log-variance: the cut is of the one recorded."""
    std = element_of("std", (0, 1))
    stop = Stop("step.py:9", ("std",), (lifted(std),))
    decision, posterior = decided(MU + std * EPS, stops=frozenset({stop}))
    assert posterior.leaves == {"mu", "s_0"}
    assert (decision.verdict, decision.bug, decision.source) == ("REFUTED", "detached", "step.py:9")
    assert decision.reason == NoGradientTo(("deviation",))


def test_a_cut_from_other_leaves_does_not_count():
    decision, _ = decided(stops=frozenset({Stop("step.py:9", ("h",), (lifted(element_of("h", (0,))),))}))
    assert decision.verdict == "PROVED"


def test_a_backward_of_the_users_own_without_a_witness_is_unknown():
    decision, _ = decided(stops=frozenset({Stop("step.py:9", ("mu",), (lifted(MU),), another=True)}))
    assert (decision.verdict, decision.bug) == ("UNKNOWN", None)
    assert decision.reason is OfSampler.ANOTHER_GRADIENT


@pytest.mark.parametrize(("element", "part"), [(xp.exp(LOGVAR / 2) * EPS, "mean"), (MU + 2 * EPS, "deviation")])
def test_a_constant_mean_or_deviation_is_proved_and_named(element, part):
    decision, _ = decided(element)
    assert (decision.verdict, decision.bug) == ("PROVED", "posterior-restricted")
    assert decision.reason == Restricted(part)


def test_several_draws_of_one_law_are_one_of_more_variance():
    more = leaf("more", "noise", law="normal", axes=(0, 1), noise=frozenset({"more"}), source="step.py:3")
    deviation = xp.exp(LOGVAR / 2)
    decision, posterior = decided(MU + deviation * EPS + deviation * element_of("more", (0, 1)), noise=[EPS_LEAF, more])
    assert decision.verdict == "PROVED"
    assert posterior.more_noise == ("more",)
    _, rest = posterior.log_variance.term.arguments
    assert float(Fraction(str(rest.arguments[1].arguments[0].head.value))) == pytest.approx(2**0.5)


def test_draws_of_different_laws_are_unknown():
    other = leaf("other", "noise", law="uniform", axes=(0, 1), noise=frozenset({"other"}), source="step.py:5")
    decision, posterior = decided(Z + element_of("other", (0, 1)), noise=[EPS_LEAF, other])
    assert (decision.verdict, posterior) == ("UNKNOWN", None)
    assert decision.reason == SeveralDraws(("eps", "other"))
    assert decision.source == "step.py:4"


def test_a_gumbel_draw_is_another_objective():
    noise = [replace(EPS_LEAF, law="uniform")]
    decision, posterior = decided(MU - xp.log(-xp.log(EPS)), noise=noise)
    assert (decision.verdict, decision.reason, posterior) == ("OTHER", OfSampler.GUMBEL_SOFTMAX, None)


def test_the_root_of_a_logarithm_is_no_gumbel():
    noise = [replace(EPS_LEAF, law="uniform")]
    decision, _ = decided(MU + xp.exp(xp.log(-2 * xp.log(EPS)) / as_term(2)), noise=noise)
    assert (decision.verdict, decision.reason) == ("UNKNOWN", OfSampler.NOT_AFFINE)


def test_a_clamp_of_the_sample_is_refuted_where_the_draw_is_nowhere_else():
    drawn = MU + 2 * EPS  # the slope in eps is an exact number, and exactly 0 behind the clamp
    clamped = (drawn + 1 - abs(drawn - 1)) / 2 + LOGVAR
    read = reading(MU, leaves=[EPS_LEAF])
    decision, posterior = judged(read, sample(clamped, noise=[EPS_LEAF]), NAMES)
    assert (decision.verdict, decision.bug, posterior) == ("REFUTED", None, None)
    assert isinstance(decision.reason, Told)
    assert "so no sample of a Gaussian" in decision.reason.sentence


def test_what_is_inside_the_decoders_first_layer_is_the_sample():
    decision, posterior = decided(xp.tanh(Z))
    assert decision.verdict == "PROVED"
    assert posterior.mean.term is MU.term
