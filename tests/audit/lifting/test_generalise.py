"""The terms of two runs as one term for every length: it gives back both at their lengths."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula.arithmetic import simple
from vaelid.auditor.formula.axes_of_terms import at_lengths, element_of, length_of, total
from vaelid.auditor.lifting.generalise import generalised
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.text import text

x = element_of("x", (0, 1))
LENGTHS = {(5, 4): 0, (7, 6): 1}
SIZES = ({"N0": 5, "N1": 7}, {"N0": 4, "N1": 6})
lengths = st.integers(2, 40)


def both(function, sizes=SIZES):
    """A function of the sizes, as terms of both runs."""
    return tuple(function(**{name: Fraction(n) for name, n in size.items()}) for size in sizes)


FORMULAS = {
    "a mean over rows": lambda N0, N1: total(x, 1) * as_term(1 / N0),
    "a mean over all": lambda N0, N1: total(x, 1) * as_term(1 / (N0 * N1)),
    "a sum made from a mean": lambda N0, N1: x * as_term(N1),
    "pairs of rows": lambda N0, N1: x * as_term(3 / (N0 * N0)),
    "a ratio": lambda N0, N1: x * as_term(Fraction(2, 5) * N0 / N1),
    "two numbers": lambda N0, N1: x * as_term(1 / N0) + as_term(N1),
    "nothing": lambda N0, N1: x * as_term(Fraction(1, 3)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_at_the_lengths_of_each_run_it_is_that_runs(name):
    terms = both(FORMULAS[name])
    found = TermArray((), generalised(terms[0].term, terms[1].term, LENGTHS))
    for term, sizes in zip(terms, SIZES, strict=True):
        assert text(simple(at_lengths(found, sizes)).term) == text(simple(term).term)


@settings(max_examples=40, deadline=None)
@given(lengths, lengths, st.fractions(1, 50, max_denominator=20), st.sampled_from([1, -1, -2]))
def test_a_number_that_moved_is_a_power_of_a_length(first, second, constant, power):
    if first == second:
        return
    one, other = (as_term(constant * Fraction(n) ** power) for n in (first, second))
    found = TermArray((), generalised(one.term, other.term, {(first, second): 3}))
    for n, term in ((first, one), (second, other)):
        assert simple(at_lengths(found, {"N3": n})).term is term.term


def test_the_fewest_lengths_are_taken():
    found = generalised(as_term(5).term, as_term(4).term, LENGTHS)
    assert found is (as_term(1) * real(length_of(0))).term


@pytest.mark.parametrize(
    ("one", "other", "complaint"),
    [
        (as_term(5), as_term(3), "the number 5 became 3 in another run"),
        (as_term(Fraction(1, 3)), as_term(Fraction(1, 7)), "became"),
        (x, x + 1, "does not do the same"),
        (x * 2, total(x, 1), "does not do the same"),
    ],
)
def test_what_differs_otherwise_is_refused(one, other, complaint):
    with pytest.raises(ValueError, match=complaint):
        generalised(one.term, other.term, LENGTHS)


def test_a_rounded_quotient_is_of_the_length():
    one, other = (as_term(Fraction(1 / n)) for n in (5.0, 4.0))
    found = TermArray((), generalised(one.term, other.term, LENGTHS))
    assert text(found.term) == text((as_term(1) * (1 / real(length_of(0)))).term)


def test_equal_terms_are_returned_as_they_are():
    assert generalised(x.term, x.term, {}) is x.term
