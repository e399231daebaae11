"""The array whose elements are balls."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb

from vaelid.readings.balls.numbers import float_of, holds
from vaelid.readings.balls.truth import Undecided, decided
from vaelid.readings.errors import ReadingError

__all__ = ["REAL", "TRUTH", "WHOLE", "BallArray", "DType"]


@dataclass(frozen=True)
class DType:
    """What an array's elements are. `as_numpy_dtype` is the numpy type by which shape checkers class it."""

    name: str
    as_numpy_dtype: Any

    def __repr__(self) -> str:
        return self.name


REAL = DType("ball", np.float64)
"""Real numbers, each enclosed in a ball (`flint.arb`)."""
WHOLE = DType("int64", np.int64)
"""Integers, exact and unbounded: positions and counts. Arithmetic with them gives balls."""
TRUTH = DType("bool", np.bool_)
"""True, False, or `Undecided`."""


def _operator(name: str) -> Callable[..., Any]:
    return lambda self, *others: getattr(self.namespace, name)(self, *others)


def _reflected(name: str) -> Callable[..., Any]:
    return lambda self, other: getattr(self.namespace, name)(other, self)


@dataclass(frozen=True, eq=False, repr=False)
class BallArray:
    """An immutable array of balls: sets of real numbers, each of which is proved to hold an exact value.

    Made by `balls` or `Balls(precision).asarray`. Every function over the array API computes with it, and returns
    balls that hold the formula's exact value at all real numbers of its arguments. Python numbers in arithmetic are
    taken exactly; arrays of another library, or of another precision, raise `ReadingError`.

    A result that has no finite enclosure (a quotient by a ball that holds 0, the logarithm of one that holds numbers
    <= 0) is Arb's non-finite ball, which claims nothing: it holds every number, and comparisons with it are undecided.
    An undecided comparison has no `bool`: asking for one raises `ReadingError`. Conversion to floats (`float(x)`,
    `numpy.asarray(x)`) is for balls that are float64 numbers exactly and raises `ReadingError` for others.

    Attributes:
        elements: the balls (`flint.arb`), integers or truths, in a read-only numpy array of objects.
        dtype: `ball`, `int64` or `bool`.
        namespace: the `Balls` that computes with it, and so its precision in bits.
    """

    elements: np.ndarray
    dtype: DType
    namespace: Any

    __array_ufunc__ = None  # numpy leaves `numpy array + balls` to the operators below

    def __post_init__(self) -> None:
        self.elements.setflags(write=False)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self.namespace

    @property
    def precision(self) -> int:
        """The bits with which results are rounded, outwards."""
        return self.namespace.precision

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the axes."""
        return self.elements.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.elements.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def device(self) -> str:
        """Always the CPU."""
        return "cpu"

    @property
    def T(self) -> BallArray:
        """The matrix with rows and columns exchanged."""
        return self.namespace.matrix_transpose(self)

    @property
    def mid(self) -> BallArray:
        """The balls' midpoints, exactly: balls of radius 0."""
        return self.namespace.mid(self)

    @property
    def rad(self) -> BallArray:
        """The balls' radii, exactly: balls of radius 0."""
        return self.namespace.rad(self)

    @property
    def lower(self) -> BallArray:
        """For each ball a number below which it holds none, at most one rounding beneath its end."""
        return self.namespace.lower(self)

    @property
    def upper(self) -> BallArray:
        """For each ball a number above which it holds none, at most one rounding beyond its end."""
        return self.namespace.upper(self)

    def contains(self, value: Any) -> np.ndarray:
        """Whether each ball holds `value`: numbers, taken exactly, or other balls; elementwise, broadcast.

        Decided without rounding. A non-finite ball holds everything.
        """
        others = value.elements if isinstance(value, BallArray) else np.asarray(value, dtype=object)
        held = np.frompyfunc(holds, 2, 1)(self.namespace.astype(self, REAL).elements, others)
        return np.asarray(held, dtype=bool)

    def item(self) -> Any:
        """The one element: an `arb`, an int, or a truth."""
        return self.elements.item()

    def __getitem__(self, key: Any) -> BallArray:
        keys = key if isinstance(key, tuple) else (key,)
        plain = tuple(part.__array__() if isinstance(part, BallArray) else part for part in keys)
        taken = self.elements[plain]
        if not isinstance(taken, np.ndarray):
            taken = np.full((), taken, dtype=object)
        return BallArray(taken, self.dtype, self.namespace)

    def __len__(self) -> int:
        return len(self.elements)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if dtype is not None and np.dtype(dtype) == object:
            return self.elements.copy()
        given = np.empty(self.shape, dtype=self.dtype.as_numpy_dtype)
        for index, element in np.ndenumerate(self.elements):
            given[index] = _as_numpy(element)
        return given if dtype is None else given.astype(dtype, copy=False)

    def __bool__(self) -> bool:
        return decided(self.namespace.astype(self, TRUTH).item())

    def __float__(self) -> float:
        return float(self.__array__().item())

    def __repr__(self) -> str:
        shown = np.array2string(self.elements, separator=", ", prefix="BallArray(", formatter={"all": _text})
        return f"BallArray({shown}, {self.dtype}, {self.precision} bits)"

    __add__, __radd__ = _operator("add"), _reflected("add")
    __sub__, __rsub__ = _operator("subtract"), _reflected("subtract")
    __mul__, __rmul__ = _operator("multiply"), _reflected("multiply")
    __truediv__, __rtruediv__ = _operator("divide"), _reflected("divide")
    __pow__, __rpow__ = _operator("pow"), _reflected("pow")
    __matmul__, __rmatmul__ = _operator("matmul"), _reflected("matmul")
    __neg__, __pos__, __abs__ = _operator("negative"), _operator("positive"), _operator("abs")
    __lt__, __le__ = _operator("less"), _operator("less_equal")
    __gt__, __ge__ = _operator("greater"), _operator("greater_equal")
    __eq__, __ne__ = _operator("equal"), _operator("not_equal")
    __and__, __rand__ = _operator("logical_and"), _reflected("logical_and")
    __or__, __ror__ = _operator("logical_or"), _reflected("logical_or")
    __xor__, __rxor__ = _operator("logical_xor"), _reflected("logical_xor")
    __invert__ = _operator("logical_not")
    __hash__ = None  # pyright: ignore[reportAssignmentType]  # equality is elementwise


def _as_numpy(element: Any) -> float | int | bool:
    """An element as the numpy number that it is exactly."""
    if not isinstance(element, arb):
        return decided(element) if isinstance(element, (bool, Undecided)) else element
    exactly = float_of(element)
    if exactly is None:
        raise ReadingError(
            f"the balls reading gives no float for {element.str(10)}, which is not exactly a float64 number: "
            "read the enclosure, x.lower and x.upper, instead."
        )
    return exactly


def _text(element: Any) -> str:
    if isinstance(element, arb):
        return element.str(12)
    return "undecided" if isinstance(element, Undecided) else str(element)
