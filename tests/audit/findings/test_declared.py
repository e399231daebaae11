"""What a user says that a loss is meant to be is a number, or one message."""

import re

import pytest

from vaelid.auditor.findings.declared import Declared
from vaelid.spec.errors import InputError


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, True])
def test_a_beta_that_is_no_weight_is_one_message(value):
    said = f"beta is {value!r}: expected a finite number, 0 or more."
    with pytest.raises(InputError, match=f"^{re.escape(said)}$"):
        Declared(beta=value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 0, False])
def test_a_variance_that_is_none_is_one_message(value):
    said = f"variance is {value!r}: expected a finite number above 0."
    with pytest.raises(InputError, match=f"^{re.escape(said)}$"):
        Declared(variance=value)


def test_numbers_are_taken():
    assert Declared(beta=0, variance=2).beta == 0
