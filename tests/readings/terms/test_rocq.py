"""Rocq text: what cannot be said there is refused, and Rocq itself reads and computes what is printed."""

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from drawn_formulas import HEADS, SYMBOLS, any_term
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.formula_values import Undefined, fraction_of, value
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, index, real, size, variable
from vaelid.readings.terms.formulas import equal, for_all, iff, implies, less
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.rocq import rocq, rocq_definition, rocq_name, rocq_sort
from vaelid.readings.terms.substitution import abstracted, element, make
from vaelid.readings.terms.syntax import (
    BOOL,
    INDEX,
    REAL,
    Binder,
    Bound,
    Operator,
    Symbol,
    Term,
    Variable,
    free_variables,
)
from vaelid.theory.library import LIBRARY
from vaelid.theory.library.definitions import DEFINITIONS

HEAD = """\
From Coq Require Import Reals Lra.
Open Scope R_scope.
Fixpoint fsum (f : nat -> R) (n : nat) : R := match n with O => 0 | S k => fsum f k + f k end.
"""
n = size("n")


def _symbol(name: str, *parameters: TermArray, body: TermArray) -> Symbol:
    return Symbol(name, tuple(array.term.head for array in parameters), body.term)


# ---- what is refused


@pytest.mark.parametrize("name", ["exp", "ln", "PI", "fsum", "INR", "R", "nat", "forall", "fun", "in", "Nat", "_"])
def test_a_name_that_rocq_reads_otherwise_is_refused(name: str):
    with pytest.raises(ReadingError, match=f"^the name {name}: in Rocq {name} is something else"):
        rocq(make(Variable(name, REAL)))


def test_two_things_of_one_name_are_refused():
    dotted, plain = variable("terms.base"), variable("terms_base")
    with pytest.raises(ReadingError, match="two things would be terms_base in Rocq"):
        rocq((dotted + plain).term)
    with pytest.raises(ReadingError, match="two things would be x in Rocq"):
        rocq((variable("x") + variable("x", n)[0]).term)
    own = _symbol("x", variable("a"), body=variable("a") + 1)
    with pytest.raises(ReadingError, match="two things would be x in Rocq"):
        rocq(make(own, variable("x").term))
    with pytest.raises(ReadingError, match="two things would be terms_base in Rocq"):
        rocq_definition(_symbol("f", dotted, plain, body=dotted + 1))  # though one is not used


def test_what_rocq_has_not_is_refused():
    with pytest.raises(ReadingError, match=r"^the operation lgamma: the Rocq standard library has no such function"):
        rocq(xp.lgamma(variable("a")).term)
    with pytest.raises(ReadingError, match=r"^the index -1: a natural number in Rocq is not negative"):
        rocq(real(-1).term)


def test_an_operation_that_rocq_has_not_can_be_named_by_the_text_around():
    named = {"lgamma": "log_gamma"}
    assert (
        rocq((xp.lgamma(variable("a") + 1) + xp.exp(variable("a"))).term, functions=named)
        == "log_gamma (a + 1) + exp a"
    )
    with pytest.raises(ReadingError, match=r"^the name log_gamma: in Rocq log_gamma is something else"):
        rocq(xp.lgamma(variable("log_gamma")).term, functions=named)


def test_bound_indices_avoid_the_names_of_functions():
    of_index = Symbol("i", (n.head,), real(n).term)
    total = xp.sum(variable("x", n) * 0 + 1, axis=-1).term
    assert rocq(total) == "fsum (fun i => x i * 0 + 1) n"
    summed = make(Binder("sum"), n, make(of_index, make(Bound(0))))
    assert rocq(summed) == "fsum (fun j => i j) n"


# ---- Rocq itself


def _compiled(text: str, folder: Path) -> str | None:
    """What Rocq complains about."""
    (folder / "Emitted.v").write_text(HEAD + text)
    done = subprocess.run(["coqc", "Emitted.v"], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    return done.stderr if done.returncode else None


def _binders(heads: list) -> str:
    return " ".join(f"({rocq_name(h.name)} : {rocq_sort(h.sort)})" for h in heads if isinstance(h, Variable))


needs_rocq = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")


@pytest.mark.slow
@needs_rocq
def test_rocq_accepts_definitions_and_statements(tmp_path: Path):
    definitions = [rocq_definition(symbol) for definition in DEFINITIONS for symbol in definition.symbols]
    statements = []
    for name, result in LIBRARY.items():
        if result.statement is not None:
            variables = sorted(free_variables(result.statement), key=lambda v: v.name)
            statements.append(f"Definition claim_{name} {_binders(variables)} : Prop := {rocq(result.statement)}.")
    assert (complaint := _compiled("\n".join([*definitions, *statements]), tmp_path)) is None, complaint


@pytest.mark.slow
@needs_rocq
@given(data=st.data())
@settings(max_examples=1, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rocq_accepts_any_term(tmp_path: Path, data: st.DataObject):
    lines = [rocq_definition(symbol) for symbol in SYMBOLS]
    for number in range(40):
        term = any_term(data.draw)
        sort = "Prop" if term.sort is BOOL else rocq_sort(term.sort)
        lines.append(f"Definition drawn_{number} {_binders(HEADS)} : {sort} := {rocq(term)}.")
    assert (complaint := _compiled("\n".join(lines), tmp_path)) is None, complaint


def _closed(data: st.DataObject, depth: int, scope: tuple[Term, ...]) -> TermArray:
    """A rational number made of numbers, sums and the indices of sums."""
    if depth == 0:
        if scope and data.draw(st.booleans()):
            return real(data.draw(st.sampled_from(scope)))
        return as_term(data.draw(st.sampled_from([Fraction(k, d) for k in (-3, -1, 1, 2) for d in (1, 2)])))
    kind = data.draw(st.integers(0, 7))
    if kind == 0:
        return -_closed(data, depth - 1, scope)
    if kind == 1:
        return _closed(data, depth - 1, scope) ** data.draw(st.integers(0, 3))
    if kind == 2:
        i = Variable(f"i{len(scope)}", INDEX)
        body = _closed(data, depth - 1, (*scope, make(i)))
        return TermArray((), make(Binder("sum"), index(data.draw(st.integers(0, 2))), abstracted(body.term, i)))
    left, right = _closed(data, depth - 1, scope), _closed(data, depth - 1, scope)
    return (left + right, left - right, left * right, left / right, left / right)[kind - 3]


@pytest.mark.slow
@needs_rocq
@given(data=st.data())
@settings(max_examples=1, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rocq_computes_the_values_of_rational_terms(tmp_path: Path, data: st.DataObject):
    goals = []
    while len(goals) < 40:
        term = _closed(data, 3, ()).term
        try:
            number = fraction_of(value(term, {}))
        except Undefined:
            continue
        goals.append(f"Goal {rocq(equal(term, as_term(number).term))}. Proof. cbn [fsum INR pow]. field. Qed.")
    assert (complaint := _compiled("\n".join(goals), tmp_path)) is None, complaint


@pytest.mark.slow
@needs_rocq
def test_rocq_computes_what_is_easily_misread(tmp_path: Path):
    a = as_term(3)
    third, half = as_term(Fraction(-1, 3)), as_term(Fraction(1, 2))
    values = {
        (a / third).term: -9,
        (a / (half / 2)).term: 12,
        (third**2).term: Fraction(1, 9),
        (-(a**2)).term: -9,
        ((-a) ** 2).term: 9,
        (a - (a - 1)).term: 1,
        (a - -a).term: 6,
        (-(0 - a) * third).term: -1,
        xp.negative(-a).term: 3,
    }
    goals = [f"Goal {rocq(equal(t, as_term(Fraction(v)).term))}. Proof. field. Qed." for t, v in values.items()]
    true, false = less(as_term(0).term, a.term), less(a.term, as_term(0).term)
    goals.append(f"Goal {rocq(iff(implies(false, true), true))}. Proof. split; intros; lra. Qed.")
    goals.append(
        f"Goal ~ ({rocq(iff(implies(false, true), false))}). Proof. intros [H _]. "
        "assert (F : 3 < 0) by (apply H; intros; lra). lra. Qed."
    )
    j, x = Variable("j", INDEX), variable("x", n)
    after = element(x.term, make(Operator("index_add"), make(j), index(1)))
    formula = for_all(j, less(after, as_term(0).term))
    goals.append(
        f"Goal forall x : nat -> R, ({rocq(formula)}) -> x 1%nat < 0. Proof. intros x H. apply (H 0%nat). Qed."
    )
    assert (complaint := _compiled("\n".join(goals), tmp_path)) is None, complaint
