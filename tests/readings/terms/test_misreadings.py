"""What is easily printed so that it reads as something else, as it is printed; and that a wrong printer is caught."""

from fractions import Fraction

import pytest
from drawn_formulas import HEADS, VARIABLES
from elaboration import canonical, names_in
from formula_syntax import read_latex, read_text
from rocq_syntax import read_rocq

from vaelid.readings.terms import notation
from vaelid.readings.terms.arrays import as_term, index, size, variable
from vaelid.readings.terms.formulas import conjunction, iff, implies, less, negation
from vaelid.readings.terms.latex import latex
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.rocq import rocq
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import (
    INDEX,
    REAL,
    Bound,
    Lambda,
    Number,
    Operator,
    Symbol,
    Term,
    Variable,
    array_of_rank,
)
from vaelid.readings.terms.text import text

n, k = size("n"), size("k")
a, b, x, A = variable("a"), variable("beta"), variable("x", n), variable("A", n, n)
MINUS_HALF = as_term(Fraction(-1, 2))
LESS = less(a.term, b.term)
TOTAL = xp.sum(x, axis=-1)

PRINTED: dict[str, tuple[Term, str, str]] = {
    "a negative fraction divides": ((a / MINUS_HALF).term, "a / (-1/2)", "a / (-1 / 2)"),
    "a negative fraction to a power": ((MINUS_HALF**2).term, "(-1/2)²", "(-1 / 2) ^ 2"),
    "minus a fraction": ((-MINUS_HALF).term, "−(-1/2)", "- (-1 / 2)"),
    "minus a negative number": ((a - as_term(-1)).term, "a − -1", "a - -1"),
    "minus a minus": ((a - -b).term, "a − −beta", "a - - beta"),
    "minus a power": ((-(a**2)).term, "−a²", "- a ^ 2"),
    "the power of a minus": (((-a) ** 2).term, "(−a)²", "(- a) ^ 2"),
    "a power of a power": (((a**2) ** 3).term, "(a²)³", "(a ^ 2) ^ 3"),
    "a difference of a difference": ((a - (b - a)).term, "a − (beta − a)", "a - (beta - a)"),
    "a quotient of a quotient": ((a / (b / a)).term, "a / (beta / a)", "a / (beta / a)"),
    "a sum divides": ((a / TOTAL).term, "a / Σ_{j<n} x[j]", "a / fsum (fun j => x j) n"),
    "a sum of a quotient": (xp.sum(x / b, axis=-1).term, "Σ_{j<n} (x[j] / beta)", "fsum (fun j => x j / beta) n"),
    "a sum divided": ((TOTAL / b).term, "Σ_{j<n} x[j] / beta", "fsum (fun j => x j) n / beta"),
    "the power of a sum": ((TOTAL**2).term, "(Σ_{j<n} x[j])²", "fsum (fun j => x j) n ^ 2"),
    "an implication in an equivalence": (
        iff(implies(LESS, LESS), LESS),
        "(a < beta → a < beta) ↔ a < beta",
        "(a < beta -> a < beta) <-> a < beta",
    ),
    "an equivalence in an implication": (
        implies(LESS, iff(LESS, LESS)),
        "a < beta → (a < beta ↔ a < beta)",
        "a < beta -> (a < beta <-> a < beta)",
    ),
    "a denied conjunction": (
        negation(conjunction(LESS, LESS)),
        "¬(a < beta ∧ a < beta)",
        "~ (a < beta /\\ a < beta)",
    ),
    "the element after": (
        element(x.term, make(Operator("index_add"), k, index(1))),
        "x[k + 1]",
        "x (Nat.add k 1%nat)",
    ),
}
I_IS_TAKEN = "i"
"""A variable of the drawn names, in every term above: see `_with_i`."""


def _with_i(term: Term) -> Term:
    """The same, where a variable is called as bound indices are."""
    i = less(make(Variable(I_IS_TAKEN, REAL)), a.term)
    return conjunction(i, term if term.sort.name == "Bool" else make(Operator("equal"), term, b.term))


@pytest.mark.parametrize("what", PRINTED)
def test_printed_as_it_must_be(what: str):
    term, in_text, in_rocq = PRINTED[what]
    whole = _with_i(term)
    equation = "" if term.sort.name == "Bool" else " = beta"
    left, right = ("(", ")") if term.head in (Operator("iff"), Operator("implies")) else ("", "")
    assert text(whole) == f"i < a ∧ {left}{in_text}{right}{equation}"
    assert rocq(whole) == f"i < a /\\ {left}{in_rocq}{right}{equation}"


@pytest.mark.parametrize(
    ("operator", "wrong", "what"),
    [
        ("subtract", (notation.SUM, notation.SUM, notation.SUM), "a difference of a difference"),
        ("divide", (notation.PRODUCT, notation.PRODUCT, notation.PRODUCT), "a quotient of a quotient"),
        ("iff", (notation.IFF, notation.IMPLIES, notation.IMPLIES), "an implication in an equivalence"),
    ],
)
def test_a_printer_with_too_few_parentheses_is_caught(operator, wrong, what, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(notation._LEVELS, operator, wrong)
    term = PRINTED[what][0]
    for printed, read, dots in ((text, read_text, "."), (rocq, read_rocq, "_")):
        try:
            again = names_in(HEADS, records=True, dots=dots).term(read(printed(term)), term.sort)
        except AssertionError:
            continue
        assert canonical(again) is not canonical(term)


# ---- calls of defined functions


def _real(name: str) -> Variable:
    return Variable(name, REAL)


PAIR = Symbol("pair", (_real("w"), _real("t.base"), _real("t.end")), make(_real("w")))
TWO_SIZES = Symbol("two", (n.head, k.head, a.term.head), a.term)
OF_MATRIX = Symbol("of", (_real("w"), Variable("B", array_of_rank(2))), make(_real("w")))
THREE = make(Number(Fraction(3), INDEX))
TURNED = make(Lambda(2), element(A.term, make(Bound(0)), make(Bound(1))))
CALLS = {
    "a record": (make(PAIR, a.term, *[make(_real(f"p.{f}")) for f in ("base", "end")]), "pair(a, p)"),
    "fields of two records": (
        make(PAIR, a.term, make(_real("p.base")), make(_real("q.end"))),
        "pair(a, base=p.base, end=q.end)",
    ),
    "a record beside what has its name": (
        make(PAIR, make(_real("p")), *[make(_real(f"p.{f}")) for f in ("base", "end")]),
        "pair(p, p)",
    ),
    "fields in the wrong order": (
        make(PAIR, a.term, make(_real("p.end")), make(_real("p.base"))),
        "pair(a, base=p.end, end=p.base)",
    ),
    "fields that are numbers": (make(PAIR, a.term, a.term, (a + 1).term), "pair(a, base=a, end=a + 1)"),
    "sizes of the definition": (make(TWO_SIZES, n, k, a.term), "two(a)"),
    "another first size": (make(TWO_SIZES, THREE, k, a.term), "two(n=3, a)"),
    "another second size": (make(TWO_SIZES, n, THREE, a.term), "two(k=3, a)"),
    "an array of two indices": (make(OF_MATRIX, a.term, TURNED), "of(a, (i, j) ↦ A[j, i])"),
}


@pytest.mark.parametrize("what", CALLS)
def test_calls_say_which_argument_is_which(what: str):
    term, printed = CALLS[what]
    assert text(term) == printed


def test_calls_in_latex_name_the_sizes_that_are_not_the_definitions():
    assert latex(CALLS["another first size"][0]) == r"\operatorname{two}(n=3, a)"
    assert latex(CALLS["another second size"][0]) == r"\operatorname{two}(k=3, a)"
    assert latex(CALLS["an array of two indices"][0]) == r"\operatorname{of}(a, (i, j) \mapsto A[j, i])"


def test_names_in_latex_are_read_back_as_they_are():
    for name in ("_", "x_1", "mu", "x_hat", "model.encoder", "R2"):
        term = make(_real(name))
        assert names_in([term.head]).term(read_latex(latex(term))) is term


def test_every_drawn_variable_is_told_from_the_others():
    heads = [head for group in VARIABLES.values() for head in group]
    for printed in (text, latex, rocq):
        assert len({printed(make(head)) for head in heads}) == len(heads)
