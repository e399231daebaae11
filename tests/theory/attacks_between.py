"""Attempts by code of the caller's that a rule or a maker runs between its check and its use of what it checked.

Their first results are those of the kernel just before it was mended against them, and not of version 0.2.0.
"""

from collections.abc import Iterator, Mapping

from attack_runner import THEOREMS, attack
from attack_tools import FALSE, ONE, ZERO, A, I, N, X, number, of, total, whole

from vaelid.readings.terms.formulas import conjunction, equal, for_all, implies, less_equal, negation
from vaelid.readings.terms.heads import Sort
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, VECTOR, Binder, Bound, Lambda, Number, Operator, Symbol, Term
from vaelid.theory.kernel import Theorem, induct, instantiate, smt, sum_equations, unfold

CHANGED = "TypeError: a part of the term was given another class"
TWO, FIVE = number(2), number(5)
PLAIN = Term.__mro__[1]


def _become(thing: object, other: type) -> None:
    object.__setattr__(thing, "__class__", other)


def _once(shown: object, name: str = "head") -> type:
    """A class like a term's that answers falsely once, and is a term's again."""

    def answer(self: object) -> object:
        _become(self, Term)
        return shown

    honest = {field: vars(Term)[field] for field in ("head", "arguments", "sort", "loose")}
    return type("Evil", (PLAIN,), {"__slots__": (), **honest, name: property(answer)})


@attack("got through: the theorem 0 = 1", now=CHANGED)
def premises_change_the_goal_while_they_are_read():
    def premises() -> Iterator[object]:
        _become(ONE, _once(ZERO.head))
        return
        yield

    try:
        return smt(FALSE, premises())
    finally:
        _become(ONE, Term)


class _Values(Mapping):
    def __init__(self, change: object) -> None:
        self.change = change

    def keys(self) -> object:
        return [X.head]

    def __iter__(self) -> object:
        return iter([X.head])

    def __len__(self) -> int:
        return 1

    def __getitem__(self, key: object) -> object:
        self.change()
        return FIVE


@attack("got through: the theorem 0 = 1", now=CHANGED)
def values_change_the_theorem_while_they_are_read():
    """1 + 1 = 2 where the 2 is read as x."""
    theorem = smt(equal(of("add", ONE, ONE), TWO))
    try:
        found = instantiate(theorem, _Values(lambda: _become(TWO, _once(X.head))))
    finally:
        _become(TWO, Term)
    return smt(FALSE, [found])


@attack("got through: the theorem 0 = 1", now="TypeError: the value of n has an index that nothing binds")
def the_entry_of_a_head_changes_an_argument_while_it_is_hashed():
    """index 0, plus 1, which says that it has no loose index."""
    loose = make(Bound(0))

    class Code:
        def __hash__(self) -> int:
            _become(loose, _once(0, "loose"))
            return 0

    try:
        bad = make(tuple.__new__(Operator, ("index_add", Code())), loose, whole(1))
    finally:
        _become(loose, Term)
    theorem = smt(negation(for_all(I.head, negation(equal(I, N)))))
    return smt(FALSE, [instantiate(theorem, {N.head: bad})])


class _Equal(type):
    """Of a class that is equal to every other."""

    def __eq__(cls, other: object) -> bool:
        return True

    def __hash__(cls) -> int:
        return 0


@attack("got through: the theorem 0 = 1", now="TypeError: a term is made of a known head and of terms")
def the_class_of_a_head_is_equal_to_every_class():
    class Turning(Number, metaclass=_Equal):
        __slots__ = ()

        def __new__(cls, *_: object) -> "Turning":
            return tuple.__new__(cls, (0, 1, REAL, cls))

        numerator = property(lambda self: 0)

    lying = make(Turning())
    theorem = smt(equal(lying, ZERO))
    Turning.numerator = property(lambda self: 1)
    return smt(FALSE, [theorem, smt(equal(lying, ONE))])


@attack("got through: the theorem 0 = 1", now="TypeError: Operator(name='index_add') takes")
def a_sort_is_equal_to_another_while_a_term_is_made():
    """Half an index."""
    agreeing = {"__eq__": lambda self, other: True, "__ne__": lambda self, other: False, "__hash__": object.__hash__}
    zero, half = whole(0), of("divide", ONE, TWO)
    _become(REAL, type("Lying", (Sort,), {"__slots__": (), **agreeing}))
    try:
        value = make(Operator("index_add"), half, zero)
    finally:
        _become(REAL, Sort)
    return smt(FALSE, [instantiate(THEOREMS["discrete"], {N.head: value})])


@attack("got through: the theorem 0 = 1", now="TypeError: a term is made of a known head and of terms")
def the_array_of_the_equations_of_sums_lies():
    """It is the array of ones where its last element is taken, and that of zeros elsewhere."""
    proved = _sum_of_zeros_is_zero()
    zeros, asked = make(Lambda(1), ZERO), iter([ZERO, ZERO, ONE, ZERO])
    shown = {"head": zeros.head, "arguments": property(lambda self: (next(asked),)), "sort": VECTOR, "loose": 0}
    _become(A, type("Lying", (PLAIN,), {"__slots__": (), **shown}))
    try:
        longer = sum_equations()[1]
    finally:
        _become(A, Term)
    once = make(Operator("index_add"), whole(0), whole(1))
    sums = [instantiate(proved, {N.head: size}) for size in (whole(0), once)]
    return smt(FALSE, [instantiate(longer, {N.head: whole(0)}), *sums])


def _sum_of_zeros_is_zero() -> Theorem:
    empty, longer = (instantiate(equation, {A.head: make(Lambda(1), ZERO)}) for equation in sum_equations())
    statement, after = equal(total(N, ZERO), ZERO), make(Operator("index_add"), N, whole(1))
    goal = implies(conjunction(less_equal(whole(0), N), statement), equal(total(after, ZERO), ZERO))
    return induct(statement, N.head, smt(equal(total(whole(0), ZERO), ZERO), [empty]), smt(goal, [longer]))


@attack(
    "refused: TypeError: hiding_of_attack: the body has variables that are not parameters: x",
    now=CHANGED,
)
def a_part_of_a_body_hides_its_variable():
    """f() = x + 0, for all x."""
    body = of("add", X, ZERO)
    _become(X, _once(ZERO.head))
    try:
        made = Symbol("hiding_of_attack", (), body)
    finally:
        _become(X, Term)
    _become(X, _once(ZERO.head))
    try:
        theorem = unfold(made)
    finally:
        _become(X, Term)
    return smt(FALSE, [instantiate(theorem, {X.head: ZERO}), instantiate(theorem, {X.head: ONE})])


@attack("got through: the theorem 0 = 1", now=CHANGED)
def a_head_in_the_table_changes_the_goal_when_it_is_compared():
    """To write the sum, its free index 1 is made anew, and is looked for among the terms that were made."""

    class Comparing(Bound):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            _become(self, Bound)
            _become(ONE, _once(ZERO.head))
            return True

        __hash__ = tuple.__hash__

    own = make(Bound(1)).head
    sums = total(N, of("exp", of("real", make(Bound(2)))))
    inner = equal(of("multiply", ZERO, sums), ZERO)
    goal = conjunction(make(Binder("forall"), make(Binder("forall"), inner)), FALSE)
    _become(own, Comparing)
    try:
        return smt(FALSE, [smt(goal)])
    finally:
        _become(own, Bound)
        _become(ONE, Term)


@attack("got through: the theorem 0 = 1", now=CHANGED)
def a_part_changes_another_while_it_is_hashed_by_the_check():
    """The check hashes a part before it looks at its class; this gives the part its own class back."""
    turn = of("exp", of("log", TWO))

    class Hashing(PLAIN):
        __slots__ = ()
        head, arguments, sort, loose = Term.head, Term.arguments, Term.sort, Term.loose

        def __hash__(self) -> int:
            _become(self, Term)
            _become(ONE, _once(ZERO.head))
            return object.__hash__(self)

    goal = conjunction(equal(turn, turn), FALSE)
    _become(turn, Hashing)
    try:
        theorem = smt(goal)
    finally:
        _become(turn, Term)
        _become(ONE, Term)
    return smt(FALSE, [theorem])
