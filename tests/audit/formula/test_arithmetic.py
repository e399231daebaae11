"""Rewritings of terms keep their values: by exact fractions, on terms drawn at random."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula.arithmetic import (
    computed,
    is_number,
    linear_in,
    outermost_sums,
    replaced,
    simple,
    tidy,
    without_number,
    without_what_cancels,
)
from vaelid.auditor.formula.axes_of_terms import element_of, length_of, total
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Number, Operator, Power, Term, Variable
from vaelid.readings.terms.text import text

A, B, C = (TermArray((), make(Variable(name, REAL))) for name in "abc")
N, M = real(length_of(0)), real(length_of(1))
POINT = {
    A.term: Fraction(3, 7),
    B.term: Fraction(-5, 2),
    C.term: Fraction(11),
    N.term: Fraction(5),
    M.term: Fraction(9),
}
ATOMS = {"a": A, "b": B, "c": C, "n": N, "m": M}
OPERATIONS = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "negative": lambda x: -x,
    "cube": lambda x: x**3,
}

# What a term is built of, as plain data: a strategy must not come to beartype, which draws at random what it looks at.
recipes = st.recursive(
    st.one_of(st.integers(-3, 3), st.sampled_from(list(ATOMS))),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.tuples(st.sampled_from(["negative", "cube"]), inner),
    ),
    max_leaves=8,
)


def built(recipe) -> TermArray:
    if isinstance(recipe, tuple):
        return OPERATIONS[recipe[0]](*map(built, recipe[1:]))
    return ATOMS[recipe] if isinstance(recipe, str) else as_term(recipe)


def on_terms(test):
    """The test, of a term and its value, on terms drawn at random that have one."""

    @settings(max_examples=25, deadline=None)
    @given(recipe=recipes)
    def of_recipe(recipe):
        term = built(recipe)
        before = value(term.term)
        assume(before is not None)
        test(term, before)

    of_recipe.__name__ = test.__name__
    return of_recipe


def exact(term: Term) -> Fraction:
    """The value at POINT, an oracle of ten lines; raises ZeroDivisionError where it has none."""
    if term in POINT:
        return POINT[term]
    if isinstance(term.head, Number):
        return Fraction(term.head.value)
    parts = [exact(part) for part in term.arguments]
    if isinstance(term.head, Power):
        return parts[0] ** term.head.exponent
    name = term.head.name
    if name == "negative":
        return -parts[0]
    one, other = parts
    return {"add": one + other, "subtract": one - other, "multiply": one * other}.get(name) or (
        one / other if name == "divide" else Fraction(0)
    )


def value(term: Term) -> Fraction | None:
    try:
        return exact(term)
    except ZeroDivisionError:
        return None


@on_terms
def test_simple_keeps_the_value(term, before):
    assert value(simple(term).term) == before


@on_terms
def test_tidy_keeps_the_value(term, before):
    assert value(tidy(term).term) == before


@on_terms
def test_without_what_cancels_keeps_the_value(term, before):
    assert exact(without_what_cancels(term).term) == before


@on_terms
def test_without_number_splits_off_a_positive_factor(term, before):
    number, rest = without_number(term.term)
    assert number > 0
    assert number * exact(rest) == before


@on_terms
def test_linear_in_gives_factors_and_a_rest_that_add_up(term, before):
    found = linear_in(term, [A.term, B.term])
    if found is not None:
        factors, rest = found
        parts = [value(f.term) for f in factors] + [value(rest.term)]
        assume(None not in parts)
        assert parts[0] * POINT[A.term] + parts[1] * POINT[B.term] + parts[2] == before
        assert not any(free in text(t.term) for t in (*factors, rest) for free in "ab")


@settings(max_examples=25, deadline=None)
@given(recipes, recipes)
def test_replaced_is_the_value_at_another_point(recipe, other):
    term, by = built(recipe), built(other)
    new = replaced(term.term, {A.term: by.term})
    inside, before = value(by.term), dict(POINT)
    assume(inside is not None)
    POINT[A.term] = inside
    try:
        expected = value(term.term)
    finally:
        POINT.update(before)
    assume(expected is not None)
    assert value(new) == expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (A + 0, A),
        (0 + A, A),
        (A - 0, A),
        (0 - A, -A),
        (1 * A, A),
        (A * 1, A),
        (A * 0, as_term(0)),
        (0 / A, as_term(0)),
        (A / 1, A),
        (as_term(2) * 3 + as_term(4) / 8, as_term(Fraction(13, 2))),
        (-as_term(Fraction(1, 3)), as_term(Fraction(-1, 3))),
        (A * (as_term(2) - 2) + B, B),
    ],
)
def test_simple_does_what_is_arithmetic(term, expected):
    assert simple(term).term is expected.term


def test_a_division_by_zero_stays_as_it_is():
    term = as_term(1) / 0
    assert simple(term).term is term.term


def test_computed_of_another_operation_is_that_operation():
    term = xp.exp(A)
    assert computed(term.term, [B.term]) is xp.exp(B).term
    squared = A**2
    assert computed(squared.term, [B.term]) is (B**2).term


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (N * A / N, A),
        (A * (1 / N) * N, A),
        (2 * N / (4 * N), as_term(Fraction(1, 2))),
        (N * M * A, N * M * A),
        (M * N * A, N * M * A),
        ((2 * N) ** 2 / N, 4 * N),
        (-(N * A) / N, -1 * A),
    ],
)
def test_tidy_cancels_lengths_and_puts_them_in_order(term, expected):
    assert tidy(term).term is tidy(expected).term


def test_tidy_leaves_a_sum_of_lengths():
    assert tidy((N + M) * A).term is simple((N + M) * A).term


@pytest.mark.parametrize("term", [A * B, A**2, xp.exp(A), 1 / A, (A + C) * (A - C), abs(A)], ids=lambda t: text(t.term))
def test_what_is_not_linear_is_seen(term):
    assert linear_in(term, [A.term, B.term]) is None


def test_a_function_of_something_else_is_a_factor():
    factors, rest = linear_in(xp.exp(C) * A - B / C + 2, [A.term, B.term])
    assert factors[0].term is xp.exp(C).term
    assert rest.term is as_term(2).term


def test_a_number_is_itself_only():
    assert is_number(as_term(3), 3)
    assert not is_number(as_term(3), 2)
    assert not is_number(A, 0)


# sums

x, y = element_of("x", (0, 1)), element_of("y", (0,))
S, T = total(total(x, 1), 0), total(y, 0)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (S + T, [S, T]),
        (S - 2 * T / N, [S, T]),
        (-(S * A) + A, [S]),
        (S * T, [S * T]),
        (xp.exp(S) + T, [xp.exp(S), T]),
        (A / S, [A / S]),
        (A + B, []),
        (S + S, [S]),
    ],
)
def test_outermost_sums_are_what_a_term_is_linear_in(term, expected):
    assert outermost_sums(term.term) == [part.term for part in expected]


def test_the_head_of_an_operation_says_which():
    assert S.term.head != Operator("add")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (A + (B - B), A),
        (A + (A - A), A),
        (A - (B + A) + B, as_term(0)),
        (2 * A - A / 2 - A, A / 2),
        (C + 2 - (C - 1), as_term(3)),
        (A * B + C - A * B, C),
    ],
)
def test_what_is_taken_as_often_as_it_is_added_is_left_out(written, plain):
    found = without_what_cancels(written)
    assert found.term is simple(plain).term or exact(found.term) == exact(plain.term)
    assert len(text(found.term)) < len(text(written.term))


@pytest.mark.parametrize("term", [A, A + B, A - B, A * (B - B), xp.exp(A) - B])
def test_a_term_in_which_nothing_cancels_stays(term):
    assert without_what_cancels(term) is term
