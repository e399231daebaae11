"""The head of a report, what a claim says besides, and what a user declares: any name, number and law that there is."""

import re
import time
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaelid.auditor.findings.audited import Audited
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim, Report
from vaelid.spec.errors import InputError

numbers = st.fractions(-50, 50, max_denominator=1000)
positive = st.fractions(Fraction(1, 1000), 50, max_denominator=1000)


def test_an_audit_has_taken_the_time_since_it_began():
    audited = Audited("step", "step.py:1", time.perf_counter() - 3)
    first = audited.seconds()
    assert 3 < first < 60
    assert audited.seconds() >= first
    assert 0 <= Audited("step").seconds() < 1


def test_what_is_audited_does_not_change():
    with pytest.raises(FrozenInstanceError):
        Audited("step").started = 0.0
    assert Audited("step").source is None


def test_a_sentence_is_added_to_a_claim_and_nothing_else():
    claim = Claim("divergence", "REFUTED", "it is none.", "mu", bug="sign", assumptions=("one",), source="a.py:1")
    found = claim.adding("It is half of one.")
    assert found.reason == "it is none. It is half of one."
    assert replace(found, reason=claim.reason) == claim


@pytest.mark.parametrize("verdict", ["PROVED", "REFUTED", "UNKNOWN", "OTHER"])
def test_a_report_in_words_begins_with_its_verdict_and_its_finding(verdict):
    report = Report("step", verdict, "ELBO", "A finding.", sizes={"B": 5})
    assert str(report) == f"{verdict}  A finding."
    assert report.as_data()["sizes"] == {"B": 5}
    assert (report.seconds, report.source, report.claims) == (0.0, None, ())


# what is declared


@given(numbers, positive)
def test_a_prior_is_any_normal_law_of_exact_numbers(mean, variance):
    declared = Declared(prior=f"N({mean}, {variance})")
    assert declared.prior_numbers == (mean, variance)
    assert declared.standard_prior == ((mean, variance) == (0, 1))


@given(st.decimals(-50, 50, places=3), st.decimals("0.001", 50, places=3))
def test_the_name_of_a_prior_is_that_of_the_same_law(mean, variance):
    declared = Declared(prior=f"N({mean}, {variance})")
    again = Declared(prior=declared.prior_name)
    assert again.prior_numbers == declared.prior_numbers == (Fraction(mean), Fraction(variance))
    assert again.prior_name == declared.prior_name


@given(numbers, st.fractions(-50, 0, max_denominator=1000))
def test_a_prior_without_a_positive_variance_is_refused(mean, variance):
    with pytest.raises(InputError, match="expected a normal prior"):
        Declared(prior=f"N({mean}, {variance})")


@given(st.one_of(st.floats(0, 1e300), st.integers(0, 10**9)))
def test_a_beta_is_any_number_that_is_not_negative(beta):
    assert Declared(beta=beta).anything
    if beta > 0:
        assert not Declared(variance=beta).anything  # a scale alone is not held against a whole loss


@given(
    st.one_of(st.floats(max_value=-1e-300), st.integers(max_value=-1), st.sampled_from([float("nan"), float("inf")]))
)
def test_a_beta_that_is_none_is_an_input_error_that_names_it(beta):
    with pytest.raises(InputError, match=rf"^beta is {re.escape(repr(beta))}: expected a finite number"):
        Declared(beta=beta)
