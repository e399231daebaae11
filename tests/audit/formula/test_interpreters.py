"""One term in every kind of numbers: any term that hypothesis draws has one value, by Python, torch, floats and balls.

Each interpreter has code of its own. Plain Python (`numbers_of_terms`) shares none with them, and is the oracle.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula.axes_of_terms import element_of, length_of, sizes_of, total
from vaelid.auditor.formula.circuit import Circuit
from vaelid.auditor.formula.circuit_values import CircuitValues
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.formula.number_types import BALLS, FLOATS, SLOPES
from vaelid.readings.terms.arrays import as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..numbers_of_terms import value

LENGTHS = (3, 2)
X, Y = element_of("x", (0, 1)), element_of("y", (0,))
ATOMS = {"x": X, "y": Y, "rows": real(length_of(0)), "columns": real(length_of(1))}
OF_ONE = {
    "minus": lambda term: -term,
    "square": lambda term: term**2,
    "tanh": xp.tanh,
    "exp": lambda term: xp.exp(xp.tanh(term)),
    "log": lambda term: xp.log(2 + term**2),
    "share": lambda term: 1 / (1 + term**2),
    "sum": lambda term: total(term, 1),
}
OF_TWO = {"add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b}
trees = st.recursive(
    st.one_of(st.sampled_from(list(ATOMS)), st.fractions(-3, 3, max_denominator=8)),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(list(OF_ONE)), inner), st.tuples(st.sampled_from(list(OF_TWO)), inner, inner)
    ),
    max_leaves=8,
)


def made(tree):
    """The term of a tree: a name, a number, or an operation with its trees."""
    match tree:
        case str():
            return ATOMS[tree]
        case (name, one):
            return OF_ONE[name](made(one))
        case (name, one, other):
            return OF_TWO[name](made(one), made(other))
    return as_term(tree)


seeds = st.integers(0, 10**6)


def arrays(seed):
    """Numbers with few binary digits, so that each interpreter is given the same ones."""
    generator = np.random.default_rng(seed)
    return {"x": generator.integers(-32, 32, LENGTHS) / 16, "y": generator.integers(-32, 32, LENGTHS[:1]) / 16}


def whole(tree):
    """The sum over both axes of what a tree says."""
    return total(total(made(tree), 1), 0)


@settings(max_examples=60)
@given(trees, seeds)
def test_every_interpreter_has_the_value_that_python_has(tree, seed):
    term, numbers = whole(tree), arrays(seed)
    sizes = sizes_of(LENGTHS)
    expected = value(term, {**sizes, **numbers})
    assume(math.isfinite(expected) and abs(expected) < 1e9)
    in_torch = values_of(term.term, {n: torch.tensor(a) for n, a in numbers.items()}, sizes)
    assert float(in_torch) == pytest.approx(expected, rel=1e-10, abs=1e-10)
    circuit = Circuit(sizes, {}, 20_000)
    root = circuit.node(term.term)
    for arithmetic in (FLOATS, BALLS, SLOPES):
        found = CircuitValues(circuit, arithmetic, lambda at: Fraction(float(numbers[at[0]][at[1]]))).at(root)
        found = found[0] if arithmetic is SLOPES else found
        assert float(found) == pytest.approx(expected, rel=1e-10, abs=1e-10)


@settings(max_examples=40)
@given(trees, seeds)
def test_the_slopes_are_torchs(tree, seed):
    term, numbers = whole(tree), arrays(seed)
    tensors = {n: torch.tensor(a).requires_grad_() for n, a in numbers.items()}
    result = values_of(term.term, tensors, sizes_of(LENGTHS))
    assume(result.requires_grad and bool(torch.isfinite(result)) and float(result.detach().abs()) < 1e9)
    slopes = torch.autograd.grad(result, list(tensors.values()), allow_unused=True)
    circuit = Circuit(sizes_of(LENGTHS), {}, 20_000)
    root = circuit.node(term.term)
    values = CircuitValues(circuit, SLOPES, lambda at: Fraction(float(numbers[at[0]][at[1]])))
    for (name, slope), place in zip(zip(tensors, slopes, strict=True), ((1, 0), (2,)), strict=True):
        if (name, place) not in circuit.elements:
            assert slope is None or float(slope[place]) == 0
            continue
        found = values.at(root, {(name, place): SLOPES.moving(values.base((name, place)))})
        wanted = 0.0 if slope is None else float(slope[place])
        assert float(found[1]) == pytest.approx(wanted, rel=1e-9, abs=1e-9)
