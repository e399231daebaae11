"""What an operation is given, as numpy arrays of balls or truths, and what it gives back."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, fmpq, fmpz

from vaelid.readings.balls.array import REAL, TRUTH, WHOLE, BallArray, DType
from vaelid.readings.balls.numbers import ball
from vaelid.readings.balls.truth import ball_of, truth_of, whole_of
from vaelid.readings.errors import ReadingError

__all__ = ["CONVERSIONS", "as_elements", "as_operand", "indices", "made", "reals", "truths", "vectorised"]

NUMBERS = (bool, int, float, np.generic, Fraction, arb, fmpz, fmpq)

CONVERSIONS: dict[DType, Callable[[Any], Any]] = {REAL: ball_of, WHOLE: whole_of, TRUTH: truth_of}
"""For each dtype: any element as one of that dtype."""


def vectorised(function: Callable[..., Any], *elements: np.ndarray) -> np.ndarray:
    """A function of elements, elementwise on arrays that broadcast."""
    results = np.frompyfunc(function, len(elements), 1)(*elements)
    return results if isinstance(results, np.ndarray) else np.full((), results, dtype=object)


def made(balls: Any, elements: np.ndarray, dtype: DType = REAL) -> BallArray:
    """The array of these elements."""
    return BallArray(elements, dtype, balls)


def as_operand(balls: Any, value: Any) -> BallArray:
    """An array of this reading and precision; a Python number as an array without axes."""
    if isinstance(value, BallArray):
        if value.namespace != balls:
            raise ReadingError(
                f"the balls reading does not mix precisions: {value.precision} bits met {balls.precision}. "
                f"Bring one to the other, without loss, by Balls({balls.precision}).asarray(x)."
            )
        return value
    if isinstance(value, NUMBERS):
        return made(balls, np.full((), ball(value), dtype=object))
    raise ReadingError(
        f"the balls reading computes with its own arrays and with Python numbers, not with {type(value).__name__}. "
        f"Take it over, exactly, by Balls({balls.precision}).asarray(x)."
    )


def as_elements(balls: Any, value: Any, dtype: DType) -> np.ndarray:
    """The elements of an operand, as elements of this dtype."""
    array = as_operand(balls, value)
    return array.elements if array.dtype == dtype else vectorised(CONVERSIONS[dtype], array.elements)


def reals(balls: Any, value: Any) -> np.ndarray:
    """The elements of an operand as balls."""
    return as_elements(balls, value, REAL)


def truths(balls: Any, value: Any) -> np.ndarray:
    """The elements of an operand as truths."""
    return as_elements(balls, value, TRUTH)


def indices(balls: Any, value: Any) -> np.ndarray:
    """The elements of an operand as positions on an axis."""
    return as_elements(balls, value, WHOLE).astype(np.intp)
