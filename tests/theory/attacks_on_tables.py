"""Attempts to reach a table of the kernel from an object, or to hand a part that lies to what uses it."""

import gc
import inspect
import weakref
from fractions import Fraction

from attack_runner import THEOREMS, TWICE, attack
from attack_tools import FALSE, ONE, N, X, forged, of

from vaelid.readings.terms.formulas import equal
from vaelid.readings.terms.substitution import instance, make
from vaelid.readings.terms.syntax import INDEX, Number, Symbol
from vaelid.theory.kernel import AXIOMS, Theorem, instantiate, smt


@attack(
    "got through: term made again: (True, '1 = 1') became term made again: (False, '0 = 1')",
    now="ValueError: not enough values to unpack (expected 1, got 0)",
)
def the_table_of_terms_is_reached_by_a_weak_reference():
    """What a weak reference calls at the end knows the table it is in: another term is put there for 1 = 1."""
    reflexive = instantiate(THEOREMS["reflexive"], {X.head: ONE}).statement
    (reference,) = weakref.getweakrefs(reflexive)
    table = reference.__callback__.__defaults__[0]()
    table[reflexive.head, reflexive.arguments] = FALSE
    return instantiate(THEOREMS["reflexive"], {X.head: ONE})


@attack("refused: ValueError: not enough values to unpack (expected 1, got 0)")
def a_table_of_theorems_is_reached_by_a_weak_reference():
    (reference,) = weakref.getweakrefs(THEOREMS["reflexive"])
    table = reference.__callback__.__defaults__[0]()
    blank = object.__new__(Theorem)
    table[blank] = (FALSE, "smt", (), frozenset())
    return blank


@attack(
    "refused: AttributeError: 'member_descriptor' object has no attribute 'fget'",
    now="AttributeError: '_collections._tuplegetter' object has no attribute 'fget'",
)
def the_getter_of_a_field_leads_to_its_table():
    """`Theorem.statement.fget` and what it closes over."""
    inside = inspect.getclosurevars(vars(Theorem)["statement"].fget)
    for table in [*inside.nonlocals.values(), *inside.globals.values()]:
        table[THEOREMS["reflexive"]] = (FALSE, "smt", (), frozenset())


@attack("got through: listed pi_pos: 0 < π became listed pi_pos: exp(0) = 1", now="nothing changed")
def the_table_of_axioms_is_reached_by_an_operator():
    """A mapping proxy hands its own dictionary to the other side of a comparison and of a union."""

    class Reaching(dict):
        def __ror__(self, other: object) -> object:
            other["pi_pos"] = other["exp_zero"]  # type: ignore[index]
            return self

        def __eq__(self, other: object) -> bool:
            other["pi_pos"] = other["exp_zero"]  # type: ignore[index]
            return True

        __hash__ = None

    for reach in (lambda: AXIOMS | Reaching(), lambda: Reaching() == AXIOMS):
        try:
            reach()
        except TypeError:
            continue


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_term_that_is_no_longer_used_is_made_again():
    """What a name or a number stands for is not taken from an object that is gone."""
    for value in range(2000):
        theorem = smt(equal(ONE, ONE)) if value == 0 else None
        make(Number(Fraction(value, 7)))
        del theorem
    gc.collect()
    return smt(FALSE, [smt(equal(make(Number(Fraction(7, 7))), ONE))])


@attack(
    "refused: TypeError: __class__ assignment: 'Term' object layout differs from 'Disguise'",
    now="TypeError: Variable(name='n', sort=Index) cannot stand for",
)
def an_instance_is_taken_of_a_part_that_lies():
    """A term, not a theorem, is given to `instance`; what comes out is used as a value."""
    lying = forged(X, sort=INDEX)
    value = instance(lying, {})
    return smt(FALSE, [instantiate(THEOREMS["discrete"], {N.head: value})])


@attack(
    "refused: TypeError: __class__ assignment: 'Term' object layout differs from 'Disguise'",
    now="TypeError: a term is made of a known head and of terms that `make` made",
)
def a_definition_is_called_with_terms_that_lie():
    half = forged(make(Number(Fraction(1, 2))), sort=INDEX)
    whole_part = Symbol("whole_of_attack", (N.head,), of("real", N))
    theorem = instantiate(THEOREMS["discrete"], {N.head: N})
    return smt(FALSE, [theorem, smt(equal(make(whole_part, half), make(TWICE, ONE)))])
