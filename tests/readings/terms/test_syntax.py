"""The laws of terms: one object for equal terms, binding by count, substitution that captures nothing."""

import copy
import pickle
from fractions import Fraction

import pytest
from drawn_formulas import SYMBOLS, VARIABLES, any_term, formula, point, real_term
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conformance.formula_values import Undefined, ball, precise, value
from vaelid.readings.terms import syntax
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
    BOOL,
    INDEX,
    MAP,
    REAL,
    VECTOR,
    Binder,
    Bound,
    Element,
    Head,
    Lambda,
    Number,
    Operator,
    Power,
    Sort,
    Symbol,
    Term,
    Variable,
    array_of_rank,
    free_variables,
    subterms,
)

EXAMPLES = settings(max_examples=40)
INDICES = range(-1, 3)
a, i, x = VARIABLES[REAL][0], VARIABLES[INDEX][0], VARIABLES[VECTOR][0]


def _same(term: Term, given: dict, other: Term, other_given: dict) -> None:
    """Two terms have one value, each at its own values of the variables."""
    try:
        with precise(160):
            left, right = value(term, given, INDICES), value(other, other_given, INDICES)
            if callable(left):
                left, right = left(*[1] * term.sort.rank), right(*[1] * term.sort.rank)
    except Undefined:
        return
    if term.sort is BOOL:
        assert left == right or None in (left, right)
    else:
        assert ball(left).overlaps(ball(right))


# ---- substitution


@given(data=st.data())
@EXAMPLES
def test_an_instance_has_the_value_at_the_values_of_what_is_put_in(data: st.DataObject):
    """Also under binders: what is put in has variables of its own, and none of them is captured."""
    term = any_term(data.draw)
    values = {head: real_term(data.draw, 2) for head in VARIABLES[REAL][:3]}
    values |= {head: make(head) for head in VARIABLES[INDEX]}
    values[x] = make(Lambda(1), real_term(data.draw, 2))
    at = point(data.draw(st.integers(0, 99)))
    try:
        with precise(160):
            inner = at | {head: value(put, at, INDICES) for head, put in values.items()}
    except Undefined:
        assume(False)
    _same(instance(term, values), at, term, inner)


@given(data=st.data())
@EXAMPLES
def test_values_are_put_in_all_at_once(data: st.DataObject):
    term = real_term(data.draw)
    b = VARIABLES[REAL][1]
    swapped = instance(term, {a: make(b), b: make(a)})
    assert instance(swapped, {a: make(b), b: make(a)}) is term
    at = point(1)
    _same(swapped, at, term, at | {a: at[b], b: at[a]})


def test_an_index_put_in_under_a_binder_is_not_captured():
    # sum over i < n of x[i] * k, with k := n: the index of the sum is bound by count, whatever it is called
    k, n = VARIABLES[INDEX][1], VARIABLES[INDEX][0]
    body = make(Operator("multiply"), element(make(x), make(Bound(0))), make(Operator("real"), make(k)))
    total = make(Binder("sum"), make(n), body)
    put = instance(total, {k: make(Operator("index_add"), make(n), make(k))})
    assert free_variables(put) == {x, k, n}
    assert put.loose == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({a: make(x)}, "cannot stand for"),
        ({a: make(i)}, "cannot stand for"),
        ({i: make(Bound(0))}, "has an index that nothing binds"),
        ({"a": make(a)}, "cannot stand for"),
        ({a: 1}, "cannot stand for"),
    ],
)
@pytest.mark.own_words
def test_what_cannot_be_put_in_is_refused(values: dict, message: str):
    with pytest.raises(TypeError, match=message):
        instance(make(a), values)


# ---- binding


@given(data=st.data())
@EXAMPLES
def test_abstracting_an_index_and_putting_it_back_is_the_same_term(data: st.DataObject):
    body = real_term(data.draw)
    array = make(Lambda(1), abstracted(body, i))
    assert element(array, make(i)) is body
    assert i not in free_variables(array)
    one = make(Number(Fraction(1), INDEX))
    assert element(array, one) is instance(body, {i: one})


@given(data=st.data())
@EXAMPLES
def test_a_quantified_formula_is_true_where_all_its_instances_are(data: st.DataObject):
    inside = formula(data.draw, 2)
    at = point(data.draw(st.integers(0, 99)))
    try:
        with precise(160):
            each = [value(inside, at | {i: k}, INDICES) for k in INDICES]
            whole = value(make(Binder("forall"), abstracted(inside, i)), at, INDICES)
    except Undefined:
        return
    assert whole is (False if False in each else None if None in each else True)


@given(data=st.data(), by=st.integers(0, 3))
@EXAMPLES
def test_shifting_there_and_back_is_the_same_term(data: st.DataObject, by: int):
    open_term = abstracted(abstracted(real_term(data.draw), i), VARIABLES[INDEX][1])
    moved = shifted(open_term, by)
    assert shifted(moved, -by) is open_term
    assert loose_levels(moved) == {level + by for level in loose_levels(open_term)}
    assert moved.loose == (open_term.loose + by if open_term.loose else 0)


def test_reindexing_counts_from_outside_the_binders_within():
    # under one binder outside: sum over j < n of x[j] * x[i], i being loose
    pair = make(Operator("multiply"), element(make(x), make(Bound(0))), element(make(x), make(Bound(1))))
    total = make(Binder("sum"), make(i), pair)
    assert loose_levels(total) == {0}
    assert loose_levels(reindexed(total, lambda level: level + 4)) == {4}
    assert loose_levels(reindexed(total, lambda level: level + 4).arguments[1]) == {0, 5}
    assert reindexed(make(a), lambda level: level - 100) is make(a)


@given(data=st.data())
@EXAMPLES
def test_loose_counts_the_binders_that_are_needed(data: st.DataObject):
    open_term = abstracted(real_term(data.draw), i)
    for part in subterms(open_term):
        levels = loose_levels(part)
        assert part.loose == (max(levels) + 1 if levels else 0)


# ---- normal form


@given(data=st.data(), rank=st.integers(1, 3))
@EXAMPLES
def test_the_elements_of_an_array_are_its_body_and_the_array_of_elements_is_the_array(data: st.DataObject, rank: int):
    array = make(Variable("Y", array_of_rank(rank)))
    indices = [make(Bound(level)) for level in reversed(range(rank))]
    assert lambda_(rank, element(array, *indices)) is array
    body = abstracted(real_term(data.draw), i)
    assert element(make(Lambda(1), body), make(i)) is element(make(Lambda(1), body), make(i))
    if rank > 1:  # the axes in another order are another array
        turned = make(Lambda(rank), element(array, *reversed(indices)))
        assert turned is not array
        assert make(Lambda(rank), element(turned, *reversed(indices))) is array


def test_an_array_that_depends_on_its_index_is_not_contracted():
    # i -> f(j -> x[i])[i] is not f(...) itself
    f = make(VARIABLES[MAP][0])
    inside = make(Lambda(1), element(make(x), make(Bound(1))))
    term = make(Lambda(1), element(make(Operator("apply"), f, inside), make(Bound(0))))
    assert isinstance(term.head, Lambda)
    assert lambda_(0, make(a)) is make(a)
    assert element(make(a)) is make(a)


# ---- one object


@given(data=st.data())
@EXAMPLES
def test_equal_terms_are_one_object(data: st.DataObject):
    term = any_term(data.draw)

    def again(part: Term) -> Term:
        return Term(part.head, *map(again, part.arguments))

    assert again(term) is term
    assert copy.deepcopy(term) is term
    assert pickle.loads(pickle.dumps(term)) is term


def test_sorts_are_one_object():
    assert Sort("Real") is REAL
    assert Sort("Array2", 2) is array_of_rank(2)
    assert pickle.loads(pickle.dumps(INDEX)) is INDEX
    assert copy.deepcopy(VECTOR) is VECTOR
    assert Variable("a", Sort("Real")) == a


def test_terms_differ_where_their_heads_or_arguments_do():
    terms = [
        make(a),
        make(Variable("a", INDEX)),
        make(Variable("a", VECTOR)),
        make(Number(Fraction(1))),
        make(Number(Fraction(1), INDEX)),
        make(Power(1), make(a)),
        make(Operator("negative"), make(a)),
        make(Operator("subtract"), make(a), make(Number(Fraction(1)))),
        make(Operator("subtract"), make(Number(Fraction(1))), make(a)),
    ]
    assert len(set(terms)) == len(terms)


@pytest.mark.parametrize("name", ["head", "arguments", "sort", "loose", "anything"])
def test_a_term_cannot_be_changed(name: str):
    term = make(a)
    with pytest.raises(AttributeError, match="cannot be changed"):
        setattr(term, name, make(x))
    with pytest.raises(AttributeError, match="cannot be changed"):
        delattr(term, name)


def test_a_term_has_no_other_kinds():
    with pytest.raises(TypeError, match="no other kinds"):
        type("Other", (Term,), {})


# ---- what is refused


class _Lying(str):
    """A string that says it is another."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("add")


class _Other(Head):
    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        return given, BOOL


REFUSED = {
    "a sort that is not taken": (
        lambda: make(Operator("add"), make(a), make(i)),
        r"takes \(Real, Real\), but was given",
    ),
    "too few arguments": (lambda: make(Operator("add"), make(a)), "takes"),
    "too many": (lambda: make(Power(2), make(a), make(a)), "takes"),
    "a comparison of two sorts": (lambda: make(Operator("less"), make(i), make(a)), "takes"),
    "an order of vectors": (lambda: make(Operator("less"), make(x), make(x)), "takes"),
    "a comparison of maps": (lambda: make(Operator("equal"), *[make(VARIABLES[MAP][0])] * 2), "takes"),
    "an element by a real": (lambda: make(Element(1), make(x), make(a)), "takes"),
    "an element of another rank": (lambda: element(make(x), make(i), make(i)), "takes"),
    "a sum of a real size": (lambda: make(Binder("sum"), make(a), make(a)), "takes"),
    "a quantified real": (lambda: make(Binder("forall"), make(a)), "takes"),
    "an argument that is not a term": (lambda: make(Operator("exp"), 1), "known head and of terms"),
    "another head": (lambda: make(_Other()), "known head and of terms"),
    "an unknown operator": (lambda: Operator("sin"), "unknown operator 'sin'"),
    "an operator that lies": (lambda: Operator(_Lying("sin")), "unknown operator"),
    "an unknown binder": (lambda: Binder("exists"), "unknown binder"),
    "a binder that lies": (lambda: Binder(_Lying("exists")), "unknown binder"),
    "a name with a space": (lambda: Variable("a b", REAL), "is not the name of a variable"),
    "a name that is a number": (lambda: Variable("2", REAL), "is not the name of a variable"),
    "a name that is empty": (lambda: Variable("", REAL), "is not the name of a variable"),
    "a name with a dot at its end": (lambda: Variable("a.", REAL), "is not the name of a variable"),
    "a name in another script": (lambda: Variable("а", REAL), "is not the name of a variable"),
    "a sort that is none": (lambda: Variable("a", "Real"), "is not the name of a variable"),
    "a float": (lambda: Number(0.5), "is a Fraction"),
    "an int": (lambda: Number(1), "is a Fraction"),
    "half an index": (lambda: Number(Fraction(1, 2), INDEX), "whole number"),
    "half an index of an equal sort": (lambda: Number(Fraction(1, 2), Sort("Index")), "whole number"),
    "a number of another sort": (lambda: Number(Fraction(1), VECTOR), "real or index"),
    "a negative power": (lambda: Power(-1), "whole number, at least 0"),
    "a power that is true": (lambda: Power(True), "whole number, at least 0"),
    "half a power": (lambda: Power(0.5), "whole number, at least 0"),
    "a negative level": (lambda: shifted(make(Bound(0)), -1), "whole number, at least 0"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.own_words
def test_what_is_not_a_term_is_refused(what: str):
    made, message = REFUSED[what]
    with pytest.raises(TypeError, match=message):
        made()


SYMBOLS_REFUSED = {
    "a free variable": (("f", (a,), make(VARIABLES[REAL][1])), "not parameters: i"),
    "two parameters of one name": (("f", (a, a), make(a)), "named twice"),
    "an open body": (("f", (x,), element(make(x), make(Bound(0)))), "nothing binds"),
    "the name of an operator": (("exp", (a,), make(a)), "cannot name a definition"),
    "the name of a comparison": (("equal", (a,), make(a)), "cannot name a definition"),
    "no name": (("f(x)", (a,), make(a)), "cannot name a definition"),
    "parameters in a list": (("f", [a], make(a)), "tuple of variables"),
    "a parameter that is a term": (("f", (make(a),), make(a)), "a parameter is a variable"),
    "a body that is a number": (("f", (a,), 1), "and a term"),
}


@pytest.mark.parametrize("what", SYMBOLS_REFUSED)
@pytest.mark.own_words
def test_what_is_not_a_definition_is_refused(what: str):
    parts, message = SYMBOLS_REFUSED[what]
    with pytest.raises(TypeError, match=message):
        Symbol(*parts)


def test_a_symbol_is_its_definition():
    twice = Symbol("f", (a,), make(Operator("add"), make(a), make(a)))
    square = Symbol("f", (a,), make(Power(2), make(a)))
    assert twice != square
    assert make(twice, make(a)) is not make(square, make(a))
    with pytest.raises(TypeError, match="takes"):
        make(twice, make(x))


@given(data=st.data())
@EXAMPLES
def test_subterms_are_each_given_once_and_bodies_of_symbols_are_not_entered(data: st.DataObject):
    parts = list(subterms(any_term(data.draw)))
    assert len(set(parts)) == len(parts)
    assert all(argument in set(parts) for part in parts for argument in part.arguments)
    applied = make(SYMBOLS[0], make(a), make(a), make(a))
    assert free_variables(applied) == {a}


def test_every_name_that_is_offered_is_there():
    assert all(hasattr(syntax, name) for name in syntax.__all__)
