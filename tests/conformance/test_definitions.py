"""The definitions that theorems speak of, of symbolic sizes: their terms are near what the functions compute."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Operator
from vaelid.readings.terms.trace import Definition
from vaelid.theory.library.definitions import DEFINITIONS, coordinate_kl, kl_mean

from .definition_values import SYMBOLS, not_near, point
from .formula_values import precise, value


@pytest.mark.parametrize(("definition", "number"), SYMBOLS, ids=lambda part: getattr(part, "name", str(part)))
@given(data=st.data())
@settings(max_examples=8)
def test_float64_result_is_near_the_value_of_the_term(definition: Definition, number: int, data: st.DataObject):
    at = data.draw(point(definition))
    results = at.results
    assert len(results) == len(definition.symbols)
    complaint = not_near(definition.symbols[number].body, at.given, results[number])
    assert complaint is None, complaint


@given(data=st.data())
@settings(max_examples=5)
def test_a_symbol_stands_for_its_body(data: st.DataObject):
    """Applied to its own parameters it has the value of the body; to others, that of the body at them."""
    at = data.draw(point(kl_mean))
    symbol = kl_mean.symbols[0]
    applied = make(symbol, *map(make, symbol.parameters))
    with precise():
        assert value(applied, at.given).overlaps(value(symbol.body, at.given))


@given(data=st.data())
@settings(max_examples=5)
def test_another_formula_is_not_near(data: st.DataObject):
    at = data.draw(point(coordinate_kl))
    body = coordinate_kl.symbols[0].body
    off = make(Operator("add"), body, make(Operator("exp"), make(Operator("negative"), body)))
    results = at.results
    assert not_near(off, at.given, results[0]) is not None or results[0] > 30


def test_definitions_have_one_symbol_for_each_array_and_names_of_their_own():
    names = [symbol.name for definition in DEFINITIONS for symbol in definition.symbols]
    assert len(set(names)) == len(names)
