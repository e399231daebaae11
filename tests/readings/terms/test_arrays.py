"""Symbolic arrays do what numpy's do: each operation is evaluated and compared, with no tolerance."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.formula_values import array_value, fraction_of, value
from vaelid.readings.terms.arrays import Size, TermArray, array_of, map_variable, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, REAL, Term, Variable, array_of_rank

EXAMPLES = settings(max_examples=25)
LENGTHS = {size("m"): 2, size("n"): 3, size("k"): 4}
AXES: st.SearchStrategy[Size] = st.sampled_from([1, 2, 3, *LENGTHS])
EIGHTHS = st.integers(-24, 24).map(lambda number: number / 8)


def _number(length: Size) -> int:
    return LENGTHS[length] if isinstance(length, Term) else length


def _drawn(data: st.DataObject, name: str, shape: tuple[Size, ...]) -> tuple[TermArray, np.ndarray]:
    """A variable of this shape, and numbers for it that a float64 adds and multiplies exactly."""
    lengths = tuple(map(_number, shape))
    count = int(np.prod(lengths))
    return variable(name, *shape), np.reshape(data.draw(st.lists(EIGHTHS, min_size=count, max_size=count)), lengths)


def _assert_equal(got: TermArray, expected: Any, **inputs: np.ndarray) -> None:
    """The term array is what numpy makes of the inputs, exactly."""
    expected = np.asarray(expected, dtype=np.float64)
    given = {length.head: number for length, number in LENGTHS.items()}
    given |= {Variable(name, array_of_rank(array.ndim)): array_value(array) for name, array in inputs.items()}
    shape = tuple(value(length.term, given) if hasattr(length, "term") else length for length in got.shape)
    assert shape == expected.shape
    found = value(got.term, given)
    for at, number in np.ndenumerate(expected):
        assert fraction_of(found(*at) if at else found) == Fraction(float(number))


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "x + y": lambda x, y: x + y,
    "x - y": lambda x, y: x - y,
    "x * y": lambda x, y: x * y,
    "-x - (-y)": lambda x, y: -x - (-y),
    "+x": lambda x, y: +x + 0 * y,
    "x / 2": lambda x, y: x / 2 + y * 0,
    "3 - x": lambda x, y: 3 - x + 0 * y,
    "0.25 * x": lambda x, y: 0.25 * x - 0.5 + 0 * y,
    "x^2": lambda x, y: x**2 + y**0,
    "|x|": lambda x, y: abs(x) * y,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@given(data=st.data())
@settings(max_examples=8)
def test_arithmetic_broadcasts(operation: Callable[[Any, Any], Any], data: st.DataObject):
    shape = tuple(data.draw(st.lists(AXES, max_size=3)))
    shapes = [tuple(1 if data.draw(st.booleans()) else length for length in shape) for _ in range(2)]
    shapes = [s[data.draw(st.integers(0, len(s))) :] for s in shapes]
    (x, a), (y, b) = (_drawn(data, name, s) for name, s in zip("xy", shapes, strict=True))
    _assert_equal(operation(x, y), operation(a, b), x=a, y=b)


@given(data=st.data(), keepdims=st.booleans())
@EXAMPLES
def test_sum_and_mean_over_any_axes(data: st.DataObject, keepdims: bool):
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, size("m"), size("k")]), min_size=1, max_size=3)))
    x, a = _drawn(data, "x", shape)
    axes = data.draw(st.permutations(range(len(shape))))[: data.draw(st.integers(1, len(shape)))]
    axes = tuple(axis - len(shape) if data.draw(st.booleans()) else axis for axis in axes)
    for axis in (None, axes, axes[0]):
        options = {"axis": axis, "keepdims": keepdims}
        _assert_equal(xp.sum(x, **options), np.sum(a, **options), x=a)
        _assert_equal(xp.mean(x, **options), np.mean(a, **options), x=a)  # lengths are powers of two: exact


@given(data=st.data())
@EXAMPLES
def test_indexing(data: st.DataObject):
    shape = tuple(data.draw(st.lists(AXES, max_size=3)))
    x, a = _drawn(data, "x", shape)
    key: list[Any] = []
    for length in shape[: data.draw(st.integers(0, len(shape)))]:
        first = 0 if isinstance(length, Term) else -length
        key.append(data.draw(st.one_of(st.just(slice(None)), st.integers(first, _number(length) - 1))))
    key = [part for k in key for part in ((None, k) if data.draw(st.integers(0, 3)) == 0 else (k,))]
    if len(key) < x.ndim or data.draw(st.booleans()):
        key.append(...)
    assert len([k for k in key if k is not None and k is not ...]) <= x.ndim
    _assert_equal(x[tuple(key)], a[tuple(key)], x=a)


def test_an_ellipsis_stands_for_the_axes_that_are_not_named():
    x, a = variable("x", 2, 3, 2), np.arange(12.0).reshape(2, 3, 2)
    for key in ((..., 1), (..., None), (0, ..., 1), (None, ..., 0), (..., 1, slice(None)), (0, 1, 1, ...), (-1, -1)):
        _assert_equal(x[key], a[key], x=a)


@given(data=st.data())
@EXAMPLES
def test_matmul(data: st.DataObject):
    m, n, k = (data.draw(AXES) for _ in range(3))
    batch = tuple(data.draw(st.lists(st.sampled_from([1, 2, size("m")]), max_size=1)))
    left = data.draw(st.sampled_from([(n,), (m, n), (*batch, m, n)]))
    right = data.draw(st.sampled_from([(n,), (n, k), (*batch, n, k)]))
    (x, a), (y, b) = _drawn(data, "x", left), _drawn(data, "y", right)
    _assert_equal(xp.matmul(x, y), np.matmul(a, b), x=a, y=b)
    _assert_equal(x @ y, a @ b, x=a, y=b)


@given(data=st.data())
@EXAMPLES
def test_moving_and_adding_axes(data: st.DataObject):
    shape = tuple(data.draw(st.lists(AXES, min_size=2, max_size=4)))
    x, a = _drawn(data, "x", shape)
    axes = tuple(data.draw(st.permutations(range(len(shape)))))
    _assert_equal(xp.permute_dims(x, axes), np.transpose(a, axes), x=a)
    _assert_equal(xp.matrix_transpose(x), np.swapaxes(a, -1, -2), x=a)
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    _assert_equal(xp.expand_dims(x, axis=axis), np.expand_dims(a, axis), x=a)
    wider = (2, *shape)
    _assert_equal(xp.broadcast_to(x, wider), np.broadcast_to(a, tuple(map(_number, wider))), x=a)
    _assert_equal(xp.sum(xp.permute_dims(x, axes), axis=0), np.transpose(a, axes).sum(0), x=a)


def test_sums_within_sums_keep_their_indices_apart():
    n, k = size("n"), size("k")
    A, a = variable("A", n, k), np.arange(12.0).reshape(3, 4) / 2
    x, b = variable("x", k), np.array([1.0, -2.0, 0.5, 4.0])
    _assert_equal(
        xp.sum(A * xp.sum(A * x, axis=-1, keepdims=True), axis=0),
        (a * (a * b).sum(-1, keepdims=True)).sum(0),
        A=a,
        x=b,
    )
    centred = A - xp.mean(A, axis=-1, keepdims=True)
    _assert_equal(xp.sum(centred**2), ((a - a.mean(-1, keepdims=True)) ** 2).sum(), A=a)


def test_a_map_is_applied_to_a_vector_and_gives_one_of_its_length():
    n = size("n")
    f, x = map_variable("f", size("k")), variable("x", n)
    mapped = f(2 * x)
    assert [length.term for length in mapped.shape] == [size("k")]
    given = {f.term.head: lambda v: lambda i: v(0) * (i + 1), x.term.head: array_value(np.array([1.5, 7.0]))}
    assert fraction_of(value(mapped.term, given)(2)) == 9


def test_made_of_terms_and_of_sizes():
    n = size("n")
    assert real(n).term.arguments == (n,)
    assert real(3).term is xp.asarray(3).term or real(3).term.sort is REAL
    assert array_of(make(Variable("y", array_of_rank(1))), (n,)).term is variable("y", n).term
    assert variable("b").term.head == Variable("b", REAL)
    assert size("n").head == Variable("n", INDEX)


def test_constants_like_an_array():
    x, a = variable("x", size("m"), 3), np.arange(6.0).reshape(2, 3)
    _assert_equal(xp.zeros_like(x) + x, a, x=a)
    _assert_equal(xp.ones_like(x), np.ones_like(a), x=a)
    _assert_equal(xp.astype(x, x.dtype, copy=False), a, x=a)
    _assert_equal(xp.square(x) + xp.pow(x, 3), a**2 + a**3, x=a)


@pytest.mark.parametrize("number", [3, 0.5, -0.25, Fraction(2, 3), np.float64(1.5), 0.0, 1e22])
def test_exact_numbers_are_taken(number: Any):
    found = value((variable("a") + number).term, {Variable("a", REAL): array_value(0.0)})
    assert fraction_of(found) == Fraction(number)
