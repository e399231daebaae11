"""A message never shows two different numbers as the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaelid.spec.digits import apart, shortest
from vaelid.spec.errors import SupportError
from vaelid.spec.likelihoods import check_support, likelihood


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.float32(1 + 1e-7), "1.0000001"),
        (1 + 1e-15, "1.000000000000001"),
        (255.0, "255"),
        (-0.5, "-0.5"),
        (1e39, "1e+39"),
        (np.float32(3.4028235e38), "3.4028235e+38"),
        (1e-7, "1e-07"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (0, "0"),
        (np.uint8(7), "7"),
        (True, "True"),
    ],
)
def test_shortest(value, shown):
    assert shortest(value) == shown


@given(st.floats(allow_nan=False))
def test_shortest_is_read_back_as_the_number(value):
    assert float(shortest(value)) == value
    with np.errstate(over="ignore"):
        single = np.float32(value)
    assert np.float32(shortest(single)) == single


@given(st.floats(), st.floats())
def test_apart_shows_different_numbers_differently(first, second):
    shown = apart(first, second)
    assert (shown[0] != shown[1]) or first == second or (first != first and second != second)


def test_apart_gives_six_digits_where_they_do():
    assert apart(1.914913, 2.0) == ("1.91491", "2")
    assert apart(1.9149131, 1.9149132) == ("1.9149131", "1.9149132")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("continuous_bernoulli", np.float32(1 + 1e-7), "continuous_bernoulli accepts numbers in [0, 1], but row 0, "
         "column 0 is 1.0000001."),
        ("continuous_bernoulli", -1e-300, "is -1e-300."),
        ("bernoulli", 1 - 1e-9, "bernoulli accepts 0 or 1, but row 0, column 0 is 0.999999999."),
        ("poisson", 1e7 + 0.5, "is 10000000.5."),
        ("binomial:255", 255.0000001, "is 255.0000001."),
        ("categorical:3", 2.9999999, "is 2.9999999."),
    ],
)  # fmt: skip
def test_a_value_off_the_support_is_shown_as_it_is(name, value, says):
    with pytest.raises(SupportError) as refused:
        check_support(likelihood(name), np.array([[value]]))
    assert says in str(refused.value)
