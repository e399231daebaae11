"""Claims too large to print or to be told to the solvers, and names that are no plain strings: one message each."""

import sys
import time
from fractions import Fraction

import pytest

from vaelid.readings.terms.formulas import less
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Number
from vaelid.readings.terms.text import text
from vaelid.spec.errors import InputError
from vaelid.theory import kept
from vaelid.theory.claims import read_claim
from vaelid.theory.counterexample import counterexample
from vaelid.theory.limits import MOST_PARTS, too_large
from vaelid.theory.own_functions import read_functions
from vaelid.theory.prover import Unproved, prove


class Named(str):
    """A string that hashes and compares as another."""

    def __hash__(self):
        return hash("another")

    def __eq__(self, other):
        return other == "another"


@pytest.fixture(autouse=True)
def _own_table(monkeypatch):
    monkeypatch.setattr(kept, "_KEPT", {})


def test_a_name_that_only_looks_like_a_string_shadows_no_theorem():
    with pytest.raises(InputError, match="a theorem's name is of letters, digits and _"):
        prove("x == x", name=Named("kl_loss_nonneg"))
    with pytest.raises(InputError, match="using: "):
        prove("x == x", using=[Named("kl_loss_nonneg")])
    with pytest.raises(InputError, match="give the length of each vector"):
        prove("sum(w) == sum(w)", arrays={Named("w"): "n"})
    with pytest.raises(InputError, match="a claim is a text"):
        prove(Named("x == x"))


def test_a_function_s_name_and_lengths_are_plain_strings():
    def plain(x):
        return x

    with pytest.raises(InputError, match="are given as in"):
        prove("plain(x) == plain(x)", functions={plain: {"x": Named("D")}})
    plain.__name__ = Named("kl_loss")
    with pytest.raises(InputError, match="needs a name"):
        prove("x == x", functions=[plain])


def test_an_index_in_a_function_is_within_the_length():
    def third(x):
        return x[2]

    theorem = prove("third(x) + sum(x) == sum(x) + third(x)", functions={third: {"x": "D"}})
    assert text(theorem.statement).startswith("2 < D → ")
    definitions = read_functions({third: {"x": "D"}})
    assert counterexample(read_claim("third(x)**2 <= sum(x**2)", functions=definitions)) is None


def test_a_false_claim_on_an_element_is_answered_with_a_vector_that_has_it():
    def last_of_three(x):
        return x[2]

    with pytest.raises(Unproved) as caught:
        prove("last_of_three(x) <= sum(x)", functions={last_of_three: {"x": "n"}})
    assert caught.value.counterexample is not None
    assert caught.value.counterexample.point["n"] == 3


DIGITS = r"a number has about 5,000 digits, and at most 4,250 can be printed\.$"


def test_numbers_that_python_does_not_print():
    def big(x):
        return x + 10**5000

    with pytest.raises(InputError, match=f"^functions: big: {DIGITS}"):
        prove("big(x) > x", functions=[big])
    with pytest.raises(InputError, match=f"^the claim, or a function in it: {DIGITS}"):
        prove(less(make(Number(Fraction(0))), make(Number(Fraction(10**5000)))))


def test_numbers_that_python_was_told_not_to_print():
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        with pytest.raises(InputError, match=r"a number has about 1,000 digits, and at most 640 can be printed\.$"):
            prove("1e1000 > 0")
    finally:
        sys.set_int_max_str_digits(before)
    assert prove("1e1000 > 0").rule == "smt"


def test_what_is_shared_is_counted_as_it_is_written():
    def dbl(x):
        for _ in range(60):
            x = x + x
        return x

    start = time.perf_counter()
    with pytest.raises(InputError, match=f"^functions: dbl: written out, it has more than {MOST_PARTS:,} parts"):
        prove("dbl(x) == x", functions=[dbl])
    assert time.perf_counter() - start < 20
    assert too_large(make(Number(Fraction(1)))) == ""


def test_the_value_of_a_root_that_is_exact():
    with pytest.raises(Unproved, match=r"there sqrt\(0\) = 0 exactly\.|sqrt\(0\) = 0 exactly\.$"):
        prove("sqrt(0) == 1")
