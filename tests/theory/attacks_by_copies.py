"""Attempts by copies, pickles and what else Python does with objects, `object.__setattr__` among it."""

import copy
import copyreg
import dataclasses
import pickle
from fractions import Fraction

from attack_runner import THEOREMS, attack
from attack_tools import FALSE, ONE, N

from vaelid.readings.terms.formulas import equal
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, REAL, Number, Operator, Term, Variable
from vaelid.theory.kernel import AXIOMS, NotProved, Theorem, instantiate, smt

# the constructor called again, on an object that is there already


@attack(
    "got through: reflexive: x = x became theorem reflexive: 0 = 1",
    now="AttributeError: can't set attribute",
)
def a_theorem_is_written_by_object_setattr():
    object.__setattr__(THEOREMS["reflexive"], "statement", FALSE)
    return THEOREMS["reflexive"]


@attack(
    "got through: reflexive: x = x became theorem reflexive: 0 = 1",
    now="AttributeError: a theorem cannot be changed",
)
def a_theorem_is_written_by_super():
    super(Theorem, THEOREMS["reflexive"]).__setattr__("statement", FALSE)
    return THEOREMS["reflexive"]


@attack(
    "got through: distinct: 0 ≠ 1 became theorem distinct: 1 ≠ 1",
    now="AttributeError: can't set attribute",
)
def a_term_is_written_by_object_setattr():
    object.__setattr__(FALSE, "arguments", (ONE, ONE))
    return smt(FALSE)


@attack(
    "got through: distinct: 0 ≠ 1 became theorem distinct: 0 ≠ 0",
    now="AttributeError: property 'value' of 'Number' object has no setter",
)
def a_number_is_written_by_object_setattr():
    object.__setattr__(ONE.head, "value", Fraction(0))
    return smt(FALSE)


@attack(
    "refused: AttributeError: a theorem cannot be changed",
    now="TypeError: object.__new__(Theorem) is not safe, use Unchanging.__new__()",
    alone=True,
)
def a_copy_of_a_theorem_is_told_its_state():
    state = (None, {"statement": FALSE, "rule": "smt", "premises": (), "axioms": frozenset()})
    copyreg.pickle(Theorem, lambda theorem: (object.__new__, (Theorem,), state))
    return copy.copy(THEOREMS["reflexive"])


@attack(
    "refused: AttributeError: a term cannot be changed",
    now="TypeError: object.__new__(Term) is not safe, use Unchanging.__new__()",
    alone=True,
)
def a_copy_of_a_term_is_told_its_state():
    copyreg.pickle(Term, lambda term: (object.__new__, (Term,), (None, {"head": FALSE.head, "arguments": (ONE, ONE)})))
    return smt(copy.deepcopy(FALSE))


@attack(
    "refused: AttributeError: a theorem cannot be changed",
    now="TypeError: object.__new__(Theorem) is not safe, use Unchanging.__new__()",
)
def a_pickle_builds_a_theorem():
    """`object.__new__(Theorem)`, then a state of slots: written by hand in pickle's own language."""
    program = (
        b"\x80\x04cbuiltins\ngetattr\n(cbuiltins\nobject\nX\x07\x00\x00\x00__new__tR"
        b"(cvaelid.theory.kernel\nTheorem\ntR(N}X\x09\x00\x00\x00statementcattack_tools\nFALSE\nstb."
    )
    return pickle.loads(program)


@attack(
    "refused: TypeError: Theorem.__new__() missing 3 required positional arguments: 'key', 'statement', ...",
    now="TypeError: a theorem is made by the rules of vaelid.theory.kernel only",
)
def a_theorem_is_reduced_by_object():
    kind, arguments, *state = object.__reduce_ex__(THEOREMS["reflexive"], 2)
    made = kind(*arguments)
    for name in ("statement", "rule"):
        setattr(made, name, state[0][1][name])
    return made


@attack(
    "refused: NotProved: not proved: z3 says sat, cvc5 says sat",
    now="TypeError: replace() should be called on dataclass instances",
)
def a_head_is_replaced_in_place():
    changed = dataclasses.replace(ONE.head, value=Fraction(0))
    assert changed != ONE.head
    return smt(equal(ONE, make(changed)))


@attack("refused: AttributeError: type object 'Number' has no attribute '__setstate__'")
def a_head_is_told_its_state_by_its_class():
    for kind in (Number, Variable, Operator):
        kind.__setstate__(ONE.head, [Fraction(0), REAL])


@attack("refused: NotProved: no object has a dictionary")
def the_dictionary_of_an_object_is_written():
    for thing in (THEOREMS["reflexive"], FALSE, ONE.head, INDEX, AXIOMS["pi_pos"]):
        try:
            thing.__dict__["statement"] = thing.__dict__["value"] = FALSE
        except AttributeError:
            continue
    raise NotProved("no object has a dictionary")


@attack(
    "refused: TypeError: unsupported operand type(s) for +=: 'Theorem' and 'tuple'",
    now="TypeError: 'NoneType' object is not callable",
)
def a_theorem_is_added_to():
    """`+=` and its like work in place where an object allows it."""
    theorem = THEOREMS["reflexive"]
    theorem += (FALSE,)
    return theorem


@attack(
    "refused: TypeError: an index is a whole number",
    now="TypeError: Variable(name='n', sort=Index) cannot stand for",
)
def an_index_is_made_of_half():
    half = Number(Fraction(1, 2), REAL)
    half.__init__(Fraction(1, 2), INDEX)
    return smt(FALSE, [instantiate(THEOREMS["discrete"], {N.head: make(half)})])
