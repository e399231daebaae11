"""Attempts to change a theorem, a term, an axiom or a definition after it was made."""

from fractions import Fraction

from attack_runner import THEOREMS, TWICE, attack
from attack_tools import FALSE, ONE, ZERO, A, I, N, X, number, of

from vaelid.readings.terms.formulas import equal, for_all, less
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import (
    INDEX,
    REAL,
    VECTOR,
    Bound,
    Lambda,
    Number,
    Operator,
    Power,
    Sort,
    Symbol,
    Term,
    Variable,
)
from vaelid.theory.kernel import AXIOMS, Theorem, axiom, instantiate, smt, unfold

# the constructor called again, on an object that is there already


@attack(
    "got through: distinct: 0 ≠ 1 became theorem distinct: 0 ≠ 0",
    now="NotProved: not proved",
)
def a_number_is_initialised_anew():
    ONE.head.__init__(Fraction(0), REAL)
    return smt(FALSE)


@attack("got through: axiom pi_pos: 0 < π became axiom pi_pos: 0 = 1", now="nothing changed")
def an_axiom_is_initialised_anew():
    AXIOMS["pi_pos"].__init__(FALSE, "False.elim")
    return axiom("pi_pos")


@attack("got through: the theorem 0 = 1", now="NotProved: not proved")
def a_definition_is_initialised_anew():
    constant = Symbol("constant_of_attack", (), ZERO)
    first = unfold(constant)
    constant.__init__("constant_of_attack", (), ONE)
    return smt(FALSE, [first, unfold(constant)])


@attack("got through: reflexive: x = x became theorem reflexive: pi = pi", now="nothing changed")
def a_variable_is_initialised_anew():
    X.head.__init__("pi", REAL)


@attack(
    "got through: positive: 0 < 1 became theorem positive: 0 = 1",
    now="nothing changed",
)
def an_operator_is_initialised_anew():
    THEOREMS["positive"].statement.head.__init__("equal")
    return THEOREMS["positive"]


@attack("got through: term: ('x²', 0, 'Real', 0) became term: ('x³', 0, 'Real', 0)", now="nothing changed")
def a_power_is_initialised_anew():
    square = make(Power(2), X)
    square.head.__init__(3)


@attack(
    "got through: empty sum: Σ_{i<0} a[i] = 0 became theorem empty sum: IndexError: tuple index out of range",
    now="nothing changed",
)
def a_bound_index_is_initialised_anew():
    element(A, make(Bound(0))).arguments[1].head.__init__(1)


@attack(
    "got through: term: ('∀i. a[i] = 0', 0, 'Bool', 0) became term: IndexError: tuple index out of range",
    now="nothing changed",
)
def a_binder_is_initialised_anew():
    for_all(I.head, equal(element(A, I), ZERO)).head.__init__("sum")


@attack(
    "got through: term: ('i ↦ exp(a[i])', 0, 'Vector', 1) became term: ('(i, j) ↦ exp(a[j])', 0, 'Vector', 1)",
    now="nothing changed",
)
def a_lambda_is_initialised_anew():
    make(Lambda(1), of("exp", element(A, make(Bound(0))))).head.__init__(2)


@attack(
    "got through: term made again: (True, 'Σ_{i<n} a[i]') became term made again: (False, 'Σ_{i<n} a[i]')",
    now="nothing changed",
)
def an_element_is_initialised_anew():
    element(A, make(Bound(0))).head.__init__(2)


@attack("refused: nothing changed")
def a_sort_is_initialised_anew():
    INDEX.__init__("Real", 0)
    Sort.__init__(REAL, "Index")


@attack("refused: nothing changed")
def a_theorem_is_initialised_anew():
    THEOREMS["reflexive"].__init__(None, FALSE, "smt")


@attack("refused: nothing changed")
def a_term_is_initialised_anew():
    FALSE.__init__(Operator("equal"), ONE, ONE)


# the descriptors of the fields, which every class hands out


@attack(
    "got through: reflexive: x = x became theorem reflexive: 0 = 1",
    now="AttributeError: can't set attribute",
)
def the_descriptor_of_a_statement_is_used():
    type(THEOREMS["reflexive"]).statement.__set__(THEOREMS["reflexive"], FALSE)
    return THEOREMS["reflexive"]


@attack(
    "got through: the theorem 0 = 1", now="TypeError: object.__new__(Theorem) is not safe, use Unchanging.__new__()"
)
def the_descriptor_of_a_blank_theorems_statement_is_used():
    blank = object.__new__(Theorem)
    for name, value in (("statement", FALSE), ("rule", "smt"), ("premises", ()), ("axioms", frozenset())):
        vars(Theorem)[name].__set__(blank, value)
    return blank


@attack(
    "got through: reflexive: x = x became theorem reflexive: TypeError: 'Term' object is not iterable",
    now="AttributeError: can't set attribute",
)
def every_descriptor_of_a_theorem_is_used():
    """By reflection alone, without knowing a name."""
    for value in vars(Theorem).values():
        if hasattr(value, "__set__"):
            value.__set__(THEOREMS["reflexive"], FALSE)


@attack(
    "got through: reflexive: x = x became theorem reflexive: AttributeError: 'Theorem' object has no ...",
    now="AttributeError: can't delete attribute",
)
def a_statement_is_deleted_by_its_descriptor():
    Theorem.statement.__delete__(THEOREMS["reflexive"])


@attack(
    "got through: axiom: ('0 < π', 'axiom pi_pos', ['pi_pos'], []) became theorem axiom: 0 < π",
    now="AttributeError: can't set attribute",
)
def the_axioms_of_a_theorem_are_hidden():
    Theorem.axioms.__set__(THEOREMS["axiom"], frozenset())


@attack(
    "got through: general: ('∀i. a[i] = a[i]', 'generalize i', [], ['a[i] = a[i]']) became theorem ...",
    now="AttributeError: can't set attribute",
)
def the_premises_of_a_theorem_are_exchanged():
    Theorem.premises.__set__(THEOREMS["general"], (THEOREMS["axiom"],))


@attack("got through: reflexive: x = x became theorem reflexive: x = x", now="AttributeError: can't set attribute")
def the_rule_of_a_theorem_is_exchanged():
    Theorem.rule.__set__(THEOREMS["reflexive"], "axiom pi_pos")


@attack(
    "got through: positive: 0 < 1 became theorem positive: 0 = 1",
    now="AttributeError: can't set attribute",
)
def the_head_of_a_term_is_exchanged():
    Term.head.__set__(THEOREMS["positive"].statement, Operator("equal"))
    return THEOREMS["positive"]


@attack(
    "got through: positive: 0 < 1 became theorem positive: 1 < 0",
    now="AttributeError: can't set attribute",
)
def the_arguments_of_a_term_are_exchanged():
    Term.arguments.__set__(THEOREMS["positive"].statement, (ONE, ZERO))
    return THEOREMS["positive"]


@attack("got through: the theorem 0 = 1", now="AttributeError: can't set attribute")
def the_sort_of_a_term_is_exchanged():
    """Half an index: of none is it true that n <= 0 or 1 <= n."""
    half = number(Fraction(1, 2))
    Term.sort.__set__(half, INDEX)
    return smt(FALSE, [instantiate(THEOREMS["discrete"], {N.head: half})])


@attack("refused: nothing changed", now="AttributeError: can't set attribute")
def the_loose_indices_of_a_term_are_denied():
    """A value with such an index would be captured by a forall."""
    Term.loose.__set__(element(A, make(Bound(0))), 0)


@attack("got through: reflexive: x = x became theorem reflexive: None = None", now="nothing changed")
def every_descriptor_of_every_head_is_used():
    for head in (ONE.head, X.head, make(Power(2), X).head, FALSE.head, TWICE):
        for value in vars(type(head)).values():
            if type(value).__name__ == "member_descriptor":
                value.__set__(head, None)


@attack(
    "got through: distinct: 0 ≠ 1 became theorem distinct: 0 ≠ 0",
    now="AttributeError: property 'value' of 'Number' object has no setter",
)
def the_value_of_a_number_is_exchanged():
    Number.value.__set__(ONE.head, Fraction(0))
    return smt(FALSE)


@attack(
    "got through: definition: twice_of_attack(x) = x + x became definition: NotProved: the name ...",
    now="AttributeError: can't set attribute",
)
def the_body_of_a_definition_is_exchanged():
    Symbol.body.__set__(TWICE, ZERO)
    return unfold(TWICE)


@attack(
    "got through: definition: twice_of_attack(x) = x + x became definition: NotProved: the name ...",
    now="AttributeError: can't set attribute",
)
def the_parameters_of_a_definition_are_exchanged():
    Symbol.parameters.__set__(TWICE, (Variable("y", REAL),))
    return unfold(TWICE)


@attack("got through: reflexive: x = x became theorem reflexive: pi = pi", now="AttributeError: can't set attribute")
def the_name_of_a_variable_is_exchanged():
    Variable.name.__set__(X.head, "pi")


@attack("got through: the variable n became a real number", now="AttributeError: can't set attribute")
def the_sort_of_a_variable_is_exchanged():
    Variable.sort.__set__(N.head, REAL)


@attack("got through: the sort Index became Real", now="AttributeError: can't set attribute")
def the_name_of_a_sort_is_exchanged():
    Sort.name.__set__(INDEX, "Real")


@attack(
    "got through: term: ('i ↦ exp(a[i])', 0, 'Vector', 1) became term: ('i ↦ exp(a[i])', 0, 'Vector', 0)",
    now="AttributeError: can't set attribute",
)
def the_rank_of_a_sort_is_exchanged():
    Sort.rank.__set__(VECTOR, 0)


@attack("got through: axiom pi_pos: 0 < π became axiom pi_pos: 0 = 1", now="AttributeError: can't set attribute")
def the_statement_of_an_axiom_is_exchanged():
    type(AXIOMS["pi_pos"]).statement.__set__(AXIOMS["pi_pos"], FALSE)
    return axiom("pi_pos")


@attack(
    "got through: distinct: 0 ≠ 1 became theorem distinct: 0 ≠ 0",
    now="NotProved: not proved",
)
def a_value_handed_out_is_changed():
    """`Number.value` is a Fraction, which is no more than two slots."""
    value = ONE.head.value
    setattr(value, type(value).__slots__[0], 0)
    return smt(FALSE)


@attack("got through: the theorem 0 = 1", now="nothing changed")
def a_value_handed_in_is_changed_afterwards():
    value = Fraction(10**30)
    theorem = smt(less(ZERO, make(Number(value))))
    setattr(value, type(value).__slots__[0], -1)
    return smt(FALSE, [theorem]) if "-1" in repr(theorem) else None
