"""What is kept of a page is compared by its words, and by its decimals to the last digit: the comparison can fail."""

import pytest
from rendered import differences

KEPT = "beta is 0.250 of 64 rows\nat logvar = 1 it is [-0.175639364650 +/- 6.41e-14]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [("0.250", "0.249"), ("0.250", "0.25"), ("9364650", "9364651"), ("6.41e-14", "6.42e-14"), ("6.41e-14", "6.4e-14")],
)
def test_the_last_digit_may_differ_by_one(before, after):
    assert differences(KEPT, KEPT) == []
    assert differences(KEPT, KEPT.replace(before, after)) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0.250", "0.248"),
        ("0.250", "0.26"),
        ("9364650", "9364652"),
        ("6.41e-14", "6.41e-13"),
        ("[-0.17", "[0.17"),
        ("64 rows", "63 rows"),
        ("logvar = 1", "logvar = 2"),
        ("beta is", "gamma is"),
        ("0.250", "1"),
        ("rows\n", "rows, 0.5\n"),
        ("rows\n", "rows\n\n"),
    ],
)
def test_more_is_a_difference(before, after):
    found = differences(KEPT, KEPT.replace(before, after))
    assert found[:2] == ["--- kept", "+++ rendered here"]
