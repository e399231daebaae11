"""What is decided of all samples of a loss, or of there being none."""

from dataclasses import replace

import pytest

from vaelid.auditor.findings.witnesses import uniform
from vaelid.auditor.formula.kinds import Divergence
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.reasons.of_divergence import OfDivergence
from vaelid.auditor.judgement.reasons.of_sampler import OfSampler, StrayNoise
from vaelid.auditor.judgement.samplers_of_loss import judge_samplers, passes_by_the_sample

from ..hand_made import (
    KL,
    LOGVAR,
    MU,
    POSTERIOR,
    SQUARES,
    STANDARD_DRAW,
    assessed,
    group,
    judged,
    kl_group,
    leaf,
    lifted,
    over,
    question,
    reading,
    run,
    squares_group,
)

LOSS = over(SQUARES, 0, 2) + over(KL, 0, 1)
WITHOUT_NOISE = [
    leaf("eps", "made", operation="addmm"),
    leaf("x_hat", "made", inputs=frozenset({"mu"}), operation="addmm", source="step.py:4"),
]


A_KL = Decision("divergence", "PROVED", OfDivergence.AT_EACH_DRAW)


def decided(read=None, *, divergences=(A_KL,), asked=None, **changes):
    of_loss = judged(asked=asked, ran=run(read) if read else None, **changes)
    return judge_samplers(of_loss, divergences)


def unsampled(entering=None, leaves=WITHOUT_NOISE, **changes):
    """A reading in which nothing is drawn: the mean is decoded."""
    x_hat = leaves[-1]
    entering = [(lifted(MU, ((0,), (1,))), x_hat)] if entering is None else entering
    return reading(LOSS, leaves=leaves, entering=entering, **changes)


NOTHING_DRAWN = question(posteriors=[replace(POSTERIOR, noise="")])


def test_a_function_of_tensors_does_not_sample():
    assert decided(sampled=False) == []


def test_what_was_decided_of_each_sample_stays():
    assert decided() == [STANDARD_DRAW]


@pytest.mark.parametrize(
    ("of_kl", "verdict", "reason"),
    [
        ("PROVED", "REFUTED", OfSampler.UNIFORM_NOISE),
        ("REFUTED", "REFUTED", OfSampler.UNIFORM_NOISE),
        ("UNKNOWN", "UNKNOWN", OfSampler.UNIFORM_POSTERIOR),
    ],
)
def test_uniform_noise_is_wrong_unless_a_kl_may_be_that_of_a_uniform_law(of_kl, verdict, reason):
    drawn = Decision("sampler", "REFUTED", OfSampler.UNIFORM_NOISE, witness=uniform(), bug="uniform-noise")
    (decision,) = decided(divergences=[A_KL.but(of_kl, A_KL.reason)], samplers=[drawn])
    assert (decision.verdict, decision.reason) == (verdict, reason)
    assert (decision.witness is None) == (verdict == "UNKNOWN")


@pytest.mark.parametrize(
    ("groups", "verdict", "reason"),
    [
        ((kl_group(), group(Divergence(1), KL, 0, 1)), "REFUTED", OfSampler.TWO_LATENTS_OF_ONE_DRAW),
        ((kl_group(),), "UNKNOWN", OfSampler.ONE_DRAW_IN_SEVERAL_TENSORS),
    ],
)
def test_one_draw_for_two_latents(groups, verdict, reason):
    asked = question(posteriors=[POSTERIOR, replace(POSTERIOR, mean=2 * MU)])
    (decision,) = decided(groups=groups, asked=asked, samplers=[STANDARD_DRAW, STANDARD_DRAW])
    assert (decision.verdict, decision.reason) == (verdict, reason)
    assert decision.source == STANDARD_DRAW.source
    assert (decision.witness is not None) == (verdict == "REFUTED")


def test_a_draw_that_is_in_the_kl_alone_is_refuted_at_its_line():
    (decision,) = decided(unsampled(), samplers=[])
    assert (decision.verdict, decision.reason) == ("REFUTED", OfSampler.NOTHING_DRAWN_IS_DECODED)
    assert (decision.bug, decision.source) == ("missing-noise", "step.py:3")


def test_no_noise_at_all_is_refuted_at_the_line_where_the_mean_is_decoded():
    (decision,) = decided(unsampled(), samplers=[], asked=NOTHING_DRAWN)
    assert (decision.verdict, decision.reason) == ("REFUTED", OfSampler.NO_NOISE)
    assert (decision.bug, decision.source) == ("missing-noise", "step.py:4")
    assert (decision.witness.computed, decision.witness.expected) == ("0", "1")


def test_without_a_divergence_nothing_is_sampled_is_another_objective():
    (decision,) = decided(unsampled(), samplers=[], asked=NOTHING_DRAWN, divergences=())
    assert (decision.verdict, decision.reason) == ("OTHER", OfSampler.NOTHING_SAMPLED)


def test_noise_that_no_sample_was_recognised_of_is_unknown_with_its_lines():
    read = unsampled(leaves=[leaf("eps", "noise", source="step.py:7"), WITHOUT_NOISE[1]])
    read = replace(read, result=replace(read.result, leaves=read.result.leaves | {"eps"}))
    (decision,) = decided(read, samplers=[], asked=NOTHING_DRAWN)
    assert (decision.verdict, decision.reason) == ("UNKNOWN", StrayNoise("step.py:7"))


@pytest.mark.parametrize(
    ("moving", "verdict", "reason"),
    [
        (frozenset(), "REFUTED", OfSampler.CONSTANT_NOISE),
        (frozenset({"c"}), "UNKNOWN", OfSampler.NOISE_OUTSIDE_TORCH),
    ],
)
def test_a_constant_in_place_of_noise(moving, verdict, reason):
    constant, x_hat = leaf("c", "constant", axes=(0, 1)), WITHOUT_NOISE[1]
    entered = replace(lifted(MU, ((0,), (1,))), leaves=frozenset({"mu", "c"}))
    read = unsampled(entering=[(entered, x_hat)], leaves=[WITHOUT_NOISE[0], constant, x_hat])
    of_loss = judged(asked=NOTHING_DRAWN, ran=run(read, moving=moving), samplers=[])
    (decision,) = judge_samplers(of_loss, [A_KL])
    assert (decision.verdict, decision.reason) == (verdict, reason)
    assert decision.source == ("step.py:4" if verdict == "REFUTED" else None)


def test_the_usual_step_does_not_pass_by_its_sample():
    assert not passes_by_the_sample(assessed())


@pytest.mark.parametrize("noise", [frozenset(), frozenset({"eps"})])
def test_what_was_made_of_the_mean_beside_the_sample_passes_by_it(noise):
    beside = leaf("h", "made", inputs=frozenset({"mu"}), noise=noise, operation="addmm")
    read = reading(leaves=[beside], entering=[(lifted(LOGVAR, ((0,), (1,))), beside)])
    read = replace(read, result=replace(read.result, leaves=read.result.leaves | {"h"}))
    asked = question(derived={"h": "addmm (step.py:8)"})
    assert passes_by_the_sample(assessed((kl_group(), squares_group()), asked=asked, ran=run(read)))
