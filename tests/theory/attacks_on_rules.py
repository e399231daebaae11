"""Attempts on the rules: induction, generalization, values, names of axioms; and by threads, interrupts, recursion."""

import sys
import threading

from attack_runner import THEOREMS, attack
from attack_tools import FALSE, ONE, ZERO, A, Impostor, N, Name, X, Y, number, of, whole

from vaelid.readings.terms.formulas import conjunction, equal, implies, less, less_equal
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, Bound, Element, Power, Sort, Symbol, Variable
from vaelid.theory.kernel import NotProved, axiom, generalize, induct, instantiate, smt, unfold


@attack(
    "refused: TypeError: a term is made of a known head and of terms",
    now="NotProved: a statement is a formula whose indices are all bound",
)
def an_induction_changes_its_statement():
    """P(0) of one statement, the step of another: the statement is an object that turns."""
    turning = Impostor(equal(of("real", N), of("real", N)))
    base = smt(equal(of("real", whole(0)), of("real", whole(0))))
    return induct(turning, N.head, base, base)


@attack("refused: NotProved: the base is not the statement at 0")
def an_induction_is_on_a_variable_that_stands_elsewhere():
    """n = 0 holds at 0; its step does not hold, and a step with n bound elsewhere is another formula."""
    statement = equal(of("real", N), ZERO)
    base = smt(instantiate(smt(equal(X, X)), {X.head: of("real", whole(0))}).statement)
    step = smt(implies(conjunction(less_equal(whole(0), N), statement), statement))
    return induct(statement, N.head, base, step)


@attack("refused: NotProved: induction is on an index variable")
def an_induction_is_on_a_real_number():
    return induct(less_equal(ZERO, X), X.head, smt(less_equal(ZERO, ZERO)), smt(less(ZERO, ONE)))


@attack("refused: TypeError: only an index is quantified; other variables stand for every value")
def a_real_variable_is_generalized():
    return generalize(smt(implies(equal(X, ONE), equal(X, ONE))), X.head)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_theorem_is_generalized_over_what_it_has_not():
    theorem = generalize(THEOREMS["reflexive"], Variable("nowhere", INDEX))
    return smt(FALSE, [theorem])


@attack(
    "refused: ValueError: Exceeds the limit (4300 digits) for integer string conversion; use ...",
    now="ValueError: Exceeds the limit (4300 digits)",
)
def enormous_numbers_are_equal():
    return smt(equal(number(10**5000), number(10**5000 + 1)))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat", alone=True)
def enormous_numbers_are_equal_where_python_prints_them():
    sys.set_int_max_str_digits(0)
    return smt(equal(number(10**5000), number(10**5000 + 1)))


@attack("refused: TypeError: -1 is not a whole number, at least 0")
def a_power_is_less_than_zero():
    return smt(equal(make(Power(-1), ZERO), ZERO))


@attack("refused: TypeError: 'y' cannot name a definition")
def a_name_is_a_string_that_prints_otherwise():
    Name.told = "x"
    return smt(equal(make(Symbol(Name("y"), (), ZERO)), ONE))


@attack("refused: TypeError: Variable(name='n', sort=Index) cannot stand for Variable(name='m', sort=Real)")
def a_sort_with_the_name_of_another_takes_its_place():
    """Sort("Index", 1) is no index, and Sort("Real", 1) no real number."""
    return instantiate(THEOREMS["discrete"], {Variable("n", Sort("Index", 1)): make(Variable("m", Sort("Real", 1)))})


@attack("refused: RecursionError: maximum recursion depth exceeded while calling a Python object", now="RecursionError")
def little_room_is_left_for_recursion():
    """Whatever is cut off in the middle leaves nothing half made."""
    deep = X
    for _ in range(300):
        deep = of("exp", deep)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(150)
    try:
        instantiate(smt(equal(deep, deep)), {X.head: ONE})
    finally:
        sys.setrecursionlimit(limit)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat", alone=True)
def two_threads_define_one_name():
    """Each may be first, and only one is."""
    obtained, start = [], threading.Barrier(8)

    def define(value: int) -> None:
        start.wait()
        for round_ in range(50):
            try:
                obtained.append(unfold(Symbol(f"raced_{round_}", (), number(value))))
            except NotProved:
                continue

    threads = [threading.Thread(target=define, args=(value,)) for value in range(8)]
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = {theorem.statement.arguments[0]: theorem.statement.arguments[1] for theorem in obtained}
    for theorem in obtained:
        left, right = theorem.statement.arguments
        if kept[left] is not right:
            return smt(FALSE, [theorem])
    names = {theorem.rule for theorem in obtained}
    return smt(FALSE, obtained[:8]) if len(names) == len(obtained) else smt(FALSE, obtained)


@attack("got through: two equal terms", now="NotProved: equal terms are one object", alone=True)
def threads_make_one_term_many_times():
    """Equal terms are one object, whichever thread makes them."""
    made: list = [None] * 8

    def work(place: int) -> None:
        made[place] = [of("add", number(k), of("exp", number(k))) for k in range(3000, 5000)]

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one is other for row in made[1:] for one, other in zip(made[0], row, strict=True)), "two equal terms"
    raise NotProved("equal terms are one object")


@attack("refused: KeyboardInterrupt: ")
def an_interrupt_comes_while_premises_are_read():
    def premises():
        yield THEOREMS["reflexive"]
        raise KeyboardInterrupt

    return smt(FALSE, premises())


@attack("refused: NotProved: no axiom of such a name")
def the_name_of_an_axiom_is_unhashable_or_a_liar():
    for name in (["pi_pos"], Impostor("pi_pos"), Name("pi_pos"), b"pi_pos", None):
        try:
            axiom(name)
        except NotProved:
            continue
        raise AssertionError(f"an axiom of the name {name!r}")
    raise NotProved("no axiom of such a name")


@attack("refused: TypeError: the value of x has an index that nothing binds")
def a_value_is_of_a_term_that_is_not_closed():
    theorem = smt(equal(of("add", X, Y), of("add", Y, X)))
    return instantiate(theorem, {X.head: make(Element(1), A, make(Bound(0)))})
