"""SMT-LIB scripts, read by z3 and evaluated from what z3 read, say what their terms say."""

import itertools
from fractions import Fraction

import pytest
import z3
from drawn_formulas import formula, point, real_term
from hypothesis import given, settings
from hypothesis import strategies as st
from smt_values import Script

from conformance.definition_values import SYMBOLS, not_near
from conformance.definition_values import point as definition_point
from conformance.formula_values import Undefined, ball, precise, rational, value
from vaelid.readings.terms.arrays import TermArray, size, variable
from vaelid.readings.terms.formulas import for_all
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.smtlib import script
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import INDEX, REAL, Operator, Term, Variable
from vaelid.theory.library import LIBRARY

INDICES = range(-1, 3)
STATEMENTS = {name: result.statement for name, result in LIBRARY.items() if result.statement is not None}
RESULT = Variable("the.result", REAL)


def _equation(term: Term) -> Term:
    return make(Operator("equal"), make(RESULT), term)


def _agree(left: bool | None, right: bool | None) -> bool:
    return left is None or right is None or left == right


@given(data=st.data())
@settings(max_examples=60)
def test_a_formula_is_true_where_the_script_says_so(data: st.DataObject):
    premises = [formula(data.draw) for _ in range(data.draw(st.integers(0, 2)))]
    goal = formula(data.draw)
    written = script(premises, goal)
    read = Script(written, [*premises, goal])
    assert len(read.asserted) == len(premises) + 1
    for seed in range(2):
        given = point(seed)
        try:
            with precise(128):
                expected = [value(part, given, INDICES) for part in (*premises, make(Operator("not"), goal))]
                found = read.truth(given, INDICES)
        except Undefined:
            continue
        assert all(itertools.starmap(_agree, zip(found, expected, strict=True))), written


@given(data=st.data())
@settings(max_examples=60)
def test_a_term_has_the_value_that_the_script_says(data: st.DataObject):
    """The script asserts that the result is not the term: refuted at the term's value, not at another."""
    term = real_term(data.draw)
    written = script([], _equation(term))
    read = Script(written, [_equation(term)])
    for seed in range(2):
        given = point(seed)
        try:
            with precise(128):
                expected = value(term, given, INDICES)
                assert read.truth(given | {RESULT: expected}, INDICES)[0] is not True, written
                assert read.truth(given | {RESULT: expected + 1}, INDICES)[0] is True or _wide(expected), written
        except Undefined:
            continue


def _wide(number) -> bool:
    return ball(number).rad() > 0.25


@pytest.mark.parametrize("name", STATEMENTS)
def test_statements_of_the_library_are_read_by_z3(name: str):
    statement = STATEMENTS[name]
    read = Script(script([], statement), [statement])
    assert len(read.asserted) == 1


@given(data=st.data())
@settings(max_examples=1)
def test_scripts_of_definitions_are_near_the_torch_reading(data: st.DataObject):
    for definition, number in SYMBOLS:
        body = definition.symbols[number].body
        if body.sort is not REAL:
            continue
        at = data.draw(definition_point(definition))
        result = at.results[number]
        read = Script(script([], _equation(body)), [_equation(body)])
        with precise(200):
            exact = value(body, at.given)
            assert read.truth(at.given | {RESULT: exact}, INDICES)[0] is not True
        assert not_near(body, at.given, result) is None


# ---- names


def test_variables_of_one_name_and_two_sorts_are_two_constants():
    x, vector = variable("x"), variable("x", size("n"))
    written = script([], make(Operator("equal"), x.term, vector[0].term))
    assert "(declare-fun $x () Real)" in written
    assert "(declare-fun $x!1 () $Array1)" in written
    assert "(= $x ($element1 $x!1 0))" in written


def test_no_name_is_mistaken_for_a_function_a_keyword_or_a_bound_index():
    parts = []
    for name in ("exp", "sum", "and", "true", "i0", "element1", "Real", "assert"):
        i, constant = Variable("i", INDEX), make(Variable(name, INDEX))
        vector = variable(name, constant)
        total = xp.sum(xp.exp(vector), axis=-1) + variable(name)
        parts.append(for_all(i, make(Operator("less"), make(i), constant)))
        parts.append(make(Operator("less"), total.term, vector[0].term))
    goal = make(Operator("and"), *parts)
    written = script([], goal)
    declared = [line.split()[1] for line in written.splitlines() if line.startswith("(declare-")]
    assert len(set(declared)) == len(declared)
    assert all(name.startswith("$") for name in declared)
    assert len(z3.parse_smt2_string(written)) == 1


def test_the_same_sum_has_one_name_and_another_sum_another():
    n = size("n")
    x, y = variable("x", n), variable("y", n)
    goal = make(Operator("equal"), xp.sum(x * y, axis=-1).term, (xp.sum(x * y, axis=-1) + xp.sum(y * x, axis=-1)).term)
    written = script([], goal)
    assert written.count("(declare-fun $sum") == 2
    assert written.count("($sum $n)") == 2


def test_indices_are_those_of_their_quantifiers_also_in_sums():
    """For all i, j: sum_k A[i, j, k] = 10 i + j, which is true of this A and false with i and j exchanged."""
    n, i, j = size("n"), Variable("i", INDEX), Variable("j", INDEX)
    A = variable("A", n, n, n)
    numbers = [TermArray((), make(Operator("real"), make(index))) for index in (i, j)]
    rows = xp.sum(A, axis=-1).term
    total, other = element(rows, make(i), make(j)), TermArray((), element(rows, make(j), make(i)))
    right, exchanged = (10 * tens + ones for tens, ones in (numbers, numbers[::-1]))
    by_other = other + 9 * (numbers[0] - numbers[1])
    given = {n.head: 2, A.term.head: lambda a, b, c: rational(5 * a) + rational(b) / 2}
    for claimed, expected in ((right, True), (exchanged, False), (by_other, True), (other, False)):
        goal = for_all(i, for_all(j, make(Operator("equal"), total, claimed.term)))
        assert value(goal, given, range(3)) is expected
        assert Script(script([], goal), [goal]).truth(given, range(3)) == [not expected]


def test_a_script_is_the_premises_and_the_goal_denied():
    a, b = variable("a"), variable("b")
    premise = make(Operator("less"), a.term, b.term)
    assert script([premise], make(Operator("less"), (a / 3).term, (b**2 - Fraction(1, 2)).term)) == (
        "(set-logic ALL)\n"
        "(declare-fun $a () Real)\n"
        "(declare-fun $b () Real)\n"
        "(assert (< $a $b))\n"
        "(assert (not (< (/ $a 3.0) (- (* $b $b) (/ 1.0 2.0)))))\n"
        "(check-sat)\n"
    )
