"""Witnesses of any two numbers: what is shown contains the numbers, and the two that are shown exclude each other."""

import math
from fractions import Fraction

import flint
import pytest
from flint import arb, fmpq
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from vaelid.auditor.findings.witnesses import correlation, separated, too_few, uniform, without_noise

from ..witnessed import ball

exact = st.fractions(-(10**6), 10**6, max_denominator=10**6)
floats = st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-12)
steps = st.integers(1, 33).map(lambda digits: Fraction(1, 10**digits))


def in_ball(number):
    """A number as balls have it, at the digits of a search."""
    with flint.ctx.workprec(128):
        return arb(fmpq(number.numerator, number.denominator))


def excludes(witness, computed, expected):
    """The two numbers that are shown contain these, and no number in common."""
    with flint.ctx.workprec(256):
        one, other = ball(witness.computed), ball(witness.expected)
        assert not one.overlaps(other)
        for shown, number in ((one, computed), (other, expected)):
            assert shown.overlaps(arb(fmpq(number.numerator, number.denominator)))


@given(exact, exact)
def test_two_exact_numbers(one, other):
    assume(one != other)
    witness = separated({"mu": "1"}, one, other, "one; other")
    excludes(witness, one, other)
    assert (witness.point, witness.meaning) == ({"mu": "1"}, "one; other")


@given(exact, steps, st.sampled_from([1, -1]))
def test_two_balls_that_are_as_near_as_their_digits_can_tell(number, step, sign):
    other = number + sign * step * max(1, abs(number))
    excludes(separated({}, in_ball(number), in_ball(other), "one; other"), number, other)


@given(floats, floats)
def test_two_floats_are_shown_as_decimals_where_these_are_short(one, other):
    assume(one != other)
    witness = separated({}, Fraction(one), Fraction(other), "one; other")
    assert not ball(witness.computed).overlaps(ball(witness.expected))
    for shown, number in ((witness.computed, one), (witness.expected, other)):
        assert float(ball(shown).mid()) == pytest.approx(number, rel=1e-11)
        assert "+/-" in shown or float(shown) == number  # 0.1 is the decimal that the float 0.1 stands for


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (Fraction(1, 2), "0.5"),
        (Fraction(-5, 4), "-1.25"),
        (3, "3"),
        (Fraction(0.1), "0.1"),
        (10**6, "1000000"),
    ],
)
def test_a_number_of_few_digits_is_itself(value, shown):
    assert separated({}, value, 7, "").computed == shown


def test_a_third_is_a_ball_of_twelve_digits():
    assert separated({}, Fraction(1, 3), 1, "").computed == "[0.333333333333 +/- 3.34e-13]"


def test_more_digits_are_shown_where_twelve_are_too_few():
    with flint.ctx.workprec(128):
        near = separated({}, Fraction(1, 3), Fraction(1, 3) + Fraction(1, 10**20), "")
    assert len(near.computed.split(" +/- ")[0].strip("[0.")) > 20


@given(exact)
def test_equal_numbers_are_no_witness(number):
    for one, other in ((number, number), (in_ball(number), in_ball(number)), (number, in_ball(number))):
        with pytest.raises(ValueError, match="do not exclude each other"):
            separated({}, one, other, "")


@given(exact, st.integers(1, 20))
def test_balls_that_overlap_are_no_witness(number, digits):
    wide = arb(float(number), 10.0**-digits * (1 + abs(float(number))))
    with pytest.raises(ValueError, match="do not exclude each other"):
        separated({}, wide, number, "")


def test_infinity_and_nothing_are_no_witness():
    for value in (arb("nan"), arb("inf") - arb("inf")):
        with pytest.raises(ValueError, match="do not exclude each other"):
            separated({}, value, 0, "")


# of noise


def test_the_kurtosis_of_uniform_noise_is_scipys():
    witness = uniform()
    assert float(witness.computed) == pytest.approx(float(stats.uniform.stats(moments="k")) + 3)
    assert float(witness.expected) == pytest.approx(float(stats.norm.stats(moments="k")) + 3)


@pytest.mark.parametrize("share", [Fraction(1), Fraction(1, 2), Fraction(1, 3)])
def test_the_correlation_of_what_shares_a_draw_is_the_share_of_its_variance(share):
    """z_k = a sqrt(s) + b_k sqrt(1 - s), a and b_k independent of variance 1: their covariance is s."""
    a, b = math.sqrt(share), math.sqrt(1 - share)
    covariance, variance = a * a, a * a + b * b
    shown = float(ball(correlation("z", share).computed).mid())
    assert shown == pytest.approx(covariance / variance)
    assert correlation("z", share).expected == "0"


def test_what_is_not_drawn_has_no_variance():
    assert (without_noise().computed, without_noise().expected) == ("0", "1")
    assert without_noise("over steps").meaning.startswith("the variance of what is decoded, over steps; ")
    assert without_noise().point == {"logvar": "0"}  # where the variance of q(z|x) is 1


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_part_is_fewer_than_the_whole(here, more):
    witness = too_few(here, here + more, "coordinates")
    assert int(witness.expected) - int(witness.computed) == more
