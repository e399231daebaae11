"""Functions of terms have the values of Python's own; numbers are those that code means."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula.axes_of_terms import element_of, length_of, total
from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.formula.functions import clamped, divided, exact_number, larger, power, root, sigmoid, smaller
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Operator, Variable
from vaelid.readings.terms.text import text
from vaelid.spec.errors import VaelidError

X, Y = (TermArray((), make(Variable(name, REAL))) for name in "xy")
reals = st.floats(-50, 50)
positive = st.floats(1e-3, 50)


def value(term: TermArray, x: float = 0.0, y: float = 0.0) -> float:
    arrays = {"x": torch.tensor(x, dtype=torch.float64), "y": torch.tensor(y, dtype=torch.float64)}
    return float(values_of(term.term, arrays, {"N0": 5}))


# numbers


@settings(max_examples=20, deadline=None)
@given(st.fractions(max_denominator=1000))
def test_a_fraction_written_as_a_float_is_that_fraction(fraction):
    assume(abs(fraction) < 10**6)
    assert exact_number(float(fraction)).term is as_term(fraction).term


@settings(max_examples=20, deadline=None)
@given(st.integers(-(10**18), 10**18))
def test_a_whole_number_is_exact(n):
    assert exact_number(n).term is as_term(n).term


@settings(max_examples=20, deadline=None)
@given(st.floats(-1e6, 1e6))
def test_a_number_is_within_a_rounding_of_its_float(x):
    found = exact_number(x).term.head.value
    assert abs(found - Fraction(x)) <= abs(Fraction(x)) * Fraction(1, 10**15)


@pytest.mark.parametrize(
    ("float_", "meant"),
    [(0.1, Fraction(1, 10)), (1 / 3, Fraction(1, 3)), (1e-8, Fraction(1, 10**8)), (0.1 + 0.2, Fraction(3, 10))],
)
def test_numbers_as_code_has_them(float_, meant):
    assert exact_number(float_).term.head.value == meant


def test_of_a_float32_seven_digits_count():
    third = torch.tensor(1 / 3, dtype=torch.float32).item()
    assert exact_number(third, 7).term.head.value == Fraction(1, 3)
    assert exact_number(third).term.head.value != Fraction(1, 3)


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_is_mixed(x):
    with pytest.raises(Mixed, match="the number"):
        exact_number(x)


def test_errors_carry_the_line():
    assert Unread("no reading", "step.py:3").source == "step.py:3"
    assert issubclass(Unread, VaelidError)
    assert Mixed("").source is None


# functions


@settings(max_examples=20, deadline=None)
@given(reals, reals)
def test_the_larger_and_the_smaller(x, y):
    assert value(larger(X, Y), x, y) == pytest.approx(max(x, y), abs=1e-13)
    assert value(smaller(X, Y), x, y) == pytest.approx(min(x, y), abs=1e-13)


@settings(max_examples=20, deadline=None)
@given(reals)
def test_a_clamp_is_torchs(x):
    low, high = as_term(-1), as_term(2)
    of_torch = torch.tensor(x, dtype=torch.float64)
    for bounds, terms in (((-1, 2), (low, high)), ((-1, None), (low, None)), ((None, 2), (None, high))):
        assert value(clamped(X, *terms), x) == pytest.approx(float(of_torch.clamp(*bounds)), abs=1e-13)
    assert clamped(X, None, None).term is X.term


@settings(max_examples=20, deadline=None)
@given(positive)
def test_roots(x):
    assert value(root(X), x) == pytest.approx(math.sqrt(x), rel=1e-14)


@settings(max_examples=20, deadline=None)
@given(st.floats(-30, 30))
def test_a_sigmoid_is_torchs(x):
    expected = float(torch.sigmoid(torch.tensor(x, dtype=torch.float64)))
    assert value(sigmoid(X), x) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, -2, 2.0, 0.5, -0.5, 1.5, 0.3])
@settings(max_examples=20, deadline=None)
@given(x=st.floats(0.1, 5))
def test_powers(exponent, x):
    assert value(power(X, exponent), x) == pytest.approx(x**exponent, rel=1e-13)


def test_a_whole_power_of_a_negative_number():
    assert value(power(X, 3), -2) == -8
    assert value(power(X, -2), -2) == 0.25


def test_the_square_of_a_root_is_what_it_is_of():
    assert power(root(X * Y), 2).term is (X * Y).term
    assert power(root(X), 4).term is not X.term


@settings(max_examples=20, deadline=None)
@given(reals, positive)
def test_quotients(x, y):
    assert value(divided(X, Y), x, y) == pytest.approx(x / y, rel=1e-13, abs=1e-300)


def test_a_quotient_by_a_number_or_a_length_is_a_product():
    assert text(divided(X, as_term(4)).term) == text((X * as_term(Fraction(1, 4))).term)
    by_length = divided(X, real(length_of(0)))
    assert by_length.term.head == Operator("multiply")
    assert value(by_length, 10) == 2
    assert divided(as_term(1), Y).term is (1 / Y).term


def test_a_sum_over_one_learned_number_is_a_product():
    s, scale = total(element_of("h", (0,)), 0), TermArray((), make(Variable("w", REAL)))
    assert divided(s, scale).term is (s * (1 / scale)).term
    assert divided(s, element_of("v", (0,))).term is (s / element_of("v", (0,))).term
    assert divided(X, scale).term is (X / scale).term
