"""The ledger: the evidence of each premise, from what was found out and what runs showed."""

from dataclasses import replace

import pytest
import torch

from vaelid.auditor.findings.opinion import Check, Opinion
from vaelid.auditor.findings.premise import Premise
from vaelid.auditor.judgement.premises import missing, premises_of
from vaelid.readings.terms.arrays import as_term

from ..hand_made import (
    KL,
    SQUARES,
    STANDARD_DRAW,
    X_HAT,
    Reconstruction,
    X,
    assessed,
    element_of,
    found,
    group,
    kl_group,
    leaf,
    question,
    reading,
    run,
    squares_group,
    theorem,
)

NOTHING = Opinion()


def passed(*names, runs=85):
    return Opinion(tuple(Check(name, True) for name in names), runs=runs)


def ledger(opinion=NOTHING, *, sampled=True, **changes):
    rows = premises_of(assessed(**changes), opinion, sampled=sampled)
    return {premise.name: premise for premise in rows}


def test_one_row_for_each_premise():
    names = ("law", "prior", "decoder", "density", "mask", "rows", "gradient", "state", "sizes")
    assert tuple(ledger()) == names


def test_without_any_run_premises_are_of_theorems_and_data_flow_or_assumed():
    assert {name: premise.evidence for name, premise in ledger().items()} == {
        "law": "theorem",
        "prior": "theorem",
        "decoder": "data flow",
        "density": "theorem",
        "mask": "theorem",
        "rows": "assumed",
        "gradient": "data flow",
        "state": "assumed",
        "sizes": "theorem",
    }


def test_runs_that_pass_are_evidence():
    seen = ledger(passed("rows", "gradient", "state", "path", "noise", "density"))
    assert {seen[name].evidence for name in ("rows", "gradient", "state")} == {"examined"}
    assert seen["law"].words.endswith("its draws were fresh and normal in further runs")
    assert "at three outputs" in seen["density"].words
    assert seen["state"].words == "85 further calls did the same operations"


def test_a_check_that_failed_once_is_no_evidence():
    twice = Opinion((Check("rows", True), Check("rows", False, "1", "2")))
    assert ledger(twice)["rows"].evidence == "assumed"


@pytest.mark.parametrize("names", [("state",), ("path",)])
def test_state_needs_both_of_its_checks(names):
    assert ledger(passed(*names))["state"].evidence == "assumed"


def test_why_a_check_was_left_is_said():
    left = Opinion(left={"rows": "rows meet in a batch norm", "gradient": "a draw by rejection has no slope"})
    assert ledger(left)["rows"].words.endswith("rows meet in a batch norm")
    assert ledger(left)["gradient"].words.endswith("a draw by rejection has no slope")
    assert ledger()["rows"].words.endswith("it was not examined")


# law and decoder


def test_the_law_of_a_function_of_tensors_is_declared():
    rows = ledger(sampled=False)
    assert (rows["law"].evidence, rows["decoder"].evidence) == ("declared", "declared")


@pytest.mark.parametrize("samplers", [(), (replace(STANDARD_DRAW, verdict="UNKNOWN"),)])
def test_a_law_that_is_not_proved_is_missing(samplers):
    assert ledger(samplers=samplers)["law"].evidence == "missing"


# prior


def learned(**leaves):
    """A prior whose mean is the array p, which is made from `leaves`."""
    p = element_of("p", (0, 1))
    prior = found("learned", KL, learned=True, parameters=(p, as_term(0)))
    more = [leaf("p", "made", axes=(0, 1), **leaves)]
    return {"groups": (kl_group(found=prior), squares_group()), "ran": run(reading(leaves=more))}


def test_a_prior_of_numbers_is_a_theorem():
    assert ledger()["prior"].words == "it is made of numbers, and so of nothing of x"


def test_a_prior_that_was_examined():
    assert ledger(passed("prior"), **learned(inputs=frozenset({"x"})))["prior"].evidence == "examined"


def test_a_prior_of_parameters_by_its_data_flow():
    assert ledger(**learned(inputs=frozenset()))["prior"].evidence == "data flow"


def test_a_prior_made_from_x_is_missing_unless_it_was_examined():
    premise = ledger(**learned(inputs=frozenset({"x"})))["prior"]
    assert premise.evidence == "missing"
    assert premise.words.endswith("it was not examined")
    assert missing([premise]) == premise


def test_a_prior_made_from_the_posteriors_mean_is_made_from_x():
    assert ledger(**learned(inputs=frozenset({"mu"})))["prior"].evidence == "missing"


def test_a_prior_made_from_z_is_made_from_x_through_z_only():
    through_z = learned(inputs=frozenset({"mu", "logvar", "eps"}), noise=frozenset({"eps"}))
    assert ledger(**through_z)["prior"].evidence == "data flow"


# mask, density, sizes


KEPT = torch.tensor([[1, 1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 1]], dtype=torch.float64)


def masked(mask):
    target = found("Gaussian", SQUARES, family="gaussian", parameters=(X, X_HAT), mask=mask)
    return (kl_group(), group(Reconstruction(), SQUARES, 0, 2, found=target, theorem=theorem()))


def test_nothing_is_masked():
    assert ledger()["mask"].words == "nothing is masked"


def test_a_mask_of_the_batch_is_assumed_or_examined():
    ran = run(reading(leaves=[leaf("k", "argument", tensor=KEPT)]))
    given = {"groups": masked(element_of("k", (0, 2))), "ran": ran, "asked": question(arrays={"k": KEPT})}
    assert ledger(**given)["mask"].evidence == "assumed"
    assert ledger(passed("mask"), **given)["mask"].evidence == "examined"


def test_a_mask_made_from_the_data_is_missing_unless_it_was_examined():
    ran = run(reading(leaves=[leaf("k", "made", inputs=frozenset({"x"}), tensor=KEPT)]))
    given = {"groups": masked(element_of("k", (0, 2))), "ran": ran, "asked": question(arrays={"k": KEPT})}
    premise = ledger(Opinion(left={"mask": "no real tensor"}), **given)["mask"]
    assert (premise.evidence, premise.words) == ("missing", "it is made from data: no real tensor")
    assert ledger(passed("mask"), **given)["mask"].evidence == "examined"


def test_the_likelihood_is_named():
    assert ledger()["density"].words == "exp(-NLL) is the density of a Gaussian likelihood, up to one number"


def test_sizes_are_every_number_of_rows_where_two_runs_had_others():
    assert ledger()["sizes"].words == "it holds for every number of rows"
    assert ledger(ran=replace(run(), moved=frozenset()))["sizes"].words == "it holds for the recorded sizes"


# what is missing


def test_the_first_that_is_missing():
    rows = [Premise("law", "theorem", "."), Premise("mask", "missing", "?"), Premise("prior", "missing", "!")]
    assert missing(rows) == rows[1]
    assert missing(rows[:1]) is None
    assert missing([]) is None
    assert str(rows[1]) == "mask: ? (missing)"
