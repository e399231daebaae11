"""One report of two roads: which doubt refutes, which stops a proof, and what runs may say against a refutation."""

from dataclasses import replace

import pytest

from vaelid.auditor.findings.bugs import BUGS
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.opinion import SLOPE_IS_HIDDEN, Check, Opinion
from vaelid.auditor.findings.premise import Premise
from vaelid.auditor.findings.report import Claim, Report, Witness
from vaelid.auditor.judgement.two_roads import _NEEDED, _REFUTE, after_examination
from vaelid.auditor.recognition.detached_weights import OWN_GRADIENT

LAW = Premise("law", "theorem", "z is drawn from the law of which the KL speaks")
UNSEEN = Premise("prior", "missing", "nobody looked")
PARTS = tuple(Claim(name, "PROVED", "as it must be.") for name in ("sampler", "divergence", "reconstruction"))
PROVED = Report(
    "step",
    "PROVED",
    "ELBO",
    "This loss is the negative ELBO: Gaussian, variance 1, prior N(0, I).",
    beta_effective=1.0,
    likelihood="Gaussian, variance 1",
    prior="N(0, I)",
    claims=(*PARTS, Claim("objective", "PROVED", "it is all of it.")),
    advice="declare beta=1",
)
REFUTED = replace(
    PROVED,
    verdict="REFUTED",
    summary="This loss is not the ELBO: its gradient stops.",
    claims=(*PARTS, Claim("objective", "REFUTED", "its gradient stops.", bug="detached")),
)
REFUTED_VALUE = replace(
    REFUTED, claims=(*PARTS, Claim("objective", "REFUTED", "the weight is another.", bug="batch-beta"))
)
UNKNOWN = replace(PROVED, verdict="UNKNOWN", summary="No verdict.")
OTHER = replace(PROVED, verdict="OTHER", summary="This is free bits.")


def doubt(name, computed="2", expected="1", meaning="two numbers"):
    return Check(name, False, computed, expected, meaning)


ALL = Opinion(tuple(Check(name, True) for name in sorted(_NEEDED)), runs=85, beta=1.0)


def with_doubts(*names, **changes):
    return replace(ALL, checks=(*ALL.checks, *map(doubt, names)), **changes)


def of_both(report=PROVED, opinion=ALL, premises=(LAW,), **declared):
    return after_examination(report, opinion, premises, Declared(**declared))


# PROVED


def test_a_proof_that_all_runs_agree_with_stays_with_its_ledger():
    assert of_both() == replace(PROVED, premises=(LAW,))


BUG_OF_DOUBT = {
    "support": "likelihood-wrong",
    "prior": None,
    "order": None,
    "fresh noise": "frozen-noise",
    "gradient": None,
    "kept": "likelihood-wrong",
}
"""A prior made of the data and a changed gradient are in no list of bugs with a mend yet."""


@pytest.mark.parametrize("name", _REFUTE)
def test_some_doubts_refute_alone_with_both_numbers_and_a_bug(name):
    found = of_both(opinion=with_doubts(name))
    claim = found.claim("examination")
    assert (found.verdict, claim.verdict) == ("REFUTED", "REFUTED")
    assert claim.witness == Witness({}, "2", "1", "two numbers")
    assert claim.bug == BUG_OF_DOUBT[name]
    assert claim.bug is None or claim.bug in BUGS
    assert found.summary == f"This loss is not the ELBO: {_REFUTE[name][0]}."
    assert found.advice is None
    assert found.claims[:-1] == PROVED.claims


OTHERS = (
    "state",
    "path",
    "latents",
    "value",
    "sign",
    "beta",
    "noise",
    "decoded",
    "coverage",
    "rows",
    "mask",
    "density",
)


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_doubt_leaves_no_verdict_with_both_findings(name):
    found = of_both(opinion=with_doubts(name))
    assert (found.verdict, found.claim("examination").verdict) == ("UNKNOWN", "UNKNOWN")
    assert found.summary == (
        "The formula is an ELBO, and runs of the code disagree: two numbers: 2 where it should be 1."
    )
    assert found.claim("examination").witness is None


def test_a_mask_that_keeps_another_share_refutes():
    found = of_both(opinion=with_doubts("mask", "kept"))
    assert (found.verdict, found.claim("examination").bug) == ("REFUTED", "likelihood-wrong")
    assert "what is left out depends on the values there" in found.summary


def test_a_doubt_that_refutes_comes_before_others():
    found = of_both(opinion=with_doubts("value", "gradient"))
    assert (found.verdict, found.claim("examination").bug) == ("REFUTED", None)


def test_several_doubts_are_said_once_each():
    same = (doubt("noise"), doubt("noise"), doubt("rows", "5", "6", "others"))
    found = of_both(opinion=replace(ALL, checks=same))
    assert found.summary.endswith("two numbers: 2 where it should be 1; others: 5 where it should be 6.")


def test_a_gradient_that_is_proved_to_be_the_bounds_is_no_doubt():
    own = replace(PROVED, notes=(OWN_GRADIENT,))
    assert of_both(own, with_doubts("gradient")).verdict == "PROVED"
    assert of_both(own, with_doubts("gradient", "rows")).verdict == "UNKNOWN"
    assert of_both(PROVED, with_doubts("gradient")).verdict == "REFUTED"


def test_a_missing_premise_leaves_no_verdict():
    found = of_both(premises=(LAW, UNSEEN))
    assert (found.verdict, found.summary) == ("UNKNOWN", "No verdict: prior: nobody looked.")
    assert found.premises == (LAW, UNSEEN)
    assert found.claim("examination").reason == "prior: nobody looked."


def test_notes_of_the_runs_are_in_every_report():
    said = replace(ALL, notes=("a clamp acts",))
    for report in (PROVED, REFUTED, UNKNOWN, OTHER):
        assert "a clamp acts" in of_both(report, said).notes


def test_an_examination_that_was_not_made_takes_no_proof():
    assert of_both(opinion=Opinion(left={"value": "it could not be run again"})).verdict == "PROVED"


# REFUTED


def test_a_refutation_that_every_run_contradicts_is_no_verdict():
    refuted = replace(REFUTED, claims=(*PARTS[:1], Claim("divergence", "REFUTED", "it is none.", bug="kl-reversed")))
    found = of_both(refuted)
    assert found.verdict == "UNKNOWN"
    agree = "every one of 85 runs agrees with NLL + 1 KL, and its gradient"
    assert found.summary == f"No verdict: the formula is refuted, and {agree}. {REFUTED.summary}"
    assert found.advice is None


@pytest.mark.parametrize("bug", ["data-partial", "kl-partial", "uniform-noise"])
def test_runs_do_not_outweigh_what_they_cannot_see(bug):
    refuted = replace(REFUTED, claims=(*PARTS, Claim("divergence", "REFUTED", "it is of a part.", bug=bug)))
    assert bug in BUGS
    assert of_both(refuted) == refuted


STAYS = {
    "a doubt": ({"opinion": with_doubts("rows")}, {}),
    "a check that was not made": ({"opinion": replace(ALL, checks=ALL.checks[1:])}, {}),
    "another beta was declared": ({}, {"beta": 0.5}),
    "no beta was fitted": ({"opinion": replace(ALL, beta=None)}, {"beta": 1.0}),
    "a likelihood was declared": ({}, {"likelihood": "laplace"}),
    "another prior was declared": ({}, {"prior": "N(0, 4)"}),
    "nothing was run": ({"opinion": Opinion()}, {}),
}


@pytest.mark.parametrize("name", STAYS)
def test_a_refutation_stays(name):
    given, declared = STAYS[name]
    assert of_both(REFUTED_VALUE, **given, **declared) == REFUTED_VALUE


@pytest.mark.parametrize("name", sorted(_NEEDED))
def test_each_needed_check_is_needed_against_a_refutation(name):
    fewer = replace(ALL, checks=tuple(check for check in ALL.checks if check.name != name))
    assert of_both(REFUTED_VALUE, fewer) == REFUTED_VALUE
    assert of_both(REFUTED_VALUE, ALL).verdict == "UNKNOWN"


@pytest.mark.parametrize(
    "declared", [{"prior": "N(0, I)"}, {"likelihood": "gaussian"}, {"likelihood": "gaussian", "prior": "N(0, I)"}]
)
def test_what_was_declared_and_runs_were_held_against_is_no_reason_to_stay(declared):
    found = after_examination(REFUTED_VALUE, ALL, (LAW,), Declared(**declared), families=("gaussian",))
    assert found.verdict == "UNKNOWN"


@pytest.mark.parametrize("families", [(), ("laplace",), ("gaussian", "laplace")])
def test_runs_held_against_another_likelihood_than_the_declared_one_outweigh_nothing(families):
    assert (
        after_examination(REFUTED_VALUE, ALL, (LAW,), Declared(likelihood="gaussian"), families=families)
        == REFUTED_VALUE
    )


def test_the_declared_beta_that_runs_agree_with_is_no_reason_to_stay():
    assert of_both(REFUTED_VALUE, beta=1.0).verdict == "UNKNOWN"
    assert of_both(REFUTED_VALUE, replace(ALL, beta=1 + 1e-7), beta=1.0).verdict == "UNKNOWN"
    assert of_both(REFUTED_VALUE, replace(ALL, beta=1 + 1e-3), beta=1.0) == REFUTED_VALUE


def test_a_gradient_that_runs_find_right_is_not_refuted_whatever_was_declared():
    assert of_both(REFUTED, beta=0.5).verdict == "UNKNOWN"
    without = replace(ALL, checks=tuple(check for check in ALL.checks if check.name != "gradient"))
    assert of_both(REFUTED, without) == REFUTED
    hidden = replace(without, left={"gradient": SLOPE_IS_HIDDEN})
    assert of_both(REFUTED, hidden).verdict == "UNKNOWN"
    assert of_both(REFUTED, with_doubts("gradient")) == REFUTED
    assert of_both(REFUTED, Opinion()) == REFUTED


SHARED = replace(
    REFUTED_VALUE,
    claims=(
        *PARTS,
        Claim("divergence", "UNKNOWN", "it is new."),
        Claim("divergence", "REFUTED", "another KL."),
        Claim("objective", "REFUTED", "its divergence is wrong."),
    ),
)


def test_a_part_is_not_refuted_beside_one_like_it_that_is_not_read():
    found = of_both(SHARED, Opinion())
    assert found.verdict == "UNKNOWN"
    assert found.summary.startswith("No verdict: the formula is refuted, but a part like it is not known: it is new.")


@pytest.mark.parametrize("name", ["value", "sign", "beta", "support", "fresh noise"])
def test_it_is_where_runs_disagree_with_every_elbo(name):
    assert of_both(SHARED, Opinion((doubt(name),))) == SHARED


def test_a_part_alone_is_refuted_as_it_was():
    alone = replace(SHARED, claims=tuple(claim for claim in SHARED.claims if claim.reason != "it is new."))
    assert of_both(alone, Opinion()) == alone


def test_another_gradient_of_the_same_mean_is_proved_by_its_name():
    named = replace(ALL, estimator="sticking the landing")
    found = of_both(REFUTED, named)
    assert (found.verdict, found.objective_name, found.premises) == ("PROVED", "ELBO", (LAW,))
    assert found.summary == (
        "This loss is the negative ELBO, with the gradient of sticking the landing: Gaussian, variance 1, "
        "prior N(0, I)."
    )
    whole = found.claim("objective")
    assert (whole.verdict, whole.bug, whole.witness) == ("PROVED", None, None)
    assert found.claims[:-1] == PARTS
    weighted = of_both(replace(REFUTED, beta_effective=4.0), replace(named, beta=4.0))
    assert weighted.objective_name == "beta-ELBO"
    assert weighted.summary.startswith("This loss is a beta-ELBO with beta = 4, with the gradient")


@pytest.mark.parametrize(
    "claims",
    [
        (*PARTS, Claim("objective", "REFUTED", "another reason.", bug="batch-beta")),
        (
            *PARTS[:2],
            Claim("reconstruction", "UNKNOWN", "?"),
            Claim("objective", "REFUTED", "it stops.", bug="detached"),
        ),
        PARTS,
    ],
)
def test_a_name_does_not_prove_what_is_refuted_for_another_reason(claims):
    named = replace(ALL, estimator="sticking the landing")
    assert of_both(replace(REFUTED, claims=claims), named).verdict == "UNKNOWN"


# UNKNOWN and OTHER


def test_runs_that_agree_are_a_note_where_nothing_is_proved():
    found = of_both(UNKNOWN)
    assert (found.verdict, found.notes) == ("UNKNOWN", ("no proof; all runs of the code agree with NLL + 1 KL",))


@pytest.mark.parametrize("opinion", [with_doubts("rows"), Opinion(), replace(ALL, beta=None), replace(ALL, checks=())])
def test_no_note_where_they_do_not(opinion):
    assert of_both(UNKNOWN, opinion) == UNKNOWN


def test_another_objective_is_left_as_it_is():
    assert of_both(OTHER) == OTHER
    assert of_both(OTHER, with_doubts("value")) == OTHER
