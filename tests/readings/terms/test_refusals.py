"""What is not a formula is refused: the message names the operation, the function, its file and its line."""

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vaelid.readings.errors import ReadingError, UnknownOperation
from vaelid.readings.terms.arrays import map_variable, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.trace import define, trace

n, m = size("n"), size("m")
a, x, A = variable("a"), variable("x", n), variable("A", m, n)
_NO_VALUE = "a term has no value to decide by, and a formula does not branch."
_NO_RULE = "the term reading has no rule for it."
_INEXACT = "as a float it is not exactly what it says; give an int or a Fraction."
_NAMESPACE = "call the function of the array's own namespace, array_namespace(x)."
_POWERS = "the term reading has whole powers only, at least 0."
_LENGTH = "the number of elements of an axis is not known."

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    # decisions
    "==": (lambda: a == 1, f"the comparison ==: {_NO_VALUE}"),
    "!=": (lambda: a != 1, f"the comparison ==: {_NO_VALUE}"),
    "<": (lambda: a > 1, f"the comparison <: {_NO_VALUE}"),
    ">=": (lambda: a >= 1, f"the comparison <=: {_NO_VALUE}"),
    "max": (lambda: max(a, 0), f"the comparison <: {_NO_VALUE}"),
    "if": (lambda: 1 if a else 0, f"a branch on an array: {_NO_VALUE}"),
    "and": (lambda: a and 1, f"a branch on an array: {_NO_VALUE}"),
    "float": (lambda: float(a), f"a conversion to a number: {_NO_VALUE}"),
    "int": (lambda: int(a), f"a conversion to a number: {_NO_VALUE}"),
    "range": (lambda: range(a), f"a conversion to a number: {_NO_VALUE}"),
    "math": (lambda: math.exp(a), f"a conversion to a number: {_NO_VALUE}"),
    # loops
    "iteration": (lambda: [row for row in x], "a loop over an array: its length may be symbolic."),  # noqa: C416
    "len": (lambda: len(x), "a loop over an array: its length may be symbolic."),
    "in": (lambda: 1 in x, "a loop over an array: its length may be symbolic."),
    "sum": (lambda: sum(x), "a loop over an array: its length may be symbolic."),
    # other libraries
    "numpy": (lambda: np.exp(x), f"numpy's exp: {_NAMESPACE}exp."),
    "numpy sum": (lambda: np.sum(x), f"numpy's sum: {_NAMESPACE}sum."),
    "numpy where": (lambda: np.where(x, x, x), f"numpy's where: {_NAMESPACE}where."),
    "numpy array": (lambda: np.asarray(x), "a conversion to numpy: use the array's own namespace."),
    "numpy first": (lambda: np.float64(0.5) * x, f"numpy's multiply: {_NAMESPACE}multiply."),
    "beside numpy": (lambda: x + np.ones(2), "a numpy.ndarray beside a term: give an int, a Fraction or a term."),
    "torch": (lambda: torch.exp(x), f"torch's exp: {_NAMESPACE}exp."),
    "torch first": (lambda: torch.ones(2) + x, f"torch's add: {_NAMESPACE}add."),
    "beside torch": (lambda: x + torch.ones(2), "a torch.Tensor beside a term: give an int, a Fraction or a term."),
    # numbers
    "0.1": (lambda: 0.1 * a, f"the number 0.1: {_INEXACT}"),
    "nan": (lambda: a + math.nan, f"the number nan: {_INEXACT}"),
    "inf": (lambda: a - math.inf, f"the number inf: {_INEXACT}"),
    "1e-3": (lambda: xp.asarray(1e-3), f"the number 0.001: {_INEXACT}"),
    "a third": (lambda: a * (1 / 3), f"the number 0.3333333333333333: {_INEXACT}"),
    "log of 0.1": (lambda: xp.log_of_number(0.1, a), f"the number 0.1: {_INEXACT}"),
    "complex": (lambda: a + 1j, "a builtins.complex beside a term: give an int, a Fraction or a term."),
    "true": (lambda: a * True, "a builtins.bool beside a term: give an int, a Fraction or a term."),
    "a list": (lambda: xp.asarray([1, 2]), "a builtins.list beside a term: give an int, a Fraction or a term."),
    # powers
    "a root": (lambda: a**0.5, f"the power 0.5: {_POWERS}"),
    "2.0": (lambda: a**2.0, f"the power 2.0: {_POWERS}"),
    "-1": (lambda: a**-1, f"the power -1: {_POWERS}"),
    "a Fraction": (lambda: a ** Fraction(1, 2), f"the power Fraction(1, 2): {_POWERS}"),
    "a term above": (lambda: a**a, f"the power TermArray((), a): {_POWERS}"),
    "2**": (lambda: 2**a, "a power with a term in the exponent: write it with exp and log."),
    # operations without a rule
    "where": (lambda: xp.where(a, a, a), f"the operation where: {_NO_RULE}"),
    "maximum": (lambda: xp.maximum(a, a), f"the operation maximum: {_NO_RULE}"),
    "eye": (lambda: xp.eye(3), f"the operation eye: {_NO_RULE}"),
    "linalg": (lambda: xp.linalg.inv(A), f"the operation linalg: {_NO_RULE}"),
    "info": (lambda: xp.__array_namespace_info__(), f"the operation __array_namespace_info__: {_NO_RULE}"),
    "%": (lambda: a % 2, f"the operation % or //: {_NO_RULE}"),
    "2 %": (lambda: 2 % a, f"the operation % or //: {_NO_RULE}"),
    "divmod": (lambda: divmod(a, 2), f"the operation divmod or round: {_NO_RULE}"),
    "round": (lambda: round(a), f"the operation divmod or round: {_NO_RULE}"),
    "&": (lambda: a & a, f"the operation & | ^ or ~: {_NO_RULE}"),
    "~": (lambda: ~a, f"the operation & | ^ or ~: {_NO_RULE}"),
    "a method": (lambda: x.sum(), "the attribute sum: call the functions of the array's own namespace."),
    "T": (lambda: A.T, "the attribute T: call the functions of the array's own namespace."),
    "a dtype": (lambda: xp.astype(x, "int64"), "a conversion to int64: a term is a real number."),
    # indices and axes
    "a slice": (lambda: x[1:], "a slice: the term reading takes whole axes only."),
    "a step": (lambda: x[::2], "a slice: the term reading takes whole axes only."),
    "a mask": (lambda: x[x], "the index (TermArray((n), x),): the term reading takes whole numbers, full slices, "),
    "a list of places": (lambda: x[[0, 1]], "the index ([0, 1],): the term reading takes whole numbers, full slices, "),
    "two ellipses": (lambda: A[..., ...], "the index (Ellipsis, Ellipsis): the term reading takes whole numbers, "),
    "too many places": (lambda: x[0, 0], "the index (0, 0): the array has 1 axes."),
    "from the end": (lambda: x[-1], "the index -1: the axis has a symbolic length; count from its start."),
    "beyond the end": (lambda: variable("y", 3)[3], "the index 3: the axis has length 3."),
    "assignment": (lambda: x.__setitem__(0, 1), "an assignment into an array: a term cannot be changed."),
    "an axis": (lambda: xp.sum(x, axis=1), "axis 1 of an array with 1 axes."),
    "an axis twice": (lambda: xp.mean(A, axis=(0, -2)), "the axes (0, -2): one of them is named twice."),
    "axes": (
        lambda: xp.permute_dims(A, (0, 0)),
        "the axes (0, 0): an array of 2 axes is permuted by each ",
    ),
    # lengths
    "lengths": (lambda: x + variable("y", m), "arrays of different lengths together: m and n along axis -1."),
    "a number and a size": (
        lambda: x + variable("y", 3),
        "arrays of different lengths together: 3 and n along ",
    ),
    "a product": (lambda: A @ variable("y", m), "a matrix product: the last axis of one factor is not as long as "),
    "a product of 1": (lambda: variable("y", 2, 1) @ variable("z", 3, 2), "a matrix product: the last axis of one "),
    "a product of a number": (lambda: a @ x, "a matrix product: the last axis of one factor is not as long as "),
    "to a shape": (lambda: xp.broadcast_to(x, (m, 1)), "an array of 1 axes does not broadcast to that shape."),
    "several rows": (
        lambda: map_variable("f", n)(A),
        "a map of vectors, applied to several rows: the term reading has it for one observation.",
    ),
    "length arithmetic": (lambda: x.shape[0] - 1, f"arithmetic with a symbolic length: {_LENGTH}"),
    "1 / length": (lambda: 1 / x.shape[0], f"arithmetic with a symbolic length: {_LENGTH}"),
    "a float times a length": (lambda: 0.5 * x.shape[0], f"arithmetic with a symbolic length: {_LENGTH}"),
    "a complex number times a length": (lambda: 1j * x.shape[0], f"arithmetic with a symbolic length: {_LENGTH}"),
    "numpy's number times a length": (
        lambda: np.float64(2) * x.shape[0],
        f"arithmetic with a symbolic length: {_LENGTH}",
    ),
    "log of a length": (lambda: math.log(x.shape[0]), f"a symbolic length as a number: {_LENGTH}"),
    "minus a length": (lambda: -x.shape[0], f"arithmetic with a symbolic length: {_LENGTH}"),
    "sum of lengths": (lambda: sum(A.shape), f"arithmetic with a symbolic length: {_LENGTH}"),
    "product of lengths": (lambda: math.prod(A.shape), f"arithmetic with a symbolic length: {_LENGTH}"),
    "float of a length": (lambda: float(x.shape[0]), f"a symbolic length as a number: {_LENGTH}"),
    "int of a length": (lambda: int(x.shape[0]), f"a symbolic length as a number: {_LENGTH}"),
    "root of a length": (lambda: math.sqrt(x.shape[0]), f"a symbolic length as a number: {_LENGTH}"),
    "a length compared": (lambda: x.shape[0] > 1, f"a decision by a symbolic length: {_LENGTH}"),
    "a length as truth": (lambda: 1 if x.shape[0] else 0, f"a decision by a symbolic length: {_LENGTH}"),
    "a length beside a term": (lambda: x / x.shape[0], "a vaelid.readings.terms.arrays.SymbolicLength beside a term: "),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_operation_the_function_and_the_place_are_named(what: str):
    refused, message = REFUSED[what]
    with pytest.raises(ReadingError) as caught:
        trace(refused)
    line = refused.__code__.co_firstlineno
    said = str(caught.value)
    assert said.startswith(f"<lambda> cannot be read as a formula: {message}"), said
    assert said.endswith(f" (in <lambda>, {Path(__file__).name}:{line})")


def _outer(y: Any) -> Any:
    return 2 * _inner(y)


def _inner(y: Any) -> Any:
    return xp.sum(xp.where(y, y, y), axis=-1)


def test_the_function_that_used_the_operation_is_named_and_the_one_that_was_read():
    line = _inner.__code__.co_firstlineno + 1
    with pytest.raises(UnknownOperation) as caught:
        trace(_outer, x)
    assert str(caught.value) == (
        f"_outer cannot be read as a formula: the operation where: {_NO_RULE} (in _inner, test_refusals.py:{line})"
    )
    with pytest.raises(ReadingError, match=r"^_outer cannot be read as a formula: the operation where: "):
        define(_outer, y=x)


def test_numpy_does_not_multiply_lengths():
    with pytest.raises(ReadingError, match=f"^arithmetic with a symbolic length: {_LENGTH}$"):
        np.prod(A.shape)


def test_no_rational_number_is_made_of_a_length():
    for arguments in ((1, x.shape[0]), (x.shape[0], 2), (x.shape[0],)):
        with pytest.raises(TypeError, match="Rational"):
            Fraction(*arguments)


def test_what_has_no_rule_is_not_there():
    assert not hasattr(xp, "where")
    assert not hasattr(x, "T")
    assert hasattr(xp, "lgamma")
    assert set(dir(xp)) >= {"exp", "sum", "matmul"}


def test_other_errors_pass_through():
    with pytest.raises(ZeroDivisionError):
        trace(lambda: 1 // 0)
    with pytest.raises(TypeError, match="not made of symbolic arrays"):
        define(lambda y: [y], y=x)


# ---- definitions


def test_a_definition_is_called_with_sizes_of_its_own():
    squares = define(lambda v: xp.mean(v**2, axis=-1), name="squares", sizes=("n",), v=variable("v", n))
    (symbol,) = squares.symbols
    assert [parameter.name for parameter in symbol.parameters] == ["n", "v"]
    applied = squares(variable("w", m))
    assert applied.term.head == symbol
    assert applied.term.arguments[0] is m
    assert squares(variable("w", 3)).term.arguments[0].head.value == 3


def test_exact_numbers_are_arguments_of_a_definition_as_they_are_of_a_term():
    scaled = define(lambda c, v: c * v, name="scaled", c=a, v=x)
    for number in (2, 0.5, Fraction(1, 3)):
        assert scaled(number, x).term.arguments[0].head.value == Fraction(number)
    with pytest.raises(ReadingError, match=r"the number 0\.1:"):
        scaled(0.1, x)


def test_arrays_of_other_lengths_than_the_definition_says_are_refused():
    dot = define(lambda v, w: xp.sum(v * w, axis=-1), name="dot", sizes=("n",), v=variable("v", n), w=variable("w", n))
    with pytest.raises(ReadingError, match=r"^dot: arrays of different lengths for one size\.$"):
        dot(variable("v", m), variable("w", n))
    three = define(lambda v: xp.sum(v, axis=-1), name="three", v=variable("v", 3))
    assert three(variable("w", 3)).term.head == three.symbols[0]
    with pytest.raises(ReadingError, match=r"^three: arrays of different lengths for one size\.$"):
        three(variable("w", 4))
