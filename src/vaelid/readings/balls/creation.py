"""Arrays made of numbers, exactly, and their dtypes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from array_api_compat import is_torch_array
from flint import arb

from vaelid.readings.balls.array import REAL, TRUTH, WHOLE, BallArray, DType
from vaelid.readings.balls.operands import CONVERSIONS, as_operand, made, vectorised
from vaelid.readings.balls.truth import Undecided
from vaelid.readings.errors import ReadingError
from vaelid.spec.arrays import to_numpy
from vaelid.spec.errors import InputError

__all__ = ["CREATION"]

Shape = int | tuple[int, ...]


def _objects(values: Any) -> np.ndarray:
    """Any numbers as a numpy array of the same numbers: floats of whatever width keep their value."""
    if is_torch_array(values):
        values = to_numpy(values.double() if values.dtype.is_floating_point else values)
    try:
        objects = np.array(values, dtype=object)
    except ValueError as cause:  # rows of different lengths
        raise InputError(f"the balls reading was given no array of numbers: {cause}") from None
    return vectorised(lambda value: value.item() if isinstance(value, BallArray) else value, objects)


def _converted(objects: np.ndarray, dtype: DType) -> np.ndarray:
    """The elements in this dtype; one that is no number is named with its place."""
    try:
        return vectorised(CONVERSIONS[dtype], objects)
    except InputError:
        for index, value in np.ndenumerate(objects):
            try:
                CONVERSIONS[dtype](value)
            except InputError as cause:
                raise InputError(f"element {list(index)}: {cause}" if index else str(cause)) from None
        raise


def _asarray(
    balls: Any, values: Any, *, dtype: Any = None, device: str | None = None, copy: bool | None = None
) -> BallArray:
    """The array of these numbers, exactly: a float, an int, a Fraction or a ball each, or whole arrays of them.

    Without a dtype, integers stay integers and booleans booleans; any other numbers are balls. Arrays of another
    precision keep their balls as they are.
    """
    _checked(dtype)
    if isinstance(values, BallArray):
        return _astype(balls, made(balls, values.elements, values.dtype), dtype or values.dtype)
    objects = _objects(values)
    if dtype is None:
        dtype = next((one for one, kinds in _KINDS if objects.size and _all_of(objects, kinds)), REAL)
    return made(balls, _converted(objects, dtype), dtype)


_KINDS = ((TRUTH, (bool, np.bool_, Undecided)), (WHOLE, (int, np.integer)))


def _all_of(objects: np.ndarray, kinds: tuple[type, ...]) -> bool:
    return all(isinstance(value, kinds) for value in objects.flat)


def _checked(dtype: Any) -> None:
    if dtype is not None and dtype not in CONVERSIONS:
        raise ReadingError(f"the balls reading has the dtypes ball, int64 and bool, and was asked for {dtype!r}.")


def _astype(balls: Any, x: Any, dtype: Any, *, copy: bool = True) -> BallArray:
    """The same numbers in another dtype: a truth as 1 or 0, a ball as the whole number that it is, or as x != 0."""
    _checked(dtype)
    array = as_operand(balls, x)
    return array if array.dtype == dtype else made(balls, vectorised(CONVERSIONS[dtype], array.elements), dtype)


def _full(balls: Any, shape: Shape, value: Any, *, dtype: Any = None, device: str | None = None) -> BallArray:
    return _asarray(balls, np.full(shape, value, dtype=object), dtype=dtype)


def _filled(number: int) -> Callable[..., BallArray]:
    return lambda balls, shape, *, dtype=REAL, device=None: _full(balls, shape, number, dtype=dtype or REAL)


def _filled_like(number: int) -> Callable[..., BallArray]:
    return lambda balls, x, *, dtype=None, device=None: _full(balls, x.shape, number, dtype=dtype or x.dtype)


def _eye(
    balls: Any, rows: int, columns: int | None = None, *, k: int = 0, dtype: Any = None, device: Any = None
) -> BallArray:
    return _asarray(balls, np.eye(rows, columns, k, dtype=np.int64), dtype=dtype or REAL)


def _arange(
    balls: Any, start: int, stop: int | None = None, step: int = 1, *, dtype: Any = None, device: Any = None
) -> BallArray:
    """Whole numbers only, so that their count is certain."""
    span = (0, start) if stop is None else (start, stop)
    return _asarray(balls, np.array(range(*span, step), dtype=object), dtype=dtype or WHOLE)


_MEMBERS = {
    "bool": {TRUTH},
    "integral": {WHOLE},
    "signed integer": {WHOLE},
    "unsigned integer": set(),
    "real floating": {REAL},
    "complex floating": set(),
    "numeric": {REAL, WHOLE},
}


def _isdtype(balls: Any, dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind, or one of several, by the array API's names. Balls are "real floating"."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return any(dtype in _MEMBERS[one] if isinstance(one, str) else dtype == one for one in kinds)


CREATION: dict[str, Callable[..., Any]] = {
    "arange": _arange,
    "asarray": _asarray,
    "astype": _astype,
    "eye": _eye,
    "full": _full,
    "full_like": lambda balls, x, value, *, dtype=None, device=None: _full(
        balls, x.shape, value, dtype=dtype or x.dtype
    ),
    "isdtype": _isdtype,
    "ones": _filled(1),
    "ones_like": _filled_like(1),
    "with_radius": lambda balls, middle, radius: made(
        balls, vectorised(_with_radius, middle.elements, radius.elements)
    ),
    "zeros": _filled(0),
    "zeros_like": _filled_like(0),
}
"""For each operation's name its rule."""


def _with_radius(middle: arb, radius: arb) -> arb:
    """The ball of all numbers within `radius` of any number of `middle`."""
    if not radius >= 0:
        raise InputError(f"a ball's radius is at least 0, and was given as {radius.str(10)}.")
    return middle + arb(0, radius)
