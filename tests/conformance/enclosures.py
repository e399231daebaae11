"""What the ball reading owes: a ball that holds the exact value, and is hardly wider than its rounding makes it.

The value is known at 50 digits only, so it is compared with a slack far below a ball's radius and above its own error.
"""

from fractions import Fraction

import numpy as np

from vaelid.readings.balls import BallArray

from .precise import fraction

ORACLE_ERROR = Fraction(10) ** -45
"""How far a value at 50 digits may be off, relative to the size of what it adds up; a radius at 128 bits is 1e-38."""

BITS_LOST = 8
"""A radius is at most 2^-(precision - 8) times that size: 7.5e-37 at 128 bits. The table's widest is 5.8e-38."""


def not_enclosed(result: BallArray, value: np.ndarray, size: np.ndarray) -> str | None:
    """Which ball of a result does not hold the value at 50 digits, or claims nothing."""
    sizes = np.broadcast_to(size, value.shape)
    for index, ball in np.ndenumerate(result.elements):
        if not ball.is_finite():
            return f"the ball at {index} is not finite: {ball}"
        middle, radius = (Fraction(int(part.p), int(part.q)) for part in (ball.mid().fmpq(), ball.rad().fmpq()))
        excess = abs(middle - fraction(value[index])) - radius
        if excess > ORACLE_ERROR * Fraction(sizes[index]):
            return f"the ball at {index}, {ball}, misses the value by {float(excess):.3g}"
    return None


def not_tightly_enclosed(result: BallArray, value: np.ndarray, size: np.ndarray) -> str | None:
    """Which ball of a result does not hold the value at 50 digits, or is wider than rounding makes it."""
    bound = Fraction(2) ** (BITS_LOST - result.precision)
    for index, radius in np.ndenumerate(result.rad.elements):
        if radius.is_finite() and Fraction(float(radius)) > bound * Fraction(np.broadcast_to(size, value.shape)[index]):
            return f"the ball at {index} is too wide: its radius is {radius}"
    return not_enclosed(result, value, size)
