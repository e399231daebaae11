"""What is printed is read back: by a reader of its own for each notation, and means the same term."""

from typing import Any

import pytest
from drawn_formulas import HEADS, any_term
from elaboration import Names, canonical, names_in
from formula_syntax import Node, read_latex, read_text
from hypothesis import given, settings
from hypothesis import strategies as st
from rocq_syntax import read_rocq

from conformance.definition_values import SYMBOLS, not_near, point
from vaelid.readings.terms.latex import latex
from vaelid.readings.terms.rocq import rocq
from vaelid.readings.terms.syntax import Symbol, Term, Variable, subterms
from vaelid.readings.terms.text import text
from vaelid.theory.library import LIBRARY

STATEMENTS = {name: result.statement for name, result in LIBRARY.items() if result.statement is not None}
NOTATIONS = pytest.mark.parametrize(
    ("printed", "read", "records", "dots"),
    [(text, read_text, True, "."), (latex, read_latex, False, "."), (rocq, read_rocq, False, "_")],
    ids=["text", "latex", "rocq"],
)


def _names(term: Term, *, records: bool, dots: str) -> Names:
    """What the names in a term stand for; of a definition's parameters too, which calls leave out where they agree."""
    heads = {part.head for part in subterms(term) if isinstance(part.head, Variable | Symbol)}
    return names_in(heads, records=records, dots=dots)


@NOTATIONS
@pytest.mark.parametrize("name", STATEMENTS)
def test_statements_of_the_library_are_read_back(name: str, printed, read, records, dots):
    statement = STATEMENTS[name]
    again = _names(statement, records=records, dots=dots).term(read(printed(statement)), statement.sort)
    assert canonical(again) is canonical(statement)


@NOTATIONS
@given(data=st.data())
@settings(max_examples=1)
def test_definitions_that_are_read_back_are_near_the_torch_reading(printed, read, records, dots, data: st.DataObject):
    for definition, number in SYMBOLS:
        body = definition.symbols[number].body
        again = _names(body, records=records, dots=dots).term(read(printed(body)), body.sort)
        assert canonical(again) is canonical(body)
        at = data.draw(point(definition))
        complaint = not_near(again, at.given, at.results[number])
        assert complaint is None, complaint


@NOTATIONS
@given(data=st.data())
@settings(max_examples=120)
def test_any_term_is_read_back(printed, read, records, dots, data: st.DataObject):
    term = any_term(data.draw)
    names = names_in(HEADS, records=records, dots=dots)
    written = printed(term)
    assert canonical(names.term(read(written), term.sort)) is canonical(term), written


@NOTATIONS
def test_a_reader_tells_formulas_apart(printed, read, records, dots):
    """The readers can fail: each minus, product and power below has its own tree."""
    trees: list[Node] = [read(written) for written in _VARIANTS[printed]]
    assert len(set(trees)) == len(trees)


_VARIANTS: dict[Any, tuple[str, ...]] = {
    text: ("−a²", "(−a)²", "a − b − c", "a − (b − c)", "a / b / c", "a / (b / c)", "Σ_{i<n} a · b", "Σ_{i<n} (a · b)"),
    latex: (r"-{a}^{2}", r"{(-a)}^{2}", r"\frac{a}{\frac{b}{c}}", r"\frac{\frac{a}{b}}{c}", "a - b - c", "a - (b - c)"),
    rocq: ("- a ^ 2", "(- a) ^ 2", "a - (b - c)", "p -> q -> r", "(p -> q) -> r", "p -> q <-> r", "(p -> q) <-> r"),
}
