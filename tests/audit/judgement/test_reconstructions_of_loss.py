"""What compares data has to be a likelihood of the data, by what a decoder put out from z alone."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.kinds import MIXED, Reconstruction
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.reasons.base import IsOther
from vaelid.auditor.judgement.reasons.notes import DataChanged, Note
from vaelid.auditor.judgement.reasons.of_reconstruction import (
    CountsOf,
    DecoderSees,
    DifferentWeights,
    IsLikelihood,
    LikelihoodNotDeclared,
    LooksLikeLikelihood,
    MovedData,
    NotDecoded,
    OfReconstruction,
    OutputUnused,
    PartOfData,
    RewardedLikelihood,
    SeveralLikelihoods,
    SharedOutput,
    SummaryOfData,
)
from vaelid.auditor.judgement.reconstruction import judge_reconstruction
from vaelid.auditor.judgement.reconstructions_of_loss import judge_reconstructions
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import (
    EPS,
    NAMES,
    SQUARES,
    X_HAT,
    X,
    Z,
    found,
    group,
    judged,
    kl_group,
    leaf,
    lifted,
    objective,
    over,
    question,
    reading,
    run,
    squares_group,
    tensors,
    theorem,
)

ONE = Monomial(1.0, {})
SOFTPLUS = xp.log(1 + xp.exp(X_HAT)) - X * X_HAT


def decided(*groups, **changes):
    return judge_reconstructions(judged((kl_group(), *groups), **changes))


def of(term=SQUARES, weight=1, body=None, number=1, axes=(0, 2), family="gaussian", name="Gaussian", **target):
    parameters = target.pop("parameters", (X, X_HAT))
    known = found(name, term, weight, family=family, parameters=parameters, **target)
    return group(Reconstruction(number), term if body is None else body, *axes, found=known, theorem=theorem())


# of one group


@pytest.mark.parametrize(
    ("changes", "weight", "verdict", "reason"),
    [
        ({}, ONE, "PROVED", IsLikelihood(ONE, "Gaussian")),
        ({"theorem": None, "failure": "it failed"}, ONE, "UNKNOWN", LooksLikeLikelihood("Gaussian", "it failed")),
        ({}, None, "UNKNOWN", LooksLikeLikelihood("Gaussian", "its weight is no number")),
        ({"found": None}, None, "UNKNOWN", OfReconstruction.UNKNOWN_LIKELIHOOD),
    ],
)
def test_a_group_is_a_likelihood_if_it_has_a_theorem_and_a_weight(changes, weight, verdict, reason):
    decision = judge_reconstruction(objective(), squares_group(**changes), NAMES, weight, "a.py:1")
    assert (decision.verdict, decision.reason, decision.source) == (verdict, reason, "a.py:1")


@pytest.mark.parametrize(("weight", "computed", "expected"), [(-2, "-2", "2"), (0, "0", "1")])
def test_a_likelihood_that_is_rewarded_is_refuted(weight, computed, expected):
    number = Monomial(float(weight), {})
    decision = judge_reconstruction(objective(), squares_group(weight), NAMES, number)
    assert (decision.verdict, decision.bug) == ("REFUTED", "sign")
    assert decision.reason == RewardedLikelihood(number, "Gaussian")
    assert (decision.witness.computed, decision.witness.expected) == (computed, expected)


# of a loss


def test_a_likelihood_of_the_data_by_a_decoder_of_z_is_proved():
    decision = decided(squares_group())
    assert (decision.verdict, decision.reason, decision.notes) == ("PROVED", IsLikelihood(ONE, "Gaussian"), ())


@pytest.mark.parametrize(
    ("changes", "verdict", "reason", "bug"),
    [
        ({}, "UNKNOWN", OfReconstruction.ABSENT, None),
        ({"samplers": []}, "UNKNOWN", OfReconstruction.ABSENT, None),
        ({"asked": question(outputs=frozenset())}, "REFUTED", OfReconstruction.ABSENT, "likelihood-wrong"),
        (
            {"asked": question(outputs=frozenset()), "ran": run(reading(halted=frozenset({"a.py:9"})))},
            "REFUTED",
            OfReconstruction.DETACHED,
            "detached",
        ),
    ],
)
def test_a_loss_without_a_term_of_the_decoders(changes, verdict, reason, bug):
    decision = decided(**changes)
    assert (decision.verdict, decision.reason, decision.bug) == (verdict, reason, bug)


def test_a_mixed_term_may_hold_the_reconstruction():
    decision = decided(group(MIXED, Z, 0), asked=question(outputs=frozenset()))
    assert decision.verdict == "UNKNOWN"


@pytest.mark.parametrize(
    ("weights", "verdict", "reason"),
    [
        ((1, 1), "PROVED", SeveralLikelihoods("1", "Gaussian, variance 1", None)),
        ((1, 2), "UNKNOWN", DifferentWeights(("1", "2"))),
    ],
)
def test_likelihoods_of_several_data_have_one_weight(weights, verdict, reason):
    y = element_of("y", (0, 2))
    asked = question(arrays={"y": tensors()["x"]}, data=frozenset({"x", "y"}))
    first, second = of(weight=weights[0]), of(weight=weights[1], number=2, parameters=(y, X_HAT))
    decision = decided(first, second, asked=asked)
    assert (decision.verdict, decision.reason) == (verdict, reason)
    assert len(decision.theorems) == (2 if verdict == "PROVED" else 0)


def test_the_first_that_is_not_proved_counts_with_the_notes_of_all():
    changed = of(parameters=(X / 2, X_HAT))
    decision = decided(changed, of(number=2, weight=-1))
    assert (decision.verdict, decision.bug) == ("REFUTED", "sign")
    assert decision.notes == (DataChanged("x[b, d] / 2"),)


def test_draws_of_one_datum_are_one_likelihood_with_the_sum_of_their_weights():
    y = element_of("y_hat", (0, 2))
    second = leaf("y_hat", "made", inputs=frozenset({"eps"}), noise=frozenset({"eps"}), operation="addmm")
    asked = question(
        arrays={"y_hat": tensors()["x"]},
        outputs=frozenset({"x_hat", "y_hat"}),
        drawn={"x_hat": frozenset({"eps"}), "y_hat": frozenset({"eps"})},
    )
    other = of((X - y) ** 2 / 2, number=2, parameters=(X, y))
    ran = run(reading(leaves=[second]))
    decision = decided(of(), other, asked=asked, ran=ran)
    assert (decision.verdict, decision.reason) == ("PROVED", SeveralLikelihoods("2", "Gaussian, variance 1", 2))
    third = replace(second, operation="convolution")
    decision = decided(of(), other, asked=asked, ran=run(reading(leaves=[third])))
    assert (decision.verdict, decision.reason) == ("UNKNOWN", OfReconstruction.DIFFERENT_NETWORKS)


def test_an_output_that_does_not_stand_in_a_function_of_tensors_is_refuted():
    ran = run(reading(leaves=[leaf("s", "argument")]))
    asked = question(outputs=frozenset({"x_hat", "s"}))
    decision = decided(squares_group(), asked=asked, ran=ran, sampled=False, samplers=[])
    assert (decision.verdict, decision.reason) == ("REFUTED", OutputUnused("Gaussian", "s"))
    assert decision.bug == "data-partial"


@pytest.mark.parametrize(("declared", "verdict"), [("gaussian", "PROVED"), ("bernoulli", "REFUTED")])
def test_another_family_than_the_declared_one_is_refuted(declared, verdict):
    decision = decided(squares_group(), declared=Declared(likelihood=declared))
    assert decision.verdict == verdict
    if verdict == "REFUTED":
        assert decision.reason == LikelihoodNotDeclared("Gaussian", "bernoulli")


def test_a_bernoulli_is_a_binomial_of_one_trial():
    term = of(SOFTPLUS, family="bernoulli", name="Bernoulli")
    assert decided(term, declared=Declared(likelihood="binomial")).verdict == "PROVED"


def test_another_family_without_a_witness_is_unknown():
    summed = replace(of(body=over(SQUARES, 1)), axes=(0, 2))
    decision = decided(summed, declared=Declared(likelihood="laplace"))
    assert (decision.verdict, decision.weight) == ("UNKNOWN", "1")


@pytest.mark.parametrize(("values", "verdict"), [([1.0, 0.0, 1.0, 1.0], "PROVED"), ([1.0, 0.5, 1.0, 2.0], "OTHER")])
def test_weights_of_places_are_another_objective_and_a_mask_is_not(values, verdict):
    asked = question(arrays={"m": torch.tensor(values, dtype=torch.float64)})
    decision = decided(of(mask=element_of("m", (2,))), asked=asked)
    assert decision.verdict == verdict
    assert decision.other == (None if verdict == "PROVED" else "a likelihood with a weight for each place")


def test_a_likelihood_of_part_of_the_data_is_refuted_with_its_share():
    part = (element_of("x", (0,)) - element_of("x_hat", (0,))) ** 2
    decision = decided(of(part, axes=(0,), parameters=(element_of("x", (0,)), element_of("x_hat", (0,)))))
    assert (decision.verdict, decision.reason) == ("REFUTED", PartOfData("Gaussian", Fraction(1, 4)))


@pytest.mark.parametrize(
    ("observed", "family", "reason"),
    [
        (over(X, 1), "gaussian", SummaryOfData),
        (X / 2, "poisson", CountsOf),
        (element_of("sorted", (0, 2)), "gaussian", MovedData),
    ],
)
def test_what_is_no_likelihood_of_the_data_themselves_is_unknown(observed, family, reason):
    moved = leaf("sorted", "made", inputs=frozenset({"x"}), operation="sort", source="a.py:5")
    term = of(family=family, name=family, parameters=(observed, X_HAT))
    decision = decided(term, ran=run(reading(leaves=[moved])))
    assert decision.verdict == "UNKNOWN"
    assert isinstance(decision.reason, reason)


@pytest.mark.parametrize("sampled", [True, False])
def test_one_output_for_all_the_data_along_an_axis(sampled):
    one = element_of("x_hat", (0,))
    term = (X - one) ** 2 / 2
    changes = {} if sampled else {"sampled": False, "samplers": []}
    decision = decided(of(term, parameters=(X, one)), **changes)
    assert decision.verdict == ("UNKNOWN" if sampled else "REFUTED")
    assert decision.reason == SharedOutput("D", sampled)


def test_the_output_of_several_draws_together_is_unknown():
    asked = question(posteriors=[replace(question().posteriors[0], again=("more",))])
    more = leaf("more", "noise", axes=(0, 1), law="normal")
    decision = decided(squares_group(), asked=asked, ran=run(reading(leaves=[more])))
    assert decision.reason is OfReconstruction.SEVERAL_DRAWS_DECODED


def test_a_decoder_that_sees_the_data_is_unknown():
    read = reading()
    read.entering.append((lifted(X, ((0,), (2,))), read.leaves["x_hat"]))
    decision = decided(squares_group(), ran=run(read))
    assert (decision.verdict, decision.reason) == ("UNKNOWN", DecoderSees("x"))


def test_a_latent_that_is_not_decoded_is_unknown_at_its_line():
    read = reading()
    read.entering[:] = [(lifted(element_of("h", (0,))), read.leaves["x_hat"])]
    decision = decided(squares_group(), ran=run(replace(read, leaves={**read.leaves, "h": leaf("h", "made")})))
    assert (decision.verdict, decision.reason) == ("UNKNOWN", NotDecoded("step.py:3"))


def test_grey_data_of_a_bernoulli_are_noted():
    read = reading(leaves=[leaf("x", "argument", tensor=torch.full((3, 4), 0.5, dtype=torch.float64))])
    decision = decided(of(SOFTPLUS, family="bernoulli", name="Bernoulli"), ran=run(read))
    assert decision.notes == (Note.BERNOULLI_OF_FRACTIONS,)


# what is no likelihood


def unlikely(body, **changes):
    plain = squares_group(body=body, found=None, theorem=None)
    return decided(plain, asked=question(over(body, 0, 2)), **changes)


def test_a_root_of_squares_is_another_objective():
    term = xp.exp(xp.log(over(SQUARES, 0, 2)) / 2)
    decision = decided(group(Reconstruction(), term), asked=question(term))
    assert (decision.verdict, decision.other) == ("OTHER", "the root of a summed Gaussian error")


def test_a_weight_on_the_ones_is_another_objective():
    ran = run(reading(leaves=[leaf("x_hat", "made", operation="bce with a weight on the positive class")]))
    decision = unlikely(SQUARES**2, ran=ran)
    assert (decision.verdict, decision.reason) == ("OTHER", IsOther(decision.other))
    assert "pos_weight" in decision.other


def test_what_no_point_tells_against_is_unknown_and_the_rest_refuted():
    assert unlikely((X - X_HAT) ** 4).verdict == "UNKNOWN"
    refuted = unlikely((X - X_HAT) ** 2 + X_HAT**2)
    assert (refuted.verdict, refuted.bug) == ("REFUTED", "likelihood-wrong")
    assert "the integral of its exponential" in refuted.reason.sentence
    assert unlikely((X - X_HAT) ** 4, declared=Declared(likelihood="gaussian")).verdict == "REFUTED"
    assert EPS.term is not Z.term
