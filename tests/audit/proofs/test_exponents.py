"""Exponents as linear forms: a form has the value of the term that it is read from."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaelid.auditor.proofs.exponents import exponent, exponent_of_logarithm, linear, term_of
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.library.definitions import scalar

from ..numbers_of_terms import value

A, B, H = scalar("a"), scalar("b"), scalar("h")
NUMBERS = {"a": 0.7, "b": -1.3, "h": 0.4}
ONE = as_term(1).term

LINEAR = {
    "atom": (A, {A.term: 1}),
    "zero": (as_term(0), {}),
    "number": (as_term(Fraction(3, 2)), {ONE: Fraction(3, 2)}),
    "difference": (A - H / 2, {A.term: 1, H.term: Fraction(-1, 2)}),
    "cancelled": (A - A, {}),
    "factors on either side": (2 * A + B * 3, {A.term: 2, B.term: 3}),
    "negative of a sum": (-(A + 2), {A.term: -1, ONE: -2}),
    "product": (A * B, {(A * B).term: 1}),
    "sum of many": (A + B + A + 1 - B, {A.term: 2, ONE: 1}),
    "log of an exponential": (xp.log(xp.exp(A) * 2), {A.term: 1, xp.log(as_term(2)).term: 1}),
    "log of an atom": (xp.log(A), {xp.log(A).term: 1}),
}


@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_form_is_read(name):
    term, expected = LINEAR[name]
    assert linear(term.term) == {atom: Fraction(factor) for atom, factor in expected.items()}


@pytest.mark.parametrize("name", [name for name in LINEAR if name != "log of an atom"])
def test_the_term_of_a_form_has_the_value_of_the_term_that_was_read(name):
    term, _ = LINEAR[name]
    assert value(term_of(linear(term.term)), NUMBERS) == pytest.approx(value(term, NUMBERS))


EXPONENTIALS = {
    "exponential": xp.exp(A),
    "product": xp.exp(A) * xp.exp(-B / 2),
    "quotient": xp.exp(A) / xp.exp(H),
    "power": xp.exp(A - B) ** 3,
    "number": as_term(12),
    "fraction": as_term(Fraction(8, 45)),
    "number times an exponential": 6 * xp.exp(H / 2),
    "large prime": as_term(1000003),
    "all": 2 * xp.exp(A) ** 2 / (3 * xp.exp(B)),
}


@pytest.mark.parametrize("name", EXPONENTIALS)
def test_a_product_of_exponentials_is_the_exponential_of_its_form(name):
    term = EXPONENTIALS[name]
    form = exponent(term.term)
    assert form is not None
    assert math.exp(value(term_of(form), NUMBERS)) == pytest.approx(value(term, NUMBERS), rel=1e-12)


@pytest.mark.parametrize("term", [A, A + xp.exp(B), as_term(0), as_term(-2), xp.exp(A) * B, xp.log(A), A**2])
def test_what_is_not_written_as_exponentials_has_no_form(term):
    assert exponent(term.term) is None


@pytest.mark.parametrize("number", [2, 3, 7, 997, 1000003])
def test_the_logarithm_of_a_prime_is_an_atom(number):
    assert exponent_of_logarithm(as_term(number).term) is None


@pytest.mark.parametrize("number", [1, 4, 6, 12, 100, Fraction(1, 2), Fraction(9, 4)])
def test_the_logarithm_of_another_number_is_not(number):
    form = exponent_of_logarithm(as_term(number).term)
    assert form is not None
    assert value(term_of(form), {}) == pytest.approx(math.log(number))


numbers = st.fractions(min_value=Fraction(1, 60), max_value=60, max_denominator=60).filter(lambda n: n > 0)


@given(numbers, st.fractions(-5, 5, max_denominator=8), st.fractions(-5, 5, max_denominator=8))
def test_forms_of_random_products(number, one, other):
    term = as_term(number) * xp.exp(as_term(one) * A) / xp.exp(as_term(other) * B)
    form = exponent(term.term)
    assert form is not None
    assert value(term_of(form), NUMBERS) == pytest.approx(
        math.log(number) + float(one) * NUMBERS["a"] - float(other) * NUMBERS["b"], abs=1e-9
    )
