"""Sums over named axes as data: what is read of a term has the term's value."""

from fractions import Fraction

import pytest

from vaelid.auditor.formula.axes_of_terms import element_of, length_of, total
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.auditor.proofs.sums import Part, Sum, added, axes_of, below_sum, under_sums, value_of
from vaelid.readings.terms.arrays import as_term, index, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Binder
from vaelid.readings.terms.text import text

from ..numbers_of_terms import random_numbers, value

X, Y = element_of("x", (0, 1)), element_of("y", (0,))
MU = element_of("mu", (0, 1))
LENGTHS = (4, 3)
NUMBERS = random_numbers(0, LENGTHS, x=(0, 1), mu=(0, 1), y=(0,), c=())


def over_both(term):
    return total(total(term, 1), 0)


def test_a_sum_is_read_by_its_axis_length_and_summand():
    over = Sum.of(total(X**2, 1).term)
    assert over.axis == 1
    assert over.length is length_of(1)
    assert over.body.term is (X**2).term
    assert over.index.name == "i1"


def test_the_outer_sum_is_read_first():
    over = Sum.of(over_both(X).term)
    assert over.axis == 0
    assert Sum.of(over.body.term).axis == 1


def test_what_is_no_sum_over_an_axis_is_refused():
    body = total(X, 1).term.arguments[1]
    with pytest.raises(TypeError, match="the length of no axis"):
        Sum.of(make(Binder("sum"), index(3), body))


@pytest.mark.parametrize(
    ("term", "is_free"),
    [(Y, True), (X, False), (as_term(2), True), (real(length_of(1)), True), (X + Y, False), (total(X, 1), True)],
)
def test_whether_a_term_is_constant_along_an_axis(term, is_free):
    assert Sum.of(total(X, 1).term).is_free_of(term) is is_free


def test_a_part_is_its_product_and_a_coefficient_of_one_is_not_written():
    assert Part(as_term(1), X).product is X
    assert value(Part(as_term(3), X).product, NUMBERS) == pytest.approx(3 * value(X, NUMBERS))


def test_the_value_of_parts_is_their_sum_and_of_none_it_is_zero():
    parts = [Part(as_term(2), over_both(X**2)), Part(as_term(-1), over_both(MU))]
    expected = 2 * (NUMBERS["x"] ** 2).sum() - NUMBERS["mu"].sum()
    assert value(value_of(parts), NUMBERS) == pytest.approx(expected)
    assert value(value_of([]), NUMBERS) == 0


ADDED = {
    "one": (X, 1),
    "sum": (X + Y, 2),
    "difference": (X - Y, 2),
    "negative of a sum": (-(X + Y), 2),
    "number times a sum": (2 * (X - Y), 2),
    "sum times an array": ((X + Y) * MU, 2),
    "quotient of a sum": ((X + Y + 1) / 3, 3),
    "nested": (2 * (X - (Y - 3 * (MU + 1))), 4),
    "log of a number times a term": (xp.log(2 * xp.exp(X)), 2),
    "log of a term times a number": (xp.log(xp.exp(X) * Fraction(1, 3)), 2),
    "log of two terms": (xp.log(xp.exp(X) * xp.exp(Y)), 1),
    "product of two sums": ((X + 1) * (Y + 1), 1),
    "square": ((X + Y) ** 2, 1),
}


@pytest.mark.parametrize("name", ADDED)
def test_the_addends_of_a_term_add_up_to_it(name):
    term, count = ADDED[name]
    found = added(term.term)
    assert len(found) == count, [text(part.term) for part in found]
    assert sum(value(part, NUMBERS) for part in found) == pytest.approx(value(term, NUMBERS))


def test_axes_are_those_of_the_deepest_sum_outermost_first():
    assert axes_of([Part(as_term(1), over_both(X)), Part(as_term(1), total(Y, 0))]) == [0, 1]
    assert axes_of([Part(as_term(1), total(total(X, 0), 1))]) == [1, 0]
    assert axes_of([Part(as_term(1), X)]) == []
    assert axes_of([]) == []


def test_below_a_sum_a_part_without_it_is_spread_over_the_axis():
    over, inner = below_sum([Part(as_term(2), total(X, 1)), Part(as_term(5), Y)], 1)
    assert over.axis == 1
    whole = 2 * NUMBERS["x"][NUMBERS["i0"]].sum() + 5 * value(Y, NUMBERS)
    spread = sum(value(value_of(inner), {**NUMBERS, "i1": k}) for k in range(LENGTHS[1]))
    assert spread == pytest.approx(whole)


def test_below_a_sum_that_no_part_has_is_refused():
    with pytest.raises(NoProof, match="it does not sum over the same axes"):
        below_sum([Part(as_term(1), total(Y, 0))], 1)


def test_what_is_under_the_sums_sums_up_to_the_parts():
    parts = [Part(as_term(1), over_both(X**2)), Part(as_term(3), over_both(MU)), Part(as_term(1), total(Y, 0))]
    body = under_sums(parts, [0, 1])
    places = [(i, j) for i in range(LENGTHS[0]) for j in range(LENGTHS[1])]
    found = sum(value(body, {**NUMBERS, "i0": i, "i1": j}) for i, j in places)
    expected = (NUMBERS["x"] ** 2).sum() + 3 * NUMBERS["mu"].sum() + NUMBERS["y"].sum()
    assert found == pytest.approx(expected)
