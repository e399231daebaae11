"""Terms and formulas drawn at random over a few names, some of them those that printers like for bound indices.

They are built by `data.draw` in a test, not in a strategy: run-time type checks look at random members of lists, and a
strategy must not touch Python's random numbers.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.formula_values import array_value, rational
from vaelid.readings.terms.arrays import size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import (
    INDEX,
    MAP,
    REAL,
    VECTOR,
    Binder,
    Bound,
    Lambda,
    Number,
    Operator,
    Power,
    Sort,
    Symbol,
    Term,
    Variable,
    array_of_rank,
)

__all__ = ["HEADS", "SYMBOLS", "VARIABLES", "any_term", "formula", "point", "real_term"]

MATRIX = array_of_rank(2)
VARIABLES = {
    REAL: tuple(
        Variable(name, REAL) for name in ("a", "i", "beta", "p.base", "p.regularizer", "q.base", "q.regularizer")
    ),
    VECTOR: tuple(Variable(name, VECTOR) for name in ("x", "j", "mu")),
    MATRIX: (Variable("A", MATRIX),),
    MAP: tuple(Variable(name, MAP) for name in ("f", "model.decoder")),
    INDEX: tuple(Variable(name, INDEX) for name in ("n", "k")),
}
_weight, _base, _regularizer = variable("weight"), variable("terms.base"), variable("terms.regularizer")
_n = size("n")
_v, _B = variable("v", _n), variable("B", _n, _n)
_parameter = [array.term.head for array in (_weight, _base, _regularizer, _v)]
SYMBOLS = (
    Symbol("weighted", tuple(_parameter[:3]), (_base + _weight * _regularizer).term),
    Symbol("spread", (_n.head, *_parameter[3:]), xp.sum(_v**2, axis=-1).term),
    Symbol("scaled.by", (_parameter[0], _parameter[3]), (_weight * _v - 1).term),
    Symbol("trace", (_n.head, _B.term.head), xp.sum(_B[0] - _B[1], axis=-1).term),
)
HEADS = [head for group in VARIABLES.values() for head in group] + list(SYMBOLS)
NUMBERS = st.sampled_from([Fraction(value) for value in ("0", "1", "2", "-1", "-3", "1/2", "-1/2", "-7/3", "5")])
ELEMENTARY = ("exp", "log", "sqrt", "abs", "tanh")

Draw = Callable[[st.SearchStrategy], Any]


def _leaf(draw: Draw, sort: Sort, scope: int) -> Term:
    if sort is INDEX and scope and draw(st.booleans()):
        return make(Bound(draw(st.integers(0, scope - 1))))
    if sort in (INDEX, REAL) and draw(st.integers(0, 2)) == 0:
        return make(Number(draw(NUMBERS))) if sort is REAL else make(Number(Fraction(draw(st.integers(0, 2))), INDEX))
    return make(draw(st.sampled_from(VARIABLES[sort])))


def _index(draw: Draw, depth: int, scope: int) -> Term:
    if depth <= 0 or draw(st.integers(0, 3)):
        return _leaf(draw, INDEX, scope)
    return make(Operator("index_add"), _index(draw, depth - 1, scope), _index(draw, depth - 1, scope))


def _array(draw: Draw, sort: Sort, depth: int, scope: int) -> Term:
    kind = draw(st.sampled_from(["variable", "lambda", "apply", "symbol"])) if depth > 0 else "variable"
    if kind == "lambda":
        return make(Lambda(sort.rank), _real(draw, depth - 1, scope + sort.rank))
    if kind == "variable" or sort.rank != 1:
        return _leaf(draw, sort, scope)
    if kind == "apply":
        return make(Operator("apply"), _leaf(draw, MAP, scope), _array(draw, VECTOR, depth - 1, scope))
    return make(SYMBOLS[2], _real(draw, depth - 1, scope), _array(draw, VECTOR, depth - 1, scope))


def _symbol(draw: Draw, depth: int, scope: int) -> Term:
    symbol = draw(st.sampled_from([SYMBOLS[0], SYMBOLS[1], SYMBOLS[3]]))
    if symbol is SYMBOLS[0] and draw(st.booleans()):  # a record passed whole, or fields of two
        fields = [draw(st.sampled_from("pq")) for _ in range(2)]
        names = [f"{record}.{field}" for record, field in zip(fields, ("base", "regularizer"), strict=True)]
        return make(symbol, _real(draw, depth - 1, scope), *[make(Variable(name, REAL)) for name in names])
    given = {REAL: _real, INDEX: _index}
    return make(
        symbol,
        *[
            given[p.sort](draw, depth - 1, scope) if p.sort in given else _array(draw, p.sort, depth - 1, scope)
            for p in symbol.parameters
        ],
    )


def _real(draw: Draw, depth: int, scope: int) -> Term:
    if depth <= 0:
        return _leaf(draw, REAL, scope)

    def inner() -> Term:
        return _real(draw, depth - 1, scope)

    kind = draw(st.integers(0, 11))
    if kind <= 4:
        return make(Operator(("add", "subtract", "multiply", "divide", "divide")[kind]), inner(), inner())
    if kind == 5:
        return make(Operator("negative"), inner())
    if kind == 6:
        return make(Power(draw(st.integers(0, 3))), inner())
    if kind == 7:
        return make(Operator(draw(st.sampled_from(ELEMENTARY))), inner())
    if kind <= 9:
        return make(Binder("sum"), _index(draw, 1, scope), _real(draw, depth - 1, scope + 1))
    if kind == 10:
        sort = draw(st.sampled_from([VECTOR, MATRIX]))
        array = _array(draw, sort, depth - 1, scope)
        return element(array, *[_index(draw, 1, scope) for _ in range(sort.rank)])
    return draw(st.sampled_from([_symbol, lambda *_: make(Operator("real"), _index(draw, 1, scope))]))(
        draw, depth, scope
    )


def _formula(draw: Draw, depth: int, scope: int) -> Term:
    if depth <= 0:
        kind = draw(st.integers(0, 2))
        operator = Operator(("equal", "less", "less_equal")[kind])
        side = draw(st.sampled_from([_real, _real, _index]))
        return make(operator, side(draw, 2, scope), side(draw, 2, scope))
    kind = draw(st.integers(0, 7))
    if kind == 0:
        return make(Operator("not"), _formula(draw, depth - 1, scope))
    if kind <= 2:
        count = draw(st.integers(0, 3))
        return make(Operator(("and", "or")[kind - 1]), *[_formula(draw, depth - 1, scope) for _ in range(count)])
    if kind <= 4:
        return make(
            Operator(("implies", "iff")[kind - 3]), _formula(draw, depth - 1, scope), _formula(draw, depth - 1, scope)
        )
    if kind == 5:
        return make(Binder("forall"), _formula(draw, depth - 1, scope + 1))
    if kind == 6:
        return make(Operator("equal"), _array(draw, VECTOR, 2, scope), _array(draw, VECTOR, 2, scope))
    return _formula(draw, 0, scope)


def real_term(draw: Draw, depth: int = 4) -> Term:
    return _real(draw, draw(st.integers(1, depth)), 0)


def formula(draw: Draw, depth: int = 3) -> Term:
    return _formula(draw, draw(st.integers(0, depth)), 0)


def any_term(draw: Draw) -> Term:
    """A real, a formula or an array."""
    kind = draw(st.integers(0, 4))
    if kind == 4:
        return _array(draw, draw(st.sampled_from([VECTOR, MATRIX])), 3, 0)
    return formula(draw) if kind % 2 else real_term(draw)


def _a_map(weights: np.ndarray) -> Callable[[Any], Any]:
    """out[k] = w[k] x[k mod 3]^2 - x[0], for the values of a vector's elements."""
    return lambda x: lambda k: rational(float(weights[k % 4])) * x(k % 3) * x(k % 3) - x(0)


def _endless(numbers: np.ndarray) -> Callable[..., Any]:
    """An array's values at any indices: the numbers, again and again."""
    array = array_value(numbers)
    return lambda *at: array(*(i % length for i, length in zip(at, numbers.shape, strict=True)))


def point(seed: int) -> dict[Variable, Any]:
    """Values of all variables, every number a small multiple of 1/8."""
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> np.ndarray:
        return rng.integers(-16, 17, shape) / 8

    values: dict[Sort, Callable[[], Any]] = {
        REAL: lambda: array_value(drawn()),
        INDEX: lambda: int(rng.integers(0, 4)),
        VECTOR: lambda: _endless(drawn(5)),
        MATRIX: lambda: _endless(drawn(5, 3)),
        MAP: lambda: _a_map(drawn(4)),
    }
    return {variable: values[sort]() for sort, group in VARIABLES.items() for variable in group}
