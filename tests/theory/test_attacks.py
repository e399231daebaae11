"""Attempts to obtain a theorem that is false, or that prints as another: each is refused.

The tests' run-time type checks would refuse some before the kernel does, so all are tried again without them.
"""

import copy
import dataclasses
import pickle
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from attack_tools import (
    FALSE,
    ONE,
    ZERO,
    A,
    I,
    Impostor,
    N,
    Name,
    Whole,
    X,
    Y,
    not_proved,
    number,
    of,
    refused,
    total,
    whole,
)

from vaelid.readings.terms.formulas import (
    disjunction,
    equal,
    for_all,
    less_equal,
)
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import (
    INDEX,
    MAP,
    REAL,
    Binder,
    Bound,
    Number,
    Operator,
    Power,
    Sort,
    Symbol,
    Term,
    Variable,
)
from vaelid.theory.kernel import (
    AXIOMS,
    Axiom,
    NotProved,
    Theorem,
    axiom,
    generalize,
    instantiate,
    smt,
    unfold,
)
from vaelid.theory.result import Result


class TestForging:
    def test_a_theorem_is_not_made_by_calling_its_class(self):
        for key in (None, object(), "key", Theorem):
            with refused(TypeError, saying="made by the rules of vaelid.theory.kernel only"):
                Theorem(key, FALSE, "smt")

    def test_a_theorem_that_no_rule_filled_proves_nothing(self):
        with refused(TypeError, saying=r"object.__new__\(Theorem\) is not safe"):
            object.__new__(Theorem)
        for blank in (tuple.__new__(Theorem), tuple.__new__(Theorem, (FALSE, "smt", (), frozenset()))):
            with refused(TypeError, saying="a premise is a Theorem that a rule of vaelid.theory.kernel made"):
                smt(FALSE, [blank])
            with refused(TypeError, saying="a premise is a Theorem that a rule of vaelid.theory.kernel made"):
                instantiate(blank, {})

    def test_a_theorem_has_no_subclass(self):
        with refused(TypeError, saying="a theorem has no other kinds"):
            type("Mine", (Theorem,), {})

    def test_the_statement_of_a_theorem_cannot_be_changed(self):
        theorem = smt(equal(X, X))
        for name, value in (("statement", FALSE), ("axioms", frozenset()), ("rule", "axiom"), ("__class__", Impostor)):
            with refused(AttributeError, saying="a theorem cannot be changed"):
                setattr(theorem, name, value)
        with refused(AttributeError, saying="a theorem cannot be changed"):
            del theorem.statement
        with refused(TypeError, saying="__dict__"):
            vars(theorem)["statement"] = FALSE

    @pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, pickle.dumps, dataclasses.replace])
    def test_a_theorem_is_not_copied_or_pickled(self, way):
        with refused(TypeError, saying="cannot be copied or pickled|should be called on dataclass instances"):
            way(smt(equal(X, X)))

    def test_what_looks_like_a_theorem_is_no_premise(self):
        like = Impostor(smt(equal(X, X)))
        like.shown = type("Shown", (), {"statement": FALSE, "axioms": frozenset()})
        for rule in (
            lambda: smt(FALSE, [like]),
            lambda: instantiate(like, {}),
            lambda: generalize(like, N.head),
            lambda: smt(FALSE, [FALSE]),
            lambda: smt(FALSE, [AXIOMS["pi_pos"]]),
        ):
            with refused(TypeError, saying="a premise is a Theorem"):
                rule()

    def test_a_result_whose_proof_is_no_theorem_is_not_proved(self):
        shown = type("Shown", (), {"statement": FALSE, "axioms": frozenset()})
        forged = Result("forged", "zero is one", FALSE, lambda: shown())
        with refused(NotProved, saying="forged: the proof gives no theorem of the kernel"):
            print(forged.theorem)

    def test_a_result_whose_proof_is_of_another_statement_is_not_proved(self):
        forged = Result("forged", "zero is one", FALSE, lambda: smt(equal(X, X)))
        with refused(NotProved, saying="forged: the proof is of another statement"):
            print(forged.theorem)
        assert forged.status == "open"


class TestAxiomsSmuggledIn:
    def test_the_table_of_axioms_takes_no_other(self):
        with refused(TypeError, saying="does not support item assignment"):
            AXIOMS["false"] = Axiom(FALSE, "False.elim")
        with refused(NotProved, saying="'false' is not an axiom; they are exp_zero, exp_gt_one_plus"):
            axiom("false")

    def test_a_table_that_is_reached_by_a_comparison_is_not_the_kernels(self):
        class Reaching:
            def __eq__(self, other: object) -> bool:
                with suppress(TypeError):
                    other["false"] = Axiom(FALSE, "False.elim")  # type: ignore[index]
                with refused(NotProved, saying="'false' is not an axiom"):
                    axiom("false")
                with suppress(TypeError):
                    del other["false"]  # type: ignore[attr-defined]
                return True

            __hash__ = None

        assert Reaching() == AXIOMS
        assert AXIOMS == Reaching()  # noqa: SIM300

    def test_an_axiom_is_not_changed(self):
        with refused(AttributeError, saying="can't set attribute"):
            AXIOMS["pi_pos"].statement = FALSE
        with refused(TypeError, saying="__dict__"):
            vars(AXIOMS["pi_pos"])["statement"] = FALSE

    def test_the_name_of_an_axiom_is_a_string_that_stays_the_same(self):
        Name.told = "pi_pos"
        with refused(NotProved, saying="is not an axiom"):
            axiom(Name("false"))

    def test_a_definition_does_not_count_as_an_axiom_nor_hide_one(self):
        with refused(TypeError, saying="cannot name a definition"):
            Symbol("axiom pi_pos", (), ONE)
        assert unfold(Symbol("axiom", (), ONE)).axioms == frozenset()


class TestObjectsThatLie:
    def test_a_goal_that_turns_into_another_is_no_formula(self):
        goal = Impostor(equal(ZERO, ZERO))
        with refused(NotProved, saying="a statement is a formula whose indices are all bound"):
            theorem = smt(goal)
            goal.shown = FALSE
            smt(FALSE, [theorem])

    def test_an_operator_is_named_by_a_string_that_stays_the_same(self):
        Name.told = "or"
        with refused(TypeError, saying="unknown operator"):
            theorem = smt(make(Operator(Name("or")), less_equal(X, ZERO), less_equal(ZERO, X)))
            Name.told = "and"
            smt(FALSE, [instantiate(theorem, {X.head: ONE})])

    def test_a_binder_is_named_by_a_string_that_stays_the_same(self):
        Name.told = "sum"
        with refused(TypeError, saying="unknown binder"):
            Binder(Name("forall"))

    def test_a_variable_is_named_by_a_string_that_stays_the_same(self):
        Name.told = "x"
        with refused(TypeError, saying="is not the name of a variable"):
            Variable(Name("y"), REAL)

    def test_a_sort_is_named_by_a_string_that_stays_the_same(self):
        Name.told = "Index"
        with refused(TypeError, saying="is not the name of a sort"):
            Sort(Name("Real"))

    def test_a_number_is_made_of_two_ints_that_stay_the_same(self):
        Whole.told = "0"
        with refused(TypeError, saying="a number is a Fraction of two ints"):
            theorem = smt(equal(make(Number(Fraction(Whole(0)))), ZERO))
            Whole.told = "1"
            smt(FALSE, [theorem])

    def test_a_fraction_of_another_kind_is_no_number(self):
        kind = type("Mine", (Fraction,), {"__eq__": lambda self, other: True, "__hash__": lambda self: 0})
        with refused(TypeError, saying="a number is a Fraction, real or index"):
            Number(kind(1))

    def test_half_an_index_is_none_whatever_stands_for_the_sort(self):
        discrete = smt(disjunction(less_equal(N, whole(0)), less_equal(whole(1), N)))
        for sort in (INDEX, Sort("Index"), Sort("Index", 0), copy.deepcopy(INDEX), pickle.loads(pickle.dumps(INDEX))):
            with refused(TypeError, saying="an index is a whole number"):
                smt(FALSE, [instantiate(discrete, {N.head: make(Number(Fraction(1, 2), sort))})])

    def test_a_sort_is_not_changed_nor_are_there_other_kinds(self):
        with refused(AttributeError, saying="a sort cannot be changed"):
            INDEX.name = "Real"
        with refused(TypeError, saying="is not the name of a sort"):
            type("Mine", (Sort,), {})("Index")
        with refused(TypeError, saying="is not the name of a variable|a number is a Fraction, real or index"):
            Number(Fraction(1, 2), type("Mine", (), {"__eq__": lambda self, other: True, "__hash__": None})())

    @pytest.mark.parametrize("head", [Number(Fraction(7)), Variable("x", REAL), Operator("and"), Power(2), Bound(0)])
    def test_the_head_of_a_term_cannot_be_changed(self, head):
        name = type(head).__match_args__[0]
        with refused(AttributeError, saying="cannot be changed"):
            setattr(head, name, 8)
        with refused(AttributeError, saying="can't set attribute|has no setter"):
            object.__setattr__(head, name, 8)
        with refused(TypeError, AttributeError, saying="__dict__"):
            vars(head)[name] = 8
        with refused(AttributeError, saying="__setstate__"):
            head.__setstate__([8, REAL])
        with refused(AttributeError, saying="cannot be changed"):
            head.__class__ = Impostor

    def test_a_term_cannot_be_changed(self):
        for name in ("head", "arguments", "sort", "loose", "__class__"):
            with refused(AttributeError, saying="a term cannot be changed"):
                setattr(FALSE, name, None)
            with refused(AttributeError, saying="a term cannot be changed"):
                delattr(FALSE, name)

    def test_a_term_of_another_class_is_none_and_takes_no_terms_place(self):
        with refused(TypeError, saying="a term is made of a known head and of terms"):
            Term.__new__(Impostor, Operator("lgamma"), Y)
        assert type(make(Operator("lgamma"), Y)) is Term
        with refused(TypeError, saying="a term has no other kinds"):
            type("Mine", (Term,), {})

    def test_a_head_of_another_kind_is_none(self):
        for kind in (Operator, Variable, Number, Symbol):
            mine = type("Mine", (kind,), {"signature": lambda self, given: ((), REAL)})
            with refused(TypeError, saying="a term is made of a known head and of terms"):
                make(tuple.__new__(mine, ("pi", mine)))

    def test_a_tuple_of_parameters_that_changes_is_none(self):
        with refused(TypeError, saying="a symbol is a name, a tuple of variables and a term"):
            Symbol("changing", type("Mine", (tuple,), {})((X.head,)), X)

    def test_an_exponent_that_is_not_a_whole_number_is_none(self):
        for exponent in (-1, True, Whole(2), 0.5, Fraction(1, 2), "2"):
            with refused(TypeError, saying="is not a whole number, at least 0"):
                Power(exponent)

    def test_values_that_change_are_taken_once(self):
        class Changing(Mapping):
            asked = 0

            def __getitem__(self, key: object) -> Term:
                self.asked += 1
                return ZERO if self.asked == 1 else ONE

            def __iter__(self):
                return iter([X.head])

            def __len__(self) -> int:
                return 1

        left, right = instantiate(smt(equal(X, X)), Changing()).statement.arguments
        assert left is right

    def test_a_value_of_another_sort_or_of_none_is_refused(self):
        theorem = smt(equal(X, X))
        for value in (N, A, 1, "x", Impostor(Y), None):
            with refused(TypeError, saying="cannot stand for"):
                instantiate(theorem, {X.head: value})
        with refused(TypeError, saying="cannot stand for"):
            instantiate(theorem, {"x": Y})

    def test_a_value_with_an_index_that_nothing_binds_is_refused(self):
        theorem = smt(for_all(I.head, equal(X, X)))
        with refused(TypeError, saying="the value of x has an index that nothing binds"):
            instantiate(theorem, {X.head: element(A, make(Bound(0)))})


class TestDefinitions:
    def test_a_function_is_not_defined_by_itself(self):
        f = Symbol("f_of_test", (X.head,), X)
        again = Symbol("f_of_test", (X.head,), of("add", make(f, X), ONE))
        unfold(f)
        with refused(NotProved, saying="the name f_of_test stands for two things in one statement"):
            unfold(again)
        with refused(NotProved, saying="the name f_of_test stands for another definition already"):
            unfold(Symbol("f_of_test", (X.head,), ONE))

    def test_two_functions_are_not_defined_by_each_other(self):
        """g := h + 1 and h := g need a symbol before it is there: what g uses is another h, which keeps the name."""
        h = Symbol("h_of_test", (), ZERO)
        g = Symbol("g_of_test", (), of("add", make(h), ONE))
        theorems = [unfold(g), unfold(h)]
        with refused(NotProved, saying="the name h_of_test stands for another definition already"):
            theorems.append(unfold(Symbol("h_of_test", (), make(g))))
        with not_proved():
            smt(FALSE, theorems)

    def test_a_body_has_no_variable_but_its_parameters(self):
        with refused(TypeError, saying="c: the body has variables that are not parameters: x"):
            Symbol("c", (), X)
        with refused(TypeError, saying="c: the body has variables that are not parameters: a, x"):
            Symbol("c", (N.head,), total(N, of("multiply", X, element(A, make(Bound(0))))))

    def test_a_body_has_no_index_that_nothing_binds(self):
        with refused(TypeError, saying="c: the body has an index that nothing binds"):
            Symbol("c", (A.head,), element(A, make(Bound(0))))

    def test_a_parameter_is_a_variable_named_once(self):
        with refused(TypeError, saying="c: a parameter is named twice"):
            Symbol("c", (X.head, X.head), X)
        with refused(TypeError, saying="c: a parameter is a variable"):
            Symbol("c", (X,), X)

    def test_a_function_is_not_redefined(self):
        unfold(Symbol("constant_of_test", (), ZERO))
        for other in (Symbol("constant_of_test", (), ONE), Symbol("constant.of_test", (), ONE)):
            with refused(NotProved, saying=f"the name {re.escape(other.name)} stands for another definition already"):
                unfold(other)

    @pytest.mark.parametrize("name", ["kl_loss", "loss", "coordinate_kl_to_standard", "encode.mean", "gaussian_nll"])
    def test_the_name_of_a_function_of_the_spec_is_taken_from_the_start(self, name):
        with refused(NotProved, saying=f"the name {re.escape(name)} stands for another definition already"):
            unfold(Symbol(name, (), number(-1)))

    @pytest.mark.parametrize("name", ["exp", "and", "equal", "less", "pi", "real", "add", "divide"])
    def test_an_operation_is_not_redefined(self, name):
        with refused(TypeError, saying=f"{name!r} cannot name a definition"):
            Symbol(name, (X.head,), ZERO)

    def test_a_truth_value_or_a_map_is_not_defined(self):
        p = make(Variable("p", MAP))
        for body in (FALSE, p):
            with refused(TypeError, saying="takes .*but was given"):
                unfold(Symbol("p_of_test", (p.head,), body))


class TestWithoutTypeChecks:
    def test_the_kernel_alone_knows_the_names_of_the_spec(self):
        """Whoever asks first, and imports nothing else, cannot have them."""
        code = "; ".join(
            [
                "from fractions import Fraction",
                "from vaelid.theory.kernel import unfold",
                "from vaelid.readings.terms.substitution import make",
                "from vaelid.readings.terms.syntax import Number, Symbol",
                "unfold(Symbol('kl_loss', (), make(Number(Fraction(-1)))))",
            ]
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "NotProved: the name kl_loss stands for another definition already" in run.stderr

    def test_every_attack_is_refused_where_nothing_checks_types(self):
        """The tests above, and those of the next file, in a process without run-time checks, as the library is used."""
        options = ["-o", "addopts=", "-q", "-p", "no:cacheprovider", "-k", "not WithoutTypeChecks"]
        files = [Path(__file__).with_name(name) for name in ("test_attacks.py", "test_false_statements.py")]
        command = [sys.executable, "-m", "pytest", *options, *files]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout[-3000:]
        assert int(re.findall(r"(\d+) passed", run.stdout)[-1]) >= 100
