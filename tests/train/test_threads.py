"""How many threads: the choice by numbers, and the guard that sees a jump, both as functions of what they are given."""

import math
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaelid import VAE, InputError, fit
from vaelid.train.threads import JUMP, WINDOW, Guard, choose, worth

SMALL, LARGE = 17e6, 500e6  # 64-256-16-256-64 at batch 64, 784-400-20-400-784 at batch 128


@pytest.mark.parametrize(
    ("work", "most", "cores", "busy", "expected"),
    [
        (LARGE, 2, 2, 0.0, (2, "cores")),
        (LARGE, 2, 2, 0.12, (2, "cores")),  # a quarter of a core is left out of account
        (LARGE, 2, 2, 0.13, (1, "load")),
        (LARGE, 2, 2, 0.5, (1, "load")),
        (LARGE, 2, 2, 1.0, (1, "load")),
        (SMALL, 2, 2, 0.0, (1, "size")),
        (SMALL, 2, 2, 1.0, (1, "size")),
        (LARGE, 1, 1, 0.0, (1, "cores")),
        (LARGE, 1, 1, 1.0, (1, "cores")),
        (LARGE, 16, 16, 0.0, (10, "size")),
        (LARGE, 16, 16, 0.5, (8, "load")),
        (1e12, 16, 16, 0.0, (16, "cores")),
        (1e12, 16, 16, 0.01, (16, "cores")),
        (1e12, 2, 64, 0.5, (2, "cores")),  # a container with two of 64 cores
        (math.inf, 2, 2, 0.0, (2, "cores")),
        (math.inf, 2, 2, 0.9, (1, "load")),
        (0.0, 2, 2, 0.0, (1, "size")),
    ],
)
def test_the_choice(work, most, cores, busy, expected):
    assert choose(work, most, cores, busy) == expected


WORK, CORES, BUSY = st.floats(0, 1e13), st.integers(1, 512), st.floats(0, 1)


@given(WORK, CORES, CORES, BUSY)
def test_the_choice_is_from_one_to_most_and_no_more_than_is_free_or_worth_it(work, most, cores, busy):
    count, why = choose(work, most, cores, busy)
    assert 1 <= count <= most
    assert count <= worth(work, most)
    assert count == 1 or count <= cores * (1 - busy) + 0.25
    assert (why == "load") == (count < worth(work, most))
    assert choose(work, most, cores, 1.0)[0] == 1


@given(WORK, WORK, CORES, CORES, BUSY, BUSY)
def test_more_load_or_less_work_never_takes_more_threads(work, other_work, most, cores, busy, other_busy):
    less, more = sorted((work, other_work))
    quiet, loaded = sorted((busy, other_busy))
    assert choose(less, most, cores, busy)[0] <= choose(more, most, cores, busy)[0]
    assert choose(work, most, cores, loaded)[0] <= choose(work, most, cores, quiet)[0]


def reactions(times):
    guard = Guard()
    return [number for number, seconds in enumerate(times) if guard.sees(seconds)]


USUAL = st.lists(st.floats(1.0, 1.9), min_size=WINDOW, max_size=60)  # 2.5 % to 90 % of noise
HALF = WINDOW // 2


@given(USUAL, st.floats(1e-6, 1e3), st.data())
def test_no_reaction_to_a_few_slow_steps_however_slow(usual, scale, data):
    times = [scale * seconds for seconds in usual]
    assert reactions(times) == []
    slow = data.draw(st.sets(st.integers(0, len(times) - 1), max_size=HALF))
    spoilt = [1e6 * t if n in slow else t for n, t in enumerate(times)]
    assert reactions(spoilt) == []


@given(USUAL, st.integers(2, 20))
def test_no_reaction_to_one_slow_step_in_every_few_as_of_checkpoints(usual, every):
    times = [100 * t if n % max(3, every) == 0 else t for n, t in enumerate(usual * 5)]
    assert reactions(times) == []


@given(USUAL, st.floats(2 * JUMP, 1e4), st.integers(1, 40))
def test_a_lasting_jump_is_seen_within_nine_steps(usual, factor, last):
    slow = [factor * seconds for seconds in usual[:1] * max(last, WINDOW)]
    seen = reactions([*usual, *slow])
    assert seen
    assert len(usual) <= seen[0] < len(usual) + WINDOW


@given(USUAL)
def test_a_jump_that_goes_on_is_seen_again_after_nine_more_and_a_slow_start_that_ends_is_none(usual):
    slow = [10.0] * (2 * WINDOW)
    assert len(reactions([*usual, *slow])) >= 2
    assert reactions([*slow, *usual]) == []


@given(st.lists(st.floats(1e-6, 1e6), max_size=80))
def test_the_guard_against_a_plain_definition(times):
    expected, start = [], 0
    for end in range(1, len(times) + 1):
        if end - start < WINDOW:
            continue
        medians = [
            median(times[a : a + WINDOW])
            for a in range(end - WINDOW)
            if not any(a <= reaction < a + WINDOW - 1 for reaction in expected)
        ]
        if medians and median(times[end - WINDOW : end]) > JUMP * min(medians):
            expected.append(end - 1)
            start = end
    assert reactions(times) == expected


@pytest.mark.parametrize("wrong", [0, -1, 1025, 2.0, True, "2"])
def test_a_number_of_threads_that_cannot_be(wrong, unchecked):
    with pytest.raises(InputError, match=r"^threads=.* must be a whole number from 1 to 1,024, or None\.$"):
        fit(VAE(5, 2, (4,), "bernoulli", seed=0), np.zeros((40, 5)), epochs=1, threads=wrong)
