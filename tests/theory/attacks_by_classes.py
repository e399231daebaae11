"""Attempts by the class of an object: exchanged for one whose attributes lie, while its contents stay."""

from collections.abc import Mapping
from fractions import Fraction

from attack_runner import THEOREMS, TWICE, attack
from attack_tools import FALSE, ONE, ZERO, I, X, of

from vaelid.readings.terms.formulas import disjunction, equal, for_all, iff, implies, less_equal
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, REAL, Number, Symbol, Term, Variable
from vaelid.theory.kernel import AXIOMS, axiom, instantiate, smt, unfold


def _while_of_class(thing: object, other: type, obtain: object) -> object:
    """What is obtained while something is of another class; afterwards it is of its own again."""
    of_class, own = vars(object)["__class__"], type(thing)
    of_class.__set__(thing, other)
    try:
        return obtain()
    finally:
        of_class.__set__(thing, own)


@attack("got through: the theorem 0 = 1", now="TypeError: a part of the term was given another class")
def a_number_lies_while_it_is_of_another_class():
    shown = {"value": Fraction(0), "numerator": 0, "denominator": 1}
    lying = type("Lying", (Number,), {"__slots__": (), **shown})
    return _while_of_class(ONE.head, lying, lambda: smt(FALSE))


@attack("got through: the theorem 0 = 1", now="TypeError: a part of the term was given another class")
def a_number_of_a_theorem_lies_while_a_rule_reads_it():
    """x = 2 implies x + x = 4, at x = 2, where the 4 is read as 5."""
    two, four = make(Number(Fraction(2))), make(Number(Fraction(4)))
    theorem = smt(equal(of("multiply", two, X), of("add", X, X)))
    known = smt(implies(equal(X, two), equal(of("add", X, X), four)))
    lying = type("Lying", (Number,), {"__slots__": (), "value": Fraction(5), "numerator": 5, "denominator": 1})
    return _while_of_class(four.head, lying, lambda: smt(FALSE, [theorem, instantiate(known, {X.head: two})]))


@attack(
    "refused: TypeError: __class__ assignment: 'Lying' object layout differs from 'Term'",
    now="NotProved: a statement is a formula whose indices are all bound",
)
def a_term_lies_while_it_is_of_another_class():
    shown = {"head": FALSE.head, "arguments": (ONE, ONE), "sort": FALSE.sort, "loose": 0}
    lying = type("Lying", (Term.__base__,), {"__slots__": (), **shown})
    return _while_of_class(FALSE, lying, lambda: smt(FALSE))


@attack(
    "refused: NotProved: not proved: z3 says sat, cvc5 says sat",
    now="TypeError: a part of the term was given another class",
)
def a_part_of_a_value_lies_while_it_is_put_in():
    """A value that is read as 0 at one place and as 1 at the other."""
    theorem = smt(iff(equal(X, ZERO), for_all(I.head, equal(X, ZERO))))
    value = of("exp", of("log", ONE))
    turns = iter(range(1000))
    lying = type("Lying", (Number,), {"__slots__": (), "numerator": property(lambda self: next(turns) % 2)})
    return _while_of_class(ONE.head, lying, lambda: smt(FALSE, [instantiate(theorem, {X.head: value})]))


@attack("got through: the theorem 0 = 1", now="TypeError: a part of the term was given another class")
def a_sort_is_equal_to_another_while_it_is_of_another_class():
    """The text would declare a real number as a whole one."""
    index = {"__slots__": (), "__hash__": lambda self: hash(INDEX), "__eq__": lambda self, other: other is INDEX}
    lying = type("Lying", (type(REAL),), index)
    gap = disjunction(less_equal(X, ZERO), less_equal(ONE, X))
    theorem = _while_of_class(REAL, lying, lambda: smt(gap))
    return smt(FALSE, [instantiate(theorem, {X.head: make(Number(Fraction(1, 2)))})])


@attack("refused: TypeError: a definition is a Symbol")
def the_class_of_a_definition_is_exchanged():
    lying = type("Lying", (Symbol,), {"__slots__": (), "body": ZERO})
    return _while_of_class(TWICE, lying, lambda: smt(FALSE, [unfold(TWICE), THEOREMS["definition"]]))


@attack(
    "refused: TypeError: a term is made of a known head and of terms",
    now="TypeError: twice_of_attack: a parameter is a variable",
)
def the_class_of_a_parameter_is_exchanged():
    lying = type("Lying", (Variable,), {"__slots__": (), "name": "y", "sort": INDEX})
    return _while_of_class(TWICE.parameters[0], lying, lambda: unfold(TWICE))


@attack("got through: axiom pi_pos: 0 < π became axiom pi_pos: 0 = 1", now="nothing changed")
def the_class_of_an_axiom_is_exchanged():
    known = AXIOMS["pi_pos"]
    lying = type("Lying", (type(known),), {"__slots__": (), "statement": FALSE})
    vars(object)["__class__"].__set__(known, lying)
    return axiom("pi_pos")


@attack(
    "refused: TypeError: __class__ assignment only supported for mutable types",
    now="AttributeError: the axioms cannot be changed",
)
def the_class_of_the_table_of_axioms_is_assigned():
    class Lying(Mapping):
        __slots__ = ()

        def __getitem__(self, name: str) -> object:
            return type("Shown", (), {"statement": FALSE})

        def __iter__(self):
            return iter(["pi_pos"])

        def __len__(self) -> int:
            return 1

    AXIOMS.__class__ = Lying


@attack(
    "got through: two theorems kept_of_attack() = 0 and kept_of_attack() = 1",
    now="NotProved: the name kept_of_attack stands for another definition already",
)
def the_definition_that_keeps_a_name_is_given_another_class():
    """It is then equal to every other, and a second theorem reads like the first, with another body."""
    kept = Symbol("kept_of_attack", (), ZERO)
    first = unfold(kept)
    head = first.statement.arguments[0].head
    agreeing = {"__eq__": lambda self, other: True, "__ne__": lambda self, other: False, "__hash__": tuple.__hash__}
    lying = type("Lying", (Symbol,), {"__slots__": (), **agreeing})
    second = _while_of_class(head, lying, lambda: unfold(Symbol("kept_of_attack", (), ONE)))
    raise AssertionError(f"{first} and {second}")
