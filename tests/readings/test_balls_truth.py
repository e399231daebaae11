"""Comparisons of balls are true, false or undecided, and an undecided one decides nothing."""

import operator
from fractions import Fraction

import numpy as np
import pytest
from drawn_balls import PLACES, PRECISIONS, RADII, REALS
from hypothesis import given, settings

from vaelid.readings.balls import Balls, balls
from vaelid.readings.balls.namespace import RULES
from vaelid.readings.balls.truth import Undecided
from vaelid.readings.errors import ReadingError

XP = Balls(128)
UNKNOWN = (balls(1, 1) < 1).item()
COMPARISONS = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}


@pytest.mark.parametrize("name", COMPARISONS)
@settings(max_examples=80)
@given(x=REALS, y=REALS, radius=RADII, radius_y=RADII, place=PLACES, place_y=PLACES, precision=PRECISIONS)
def test_a_decided_comparison_is_that_of_every_pair(name, x, y, radius, radius_y, place, place_y, precision):
    answer = getattr(Balls(precision), name)(
        balls(x, radius, precision=precision), balls(y, radius_y, precision=precision)
    ).item()
    compare = COMPARISONS[name]
    if isinstance(answer, bool):
        assert compare(Fraction(x) + place * radius, Fraction(y) + place_y * radius_y) is answer
    else:
        ends = [compare(Fraction(x) + s * radius, Fraction(y) + t * radius_y) for s in (-1, 0, 1) for t in (-1, 0, 1)]
        assert isinstance(answer, Undecided)
        # a radius is kept in 30 bits, so the balls may overlap that little more than what was given
        near = abs(Fraction(x) - Fraction(y)) <= (radius + radius_y) * (1 + Fraction(2) ** -20)
        assert len(set(ends)) == 2 or near


@pytest.mark.parametrize("name", COMPARISONS)
def test_exact_balls_are_always_decided(name):
    for x, y in ((1, 2), (2, 1), (1, 1), (0.1, Fraction(0.1)), (2**200, 2**200 + 1)):
        assert getattr(XP, name)(balls(x), balls(y)).item() is COMPARISONS[name](x, y)


def test_logic_is_that_of_kleene():
    true, false, unknown = XP.asarray(True), XP.asarray(False), balls(1, 1) < 1

    def name(truth) -> str:
        return {True: "1", False: "0"}[truth.item()] if isinstance(truth.item(), bool) else "?"

    values = (true, unknown, false)
    assert [name(x & y) for x in values for y in values] == list("1?0??0000")
    assert [name(x | y) for x in values for y in values] == list("1111??1?0")
    assert [name(x ^ y) for x in values for y in values] == list("0?1???1?0")
    assert [name(~x) for x in values] == list("0?1")
    assert [name(true & True), name(False | unknown)] == list("1?")
    assert [name(XP.all(XP.stack([true, x]))) for x in values] == list("1?0")
    assert [name(XP.any(XP.stack([false, x]))) for x in values] == list("1?0")


def test_where_undecided_holds_both_branches():
    condition = balls([0, 1, 2], [0, 0.5, 0]) < 1
    chosen = XP.where(condition, balls([-5, -5, -5]), balls([7, 7, 7]))
    assert chosen.contains(-5).tolist() == [True, True, False]
    assert chosen.contains(7).tolist() == [False, True, True]
    assert chosen.contains(0).tolist() == [False, True, False]
    assert chosen[0].item().is_exact()


@settings(max_examples=60)
@given(x=REALS, radius=RADII, place=PLACES, precision=PRECISIONS)
def test_where_holds_the_value_of_a_definition_by_cases(x, radius, place, precision):
    point = Fraction(x) + place * radius
    argument = balls(x, radius, precision=precision)
    xp = argument.namespace
    assert xp.where(argument < 0.5, -argument, argument * 3 + 1).contains(-point if point < 0.5 else point * 3 + 1)


def test_a_where_that_takes_one_branch_for_undecided_would_be_caught(monkeypatch):
    doubtful = balls(1, 0.5) < 1
    assert XP.where(doubtful, -5, 7).contains([-5, 7]).all()
    assert XP.where(~doubtful, -5, 7).contains([-5, 7]).all()
    rule = RULES["where"]

    def hasty(reading, condition, x, y):
        return rule(reading, reading.asarray(condition.item() is True), x, y)

    monkeypatch.setitem(RULES, "where", hasty)
    assert not XP.where(doubtful, -5, 7).contains([-5, 7]).all()


def test_a_truth_becomes_a_number_that_holds_both_where_undecided():
    numbers = XP.astype(balls([0, 1, 2], [0, 0.5, 0]) < 1, XP.ball)
    assert numbers.contains(1).tolist() == [True, True, False]
    assert numbers.contains(0).tolist() == [False, True, True]


def test_asking_an_undecided_comparison_for_an_answer_raises():
    with pytest.raises(ReadingError) as caught:
        bool(balls(1, 0.25) < 1.125)
    assert str(caught.value) == (
        "the balls reading cannot decide whether [1e+0 +/- 0.251] < 1.125000000: that may hold for some numbers of the "
        "balls and fail for others. Give narrower input, or compute with more precision."
    )
    with pytest.raises(ReadingError, match="cannot decide whether nan is finite"):
        bool(XP.isfinite(balls(1) / 0))
    with pytest.raises(ReadingError, match="cannot decide"):
        np.asarray(balls([0, 1], 1) > 0)
    with pytest.raises(ReadingError, match="cannot decide"):
        assert UNKNOWN
    with pytest.raises(ReadingError, match=r"cannot decide whether .* != 0"):
        bool(balls(0, 1))


def test_decided_comparisons_are_bools():
    assert bool(balls(1, 0.25) < 1.5)
    assert not balls(1, 0.25) > 1.5
    assert bool(balls(3))
    assert np.asarray(balls([0, 3]) > 1).tolist() == [False, True]
    assert XP.isfinite(balls([1, 2])).elements.tolist() == [True, True]
