"""Identities with exponentials: the true ones are proved, the false ones are not."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.proofs.exponentials import by_exponentials
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.kernel import NotProved
from vaelid.theory.library.definitions import scalar
from vaelid.theory.statement import eq

from ..numbers_of_terms import value

A, B, H, M, E = map(scalar, "abhme")
NUMBERS = {"a": 0.7, "b": -1.3, "h": 0.4, "m": 1.1, "e": -0.6}
Z = M + xp.exp(H / 2) * E

TRUE = {
    "square of a root": (xp.exp(H / 2) ** 2, xp.exp(H)),
    "product": (xp.exp(A) * xp.exp(B), xp.exp(A + B)),
    "inverse": (xp.exp(A) * xp.exp(-A), as_term(1)),
    "quotient": (xp.exp(A) / xp.exp(B), xp.exp(A - B)),
    "reciprocal": (1 / xp.exp(2 * A), xp.exp(-A) ** 2),
    "third": (xp.exp(A / 3) ** 3, xp.exp(A)),
    "sum of exponentials": ((xp.exp(A) + xp.exp(-A)) ** 2, xp.exp(2 * A) + 2 + xp.exp(-2 * A)),
    "log of an exponential": (xp.log(xp.exp(A)), A),
    "log of a product": (xp.log(2 * xp.exp(A)), xp.log(as_term(2)) + A),
    "log of a number": (xp.log(as_term(12)), 2 * xp.log(as_term(2)) + xp.log(as_term(3))),
    "exp of a log": (xp.exp(2 * xp.log(as_term(3))), as_term(9)),
    "root of a number": (xp.exp(xp.log(as_term(4)) / 2), as_term(2)),
    "standardised draw": ((Z - M) ** 2 / xp.exp(H), E**2),
    "quotient of a number": (Z / (3 * xp.exp(H)), (M * xp.exp(-H) + E * xp.exp(-H / 2)) / 3),
    "log-density": (
        -((Z - M) ** 2) / (2 * xp.exp(H)) - xp.log(xp.exp(H / 2)),
        -(E**2) / 2 - H / 2,
    ),
}

FALSE = {
    "square": (xp.exp(H / 2) ** 2, xp.exp(2 * H)),
    "sum": (xp.exp(A) + xp.exp(B), xp.exp(A + B)),
    "sign": (xp.exp(A) * xp.exp(-B), xp.exp(A + B)),
    "log of a sum": (xp.log(xp.exp(A)), A + 1),
    "number": (xp.log(as_term(12)), xp.log(as_term(2)) + xp.log(as_term(3))),
    "wrong power": ((Z - M) ** 2 / xp.exp(2 * H), E**2),
}


@pytest.mark.parametrize("name", TRUE)
def test_a_true_identity_is_proved(name):
    left, right = TRUE[name]
    assert value(left, NUMBERS) == pytest.approx(value(right, NUMBERS))
    theorem = by_exponentials(eq(left, right))
    assert theorem is not None
    assert theorem.statement is eq(left, right)


@pytest.mark.parametrize("name", FALSE)
def test_a_false_one_is_not(name):
    left, right = FALSE[name]
    assert not math.isclose(value(left, NUMBERS), value(right, NUMBERS), rel_tol=1e-6)
    with pytest.raises(NotProved):
        by_exponentials(eq(left, right))


def test_without_exponentials_there_is_nothing_to_do():
    assert by_exponentials(eq(A + B, B + A)) is None
    assert by_exponentials(eq(xp.log(A), xp.log(A))) is None


@pytest.mark.parametrize("power", [13, Fraction(40, 3)])
def test_powers_that_are_too_large_are_left_alone(power):
    assert by_exponentials(eq(xp.exp(power * A), xp.exp(A / 3) * xp.exp((power - Fraction(1, 3)) * A))) is None


small = st.integers(-3, 3)


@settings(max_examples=4)
@given(small, small, small, st.sampled_from([1, 2, 3]))
def test_random_products_are_the_exponential_of_their_sum(a, b, c, d):
    left = xp.exp(as_term(Fraction(a, d)) * A) * xp.exp(as_term(b) * B) * xp.exp(as_term(c) * A)
    right = xp.exp(as_term(Fraction(a, d) + c) * A + as_term(b) * B)
    assert value(left, NUMBERS) == pytest.approx(value(right, NUMBERS))
    theorem = by_exponentials(eq(left, right))
    assert theorem is not None
    assert theorem.statement is eq(left, right)


@settings(max_examples=4)
@given(small, small)
def test_random_products_are_no_exponential_of_another_sum(a, b):
    left = xp.exp(as_term(a) * A) * xp.exp(as_term(b) * B)
    with pytest.raises(NotProved):
        by_exponentials(eq(left, xp.exp(as_term(a + 1) * A + as_term(b) * B)))
