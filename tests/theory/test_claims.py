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


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("0.1000000000000000055", "200000000000000011/2000000000000000000"),
        ("1e3", "1000"),
        ("1_000.5", "2001/2"),
        (".5", "1/2"),
        ("5.", "5"),
        ("2.5E-1", "1/4"),
        ("0x1F", "31"),
        ("0b101", "5"),
        ("0o17", "15"),
    ],
)
def test_a_literal_is_the_rational_number_that_is_written(literal, value):
    assert text(read_claim(f"a < {literal}")) == f"a < {value}"


def test_a_size_is_larger_than_the_index_of_an_element():
    assert text(read_claim("KL >= mu[0] - logvar[4]")).startswith("4 < L → ")


def test_a_claim_may_stand_on_several_lines_and_use_python_keywords_as_names():
    assert read_claim("0 <\n\tlambda\n -> (\nlambda > 0)") is given(lt(0, scalar("lambda")), lt(0, scalar("lambda")))


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
        ("KL", "'KL' is a number where a statement is expected; compare it with something, as in 0 <= KL."),
        ("KL <", "it ends too early."),
        ("a = 2", "the character '=' (U+003D, EQUALS SIGN) is not understood. Equality is written ==."),
        ("kl_los(model, x) > 0", "the function 'kl_los' is not known. Did you mean kl_loss?"),
        ("kl_loss(model) > 0", "kl_loss takes model, x; it was given 1 arguments."),
        ("mu > 0 and KL > 0", "'mu' is an array: compare its sum, or an element such as mu[0]."),
        ("exp(a, b) > 0", "exp takes one argument."),
        ("a in b", "'in' is not understood: a claim is made of numbers, comparisons, and, or, not."),
        ("(a < b) + 1 > 0", "'a < b' is a statement where a number is expected."),
        ("not a", "'a' is a number where a statement is expected"),
        ("a if b else c", "'if' is not understood"),
        ("a < b -> ", "it ends too early."),
        ("a < (b", "it ends too early."),
        ("a < b)", "')' is not expected after 'a < b'."),
        ("2x > 0", "'2x' is not understood as a number; a product is written 2*x."),
        ("x = = 1", "Equality is written ==."),
        ("x & y < 1", "the character '&' (U+0026, AMPERSAND) is not understood. Write `and`."),
        ("|x| > 0", "Write `or`; an absolute value is abs(x)."),
        ("x^2 > 0", "A power is written x**2."),
        ("x > 0 # true", "A claim has no comments."),
        ("ｘ > 0", "the character 'ｘ' (U+FF58, FULLWIDTH LATIN SMALL LETTER X) is not understood: names are of the"),
        ("µ > 0", "the character 'µ' (U+00B5, MICRO SIGN) is not understood"),
        ("x > \0", "(U+0000, which has no name)"),
        ("exp(x=1) > 0", "Equality is written ==."),
        ("exp(*x) > 0", "'*' is not expected after 'exp('."),
        ("(x := 1) > 0", "the character ':' (U+003A, COLON) is not understood"),
        ("exp(lambda x: x) > 0", "':'"),
        ("[x for x in y] == 1", "'in' is not understood"),
        ("x is y", "'is' is not understood"),
        ("mu[-1] > 0", "an index is a whole number from 0 to 1,000,000."),
        ("mu[0:1] > 0", "the character ':' (U+003A, COLON)"),
        ("mu[1.5] > 0", "an index is a whole number"),
        ("x[0] > x", "'x' is an array, of unknown length: say it with arrays={'x': 'n'}."),
        ("1e4001 > 0", "the exponent of '1e4001' is larger than 4,000."),
        ("1e-10000000000 > 0", "the exponent of '1e-10000000000' is larger than 4,000."),
        ("9" * 201 + " > 0", "a number has at most 200 digits, and one here has 201."),
        ("007 > 0", "the number '007' begins with a zero; write 7."),
        ("1j == 0", "'1j' is not understood as a number"),
        ("2**100000000 > 0", "powers go up to 100 here, nested ones multiplied."),
        ("((x**50)**50) > 0", "powers go up to 100 here, nested ones multiplied."),
        ("(((x**9)**9)**9) > 0", "powers go up to 100 here, nested ones multiplied."),
        ("x**2.0 > 0", "a power is a whole number that is written out, as in x**2."),
        ("x**2**3 > 0", "a power is a whole number that is written out, as in x**2."),
        ("(" * 3000 + "x > 0", "it nests more than 100 operations; split it into several claims."),
        ("-" * 3000 + "x > 0", "it nests more than 100 operations; split it into several claims."),
        ("not " * 2000 + "x > 0", "it nests more than 100 operations; split it into several claims."),
        ("x > 0 -> " * 1000 + "x > 0", "it nests more than 100 operations; split it into several claims."),
        (" + ".join(["x"] * 100_000) + " > 0", "it has 400,001 characters, and 10,000 at most are read."),
        ("x" * 101 + " > 0", "a name has at most 100 letters, and one here has 101."),
        ("encode(model, x) == 1", "'encode(model, x)' is a tuple, not a number."),
        ("encode(model, x).mean > 0", "the character '.'"),
        ("weighted_two_term(b, 2) > 0", "takes for terms a record (WeightedTwoTerm), and '2' is a number."),
        ("kl_loss(KL, x) > 0", "kl_loss takes for model a record (Model), and 'KL' is a number."),
        ("model.encoder > 0 and kl_loss(model, x) > 0", "'model.encoder' is a record (Encoder), not a number."),
        ("kl_loss(model, x) > model.nothing", "there is no 'nothing'; its parts are encoder, decoder."),
        ("negative_elbo(terms) > terms.kl", "its parts are reconstruction_nll, kl_posterior_prior."),
        ("diagonal_gaussian_kl_to_standard_sum(0, 0) > 0", "a vector of length L, and '0' is a number."),
        ("diagonal_gaussian_kl_to_standard_sum(2*a, b) > 0", "a vector of length L, and '2*a' is a number."),
        ("KL > mean_squared_error(mu, x)", "a vector of length L in one place and for a vector of length D in another"),
        ("__import__('os').system('ls') == 0", 'the character "\'" (U+0027, APOSTROPHE) is not understood.'),
        ("open(file) == 0", "the function 'open' is not known."),
        ("f'text' == 0", "(U+0027, APOSTROPHE) is not understood."),
        ("a**b > 0", "'a**b': a power is a whole number that is written out, as in x**2."),
        ("a**(-1) > 0", "'a**(-1)': a power is a whole number that is written out, as in x**2."),
        ("True", "'True' is not understood: a claim is made of numbers"),
        ("", "it is empty; write for instance 0 <= KL."),
        (" \n ", "it is empty"),
    ],
)
def test_what_is_no_claim_is_answered_in_one_sentence(claim, problem):
    with pytest.raises(InputError) as caught:
        read_claim(claim)
    assert problem in str(caught.value)
    if len(claim) <= 200:
        assert str(caught.value).startswith(f"the claim {claim!r}: ")
    assert len(str(caught.value)) < 1000


def test_one_name_is_not_a_number_and_an_array():
    with pytest.raises(
        InputError, match="'mu' stands for a number in one place and for a vector of length L in another"
    ):
        read_claim("coordinate_kl_to_standard(mu, logvar) <= KL")
