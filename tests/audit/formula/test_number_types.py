"""The kinds of numbers of circuits: floats and balls agree with Python, slopes with closed forms."""

import math
from fractions import Fraction

import pytest
from flint import ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula.number_types import BALLS, FLOATS, SLOPES
from vaelid.readings.errors import ReadingError

fractions = st.fractions(Fraction(1, 8), 8, max_denominator=64)
OF_ONE = {
    "negative": (lambda x: -x, lambda x: -1.0),
    "abs": (abs, lambda x: math.copysign(1, x)),
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda x: 1 / x),
    "tanh": (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
}
OF_TWO = {
    "add": (lambda x, y: x + y, lambda x, y: 1.0),
    "subtract": (lambda x, y: x - y, lambda x, y: 1.0),
    "multiply": (lambda x, y: x * y, lambda x, y: y),
    "divide": (lambda x, y: x / y, lambda x, y: 1 / y),
}


@pytest.mark.parametrize("name", OF_ONE)
@settings(max_examples=20, deadline=None)
@given(x=fractions)
def test_functions_of_one(name, x):
    function, slope = OF_ONE[name]
    with ctx.workprec(96):
        assert FLOATS.operations[name](FLOATS.number(x)) == pytest.approx(function(float(x)), rel=1e-14)
        ball = BALLS.operations[name](BALLS.number(x))
        assert float(ball.mid()) == pytest.approx(function(float(x)), rel=1e-14, abs=1e-15)
        dual = SLOPES.operations[name](SLOPES.moving(x))
        assert float(dual[0].mid()) == pytest.approx(function(float(x)), rel=1e-14, abs=1e-15)
        assert float(dual[1].mid()) == pytest.approx(slope(float(x)), rel=1e-12)


@pytest.mark.parametrize("name", OF_TWO)
@settings(max_examples=20, deadline=None)
@given(x=fractions, y=fractions)
def test_functions_of_two(name, x, y):
    function, slope = OF_TWO[name]
    exact = function(x, y)
    with ctx.workprec(96):
        assert FLOATS.operations[name](float(x), float(y)) == pytest.approx(float(exact), rel=1e-14, abs=1e-15)
        assert BALLS.operations[name](BALLS.number(x), BALLS.number(y)).overlaps(BALLS.number(exact))
        dual = SLOPES.operations[name](SLOPES.moving(x), SLOPES.number(y))
        assert dual[0].overlaps(BALLS.number(exact))
        assert float(dual[1].mid()) == pytest.approx(slope(float(x), float(y)), rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(fractions, fractions)
def test_extrema(x, y):
    for kind, number in ((FLOATS, float), (BALLS, BALLS.number)):
        assert float(kind.operations["largest"](number(x), number(y))) == pytest.approx(float(max(x, y)))
        assert float(kind.operations["smallest"](number(x), number(y))) == pytest.approx(float(min(x, y)))


def test_pi():
    assert FLOATS.operations["pi"]() == math.pi
    assert float(BALLS.operations["pi"]().mid()) == pytest.approx(math.pi)
    assert float(SLOPES.operations["pi"]()[1]) == 0


def test_a_number_that_does_not_move_has_slope_0():
    assert float(SLOPES.number(Fraction(3))[1]) == 0
    assert float(SLOPES.moving(Fraction(3))[1]) == 1
    assert SLOPES.number(SLOPES.moving(Fraction(3)))[1] == 1  # what carries a slope keeps it


def test_what_is_no_value():
    assert not FLOATS.is_value(math.inf)
    assert not FLOATS.is_value(math.nan)
    with pytest.raises(ReadingError, match="a logarithm of a number that may not be positive"):
        BALLS.operations["log"](BALLS.number(Fraction(-1)))
    assert not BALLS.is_value(BALLS.number(Fraction(1)) / 0)
    assert BALLS.is_value(BALLS.number(Fraction(1, 3)))


@pytest.mark.parametrize(("name", "x"), [("log", -1), ("log", 0), ("abs", 0)])
def test_where_there_is_no_slope(name, x):
    with pytest.raises(ValueError, match=r"^$|no slope"):
        SLOPES.operations[name](SLOPES.moving(Fraction(x)))


def test_the_slope_of_an_absolute_value_left_of_0():
    assert float(SLOPES.operations["abs"](SLOPES.moving(Fraction(-2)))[1]) == -1
