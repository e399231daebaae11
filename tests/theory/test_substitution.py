"""Substitution and binding: what a term becomes is worth what it should be, in every model drawn."""

import copy
import pickle

import pytest
from drawn_terms import DRAWS, SIZES, number
from hypothesis import given, settings
from model_values import INDICES, conjunction, evaluate

from vaelid.readings.terms.formulas import equal, for_all
from vaelid.readings.terms.substitution import (
    abstracted,
    element,
    instance,
    lambda_,
    loose_levels,
    make,
    reindexed,
    shifted,
)
from vaelid.readings.terms.syntax import (
    INDEX,
    REAL,
    VECTOR,
    Binder,
    Bound,
    Element,
    Lambda,
    Term,
    Variable,
    free_variables,
)


def same_value(left, right) -> bool:
    """Exactly the same number, or the same element at every index tried."""
    if callable(left):
        return all(left(index) == right(index) for index in INDICES)
    return left == right


@given(DRAWS)
@settings(max_examples=100)
def test_an_instance_is_worth_the_formula_at_the_values(draw):
    formula, values, model = draw.formula(terms=3), draw.values(), draw.model()
    at_values = {**model, **{variable: evaluate(value, model) for variable, value in values.items()}}
    assert evaluate(instance(formula, values), model) == evaluate(formula, at_values)


@given(DRAWS)
@settings(max_examples=100)
def test_an_instance_of_a_term_is_worth_the_term_at_the_values(draw):
    term, values, model = draw.real(), draw.values(), draw.model()
    at_values = {**model, **{variable: evaluate(value, model) for variable, value in values.items()}}
    assert evaluate(instance(term, values), model) == evaluate(term, at_values)


@given(DRAWS)
@settings(max_examples=50)
def test_a_forall_is_worth_the_formula_at_every_index(draw):
    formula, model, variable = draw.formula(), draw.model(), draw.one(SIZES)
    everywhere = conjunction(evaluate(formula, {**model, variable: index}) for index in INDICES)
    assert evaluate(for_all(variable, formula), model) == everywhere


@given(DRAWS)
@settings(max_examples=50)
def test_an_abstracted_index_stands_where_the_variable_stood(draw):
    term, model, (index, i, j) = draw.real(scope=2), draw.model(), places(draw, 3)
    for variable in SIZES:
        bound = evaluate(abstracted(term, variable), model, (index, i, j))
        assert bound == evaluate(term, {**model, variable: index}, (i, j))


@given(DRAWS)
@settings(max_examples=50)
def test_an_element_of_an_array_written_out_is_its_body_at_the_index(draw):
    body, index, model, (i,) = draw.real(scope=2), draw.index(1), draw.model(), places(draw, 1)
    opened = element(lambda_(1, body), index)
    assert evaluate(opened, model, (i,)) == evaluate(body, model, (evaluate(index, model, (i,)), i))
    written_out = Term(Element(1), Term(Lambda(1), body), index)
    assert evaluate(written_out, model, (i,)) == evaluate(opened, model, (i,))


@given(DRAWS)
@settings(max_examples=50)
def test_an_element_of_a_matrix_takes_the_first_axis_first(draw):
    body, row, column = draw.real(scope=3), draw.index(1), draw.index(1)
    model, (i,) = draw.model(), places(draw, 1)
    opened = element(lambda_(2, body), row, column)
    bound = (evaluate(column, model, (i,)), evaluate(row, model, (i,)), i)
    assert evaluate(opened, model, (i,)) == evaluate(body, model, bound)


@given(DRAWS)
@settings(max_examples=50)
def test_the_array_of_the_elements_of_an_array_is_that_array(draw):
    array, model, (i,) = draw.vector(scope=1), draw.model(), places(draw, 1)
    elements = Term(Lambda(1), Term(Element(1), shifted(array, 1), Term(Bound(0))))
    normal = lambda_(1, element(shifted(array, 1), make(Bound(0))))
    assert normal is array
    assert same_value(evaluate(elements, model, (i,)), evaluate(normal, model, (i,)))


@given(DRAWS)
@settings(max_examples=50)
def test_a_term_under_more_binders_is_worth_the_same(draw):
    term, model, (more, i, j) = draw.real(scope=2), draw.model(), places(draw, 3)
    assert evaluate(shifted(term, 1), model, (more, i, j)) == evaluate(term, model, (i, j))
    assert shifted(shifted(term, 3), -3) is term


@given(DRAWS)
@settings(max_examples=50)
def test_indices_exchanged_are_worth_the_term_at_exchanged_places(draw):
    term, model, (i, j) = draw.real(scope=2), draw.model(), places(draw, 2)
    assert evaluate(reindexed(term, lambda level: 1 - level), model, (j, i)) == evaluate(term, model, (i, j))


@given(DRAWS)
@settings(max_examples=50)
def test_a_term_knows_its_loose_indices(draw):
    term = draw.real(scope=3)
    levels = loose_levels(term)
    assert term.loose == max(levels, default=-1) + 1
    assert levels <= {0, 1, 2}


@given(DRAWS)
@settings(max_examples=50)
def test_an_instance_has_the_variables_of_the_values_and_no_loose_index(draw):
    formula, values = draw.formula(), draw.values()
    result = instance(formula, values)
    assert result.loose == 0
    kept = free_variables(formula) - set(values)
    assert free_variables(result) <= kept.union(*map(free_variables, values.values()))


@given(DRAWS)
@settings(max_examples=50)
def test_equal_terms_are_one_object_also_after_copies_and_pickles(draw):
    formula = draw.formula()
    assert copy.copy(formula) is formula
    assert copy.deepcopy(formula) is formula
    assert pickle.loads(pickle.dumps(formula)) is formula
    assert instance(formula, {}) is formula


def places(draw, count: int) -> list[int]:
    """Values for bound indices."""
    return [draw.random.randint(-2, 4) for _ in range(count)]


def test_a_value_under_a_binder_keeps_its_own_meaning():
    """The classical capture: sum over i < n of y, with an element at a free index i for y."""
    y, n, a, i = (make(Variable(*of)) for of in (("y", REAL), ("n", INDEX), ("a", VECTOR), ("i", INDEX)))
    total = make(Binder("sum"), n, y)
    substituted = instance(total, {y.head: element(a, i)})
    assert substituted.arguments[1] is element(a, i)
    assert abstracted(substituted, i.head).arguments[1] is element(a, make(Bound(1)))


def test_values_stand_all_at_once():
    x, y = Variable("x", REAL), Variable("y", REAL)
    assert instance(equal(make(x), make(y)), {x: make(y), y: make(x)}) is equal(make(y), make(x))


@pytest.mark.parametrize("value", [make(Bound(0)), number(1), make(Variable("a", VECTOR))])
def test_a_value_of_another_sort_or_with_a_loose_index_is_refused(value):
    with pytest.raises(TypeError, match=r"cannot stand for|nothing binds"):
        instance(equal(make(SIZES[0]), number(0, INDEX)), {SIZES[0]: value})
