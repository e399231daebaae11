"""Attempts by objects that answer differently the second time, or are equal to what they are not."""

import numbers
from collections import OrderedDict, UserDict
from fractions import Fraction

from attack_runner import THEOREMS, attack
from attack_tools import FALSE, ONE, ZERO, A, Impostor, N, Whole, X, number, of

from vaelid.readings.terms.formulas import equal, implies, less, less_equal
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, REAL, Bound, Element, Lambda, Number, Symbol, Variable
from vaelid.theory.kernel import AXIOMS, instantiate, smt, unfold


class Ratio(numbers.Rational):
    """A rational number whose parts are as told; `Fraction` takes them as they are."""

    def __init__(self, numerator: object, denominator: object) -> None:
        self.parts = numerator, denominator

    numerator = property(lambda self: self.parts[0])
    denominator = property(lambda self: self.parts[1])
    __abs__ = __add__ = __ceil__ = __eq__ = __floor__ = __floordiv__ = __le__ = __lt__ = __mod__ = __mul__ = None
    __neg__ = __pos__ = __pow__ = __radd__ = __rfloordiv__ = __rmod__ = __rmul__ = __round__ = __rpow__ = None
    __rtruediv__ = __truediv__ = __trunc__ = __hash__ = None


@attack(
    "refused: NotProved: not proved: z3 says sat, cvc5 says sat",
    now="TypeError: a number is a Fraction in lowest terms, not 1/0",
)
def a_fraction_has_the_denominator_zero():
    return smt(FALSE, [smt(equal(make(Number(Fraction(Ratio(1, 0)))), make(Number(Fraction(Ratio(2, 0))))))])


@attack(
    "got through: made Number(value=Fraction(1, 0), sort=Real)",
    now="TypeError: a number is a Fraction in lowest terms, not 1/0",
)
def a_number_with_the_denominator_zero_is_made():
    made = make(Number(Fraction(Ratio(1, 0))))
    raise AssertionError(f"made {made}")


@attack(
    "refused: NotProved: not proved: z3 says sat, cvc5 says sat",
    now="TypeError: a number is a Fraction in lowest terms, not 1/-1",
)
def a_fraction_has_a_negative_denominator():
    made = make(Number(Fraction(Ratio(1, -1))))
    smt(FALSE, [smt(less(ZERO, made))])
    raise AssertionError(f"made {made}")


@attack(
    "got through: made Number(value=Fraction(2, 2), sort=Real)",
    now="TypeError: a number is a Fraction in lowest terms, not 2/2",
)
def a_fraction_is_not_in_lowest_terms():
    """Two numbers that are equal, and two terms."""
    one = make(Number(Fraction(Ratio(2, 2))))
    assert one is ONE, f"made {one}"


@attack("refused: TypeError: a number is a Fraction of two ints")
def an_index_is_a_fraction_of_fractions():
    half = Number(Fraction(Ratio(Fraction(1, 2), 1)), INDEX)
    return smt(FALSE, [instantiate(THEOREMS["discrete"], {N.head: make(half)})])


@attack("refused: TypeError: True is not a whole number, at least 0")
def an_index_is_true():
    return smt(equal(make(Bound(True)), make(Bound(1))))


@attack("refused: TypeError: a number is a Fraction, real or index")
def a_number_is_a_truth_value():
    return smt(FALSE, [smt(equal(make(Number(True)), ZERO))])


@attack("refused: TypeError: a number is a Fraction, real or index")
def a_number_is_a_float():
    return smt(equal(make(Number(1e-400)), ZERO))


@attack("refused: TypeError: 1.0 is not a whole number, at least 0")
def the_rank_of_a_lambda_is_a_float():
    return smt(equal(make(Lambda(1.0), of("exp", X)), A))


@attack("refused: TypeError: 1 is not a whole number, at least 0")
def the_rank_of_an_element_is_a_liar():
    return smt(equal(make(Element(Whole(1)), A, N), ZERO))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def numbers_with_equal_hashes_are_one():
    """hash(2**61 - 1) is hash(0), hash(-1) is hash(-2)."""
    return smt(FALSE, [smt(equal(number(2**61 - 1), ZERO)), smt(equal(number(-1), number(-2)))])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def premises_are_read_twice():
    class Changing(list):
        asked = 0

        def __iter__(self):
            self.asked += 1
            return iter([THEOREMS["reflexive"]] if self.asked == 1 else [Impostor(AXIOMS["pi_pos"])])

    return smt(FALSE, Changing())


@attack(
    "refused: TypeError: a premise is a Theorem",
    now="TypeError: a premise is a Theorem that a rule of vaelid.theory.kernel made",
)
def premises_are_a_tuple_that_lies():
    class Lying(tuple):
        def __iter__(self):
            return iter([type("Shown", (), {"statement": FALSE, "axioms": frozenset()})()])

    return smt(FALSE, Lying([THEOREMS["reflexive"]]))


@attack("refused: NotProved: the name during_attack stands for another definition already")
def a_generator_of_premises_works_while_it_is_read():
    def premises():
        yield THEOREMS["reflexive"]
        unfold(Symbol("during_attack", (), ZERO))
        yield unfold(Symbol("during_attack", (), ONE))

    return smt(FALSE, premises())


@attack(
    "refused: TypeError: a premise is a Theorem",
    now="TypeError: a premise is a Theorem that a rule of vaelid.theory.kernel made",
)
def a_premise_tells_a_false_class():
    class Told:
        statement, axioms = FALSE, frozenset()
        __class__ = type(THEOREMS["reflexive"])

    return smt(FALSE, [Told()])


@attack("refused: NotProved: a statement is a formula whose indices are all bound")
def a_goal_tells_a_false_class():
    class Told:
        __class__ = type(FALSE)
        head, arguments, sort, loose = FALSE.head, (ONE, ONE), FALSE.sort, 0

    return smt(Told())


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def values_tell_other_items_the_second_time():
    class Changing(UserDict):
        asked = 0

        def __getitem__(self, key: object) -> object:
            Changing.asked += 1
            return ZERO if Changing.asked % 2 else ONE

        def keys(self) -> object:
            return [X.head, X.head]

    theorem = smt(implies(equal(X, ZERO), equal(of("add", X, X), ZERO)))
    return smt(FALSE, [instantiate(theorem, Changing({X.head: ZERO}))])


@attack("refused: nothing changed")
def values_are_a_dictionary_that_lies():
    class Lying(OrderedDict):
        def items(self) -> object:
            return iter([(X.head, ONE)])

        def get(self, key: object, default: object = None) -> object:
            return FALSE

    return instantiate(THEOREMS["reflexive"], Lying({X.head: ZERO}))


@attack(
    "refused: TypeError: <attacks_by_liars.a_key_is_equal_to_every_variable.<locals>.Every object> ...",
    now="TypeError: <attacks_by_liars",
)
def a_key_is_equal_to_every_variable():
    class Every:
        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return hash(X.head)

        name, sort = "x", REAL

    return instantiate(THEOREMS["reflexive"], {Every(): ONE})


@attack(
    "refused: TypeError: Variable(name='x', sort=Index) cannot stand for Number(value=Fraction(1, 2), ...",
    now="TypeError: Variable(name='x', sort=Index) cannot stand for",
)
def a_variable_of_another_sort_has_the_same_name():
    """x the real number is not x the index."""
    theorem = smt(less_equal(of("multiply", X, X), of("multiply", X, X)))
    return instantiate(theorem, {Variable("x", INDEX): number(Fraction(1, 2), REAL)})
