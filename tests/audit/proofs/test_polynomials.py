"""Terms as polynomials in a draw: the coefficients give back the term."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaelid.auditor.proofs.polynomials import in_powers_of
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.library.definitions import scalar

from ..numbers_of_terms import value, variables

M, S, H, E = map(scalar, "mshe")
NUMBERS = {"m": 1.1, "s": 0.8, "h": 0.4, "e": -0.6}
Z = M + xp.exp(H / 2) * E

POLYNOMIALS = {
    "constant": (M + 1, {0}),
    "linear": (M + S * E, {0, 1}),
    "square": ((M + S * E) ** 2, {0, 1, 2}),
    "cube": ((M + S * E) ** 3, {0, 1, 2, 3}),
    "only the square": (E**2 * S, {2}),
    "cancelled": ((M + E) ** 2 - E**2, {0, 1}),
    "quotient": ((S * E) ** 2 / S, {2}),
    "standardised": ((Z - M) ** 2 / xp.exp(H), {2}),
    "draw of a Gaussian": (Z**2 / 2, {0, 1, 2}),
    "negative": (-(E - M), {0, 1}),
    "power of an exponential": (xp.exp(H / 2) ** 2 * E, {1}),
    "logarithm of an exponential": (xp.log(xp.exp(H)) * E, {1}),
}


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_the_coefficients_give_back_the_term(name):
    term, powers = POLYNOMIALS[name]
    found = in_powers_of(term, E.term)
    assert found is not None
    assert set(found) == powers
    assert all("e" not in variables(coefficient) for coefficient in found.values())
    for e in (-0.6, 0.0, 2.3):
        numbers = {**NUMBERS, "e": e}
        whole = sum(value(coefficient, numbers) * e**power for power, coefficient in found.items())
        assert whole == pytest.approx(value(term, numbers), abs=1e-12)


@pytest.mark.parametrize("term", [xp.exp(E), 1 / E, xp.log(E), abs(E), xp.exp(E) * M, M / (E + 1), (M + E) / E])
def test_what_is_no_polynomial_has_no_coefficients(term):
    assert in_powers_of(term, E.term) is None


def test_a_polynomial_of_too_many_terms_is_left_alone():
    many = as_term(0)
    for k in range(25):
        many = many + scalar(f"a{k}")
    assert in_powers_of(many * many, E.term) is None


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=5))
def test_random_polynomials(coefficients):
    term = as_term(0)
    for power, coefficient in enumerate(coefficients):
        term = term + coefficient * (E**power if power else as_term(1))
    found = in_powers_of(term, E.term)
    assert found is not None
    assert {p: value(c, {}) for p, c in found.items()} == {p: c for p, c in enumerate(coefficients) if c}
