"""The kernel's rules make only true theorems: each is checked against an independent evaluator of formulas."""

import array
import fcntl
import json
import signal
import termios
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from changed_terms import changed
from drawn_terms import DRAWS, REALS, SIZES, VECTORS, Draw, for_all_below, number, operation
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from model_values import evaluate

from vaelid.readings.terms import smtlib
from vaelid.readings.terms.formulas import conjunction, equal, for_all, iff, implies, less, less_equal
from vaelid.readings.terms.substitution import element, instance, make
from vaelid.readings.terms.syntax import INDEX, REAL, VECTOR, Binder, Bound, Lambda, Symbol, Term, Variable, subterms
from vaelid.theory import solvers
from vaelid.theory.kernel import (
    AXIOMS,
    NotProved,
    Theorem,
    axiom,
    generalize,
    induct,
    instantiate,
    smt,
    sum_equations,
    unfold,
)

X, Y = (make(variable) for variable in REALS[:2])
N, K = (make(variable) for variable in SIZES)
A, B = (make(variable) for variable in VECTORS)
ZERO, ONE = number(0), number(1)
FALSE = equal(ZERO, ONE)


def _bytes_waiting(stream) -> int:
    """How much there is to be read from a pipe."""
    count = array.array("i", [0])
    fcntl.ioctl(stream, termios.FIONREAD, count)
    return count[0]


def whole(value: int) -> Term:
    return number(value, INDEX)


def after(index: Term) -> Term:
    return operation("index_add", index, whole(1))


def total(size: Term, vector: Term) -> Term:
    return make(Binder("sum"), size, element(vector, make(Bound(0))))


def proved(goal: Term, premises=()) -> Theorem | None:
    try:
        return smt(goal, premises)
    except NotProved:
        return None


@contextmanager
def limited(monkeypatch, *, z3: int, cvc5: int):
    """Solvers that take at most so many steps; all is asked anew, by solvers that are started with that limit."""
    with monkeypatch.context() as patch:
        patch.setattr(solvers, "Z3_RESOURCES", z3)
        patch.setattr(solvers, "CVC5_RESOURCES", cvc5)
        solvers.forget_answers()
        solvers._PROCESSES.clear()
        yield
    solvers.forget_answers()
    solvers._PROCESSES.clear()


@pytest.fixture
def few_steps(monkeypatch):
    """Solvers that give up early: nothing that is lost is needed, and no drawn formula takes long."""
    with limited(monkeypatch, z3=400_000, cvc5=4_000):
        yield


class TestDrawnFormulas:
    """Of random formulas no false one becomes a theorem, and of what is plainly true most does."""

    @pytest.mark.usefixtures("few_steps")
    def test_no_theorem_about_changed_terms_is_false_in_any_model_drawn(self):
        counted = []

        @given(DRAWS)
        @settings(max_examples=120)
        def check(draw: Draw) -> None:
            goal = conjecture(draw)
            theorem = proved(goal)
            counted.append(theorem is not None)
            if theorem is not None:
                assert not any(evaluate(goal, draw.model()) is False for _ in range(5))
                assert not any(evaluate(special(theorem, draw), draw.model()) is False for _ in range(3))

        check()
        assert sum(counted) >= 50, f"of {len(counted)} conjectures {sum(counted)} were proved: too few to tell"

    @pytest.mark.usefixtures("few_steps")
    def test_rational_facts_are_decided_as_the_evaluator_decides(self):
        """Variables are given their values by hypotheses; of true facts at least nine in ten are proved."""
        true = []

        @given(DRAWS)
        @settings(max_examples=80)
        def check(draw: Draw) -> None:
            draw.opaque = False
            formula, model = without_forall(draw), draw.model()
            goal = at_model(formula, model)
            theorem = proved(goal)
            value = evaluate(formula, model)
            assert value is not None
            assert value or theorem is None, "a false formula was proved"
            if value and defined(formula, model):
                true.append(theorem is not None)

        check()
        assert len(true) >= 25
        assert sum(true) >= 0.9 * len(true), f"of {len(true)} true facts {sum(true)} were proved"

    @pytest.mark.usefixtures("few_steps")
    def test_sums_of_given_length_are_decided_term_by_term(self):
        """The sum is unrolled by its two equations; elements are drawn."""
        decided = []

        @given(DRAWS)
        @settings(max_examples=40)
        def check(draw: Draw) -> None:
            draw.opaque = False
            length, body = draw.random.randint(0, 3), draw.real(2, scope=1)
            vector, model = make(Lambda(1), body), draw.model()
            sum_ = make(Binder("sum"), whole(length), body)
            value = evaluate(sum_, model)
            claimed = draw.one([value, value, value + draw.exact()])
            goal = equal(sum_, number(f"{claimed}"))
            theorem = proved(at_model(goal, model), unrolled(vector, length))
            assert theorem is None or claimed == value
            if claimed == value and defined(sum_, model):
                decided.append(theorem is not None)

        check()
        assert len(decided) >= 15
        assert sum(decided) >= 0.9 * len(decided), f"of {len(decided)} true sums {sum(decided)} were proved"

    @pytest.mark.usefixtures("few_steps")
    def test_statements_of_few_indices_are_decided_one_by_one(self):
        decided = []

        @given(DRAWS)
        @settings(max_examples=60)
        def check(draw: Draw) -> None:
            draw.opaque = False
            size = whole(draw.random.randint(0, 3))
            compare = draw.one([less, less_equal])
            left, right = draw.index(1), draw.one([draw.index(1), make(Bound(0))])
            square = operation("multiply", operation("real", left), operation("real", left))
            body = draw.one([compare(left, right), compare(ZERO, square), compare(square, number(3))])
            formula, model = for_all_below(size, body), draw.model()
            value, theorem = evaluate(formula, model), proved(at_model(formula, model))
            assert value or theorem is None, "a false formula was proved"
            decided.append((value, theorem is not None))

        check()
        true = [found for value, found in decided if value]
        assert sum(true) >= 0.8 * len(true) >= 10, f"of {len(true)} true statements {sum(true)} were proved"


def conjecture(draw: Draw) -> Term:
    """A statement that is true as often as not."""
    match draw.one(["equal", "less_equal", "forall", "connective", "random"]):
        case "equal":
            term = draw.real()
            return equal(term, changed(draw, term))
        case "less_equal":
            term = draw.real()
            return less_equal(changed(draw, changed(draw, term)), term)
        case "forall":
            term = draw.real(scope=1)
            return for_all_below(draw.index(), equal(term, changed(draw, term, 1)))
        case "connective":
            formula = draw.formula()
            return draw.one([implies, iff])(formula, changed(draw, formula))
    return draw.formula()


def special(theorem: Theorem, draw: Draw) -> Term:
    """The statement of an instance, and of its generalization to all indices."""
    special = instantiate(theorem, draw.values())
    return generalize(special, draw.one(SIZES)).statement if draw.one([True, False]) else special.statement


def without_forall(draw: Draw) -> Term:
    formula = draw.formula(2)
    while any(part.head == Binder("forall") for part in subterms(formula)):
        formula = draw.formula(2)
    return formula


def at_model(formula: Term, model: dict) -> Term:
    """The formula, if its real and index variables have the values that the model gives them."""
    numbers = {variable: number(str(model[variable]), variable.sort) for variable in (*REALS, *SIZES)}
    return implies(conjunction(*(equal(make(v), value) for v, value in numbers.items())), formula)


def defined(term: Term, model: dict, scope: tuple[int, ...] = ()) -> bool:
    """Whether nothing in it is divided by zero."""
    if term.head == Binder("sum"):
        size = evaluate(term.arguments[0], model, scope)
        return all(defined(term.arguments[1], model, (index, *scope)) for index in range(size))
    zero = term.head.__class__.__name__ == "Operator" and term.head.name == "divide"
    if zero and evaluate(term.arguments[1], model, scope) == 0:
        return False
    return all(defined(argument, model, scope) for argument in term.arguments)


def unrolled(vector: Term, length: int) -> Iterator[Theorem]:
    """The equations of the sums over i < 0, ..., i < length."""
    zero, step = sum_equations()
    yield instantiate(zero, {VECTORS[0]: vector})
    for size in range(length):
        yield instantiate(step, {VECTORS[0]: vector, SIZES[0]: whole(size)})


class TestAxioms:
    @pytest.mark.parametrize("name", AXIOMS)
    def test_an_axiom_is_true_at_points(self, name):
        theorem = axiom(name)
        assert theorem.statement is AXIOMS[name].statement
        assert theorem.axioms == {name}
        before, ctx.prec = ctx.prec, 160
        points = [fmpq(n, 7) for n in range(-30, 31)] + [fmpq(10), fmpq(-10), fmpq(1, 10**6), fmpq(-1, 10**6)]
        try:
            for number_, other in zip(points, reversed(points), strict=True):
                for x in (number_, arb(number_).exp(), -arb(number_).exp()):
                    assert evaluate(theorem.statement, {REALS[0]: x, REALS[1]: other}) is not False
        finally:
            ctx.prec = before

    def test_there_are_eight_and_each_names_its_rocq_theorem(self):
        about_exp = {"exp_zero", "exp_gt_one_plus", "exp_add", "log_exp", "exp_log"}
        assert set(AXIOMS) == {*about_exp, "pi_pos", "abs_pos", "abs_neg"}
        assert all("." in known.rocq for known in AXIOMS.values())

    def test_a_consequence_of_axioms_says_which(self):
        theorem = smt(
            less_equal(number(2), operation("exp", ONE)), [instantiate(axiom("exp_gt_one_plus"), {X.head: ONE})]
        )
        assert theorem.axioms == {"exp_gt_one_plus"}
        assert smt(equal(X, X), [theorem]).axioms == {"exp_gt_one_plus"}
        assert smt(equal(X, X)).axioms == set()

    @given(DRAWS)
    @settings(max_examples=40)
    def test_the_equations_of_sums_are_true(self, draw):
        for theorem in sum_equations():
            assert theorem.axioms == set()
            assert evaluate(theorem.statement, draw.model()) is True
            assert evaluate(special(theorem, draw), draw.model()) is True


class TestDefinitions:
    @given(DRAWS)
    @settings(max_examples=30)
    def test_a_definition_is_worth_its_body(self, draw):
        body = draw.real(2)
        variables = sorted({part.head for part in subterms(body) if isinstance(part.head, Variable)}, key=repr)
        theorem = unfold(Symbol(f"drawn_{abs(hash(body))}", tuple(variables), body))
        assert evaluate(theorem.statement, draw.model()) is True
        assert evaluate(special(theorem, draw), draw.model()) is True

    def test_an_undefined_use_says_nothing_of_the_body(self):
        square = Symbol("square_of_test", (X.head,), operation("multiply", X, X))
        goal = less_equal(ZERO, make(square, Y))
        with pytest.raises(NotProved):
            smt(goal)
        theorem = smt(goal, [instantiate(unfold(square), {X.head: Y})])
        assert theorem.axioms == set()


class TestInduction:
    """The sum of 0, 1, ..., n - 1 is n (n - 1) / 2."""

    numbers = make(Lambda(1), operation("real", make(Bound(0))))
    real_n = operation("real", N)
    closed = operation("divide", operation("multiply", real_n, operation("subtract", real_n, ONE)), number(2))
    statement = equal(total(N, numbers), closed)

    def base(self, statement: Term | None = None) -> Theorem:
        zero, _ = sum_equations()
        at_zero = instance(statement or self.statement, {N.head: whole(0)})
        return smt(at_zero, [instantiate(zero, {A.head: self.numbers})])

    def step(self) -> Theorem:
        _, step = sum_equations()
        hypothesis = conjunction(less_equal(whole(0), N), self.statement)
        goal = implies(hypothesis, instance(self.statement, {N.head: after(N)}))
        return smt(goal, [instantiate(step, {A.head: self.numbers})])

    def test_it_proves_the_closed_form(self):
        theorem = induct(self.statement, N.head, self.base(), self.step())
        assert theorem.statement is implies(less_equal(whole(0), N), self.statement)
        assert all(evaluate(theorem.statement, {N.head: n}) for n in range(-3, 20))

    def test_it_says_nothing_of_negative_numbers(self):
        theorem = induct(self.statement, N.head, self.base(), self.step())
        with pytest.raises(NotProved):
            smt(instance(self.statement, {N.head: whole(-1)}), [theorem])

    def test_without_a_base_nothing_is_proved(self):
        with pytest.raises(NotProved, match="the base is not the statement at 0"):
            induct(self.statement, N.head, self.step(), self.step())

    def test_without_a_step_nothing_is_proved(self):
        with pytest.raises(NotProved, match="the step is not"):
            induct(self.statement, N.head, self.base(), self.base())

    def test_the_step_to_the_same_number_is_no_step(self):
        hypothesis = conjunction(less_equal(whole(0), N), self.statement)
        with pytest.raises(NotProved, match="the step is not"):
            induct(self.statement, N.head, self.base(), smt(implies(hypothesis, self.statement)))

    def test_the_base_at_one_is_no_base(self):
        at_one = equal(N, N)
        with pytest.raises(NotProved, match="the base is not"):
            induct(at_one, N.head, smt(equal(whole(1), whole(1))), self.step())

    @pytest.mark.parametrize("variable", [X.head, A.head, Variable("m", VECTOR)])
    def test_it_is_on_an_index_variable_only(self, variable):
        with pytest.raises(NotProved, match="induction is on an index variable"):
            induct(self.statement, variable, self.base(), self.step())


class TestOtherRules:
    def test_a_generalized_index_is_bound(self):
        theorem = generalize(smt(less(N, after(N))), N.head)
        assert theorem.statement is for_all(N.head, less(N, after(N)))

    @pytest.mark.parametrize("variable", [X.head, A.head])
    def test_only_an_index_is_generalized(self, variable):
        with pytest.raises(TypeError, match="only an index is quantified"):
            generalize(smt(equal(X, X)), variable)

    def test_a_premise_holds_for_the_variables_of_the_goal_only_as_it_stands(self):
        with pytest.raises(NotProved):
            smt(less(ZERO, operation("exp", Y)), [smt(equal(X, X))])

    def test_a_theorem_keeps_what_it_was_made_from(self):
        first, second = smt(equal(X, X)), smt(less_equal(ZERO, operation("multiply", X, X)))
        theorem = smt(equal(Y, Y), [first, second])
        assert (theorem.premises, theorem.rule) == ((first, second), "smt")

    def test_a_theorem_prints_its_statement_whole_numbers_rule_and_axioms(self):
        assert repr(smt(less(N, after(N)))) == "Theorem(n < n + 1; n whole; by smt; axioms: none)"
        assert repr(axiom("exp_zero")) == "Theorem(exp(0) = 1; by axiom exp_zero; axioms: exp_zero)"


SAID = [
    "unknown",
    "sat",
    "timeout",
    "unsat ",
    "UNSAT",
    "unsat\nunsat",
    "(error unsat)",
    "cannot read the script (unsat)",
    "answered ['unsat', 'unsat']",
    "",
]


class TestSolvers:
    """One solver that lies, gives up or fails is not enough."""

    @pytest.fixture(autouse=True)
    def _asked_anew(self):
        solvers.forget_answers()
        yield
        solvers.forget_answers()

    @pytest.mark.parametrize("liar", ["_z3", "_cvc5"])
    def test_one_lying_solver_is_not_enough(self, monkeypatch, liar):
        monkeypatch.setattr(solvers, liar, lambda script: "unsat")
        with pytest.raises(NotProved, match=r"not proved: .*says sat") as refused:
            smt(FALSE)
        assert sorted(answer.verdict for answer in refused.value.answers) == ["sat", "unsat"]

    @pytest.mark.parametrize("said", SAID)
    @pytest.mark.parametrize("solver", ["_z3", "_cvc5"])
    def test_anything_but_two_answers_unsat_is_refused(self, monkeypatch, solver, said):
        monkeypatch.setattr(solvers, solver, lambda script: said)
        with pytest.raises(NotProved, match="not proved: z3 says"):
            smt(equal(X, X))

    def test_the_two_read_the_same_text(self, monkeypatch):
        read = []
        for solver in ("_z3", "_cvc5"):
            monkeypatch.setattr(solvers, solver, lambda script: read.append(script) or "unsat")
        smt(equal(X, Y))
        assert len(read) == 2
        assert read[0] == read[1]
        assert read[0].count("(check-sat)") == 1

    def test_solvers_out_of_steps_prove_nothing(self, monkeypatch):
        """The step of the induction above, which both prove when they may take their time."""
        with (
            limited(monkeypatch, z3=10, cvc5=10),
            pytest.raises(NotProved, match=r"z3 says unknown, cvc5 says unknown \(RESOURCEOUT\)"),
        ):
            TestInduction().step()

    def test_an_answer_to_another_text_is_no_answer(self):
        """As an interrupt leaves it, between asking cvc5 and noting that it was asked: an answer nobody waits for."""
        process = solvers._running("cvc5")
        process.submit(smtlib.script([], equal(ZERO, ZERO)))
        process.pending = None
        answers = solvers.ask(smtlib.script([], FALSE))
        assert [answer.verdict for answer in answers] == ["sat", "sat"]

    def test_two_answers_that_came_at_once_are_both_read(self):
        process = solvers._running("cvc5")
        first, second = smtlib.script([], equal(ONE, ONE)), smtlib.script([], equal(ZERO, ONE))
        process.submit(first)
        process.pending = None  # as above
        process.submit(second)
        awaited = sum(len(json.dumps(answer)) + 1 for answer in ([first, "unsat"], [second, "sat"]))
        deadline = time.monotonic() + 60
        while (there := _bytes_waiting(process.process.stdout)) < awaited and time.monotonic() < deadline:
            time.sleep(0.01)
        assert there == awaited
        assert process.answer(second) == "sat"
        assert process.unread == b""

    def test_threads_are_answered_each_its_own(self):
        def right(of: int) -> bool:
            goal = equal(number(of), number(of + of % 2))
            verdict = "sat" if of % 2 else "unsat"
            return [answer.verdict for answer in solvers.ask(smtlib.script([], goal))] == [verdict, verdict]

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(right, range(60)))

    def test_a_text_that_asks_twice_is_no_answer(self):
        twice = "(set-logic ALL)\n(assert false)\n(check-sat)\n(check-sat)\n"
        assert [answer.verdict for answer in solvers.ask(twice)] != ["unsat", "unsat"]

    def test_a_text_that_is_not_understood_is_no_answer(self):
        answers = solvers.ask("(set-logic ALL)\n(assert (= x 1))\n(check-sat)\n")
        assert all(answer.verdict.startswith("cannot read the script") for answer in answers)

    def test_a_statement_of_no_number_of_solvers_is_proved_by_none(self):
        """A real goal is no formula, and no solver is asked."""
        for goal in (ZERO, N, A, less(make(Bound(0)), N)):
            with pytest.raises(NotProved, match="a statement is a formula whose indices are all bound"):
                smt(goal)

    def test_real_is_the_sort_that_numbers_have(self):
        assert number(1).sort is REAL


@pytest.mark.parametrize("solver", ["z3", "cvc5"])
class TestTheProcessOfASolver:
    TRUE = "(set-logic ALL)\n(assert false)\n(check-sat)\n"

    def test_it_is_not_ended_while_nobody_asks(self, monkeypatch, solver):
        """Its alarm is for a question that takes too long, not for the time between two."""
        monkeypatch.setattr(solvers, "SECONDS", 1)
        solvers._PROCESSES.clear()
        assert solvers._running(solver).answer(self.TRUE) == "unsat"
        process = solvers._running(solver).process
        time.sleep(4)  # its alarm was set to three seconds
        assert process.poll() is None
        assert solvers._running(solver).answer(self.TRUE) == "unsat"
        solvers._PROCESSES.clear()

    def test_one_that_has_ended_is_started_anew(self, solver):
        solvers.forget_answers()
        process = solvers._running(solver).process
        process.kill()
        process.wait()
        assert [answer.verdict for answer in solvers.ask(self.TRUE)] == ["unsat", "unsat"]

    def test_one_that_forgets_its_limit_is_ended(self, monkeypatch, solver):
        """z3 was seen to work for ten minutes at a limit of twenty seconds, where it may not be interrupted."""
        monkeypatch.setattr(solvers, "SECONDS", 1)
        solvers._PROCESSES.clear()
        process = solvers._running(solver).process
        process.send_signal(signal.SIGSTOP)  # as deaf as it was
        started = time.monotonic()
        assert solvers._running(solver).answer(self.TRUE) == "unknown (no answer in time)"
        assert time.monotonic() - started < 20
        assert solvers._running(solver).answer(self.TRUE) == "unsat"
        solvers._PROCESSES.clear()
