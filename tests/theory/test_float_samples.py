"""Floats kept for Rocq: certified by balls too, current on every processor, and stale if anything is changed."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.readings.balls import balls
from vaelid.theory import float_samples
from vaelid.theory.emission import emitted_files
from vaelid.theory.float_samples import (
    SAMPLES,
    distance,
    float_samples_file,
    results_here,
    results_of,
    samples_are_current,
)

PROOFS = Path(__file__).parents[2] / "proofs"
KEPT = (PROOFS / "objective/FloatSamples.v").read_text()


def beyond(results) -> list[str]:
    """The samples whose result is not certainly within its distance of the real value, by Arb at 128 bits."""
    found = []
    for sample, result in zip(SAMPLES, results, strict=True):
        (ball,) = np.ravel(sample.value(balls).elements)
        middle, radius = (Fraction(int(part.p), int(part.q)) for part in (ball.mid().fmpq(), ball.rad().fmpq()))
        if abs(middle - Fraction(result)) + radius > distance(sample, result):
            found.append(f"{sample.name}{sample.arguments}")
    return found


def test_what_is_kept_and_what_is_computed_here_is_as_near_as_the_lemmas_say():
    assert len(SAMPLES) == 28
    assert beyond(results_of(KEPT)) == []
    assert beyond(results_here()) == []


def test_the_certificate_can_fail():
    exact = results_of(KEPT)
    moved = [result + 2 * float(distance(sample, result)) for sample, result in zip(SAMPLES, exact, strict=True)]
    assert len(beyond(moved)) == len(SAMPLES)


def test_the_kept_file_is_current_and_stays_as_it_is_when_emitted():
    assert samples_are_current(KEPT)
    assert emitted_files({"objective/FloatSamples.v": KEPT})["objective/FloatSamples.v"] == KEPT
    assert emitted_files({})["objective/FloatSamples.v"] == float_samples_file()
    assert results_of(float_samples_file()) == results_here()


@settings(max_examples=30)
@given(st.lists(st.integers(-4, 4), min_size=len(SAMPLES), max_size=len(SAMPLES)))
def test_another_processors_roundings_are_current(units):
    """Each result moved by some units in its last place, as another build of exp and log would."""
    theirs = [result + k * float(np.spacing(abs(result))) for result, k in zip(results_here(), units, strict=True)]
    assert samples_are_current(float_samples_file(theirs))


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_a_result_that_is_not_near_is_not_current(number):
    for sign in (1, -1):
        theirs = [*results_of(KEPT)]
        theirs[number] += sign * 4 * float(distance(SAMPLES[number], theirs[number]))
        assert not samples_are_current(float_samples_file(theirs))


CHANGES = {
    "a name": ("Gen.mean_squared_error", "Gen.negative_elbo"),
    "an input": ("1 => (-3 / 2)", "1 => (-5 / 2)"),
    "an input's last bit": ("(7378697629483821 / ", "(7378697629483820 / "),
    "a size": ("Gen.mean_squared_error\n      4%nat", "Gen.mean_squared_error\n      3%nat"),
    "a wider distance": ("<= (1 / 1125899906842624)", "<= (1 / 1024)"),
    "the other side": ("  <= (1", "  >= (1"),
    "a lemma that is admitted": ("certify. Qed.", "admit. Admitted."),
    "another tactic": ("interval with (i_prec 120)", "idtac"),
    "a lemma that is left out": ("(sample_1, ", "("),
    "an axiom": ("Open Scope R_scope.", "Open Scope R_scope.\nAxiom false : False."),
    "the end": ("sample_28).\n", "sample_28).\n\n"),
    "no sample": (KEPT, ""),
    "no float64": ("- (0))", "- (1 / 3))"),
    "a number of no size": ("- (0))", f"- ({10**399}))"),
    "a quotient by zero": ("- (0))", "- (0 / 0))"),
    "another way to write it": ("- (0))", "- (0 / 1))"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_not_current(change):
    before, after = CHANGES[change]
    assert before in KEPT
    assert not samples_are_current(KEPT.replace(before, after, 1))


def test_a_machine_that_computes_no_number_has_no_current_file(monkeypatch):
    monkeypatch.setattr(float_samples, "results_here", lambda: [float("nan"), *results_of(KEPT)[1:]])
    assert not samples_are_current(KEPT)


def test_each_lemma_has_the_arguments_of_its_sample():
    assert re.findall(r"Gen\.(\w+)\n", KEPT) == [sample.name for sample in SAMPLES]
