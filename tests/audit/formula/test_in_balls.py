"""Values in balls contain the exact ones; where there is no value there is no ball."""

import math
from fractions import Fraction

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula.axes_of_terms import element_of, length_of, total
from vaelid.auditor.formula.in_balls import NUMBERS, enclosure, in_ball, points
from vaelid.readings.terms.arrays import as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp

x, y = element_of("x", (0, 1)), element_of("y", (0,))
fractions = st.fractions(-20, 20, max_denominator=64)


@settings(max_examples=20, deadline=None)
@given(fractions, fractions)
def test_a_rational_value_is_in_the_ball(one, other):
    found = enclosure(x * x - 3 * y + as_term(Fraction(1, 3)), {x.term: one, y.term: other})
    exact = one**2 - 3 * other + Fraction(1, 3)
    assert found.contains(fmpq(exact.numerator, exact.denominator))
    assert found.rad() < 1e-10


@settings(max_examples=20, deadline=None)
@given(fractions.filter(lambda f: f > 0))
def test_a_logarithm_is_near_pythons(number):
    assert float(enclosure(xp.log(x), {x.term: number}).mid()) == pytest.approx(math.log(number), abs=1e-14)


def test_lengths_are_1_there():
    assert enclosure(x / real(length_of(0)), {x.term: Fraction(3)}).contains(3)
    assert enclosure(total(real(length_of(0)) * 2, 0), {}).contains(2)


@pytest.mark.parametrize(("term", "number"), [(xp.log(x), -1), (1 / x, 0), (xp.log(x), 0), (1 / (x - 1), 1)])
def test_where_there_is_no_value_there_is_no_ball(term, number):
    assert enclosure(term, {x.term: Fraction(number)}) is None


def test_an_element_without_a_number_has_no_value():
    assert enclosure(x + y, {x.term: Fraction(1)}) is None


def test_a_term_of_lengths():
    half = in_ball(real(length_of(0)) / (2 * real(length_of(1))), {"N0": 3, "N1": 4})
    assert half.contains(fmpq(3, 8))
    assert in_ball(1 / (real(length_of(0)) - 3), {"N0": 3}) is None
    assert in_ball(x, {"N0": 3}) is None


# assignments that are tried


@pytest.mark.parametrize(("count", "numbers"), [(1, 8), (2, 8), (3, 4), (4, 4)])
def test_points_are_of_simple_numbers_and_spread(count, numbers):
    elements = [element_of(f"e{k}", ()).term for k in range(count)]
    found = points(elements, {y.term: Fraction(9)})
    assert 1 <= len(found) <= 2 * 60
    assert all(set(point) == {*elements, y.term} and point[y.term] == 9 for point in found)
    assert {point[e] for point in found for e in elements} <= set(NUMBERS[:numbers])
    assert len({tuple(point[e] for e in elements) for point in found}) == len(found)


def test_one_element_is_tried_at_every_number():
    (e,) = [element_of("e", ()).term]
    assert [point[e] for point in points([e], {})] == list(NUMBERS)


def test_no_elements_are_one_point():
    assert points([], {y.term: Fraction(1)}) == [{y.term: Fraction(1)}]


def test_a_limit_is_kept_about():
    elements = [element_of("e", ()).term, element_of("f", ()).term]
    assert len(points(elements, {}, limit=10)) <= 20
