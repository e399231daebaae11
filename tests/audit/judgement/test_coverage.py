"""What a term leaves out, and what is compared with the decoder's output: by hand-made readings."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.kinds import Divergence, Reconstruction
from vaelid.auditor.judgement.coverage import (
    counted_twice,
    decoded_alike,
    kept_part,
    not_decoded,
    part_of_latents,
    seen_data,
)
from vaelid.auditor.judgement.data import (
    SharedAxis,
    is_mask,
    kept_or_left_out,
    notes_on_data,
    of_several_draws,
    shared_output,
    unlike_data,
)
from vaelid.auditor.judgement.kl_mistakes import bug_of, usual_mistake
from vaelid.auditor.judgement.names import Shown
from vaelid.auditor.judgement.reasons.notes import DataChanged
from vaelid.auditor.judgement.reasons.of_divergence import Mistake, OfDivergence, ScaledNoise
from vaelid.auditor.judgement.reasons.of_reconstruction import MovedData
from vaelid.auditor.judgement.unproved_divergence import judge_unproved
from vaelid.auditor.recognition.quantities import Quantity
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.library.definitions import coordinate_kl

from ..hand_made import (
    KL,
    LOGVAR,
    MU,
    NAMES,
    POSTERIOR,
    SQUARES,
    WRITTEN_KL,
    X_HAT,
    X,
    assessed,
    found,
    group,
    kl_group,
    leaf,
    lifted,
    over,
    question,
    reading,
    run,
    squares_group,
    theorem,
)


def target(*parameters, **changes):
    return Quantity("Gaussian", SQUARES, family="gaussian", **{"parameters": parameters or (X, X_HAT), **changes})


def part_of_squares(*axes):
    body = (element_of("x", axes) - element_of("x_hat", axes)) ** 2
    return group(Reconstruction(), body, *axes, found=found("Gaussian", body), theorem=theorem())


@pytest.mark.parametrize(("axes", "share"), [((0, 2), 1), ((0,), Fraction(1, 4)), ((2,), Fraction(1, 3))])
def test_the_part_that_is_kept_is_the_share_of_places(axes, share):
    assert kept_part(assessed((kl_group(), part_of_squares(*axes)))) == share


def test_the_larger_of_both_shares_counts():
    body = (X - element_of("x_hat", (0,))) ** 2
    whole = group(Reconstruction(), body, 0, 2, found=found("Gaussian", body), theorem=theorem())
    assert kept_part(assessed((kl_group(), whole))) == 1  # of the data, not of the output


def test_a_kl_of_every_coordinate_leaves_out_none():
    of_loss = assessed()
    assert part_of_latents(of_loss, kl_group(), POSTERIOR) is None
    assert not counted_twice(of_loss, POSTERIOR)


def narrow(place, part):
    mu, logvar = element_of("mu", (0,)), element_of("logvar", (0,))
    of_one = coordinate_kl(mu, logvar)
    return group(Divergence(0, part), of_one, 0, found=found("N(0, I)", KL), theorem=theorem())


def test_a_kl_over_rows_alone_is_of_one_coordinate_of_each():
    term = narrow(0, 1)
    assert part_of_latents(assessed((term, squares_group())), term, POSTERIOR) == (3, 6)


def test_coordinates_in_two_divergences_are_counted_twice():
    twice = (kl_group(), group(Divergence(0, 2), KL, 0, 1, found=found("N(0, I)", KL), theorem=theorem()))
    of_loss = assessed((*twice, squares_group()))
    assert counted_twice(of_loss, POSTERIOR)
    assert part_of_latents(of_loss, twice[0], POSTERIOR) is None


@pytest.mark.parametrize(("entering", "seen"), [((), None), (("x",), "x"), (("h",), "x")])
def test_a_decoder_sees_what_enters_it_besides_the_sample(entering, seen):
    read = reading(leaves=[leaf("h", "made", inputs=frozenset({"x"}))])
    read.entering.append((lifted(X, ((0,), (2,))), read.leaves["h"]))
    for name in entering:
        read.entering.append((replace(lifted(X), leaves=frozenset({name})), read.leaves["x_hat"]))
    assert seen_data(assessed(ran=run(read)), squares_group(), {"x"}) == seen


def test_the_encoders_own_arrays_beside_the_draw_show_no_data():
    read = reading()
    read.entering.append((lifted(X, ((0,), (2,))), read.leaves["mu"]))
    assert seen_data(assessed(ran=run(read)), squares_group(), {"x"}) is None


def test_outputs_of_one_decoder_were_made_alike():
    assert decoded_alike(assessed())
    other = leaf("y_hat", "made", noise=frozenset({"eps"}), operation="convolution")
    body = (X - element_of("y_hat", (0, 2))) ** 2
    groups = (kl_group(), squares_group(), group(Reconstruction(2), body, 0, 2))
    assert not decoded_alike(assessed(groups, ran=run(reading(leaves=[other]))))
    same = replace(other, operation="addmm")
    assert decoded_alike(assessed(groups, ran=run(reading(leaves=[same]))))


def test_a_draw_that_enters_nothing_is_not_decoded():
    assert not_decoded(assessed()) is None
    read = reading(entering=[])
    read.leaves["x_hat"] = replace(read.leaves["x_hat"], inputs=frozenset({"mu"}))
    assert not_decoded(assessed(ran=run(read))) == "step.py:3"


# data


@pytest.mark.parametrize(
    ("operation", "tensor", "moved"),
    [
        ("gt", None, False),
        ("bernoulli of it", None, False),
        ("sort", None, True),
        ("scatter", torch.eye(4, dtype=torch.float64)[:3], False),
        ("scatter", torch.ones(3, 4, dtype=torch.float64), True),
    ],
)
def test_operations_on_each_element_leave_the_data_where_they_are(operation, tensor, moved):
    changes = {} if tensor is None else {"tensor": tensor}
    made = leaf("y", "made", inputs=frozenset({"x"}), operation=operation, source="a.py:2", **changes)
    found_ = unlike_data(assessed(ran=run(reading(leaves=[made]))), target(element_of("y", (0, 2)), X_HAT))
    assert found_ == (MovedData(operation, "a.py:2") if moved else None)


def test_a_target_without_parameters_says_nothing_of_the_data():
    of_loss, empty = assessed(), target(parameters=())
    assert unlike_data(of_loss, empty) is None
    assert shared_output(of_loss, empty) is None
    assert notes_on_data(of_loss, empty, sampled=True) == []


@pytest.mark.parametrize(("axes", "shared"), [((0, 2), None), ((0,), SharedAxis("D", 4)), ((2,), SharedAxis("B", 3))])
def test_an_output_without_an_axis_of_the_data_is_shared(axes, shared):
    assert shared_output(assessed(), target(X, element_of("x_hat", axes))) == shared


def test_the_mean_of_what_several_draws_were_decoded_to_is_of_several():
    assert not of_several_draws(assessed(), target())
    mean = over(element_of("x_hat", (0, 2, 1)), 1)
    repeated = replace(POSTERIOR, axes=(0,))
    drawn = leaf("eps", "noise", axes=(0, 1, 2), law="normal", noise=frozenset({"eps"}))
    of_loss = assessed(asked=question(posteriors=[repeated]), ran=run(reading(leaves=[drawn])))
    assert of_several_draws(of_loss, target(X, mean))
    assert not of_several_draws(of_loss, target(X, over(element_of("x_hat", (0, 2)), 2)))  # along the data: classes


def test_changed_data_are_noted():
    assert notes_on_data(assessed(), target(2 * X - 1, X_HAT), sampled=True) == [DataChanged("2 · x[b, d] − 1")]


@pytest.mark.parametrize(
    ("values", "mask", "kept"),
    [([1.0, 0, 1, 0], True, True), ([3.0, 0, 3, 0], True, True), ([1.0, 2, 1, 0], False, False)],
)
def test_a_mask_is_zero_or_one_number(values, mask, kept):
    asked = question(arrays={"m": torch.tensor(values, dtype=torch.float64)})
    weights = element_of("m", (2,))
    assert is_mask(weights, asked) == mask
    assert is_mask(weights, asked, kept_as=1) == (values == [1.0, 0, 1, 0])
    assert kept_or_left_out(target(mask=weights), asked, []) == (values == [1.0, 0, 1, 0])
    assert kept_or_left_out(target(mask=weights), asked, [weights]) == kept  # the KL's, too
    assert kept_or_left_out(target(), asked, [])
    assert not kept_or_left_out(target(element_of("x", (0,)), X_HAT, mask=weights), asked, [])  # of another axis


# mistakes


@pytest.mark.parametrize(
    ("body", "mistake", "bug"),
    [
        (MU**2 + xp.exp(LOGVAR / 2) - LOGVAR / 2, Mistake.DEVIATION_AS_VARIANCE, "std-variance"),
        (MU**2 + xp.exp(2 * LOGVAR) - 2 * LOGVAR, Mistake.VARIANCE_AS_DEVIATION, "std-variance"),
        (abs(MU) + LOGVAR, Mistake.CLAMPED, "clamp"),
        (MU**3, Mistake.UNKNOWN, "kl-formula"),
    ],
)
def test_a_usual_mistake_is_known_by_its_formula(body, mistake, bug):
    asked = question(over(body, 0, 1))
    assert usual_mistake(asked, kl_group(body=body), POSTERIOR, body) is mistake
    assert bug_of(mistake) == bug


def test_noise_that_is_scaled_is_known_by_its_factor():
    body = 4 * MU**2 + xp.exp(LOGVAR) - 4 * LOGVAR
    found_ = usual_mistake(question(over(body, 0, 1)), kl_group(body=body), POSTERIOR, body)
    assert isinstance(found_, ScaledNoise)
    assert found_.times == pytest.approx(0.5)
    assert bug_of(found_) == "scaled-noise"


@pytest.mark.parametrize(
    ("body", "axes", "reason"),
    [
        (over(WRITTEN_KL, 1) ** 2 + over(X, 2), (0,), OfDivergence.NOT_A_SUM),
        (over(WRITTEN_KL, 1), (0,), OfDivergence.NO_PRIOR_FOUND),
    ],
)
def test_a_sum_that_is_left_in_a_term_is_asked_at_one_coordinate(body, axes, reason):
    asked = question(over(body, *axes), moved=("mu", "logvar"))
    asked = replace(asked, moved=frozenset({0, 1, 2}))
    term = group(Divergence(0), body, *axes)
    decision = judge_unproved(asked, term, POSTERIOR, Shown(POSTERIOR, NAMES), "f", "a.py:1")
    assert (decision.verdict, decision.reason, decision.source) == ("UNKNOWN", reason, "a.py:1")
