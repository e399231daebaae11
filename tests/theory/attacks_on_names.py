"""Attempts by names that mean something else elsewhere: in SMT-LIB, in a solver, in print, or to a careless reader."""

import gc

from attack_runner import attack
from attack_tools import FALSE, ONE, ZERO, A, I, N, X, number, of, total, whole

from vaelid.readings.terms.formulas import conjunction, disjunction, equal, for_all, implies, less_equal, negation
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import (
    BOOL,
    INDEX,
    REAL,
    VECTOR,
    Binder,
    Bound,
    Element,
    Lambda,
    Sort,
    Symbol,
    Variable,
    array_of_rank,
)
from vaelid.theory.kernel import NotProved, instantiate, smt, unfold

J = make(Variable("j", INDEX))
M = make(Variable("m", array_of_rank(2)))


def constants(*names: str) -> list:
    """Definitions of these names, each 0."""
    return [unfold(Symbol(name, (), ZERO)) for name in names]


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def words_of_smt_lib_are_names():
    words = ("true", "let", "forall", "assert", "Real", "Int", "Bool", "ite", "distinct", "par", "declare_fun")
    values = [equal(make(Variable(word, REAL)), ONE) for word in words]
    return smt(FALSE, constants(*[f"f_{word}" for word in words], "select", "store", "as", "is_int")) or values


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def variables_are_named_like_smt_lib():
    """(not (= true false)) would hold of the truth values, and does not of two variables."""
    true, false = make(Variable("true", REAL)), make(Variable("false", REAL))
    theorem = smt(negation(equal(true, false)))
    return smt(FALSE, [instantiate(theorem, {true.head: ONE, false.head: ONE})])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_truth_value_is_named_true():
    theorem = smt(make(Variable("true", BOOL)))
    return smt(FALSE, [instantiate(theorem, {Variable("true", BOOL): FALSE})])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_variable_has_the_name_of_a_bound_index():
    """In the text the outermost bound index is i0."""
    i0 = make(Variable("i0", INDEX))
    theorem = smt(implies(for_all(I.head, equal(I, I)), for_all(I.head, equal(i0, I))))
    return smt(FALSE, [theorem])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_variable_has_the_name_of_the_elements_function():
    function = make(Variable("element1", REAL))
    return smt(FALSE, [smt(equal(function, element(A, N)))])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_function_has_the_name_of_a_sum():
    """sum(n), a function of an index, beside the sum over n that the text calls by the same name."""
    of_n = Symbol("sum", (N.head,), ZERO)
    goal = equal(make(of_n, N), total(N, element(A, make(Bound(0)))))
    return smt(FALSE, [unfold(of_n), smt(goal, [unfold(of_n)])])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_variable_has_the_name_of_an_array_written_out():
    array = make(Variable("array", VECTOR))
    return smt(equal(array, make(Lambda(1), of("exp", element(A, make(Bound(0)))))))


@attack("refused: TypeError: Operator(name='equal') takes (Vector, Vector), but was given (Vector, Array1)")
def a_sort_has_the_name_of_another():
    """Sort("Array1") and the sort that the text calls Array1."""
    other = make(Variable("b", Sort("Array1", 1)))
    return smt(equal(A, other))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def names_differ_by_case():
    return smt(FALSE, [unfold(Symbol("Case_of_attack", (), ZERO)), unfold(Symbol("case_of_attack", (), ONE))])


@attack("refused: TypeError: 'аlike_of_attack' cannot name a definition")
def names_differ_by_a_letter_that_looks_alike():
    latin = unfold(Symbol("alike_of_attack", (), ZERO))
    return smt(FALSE, [latin, unfold(Symbol("аlike_of_attack", (), ONE))])


@attack("refused: TypeError: 'ﬁle_of_attack' cannot name a definition")
def names_differ_by_compatibility():
    """Python itself takes the ligature for two letters."""
    return smt(FALSE, [unfold(Symbol("file_of_attack", (), ZERO)), unfold(Symbol("\ufb01le_of_attack", (), ONE))])


@attack("refused: NotProved: no name with what is not seen")
def names_differ_by_what_is_not_seen():
    for hidden in (
        "x\u200b",
        "x\n",
        "x\x00",
        " x",
        "x ",
        "x\u202e",
        "|x|",
        "x;",
        "x)",
        '"x"',
        "x!1",
        "$x",
        "",
        "1x",
        "x..y",
    ):
        try:
            Variable(hidden, REAL)
        except TypeError:
            continue
        raise AssertionError(f"a variable of the name {hidden!r}")
    raise NotProved("no name with what is not seen")


@attack("refused: NotProved: the name dot.of_attack stands for another definition already")
def names_differ_by_a_dot():
    return smt(FALSE, [unfold(Symbol("dot.of.attack", (), ZERO)), unfold(Symbol("dot.of_attack", (), ONE))])


@attack("refused: NotProved: the name u.v stands for two things in one statement")
def a_name_has_a_dot_for_an_underscore_in_one_statement():
    one, other = make(Variable("u.v", REAL)), make(Variable("u_v", REAL))
    return smt(disjunction(equal(one, other), negation(equal(one, other))))


@attack("refused: NotProved: the name gone_of_attack stands for another definition already")
def a_bound_name_is_used_again_after_its_definition_is_gone():
    theorem = unfold(Symbol("gone_of_attack", (), ZERO))
    gc.collect()
    return smt(FALSE, [theorem, unfold(Symbol("gone_of_attack", (), ONE))])


@attack("refused: NotProved: the name f_of_attack stands for two things in one statement")
def a_definition_takes_the_name_of_a_parameter():
    """f(f) := f + 1, where the inner f is the parameter."""
    inner = make(Variable("f_of_attack", REAL))
    return unfold(Symbol("f_of_attack", (inner.head,), of("add", inner, ONE)))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_definition_that_was_never_unfolded_is_another():
    first = unfold(Symbol("twin_of_attack", (), ZERO))
    other = Symbol("twin_of_attack", (), ONE)
    return smt(FALSE, [first, smt(equal(make(other), make(other)))])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def an_operation_is_named_in_capitals():
    """EXP is free to be defined; it is not exp."""
    return smt(equal(of("exp", ZERO), ZERO), [unfold(Symbol("EXP", (X.head,), ZERO))])


@attack("refused: NotProved: the name encode_mean stands for another definition already")
def a_function_of_the_spec_is_given_by_another_spelling():
    """The underscore for the dot, as in Rocq."""
    return unfold(Symbol("encode_mean", (), number(-1)))


# what the text makes of sums and arrays


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def the_indices_of_a_sum_are_exchanged():
    row = total(N, make(Element(2), M, I, make(Bound(0))))
    column = total(N, make(Element(2), M, J, make(Bound(0))))
    return smt(FALSE, [smt(for_all(I.head, for_all(J.head, equal(row, column))))])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_sum_of_a_transposed_array_is_the_sum():
    straight = total(N, make(Element(2), M, I, make(Bound(0))))
    crossed = total(N, make(Element(2), M, make(Bound(0)), I))
    return smt(for_all(I.head, equal(straight, crossed)))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def two_free_indices_change_places_under_a_sum():
    both = array_of_rank(3)
    cube = make(Variable("c", both))
    one = total(N, make(Element(3), cube, I, J, make(Bound(0))))
    other = total(N, make(Element(3), cube, J, I, make(Bound(0))))
    return smt(for_all(I.head, for_all(J.head, equal(one, other))))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_sum_of_another_size_is_the_sum():
    body = element(A, make(Bound(0)))
    return smt(equal(total(N, body), total(I, body)))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def an_array_inside_a_sum_takes_its_index():
    """sum over k of sum over l of a[k] is not that of a[l] at every size, 2 and 3 among them."""
    inner = total(whole(3), element(A, make(Bound(1))))
    other = total(whole(3), element(A, make(Bound(0))))
    return smt(equal(total(whole(2), inner), total(whole(2), other)))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_forall_inside_a_forall_takes_its_index():
    outer = make(Binder("forall"), make(Binder("forall"), equal(make(Bound(0)), make(Bound(1)))))
    return smt(outer)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def an_index_under_a_sum_under_a_forall_is_another():
    """The depth of the quantifiers is counted without the sums between."""
    one = total(N, element(A, make(Bound(1))))
    return smt(make(Binder("forall"), equal(one, total(N, element(A, make(Bound(0)))))))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def the_empty_disjunction_is_true():
    return smt(FALSE, [smt(disjunction())])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_disjunction_of_nothing_follows_from_a_conjunction_of_nothing():
    return smt(implies(conjunction(), disjunction()))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def an_array_of_no_axis_is_its_element():
    """Term(Lambda(0), x) is written as an unknown constant: unknown, but one for all x?"""
    from vaelid.readings.terms.syntax import Term

    boxed = Term(Lambda(0), X)
    theorem = smt(equal(boxed, boxed))
    one = instantiate(theorem, {X.head: ONE})
    return smt(equal(Term(Lambda(0), ONE), Term(Lambda(0), ZERO)), [theorem, one])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_sum_of_negative_size_is_anything():
    body = element(A, make(Bound(0)))
    return smt(less_equal(total(whole(-1), body), ZERO))
