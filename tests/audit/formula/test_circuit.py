"""A loss written out as a circuit: its values against the kernel's evaluator and torch, before and after moves."""

import itertools
from fractions import Fraction

import flint
import numpy as np
import pytest
import torch
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import element_of, length_of, total
from vaelid.auditor.formula.circuit import Circuit, Fold
from vaelid.auditor.formula.circuit_values import CircuitValues
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.formula.number_types import BALLS, FLOATS, SLOPES
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.values import value_at
from vaelid.spec.arrays import lgamma

LENGTHS = {"N0": 3, "N1": 4, "i0": 3, "i1": 4}
X, Y = element_of("x", (0, 1)), element_of("y", (0,))
ROWS, COLUMNS = real(length_of(0)), real(length_of(1))
TERMS = {
    "squares": total(total((X - Y) ** 2, 1), 0) / (2 * ROWS),
    "softplus": total(total(xp.log(1 + xp.exp(X)) - X * Y, 1), 0) * COLUMNS,
    "log of a sum": total(xp.log(total(xp.exp(X), 1)), 0) - total(Y, 0),
    "tanh and quotients": total(total(xp.tanh(X) / (2 + Y**2), 1), 0),
    "absolute": total(abs(total(X, 1) - Y), 0) + xp.sqrt(total(Y**2, 0) + 1),
    "lgamma": total(total(lgamma(X**2 + 1), 1), 0),
    "product of sums": total(total(X, 1), 0) * total(Y, 0),
}
elements = st.integers(-64, 64).map(lambda k: Fraction(k, 16))


def arrays(seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {"x": generator.integers(-40, 40, (3, 4)) / 16, "y": generator.integers(-40, 40, 3) / 16}


def values(term: TermArray, arithmetic, base: dict[str, np.ndarray], folds=()) -> tuple[CircuitValues, int]:
    circuit = Circuit(LENGTHS, dict(folds), 10_000)
    root = circuit.node(term.term)
    return CircuitValues(circuit, arithmetic, lambda at: Fraction(float(base[at[0]][at[1]]))), root


def by_the_kernel(term: TermArray, base: dict[str, np.ndarray]) -> arb:
    lengths = {length_of(a).head: LENGTHS[f"N{a}"] for a in (0, 1)}
    given_ = {v: [list(map(Fraction, row)) for row in base["x"]] for v in [X.term.arguments[0].head]}
    given_[Y.term.arguments[0].head] = list(map(Fraction, base["y"]))
    return arb(value_at(term.term, {**lengths, **given_}))


@pytest.mark.parametrize("name", TERMS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_values_are_the_kernels_and_torchs(name, seed):
    base = arrays(seed)
    with flint.ctx.workprec(128):
        of_balls, root = values(TERMS[name], BALLS, base)
        assert of_balls.at(root).overlaps(by_the_kernel(TERMS[name], base))
        assert of_balls.at(root).rad() < 1e-30
    of_floats, root = values(TERMS[name], FLOATS, base)
    tensors = {n: torch.tensor(v, dtype=torch.float64) for n, v in base.items()}
    assert of_floats.at(root) == pytest.approx(float(values_of(TERMS[name].term, tensors, LENGTHS)), rel=1e-12)


@pytest.mark.parametrize("name", TERMS)
@given(
    seed=st.integers(0, 10**6),
    moves=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), elements), max_size=3),
    last=elements,
)
@settings(max_examples=10, deadline=None)
def test_a_move_is_the_value_there(name, seed, moves, last):
    base = arrays(seed)
    first = {("x", (i, j)): value for i, j, value in moves}
    second = {("y", (1,)): last}
    there = {n: v.copy() for n, v in base.items()}
    for (array, place), value in {**first, **second}.items():
        there[array][place] = float(value)
    with flint.ctx.workprec(128):
        moved, root = values(TERMS[name], BALLS, base)
        anew, other = values(TERMS[name], BALLS, there)
        for found in (moved.at(root, first, second), moved.after(root, first, [second])[1]):
            assert found.overlaps(anew.at(other))
            assert found.rad() < 1e-30


@pytest.mark.parametrize("name", ["squares", "softplus", "log of a sum", "tanh and quotients", "product of sums"])
def test_slopes_are_autograds(name):
    base = arrays(3)
    tensors = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in base.items()}
    values_of(TERMS[name].term, tensors, LENGTHS).backward()
    with flint.ctx.workprec(128):
        found, root = values(TERMS[name], SLOPES, base)
        for at in list(found.circuit.elements):
            moving = {at: SLOPES.moving(found.base(at))}
            assert float(found.at(root, moving)[1]) == pytest.approx(float(tensors[at[0]].grad[at[1]]), abs=1e-12)


@pytest.mark.parametrize("name", TERMS)
def test_what_stands_in_no_common_term_adds_up(name):
    base = arrays(5)
    with flint.ctx.workprec(128):
        found, root = values(TERMS[name], BALLS, base)
        terms = [elements for _, elements in found.circuit.terms_of(root)]
        assert frozenset().union(*terms) == set(found.circuit.elements)
        for one, other in itertools.combinations(found.circuit.elements, 2):
            if any({one, other} <= elements for elements in terms):
                continue
            a, b = {one: Fraction(3)}, {other: Fraction(-2)}
            both = found.at(root, a, b) + found.at(root)
            assert both.overlaps(found.at(root, a) + found.at(root, b))


def test_terms_of_a_sum_and_of_a_product():
    found, root = values(TERMS["squares"], FLOATS, arrays(0))
    assert len(found.circuit.terms_of(root)) == 12
    found, root = values(TERMS["product of sums"], FLOATS, arrays(0))
    ((_, elements),) = found.circuit.terms_of(root)
    assert len(elements) == 15
    assert len(found.circuit.terms_of(root, {"y"})) == 12


@pytest.mark.parametrize(
    ("operation", "of_numpy"),
    [("largest", np.max), ("smallest", np.min), ("multiply", np.prod)],
    ids=["largest", "smallest", "multiply"],
)
def test_folds(operation, of_numpy):
    base = arrays(7)
    h = element_of("h", (0,))
    fold = Fold(operation, (X * 2).term, ("i0",), ("i1",))
    found, root = values(total(h, 0), FLOATS, base, {"h": fold})
    assert found.at(root) == pytest.approx(of_numpy(2 * base["x"], axis=1).sum())
    base["x"][1, 2] = 9
    assert found.at(root, {("x", (1, 2)): Fraction(9)}) == pytest.approx(of_numpy(2 * base["x"], axis=1).sum())


def test_where_there_is_no_value():
    term = total(total(xp.log(X), 1), 0) + total(1 / Y, 0)
    positive = {"x": np.full((3, 4), 0.5), "y": np.full(3, 2.0)}
    for arithmetic in (BALLS, FLOATS):
        found, root = values(term, arithmetic, positive)
        assert found.at(root) is not None
        assert found.at(root, {("x", (0, 0)): Fraction(-1)}) is None
        assert found.at(root, {("y", (0,)): Fraction(0)}) is None
        nowhere, other = values(term, arithmetic, {**positive, "y": np.zeros(3)})
        assert nowhere.at(other) is None
        assert nowhere.at(other, {("y", (k,)): Fraction(2) for k in range(3)}) is not None


def test_what_is_too_large_is_not_written_out():
    with pytest.raises(ReadingError, match="too large"):
        Circuit(LENGTHS, {}, 20).node(TERMS["squares"].term)


def test_equal_parts_are_one_node():
    circuit = Circuit(LENGTHS, {}, 1000)
    twice = TERMS["squares"] + TermArray((), replaced(TERMS["squares"].term, {}))
    circuit.node(TERMS["squares"].term)
    before = len(circuit.nodes)
    circuit.node(twice.term)
    assert len(circuit.nodes) == before + 1
