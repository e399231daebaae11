"""A user's own functions in claims, and lemmas: used, kept by name, refused."""

import math
import re
from types import SimpleNamespace

import pytest
import torch

from vaelid.interface import theorems as shown
from vaelid.interface.theorems import as_page, theorems
from vaelid.readings.terms.text import text
from vaelid.spec.arrays import array_namespace, log_of_number
from vaelid.spec.errors import InputError
from vaelid.theory import kept
from vaelid.theory.own_functions import read_functions
from vaelid.theory.prover import Unproved, prove
from vaelid.theory.result import Result


def spread_nll(x, s):
    xp = array_namespace(x, s)
    return xp.abs(x) * xp.exp(-s) + s + log_of_number(2, x)


def row_nll(x, mean, s):
    xp = array_namespace(x, mean)
    return xp.sum(xp.abs(x - mean) * xp.exp(-s) + s, axis=-1)


ROW = {row_nll: {"x": "D", "mean": "D"}}


@pytest.fixture(autouse=True)
def _own_table(monkeypatch):
    monkeypatch.setattr(kept, "_KEPT", {})


def test_a_function_of_numbers_is_unfolded():
    theorem = prove("s + log(2) <= spread_nll(x, s)", functions=[spread_nll])
    assert text(theorem.statement) == "s + log(2) ≤ spread_nll(x, s)"


def test_a_false_claim_on_it_comes_with_a_point():
    with pytest.raises(Unproved, match=r"at s = -1, x = 0: there spread_nll\(x, s\) = -0\.3068528194400546"):
        prove("0 <= spread_nll(x, s)", functions=[spread_nll])


def test_a_function_of_vectors_is_taken_apart_term_by_term():
    theorem = prove("D*s <= row_nll(x, m, s)", functions=ROW)
    assert text(theorem.statement) == "0 < D → D · s ≤ row_nll(x, m, s)"


def test_a_theorem_is_kept_shown_and_used_by_its_name(monkeypatch):
    monkeypatch.setattr(shown, "SECTIONS", {})  # the library's theorems would all be proved for the table
    prove("D*s <= row_nll(x, m, s)", functions=ROW, name="row_bound")
    assert theorems("row_bound").says == "D*s <= row_nll(x, m, s)"
    assert repr(theorems()).splitlines()[0] == "Proved in this session"
    assert repr(theorems()).rstrip().endswith("0 < D  ⊢  D · s ≤ row_nll(x, m, s)")
    page = "\n".join(as_page(theorems("row_bound")))
    assert "row_nll(x, mean, s) = Σ_{i<D} (abs(x[i] − mean[i]) · exp(−s) + s)" in page
    theorem = prove("0 <= s -> 0 <= row_nll(y, x_hat, s)", functions=ROW, using=["row_bound"])
    assert theorem.rule == "smt"


@pytest.mark.parametrize("lemma", ["row_bound", "the theorem", "the result"])
def test_a_lemma_is_a_name_a_theorem_or_a_result(lemma):
    theorem = prove("x < x + 1", name="row_bound")
    given = {"the theorem": theorem, "the result": theorems("row_bound")}.get(lemma, lemma)
    assert prove("x < x + 1", using=given).premises[0] is theorem


def test_a_lemma_on_exp_is_used_where_its_call_matches():
    lemma = prove("exp(t) >= 1 + t")
    proved = prove("exp(x*y) >= 1 + x*y", using=[lemma])
    assert any(text(premise.statement) == "1 + x · y ≤ exp(x · y)" for premise in proved.premises)


def test_a_name_stays_what_it_is():
    prove("x < x + 1", name="step")
    prove("x < x + 1", name="step")
    with pytest.raises(InputError, match="name='step': another theorem was kept under it in this session"):
        prove("x < x + 2", name="step")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("kl_loss_nonneg", "the library has a theorem of this name"),
        ("kl_loss", "that is the name of a function"),
        ("exp", "that is the name of a function"),
        ("two words", "a theorem's name is of letters, digits and _"),
        ("ｘ", "a theorem's name is of letters, digits and _"),
        ("", "a theorem's name is of letters, digits and _"),
        (3, "a theorem's name is of letters, digits and _"),
    ],
)
def test_a_name_that_cannot_be_given_is_one_message(name, problem):
    with pytest.raises(InputError, match=problem):
        kept.check_name(name)


@pytest.mark.parametrize(
    ("using", "problem"),
    [
        (3, "using=3: give a list of theorems, or of their names."),
        ([3], "using: 3 is no theorem; give what prove returned"),
        (["kl_loss_nonnegg"], "there is no theorem 'kl_loss_nonnegg'. Did you mean kl_loss_nonneg?"),
        (["vae_training_bound"], "vae_training_bound is proved by Rocq"),
        ([SimpleNamespace(statement=None)], "is no theorem"),
    ],
)
def test_what_is_no_lemma_is_one_message(using, problem):
    with pytest.raises(InputError) as caught:
        kept.theorems_of(using)
    assert problem in str(caught.value)


def test_lengths_that_are_declared_are_the_functions():
    theorem = prove("KL >= 0", arrays={"mu": "n", "logvar": "n"})
    assert text(theorem.statement) == "0 < n → 0 ≤ diagonal_gaussian_kl_to_standard_sum(L=n, mu, logvar)"
    with pytest.raises(InputError, match="arrays of different lengths for one size"):
        prove("KL >= 0", arrays={"mu": "n", "logvar": "m"})
    with pytest.raises(InputError, match="'mu' stands for a vector of length n in one place and for a number"):
        prove("coordinate_kl_to_standard(mu, 0) >= 0", arrays={"mu": "n"})


@pytest.mark.parametrize("arrays", [{"w": "exp"}, {"loss": "n"}, {"w": "2"}, {"ｗ": "n"}, {"n": "n"}, {"lambda": "n"}])
def test_arrays_are_names_with_a_length_each(arrays):
    with pytest.raises(InputError, match="take another"):
        prove("x > 0", arrays=arrays)


def test_a_result_that_lies_is_no_lemma():
    lie = Result("lie", "0 = 1", prove("x < x + 1").statement, lambda: SimpleNamespace(statement=None))  # pyright: ignore
    with pytest.raises(InputError, match="lie is not proved"):
        kept.theorems_of([lie])


def by_torch(x):
    return torch.exp(x)


def by_math(x):
    return math.exp(x)


def by_branch(x):
    return x if x > 0 else -x


def by_float(x):
    return x * 0.1


def by_sum_of_number(x):
    return array_namespace(x).sum(x)


def by_pair(x):
    return x, x


def by_nothing(x):
    pass


def by_itself(x):
    return by_itself(x)


def by_kind(x):
    return x if hasattr(x, "term") else -x


def by_kind_of_vector(x):
    return x if hasattr(x, "term") else 2 * x


def by_power(x):
    return (x**20) ** (10**9)


def by_many(x):
    for _ in range(3000):
        x = x + 1
    return x


def by_names(*x):
    return x[0]


def loss(x):
    return x


def exp(x):
    return x


def twice(x):
    return 2 * x


_first = twice


def twice(x):
    return 3 * x


@pytest.mark.parametrize(
    ("functions", "problem"),
    [
        (
            [by_torch],
            "by_torch cannot be read as a formula: torch's exp: call the function of the array's own namespace",
        ),
        ([by_math], "by_math cannot be read as a formula: a conversion to a number"),
        ([by_branch], "by_branch cannot be read as a formula: the comparison <"),
        ([by_float], "the number 0.1: as a float it is not exactly what it says; give an int or a Fraction."),
        ([by_sum_of_number], "the sum or mean of a number: it has no axis to sum over"),
        ([by_pair], "by_pair returns a tuple; one number or array is expected."),
        ([by_nothing], "by_nothing returns a NoneType; one number or array is expected."),
        ([by_itself], "by_itself nests too many operations, or calls itself without end."),
        ([by_many], "by_many nests too many operations, or calls itself without end."),
        ([by_power], "by_power: written out, it has more than 5,000 parts"),
        (
            [by_kind],
            "by_kind gives -0.941715405 on NumPy arrays, and as a formula it is 0.941715405, at x = [0.941715]",
        ),
        ({by_kind_of_vector: {"x": "D"}}, "it does something else when it is read."),
        ([by_names], "by_names's parameter '*x': give each parameter a name of its own."),
        ([loss], "'loss' means something else in every claim; give the function another name."),
        ([exp], "'exp' means something else in every claim; give the function another name."),
        ([_first, twice], "'twice' is the name of another definition in this session, and stays it"),
        ([lambda x: x], "'<lambda>' is none; use def."),
        ([math.exp], "is not a function of Python, made with def."),
        (["twice"], "'twice' is not a function of Python, made with def."),
        (twice, "give a list, as in functions=[my_nll]."),
        ("twice", "give a list, as in functions=[my_nll]."),
        ({"twice": _first}, "'twice' is not a function of Python, made with def."),
        ({spread_nll: {"z": "D"}}, "spread_nll has no parameter 'z'; it has x, s."),
        ({spread_nll: 3}, "the lengths of spread_nll's vectors are given as in {spread_nll: {'x': 'D'}}, not as 3."),
        ({spread_nll: {"x": "loss"}}, "'loss' cannot name a length; take a letter, as in {'x': 'D'}."),
    ],
)
def test_a_function_that_cannot_be_used_is_one_message(functions, problem):
    with pytest.raises(InputError) as caught:
        read_functions(functions)
    assert problem in str(caught.value)


class _Own(BaseException):
    pass


@pytest.mark.parametrize("error", [SystemExit(3), _Own("own"), GeneratorExit()], ids=["SystemExit", "own", "exit"])
def test_whatever_a_function_raises_is_one_message(error):
    def mine(x):
        raise error

    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    with pytest.raises(InputError, match=re.escape(f"functions: mine cannot be read as a formula: {said}. It is")):
        prove("mine(x) >= 0", functions=[mine])


def test_what_a_function_raises_on_numbers_alone_is_left_out():
    def mine(x):
        if type(x).__module__ == "numpy":
            raise SystemExit(3)
        return x * x

    assert prove("mine(x) >= 0", functions=[mine])


def test_an_interruption_of_a_function_stays_one():
    def mine(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prove("mine(x) >= 0", functions=[mine])
