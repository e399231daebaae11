"""A decision is one value: another one on the same formula keeps what is still true, and has its own facts."""

from dataclasses import fields

import pytest

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import too_few
from vaelid.auditor.judgement.decision import Decision, name_of_other, refuted_by
from vaelid.auditor.judgement.reasons.base import IsOther, Told
from vaelid.auditor.judgement.reasons.notes import Note, NotTrained
from vaelid.auditor.judgement.reasons.of_divergence import OfDivergence, PartOfCoordinates

from ..hand_made import theorem

WITNESS = too_few(2, 3, "coordinates")
PROVED = Decision(
    "divergence",
    "PROVED",
    Told("it is."),
    "mu[b, l]^2",
    "1 / B",
    (theorem(),),
    source="step.py:3",
    notes=(Note.BERNOULLI_OF_FRACTIONS,),
)
REFUTED = Decision("divergence", "REFUTED", Told("it is not."), witness=WITNESS, bug="sign", other="free bits")


def test_another_decision_is_on_the_same_formula():
    found = PROVED.but("REFUTED", PartOfCoordinates(2, 3), witness=WITNESS, bug="kl-partial")
    assert (found.verdict, found.reason, found.witness, found.bug) == (
        "REFUTED",
        PartOfCoordinates(2, 3),
        WITNESS,
        "kl-partial",
    )
    kept = ("part", "formula", "weight", "theorems", "source", "notes")
    assert all(getattr(found, name) == getattr(PROVED, name) for name in kept)
    assert {field.name for field in fields(Decision)} == {*kept, "verdict", "reason", "witness", "bug", "other"}


def test_what_told_against_it_does_not_stay():
    found = REFUTED.but("UNKNOWN", OfDivergence.PRIOR_SEES_SAMPLE)
    assert (found.witness, found.bug, found.other) == (None, None, None)


def test_theorems_stay_unless_others_are_given():
    assert PROVED.but("UNKNOWN", Told("")).theorems == (theorem(),)
    assert PROVED.but("UNKNOWN", Told(""), theorems=()).theorems == ()
    assert PROVED.but("PROVED", Told(""), theorems=(theorem(),) * 2).theorems == (theorem(),) * 2


def test_another_objective_is_named():
    found = PROVED.but("OTHER", IsOther("free bits"), other="free bits")
    assert name_of_other([PROVED, found]) == "free bits"
    assert name_of_other([PROVED]) is None
    assert name_of_other([REFUTED, PROVED.but("OTHER", IsOther("capacity"), other="capacity")]) == "capacity"


def test_notes_are_added_behind_those_that_there_are():
    further = NotTrained("net.py:3")
    found = PROVED.noting(further)
    assert found.notes == (Note.BERNOULLI_OF_FRACTIONS, further)
    assert found.but(found.verdict, found.reason) == found
    assert PROVED.noting() == PROVED


def test_one_decision_for_several_has_all_their_notes_and_the_last_name_of_another_objective():
    further = PROVED.noting(NotTrained("net.py:3"))
    found = PROVED.for_all([PROVED, further, REFUTED])
    assert found.notes == (*PROVED.notes, *further.notes)
    assert found.other == "free bits"
    assert (found.verdict, found.theorems) == (PROVED.verdict, PROVED.theorems)


@pytest.mark.parametrize("witness", [WITNESS, Witness({}, "1", "2", "one; two")])
def test_with_a_witness_it_is_refuted_and_without_one_unknown(witness):
    facts = {"formula": "z", "source": "step.py:1"}
    refuted = refuted_by(witness, "sampler", Told("no."), "shared-noise", **facts)
    assert (refuted.verdict, refuted.witness, refuted.bug) == ("REFUTED", witness, "shared-noise")
    unknown = refuted_by(None, "sampler", Told("no."), "shared-noise", **facts)
    assert (unknown.verdict, unknown.witness, unknown.bug) == ("UNKNOWN", None, None)
    assert (unknown.formula, unknown.source, unknown.reason) == (refuted.formula, refuted.source, refuted.reason)
