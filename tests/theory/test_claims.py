"""Claims as text: what they stand for, and what is answered to a text that is none."""

import pytest

from vaelid.readings.terms.arrays import real
from vaelid.readings.terms.text import text
from vaelid.spec.errors import InputError
from vaelid.theory.claims import read_claim
from vaelid.theory.library.definitions import (
    MODEL,
    L,
    coordinate_kl,
    eps,
    kl_sum,
    logvar,
    loss,
    mu,
    reconstruction_loss,
    scalar,
    vae_objective_terms,
    weighted_two_term,
    x,
    xp,
)
from vaelid.theory.statement import both, eq, given, iff, le, lt, ne

_kl = kl_sum(mu, logvar)
_a, _b = scalar("a"), scalar("b")


@pytest.mark.parametrize(
    ("claim", "statement"),
    [
        ("KL < 1", lt(_kl, 1)),
        ("KL >= 0", le(0, _kl)),
        ("0 ≤ KL", le(0, _kl)),
        ("0 <= diagonal_gaussian_kl_to_standard_sum(mu, logvar)", le(0, _kl)),
        ("L * KL > 0", lt(0, real(L) * _kl)),
    ],
)
def test_sizes_that_occur_are_positive(claim, statement):
    assert text(read_claim(claim)) == "0 < L → " + text(statement)


@pytest.mark.parametrize(
    ("claim", "statement"),
    [
        ("a < b", lt(_a, _b)),
        ("a > b", lt(_b, _a)),
        ("a == b", eq(_a, _b)),
        ("a != b", ne(_a, _b)),
        ("a <= b < 2", both(le(_a, _b), lt(_b, 2))),
        ("a < b -> b > a", given(lt(_a, _b), lt(_a, _b))),
        ("a < b → b < 1 → a < 1", given(lt(_a, _b), given(lt(_b, 1), lt(_a, 1)))),
        ("a < b <-> b > a", iff(lt(_a, _b), lt(_a, _b))),
        ("(a < b -> a < 1) -> b < 2", given(given(lt(_a, _b), lt(_a, 1)), lt(_b, 2))),
        ("a - b - 1 < a**2 / 2", lt(_a - _b - 1, _a**2 / 2)),
        ("-a < exp(b) + pi", lt(-_a, xp.exp(_b) + xp.pi)),
    ],
)
def test_a_claim_is_the_formula_that_it_writes(claim, statement):
    assert read_claim(claim) is statement


def test_a_decimal_is_the_number_that_is_written():
    assert text(read_claim("a < 0.1")) == "a < 1/10"


def test_a_name_is_of_the_kind_that_a_call_asks_for_wherever_it_stands():
    claim = read_claim("mu[0] == 0 -> coordinate_kl_to_standard(m, v) >= 0 and KL >= 0")
    assert text(claim) == (
        "0 < L → mu[0] = 0 → 0 ≤ coordinate_kl_to_standard(m, v) ∧ 0 ≤ diagonal_gaussian_kl_to_standard_sum(mu, logvar)"
    )
    assert read_claim("coordinate_kl_to_standard(m, v) >= 0") is le(0, coordinate_kl(scalar("m"), scalar("v")))


def test_records_are_named_whole():
    terms = vae_objective_terms(MODEL, x, eps)
    claim = read_claim("loss(model, b, x, eps) == weighted_two_term(b, vae_objective_terms(model, x, eps))")
    assert claim.arguments[1] is eq(loss(MODEL, _b, x, eps), weighted_two_term(_b, terms))
    field = read_claim("negative_elbo(terms) >= terms.kl_posterior_prior")
    assert text(field) == "terms.kl_posterior_prior ≤ negative_elbo(terms)"


def test_another_model_is_another_model():
    claim = read_claim("reconstruction_loss(model, x, eps) == reconstruction_loss(other, x, eps)")
    assert text(claim.arguments[1]) == "reconstruction_loss(model, x, eps) = reconstruction_loss(other, x, eps)"
    assert reconstruction_loss(MODEL, x, eps).term in claim.arguments[1].arguments


@pytest.mark.parametrize(
    ("claim", "problem"),
    [
        ("KL", "it is a number, not a statement; compare it with something, as in 0 <= KL."),
        ("KL <", "invalid syntax at 'KL <'."),
        ("a = 2", "invalid syntax at 'a = 2'. Equality is written ==."),
        ("kl_los(model, x) > 0", "the function 'kl_los' is not known. Did you mean kl_loss?"),
        ("kl_loss(model) > 0", "kl_loss takes model, x; it was given 1 arguments."),
        ("mu > 0 and KL > 0", "'mu' is an array: compare its sum, or an element such as mu[0]."),
        ("exp(a, b) > 0", "exp takes one argument."),
        ("a in b", "the comparison 'In' is not understood."),
        ("(a < b) + 1 > 0", "'a < b' is not a number."),
        ("not a", "'a' is a number where a statement is expected."),
        ("a if b else c", "'a if b else c' is not understood."),
        ("__import__('os').system('ls') == 0", "\"__import__('os').system('ls')\" is not understood."),
        ("open('file') == 0", "the function 'open' is not known."),
        ("'text' == 0", "\"'text'\" is not understood."),
        ("a**b > 0", "'a ** b' is not understood."),
        ("a**(-1) > 0", "'a ** (-1)' is not understood."),
        ("True", "'True' is not understood."),
        ("", "invalid syntax"),
    ],
)
def test_what_is_no_claim_is_answered_in_one_sentence(claim, problem):
    with pytest.raises(InputError) as caught:
        read_claim(claim)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"the claim {claim!r}: ")


def test_one_name_is_not_a_number_and_an_array():
    with pytest.raises(InputError, match="'mu' stands for a number in one place and for an array in another"):
        read_claim("coordinate_kl_to_standard(mu, logvar) <= KL")
