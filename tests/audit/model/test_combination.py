"""Weights and constants from values: exact, at all lengths, or none."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaelid.auditor.formula.axes_of_terms import element_of, length_of, sizes_of, total
from vaelid.auditor.model.combination import exact, fitted, monomial
from vaelid.auditor.model.probe import Probe
from vaelid.readings.terms.arrays import as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..numbers_of_terms import value

X, Y = element_of("x", (0, 1)), element_of("y", (0, 1))
LENGTHS = (6, 5)
GENERATOR = torch.Generator().manual_seed(0)
TENSORS = {name: torch.randn(*LENGTHS, generator=GENERATOR, dtype=torch.float64) for name in "xy"}
PROBE = Probe.near(TENSORS, sizes_of(LENGTHS), ["x", "y"])
N0, N1 = real(length_of(0)), real(length_of(1))


@given(st.fractions(max_denominator=900, min_value=-1000, max_value=1000))
def test_a_simple_fraction_is_found_from_its_float(number):
    assert exact(float(number)) == number


@given(st.fractions(max_denominator=900, min_value=Fraction(1, 10), max_value=1000))
def test_a_simple_fraction_is_found_though_it_is_rounded(number):
    assert exact(float(number) * (1 + 3e-15)) == number


@pytest.mark.parametrize("number", [math.pi, math.sqrt(2), math.log(3), math.e / 7])
def test_an_irrational_number_is_none_of_few_digits(number):
    assert exact(number, 10**4) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 3, 3], lambda n, m: 3),
        ([3, 6, 3], lambda n, m: 3 * n),
        ([3, 3, Fraction(3, 2)], lambda n, m: 3 / m),
        ([1, 4, Fraction(1, 2)], lambda n, m: n**2 / m),
        ([-2, -1, -8], lambda n, m: -2 / n * m**2),
        ([0, 0, 0], lambda n, m: 0),
    ],
)
def test_a_monomial_is_found_from_its_values(values, expected):
    term = monomial([Fraction(v) for v in values], [0, 1])
    assert term is not None
    for n, m in ((1, 1), (2, 3), (7, 5)):
        assert value(term, {"N0": n, "N1": m}) == pytest.approx(expected(n, m))


@pytest.mark.parametrize("values", [[1, 3], [1, -2], [2, 3], [0, 1]])
def test_other_values_are_of_no_monomial(values):
    assert monomial([Fraction(v) for v in values], [0]) is None


FITS = {
    "one": (2 * X, [X], [2], 0),
    "two": (X / 3 - 4 * Y, [X, Y], [Fraction(1, 3), -4], 0),
    "constant": (X + Fraction(1, 2), [X], [1], Fraction(1, 2)),
    "square": ((X - Y) ** 2, [(X - Y) ** 2 / 2], [2], 0),
    "by a function": (xp.exp(X) - 1, [xp.exp(X)], [1], -1),
    "unused": (3 * X, [X, Y**2], [3, 0], 0),
    "tenth": (X * Fraction(1, 10), [X], [Fraction(1, 10)], 0),
}


@pytest.mark.parametrize("name", FITS)
def test_weights_and_constant_are_exact(name):
    term, quantities, weights, constant = FITS[name]
    found = fitted(PROBE, term, quantities, [0, 1])
    assert found is not None
    assert [value(weight, {}) for weight in found.weights] == [pytest.approx(float(w), abs=0) for w in weights]
    assert value(found.constant, {}) == float(constant)


WITH_LENGTHS = {
    "mean": (X * (1 / N0), lambda n, m: 1 / n, lambda n, m: 0),
    "product": (X * N0 * 3 / N1, lambda n, m: 3 * n / m, lambda n, m: 0),
    "constant": ((X + 1) * (1 / N1), lambda n, m: 1 / m, lambda n, m: 1 / m),
}


@pytest.mark.parametrize("name", WITH_LENGTHS)
def test_weights_are_found_for_all_lengths(name):
    term, weight, constant = WITH_LENGTHS[name]
    found = fitted(PROBE, term, [X], [0, 1])
    assert found is not None
    for n, m in ((6, 5), (2, 9)):
        assert value(found.weights[0], {"N0": n, "N1": m}) == pytest.approx(weight(n, m))
        assert value(found.constant, {"N0": n, "N1": m}) == pytest.approx(constant(n, m))


def test_a_length_that_is_fixed_is_its_number():
    fixed = Probe(PROBE.sets, PROBE.lengths, frozenset({0}))
    found = fitted(fixed, X * (1 / N0), [X], [0, 1])
    assert found is not None
    assert value(found.weights[0], {}) == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("term", "quantities"),
    [
        (X**2, [X]),
        (X * Y, [X, Y]),
        (xp.log(X), [X]),
        (X * (1 + N0), [X]),
    ],
)
def test_what_is_no_combination_is_none(term, quantities):
    assert fitted(PROBE, term, quantities, [0, 1]) is None


def test_sums_inside_a_term_are_values_like_any_other():
    found = fitted(PROBE, total(X, 1) + 2, [total(X, 1)], [0])
    assert found is not None
    assert (value(found.weights[0], {}), value(found.constant, {})) == (1, 2)


def test_a_constant_of_many_digits_may_be_irrational():
    term = X + xp.log(as_term(2))
    assert fitted(PROBE, term, [X], [0, 1], largest=10**4) is None
