"""Attempts to make objects that only look like the kernel's: by another class, a blank object, a table, a reference."""

from fractions import Fraction

from attack_runner import THEOREMS, attack
from attack_tools import FALSE, ONE, ZERO, A, I, N, Name, Whole, X, forged, of, whole

from vaelid.readings.terms.formulas import conjunction, equal, for_all, iff, implies, less_equal
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import INDEX, REAL, Binder, Bound, Number, Operator, Power, Symbol, Term, Variable
from vaelid.theory.kernel import Theorem, generalize, induct, instantiate, smt, unfold


class Open:
    """A class whose subclasses may be anything, so that a second base class has no say in it."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        pass

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


# an object of another class with the same layout, whose class is then assigned


@attack(
    "got through: the theorem 0 = 1", now="TypeError: a premise is a Theorem that a rule of vaelid.theory.kernel made"
)
def an_object_becomes_a_theorem():
    return forged(THEOREMS["reflexive"], statement=FALSE)


@attack(
    "refused: TypeError: __class__ assignment: 'Term' object layout differs from 'Disguise'",
    now="TypeError: Variable(name='n', sort=Index) cannot stand for",
)
def an_object_becomes_a_term():
    half = forged(make(Number(Fraction(1, 2))), sort=INDEX)
    return smt(FALSE, [instantiate(THEOREMS["discrete"], {N.head: half})])


@attack(
    "refused: TypeError: __class__ assignment: 'Term' object layout differs from 'Disguise'",
    now="NotProved: a statement is a formula whose indices are all bound",
)
def an_object_becomes_a_formula():
    """A term that is no formula asserted as one, or a formula whose parts are exchanged."""
    theorem = smt(forged(FALSE, arguments=(ONE, ONE)))
    return instantiate(theorem, {})


@attack(
    "refused: TypeError: __class__ assignment: 'Term' object layout differs from 'Disguise'",
    now="TypeError: a term is made of a known head and of terms that `make` made",
)
def an_object_becomes_the_statement_of_an_induction():
    lying = forged(less_equal(whole(0), N), arguments=(N, N))
    zero = smt(less_equal(whole(0), whole(0)))
    return induct(lying, N.head, zero, smt(implies(conjunction(less_equal(whole(0), N), lying), lying)))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def an_object_becomes_a_number_of_lying_parts():
    lying = forged(Number(Fraction(1)), value=Fraction(Whole(1)), numerator=Whole(1))
    Whole.told = "0"
    theorem = smt(equal(make(lying), ZERO))
    Whole.told = "1"
    return smt(FALSE, [theorem])


@attack("got through: the theorem 0 = 1", now="TypeError: an index is a whole number")
def an_object_becomes_half_an_index():
    half = forged(Number(Fraction(1, 2)), sort=INDEX)
    return smt(FALSE, [instantiate(THEOREMS["discrete"], {N.head: make(half)})])


@attack("got through: the theorem 0 = 1", now="TypeError: unknown operator 'or'")
def an_object_becomes_an_operator_that_lies():
    Name.told = "or"
    either = make(forged(Operator("or"), name=Name("or")), less_equal(X, ZERO), less_equal(ZERO, X))
    theorem = smt(either)
    Name.told = "and"
    return smt(FALSE, [instantiate(theorem, {X.head: ONE})])


@attack("refused: KeyError: 'nonsense'", now="TypeError: unknown operator 'nonsense'")
def an_object_becomes_an_unknown_operator():
    return smt(equal(make(forged(Operator("pi"), name="nonsense")), ZERO))


@attack(
    "refused: NotProved: not proved: z3 says sat, cvc5 says sat",
    now="TypeError: 'y' is not the name of a variable: letters, digits, _ and dots, please",
)
def an_object_becomes_a_variable_that_lies():
    """x is 1 outside the forall and stays x inside it: then x = 0 there, and only there."""
    theorem = smt(iff(equal(X, ZERO), for_all(I.head, equal(X, ZERO))))
    Name.told = "x"
    lying = forged(X.head, name=Name("y"))

    class Fickle(dict):
        pass

    half_done = instantiate(theorem, Fickle({lying: ZERO, X.head: ONE}))
    return smt(FALSE, [half_done])


@attack(
    "refused: NotProved: not proved: no solver can read the script",
    now="TypeError: -1 is not a whole number, at least 0",
)
def an_object_becomes_a_negative_index():
    loose = make(forged(Bound(0), level=-1))
    theorem = generalize(smt(equal(element(A, I), element(A, I))), I.head)
    return smt(FALSE, [theorem, instantiate(theorem, {N.head: loose}), smt(equal(element(A, loose), element(A, I)))])


@attack(
    "refused: NotProved: not proved: no solver can read the script",
    now="TypeError: -1 is not a whole number, at least 0",
)
def an_object_becomes_a_negative_power():
    inverse = make(forged(Power(2), exponent=-1), X)
    return smt(FALSE, [instantiate(smt(equal(inverse, inverse)), {X.head: ZERO}), smt(equal(inverse, X))])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat", now="TypeError: unknown binder 'exists'")
def an_object_becomes_an_unknown_binder():
    return smt(make(forged(Binder("forall"), name="exists"), equal(ZERO, ONE)))


@attack(
    "got through: the theorem 0 = 1",
    now="TypeError: loose_of_attack: the body has variables that are not parameters: y",
)
def an_object_becomes_a_definition_with_a_free_variable():
    """c := y for a y that is no parameter: then c = 0 and c = 1."""
    y = make(Variable("y", REAL))
    loose = forged(Symbol("loose_of_attack", (X.head,), X), parameters=(), body=y)
    theorem = unfold(loose)
    return smt(FALSE, [instantiate(theorem, {y.head: ZERO}), instantiate(theorem, {y.head: ONE})])


@attack("refused: NotProved: the name self_of_attack stands for two things in one statement")
def an_object_becomes_a_definition_by_itself():
    """f := f + 1, through a body that is exchanged for the call."""
    seed = Symbol("self_of_attack", (), ZERO)
    again = forged(seed, body=of("add", make(seed), ONE))
    return smt(FALSE, [unfold(seed), unfold(again)])


@attack("refused: TypeError: a number is a Fraction, real or index")
def an_object_becomes_a_sort():
    like_real = forged(INDEX, name="Index")
    half = Number(Fraction(1, 2), like_real)
    return smt(FALSE, [instantiate(THEOREMS["discrete"], {Variable("n", like_real): make(half)})])


@attack(
    "got through: reflexive: x = x became theorem reflexive: 0 = 1",
    now="TypeError: __class__ assignment: 'Other' object layout differs from 'Theorem'",
)
def the_class_of_a_theorem_is_exchanged_and_set_back():
    """A class with the same slots, whose descriptors write them; the class is set by `object`'s own descriptor."""
    theorem = THEOREMS["reflexive"]
    other = type("Other", (), {"__slots__": Theorem.__slots__})
    of_class = vars(object)["__class__"]
    of_class.__set__(theorem, other)
    theorem.statement = FALSE
    of_class.__set__(theorem, Theorem)
    return theorem


@attack(
    "refused: TypeError: __class__ assignment: 'Other' object layout differs from 'Term'",
    now="AttributeError: 'Other' object has no attribute 'arguments'",
)
def the_class_of_a_term_is_exchanged_and_set_back():
    other = type("Other", (Term.__base__,), {"__slots__": Term.__slots__, "__setattr__": object.__setattr__})
    of_class = vars(object)["__class__"]
    of_class.__set__(FALSE, other)
    try:
        FALSE.arguments = (ONE, ONE)
    finally:
        of_class.__set__(FALSE, Term)
    return smt(FALSE)


@attack("got through: the theorem 0 = 1", now="TypeError: object.__new__(Mine) is not safe, use Unchanging.__new__()")
def a_subclass_by_a_second_base_becomes_a_theorem():
    kind = type("Mine", (Open, Theorem), {"__slots__": ()})
    mine = object.__new__(kind)
    for name, value in (("statement", FALSE), ("rule", "smt"), ("premises", ()), ("axioms", frozenset())):
        setattr(mine, name, value)
    mine.__class__ = Theorem
    return mine


@attack(
    "refused: TypeError: a premise is a Theorem",
    now="TypeError: object.__new__(Mine) is not safe, use Unchanging.__new__()",
)
def a_subclass_by_a_second_base_is_a_premise():
    kind = type("Mine", (Open, Theorem), {"__slots__": (), "statement": FALSE, "axioms": frozenset()})
    return smt(FALSE, [object.__new__(kind)])


@attack(
    "refused: NotProved: a statement is a formula whose indices are all bound",
    now="TypeError: object.__new__(Mine) is not safe, use Unchanging.__new__()",
)
def a_subclass_by_a_second_base_stands_for_a_term():
    kind = type(
        "Mine", (Open, Term), {"__slots__": (), "head": FALSE.head, "arguments": (ONE, ONE), "sort": FALSE.sort}
    )
    return smt(object.__new__(kind))


@attack("got through: the theorem 0 = 1", now="TypeError: object.__new__(Mine) is not safe, use Head.__new__()")
def a_subclass_of_a_head_becomes_the_head():
    kind = type("Mine", (Open, Number), {"__slots__": ()})
    mine = object.__new__(kind)
    mine.value, mine.sort = Fraction(1, 2), INDEX
    mine.__class__ = Number
    return smt(FALSE, [instantiate(THEOREMS["discrete"], {N.head: make(mine)})])


@attack(
    "refused: TypeError: __class__ assignment: 'Theorem' object layout differs from 'Mine'",
    now="TypeError: a premise is a Theorem that a rule of vaelid.theory.kernel made",
)
def a_tuple_becomes_a_theorem():
    kind = type("Mine", (tuple,), {"__slots__": ()})
    mine = kind((FALSE, "smt", (), frozenset()))
    mine.__class__ = Theorem
    return mine


@attack(
    "refused: TypeError: tuple.__new__(Theorem): Theorem is not a subtype of tuple",
    now="TypeError: a premise is a Theorem that a rule of vaelid.theory.kernel made",
)
def a_theorem_is_made_by_tuple():
    return tuple.__new__(Theorem, (FALSE, "smt", (), frozenset()))


@attack(
    "refused: TypeError: tuple.__new__(Term): Term is not a subtype of tuple",
    now="NotProved: a statement is a formula whose indices are all bound",
)
def a_term_is_made_by_tuple():
    return smt(tuple.__new__(Term, (FALSE.head, (ONE, ONE), FALSE.sort, 0)))


@attack(
    "refused: TypeError: Theorem.__new__() takes from 4 to 5 positional arguments but 6 were given",
    now="TypeError: a theorem is made by the rules of vaelid.theory.kernel only",
)
def a_theorem_is_made_from_the_parts_of_another():
    kind = type(THEOREMS["reflexive"])
    parts = [getattr(THEOREMS["reflexive"], name) for name in ("statement", "rule", "premises", "axioms")]
    return kind.__new__(kind, THEOREMS["reflexive"], FALSE, *parts[1:])
