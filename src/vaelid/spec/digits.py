"""Numbers in messages, with as many digits as it takes to tell them from what they are compared with."""

from typing import Any

import numpy as np

__all__ = ["apart", "shortest"]


def shortest(value: Any) -> str:
    """The fewest digits that are read back as this number of its type: 1.0000001 of a float32, 255 of 255.0."""
    number: Any = np.asarray(value)[()]
    if number.dtype.kind != "f" or not np.isfinite(number):
        return str(number)
    plain = number == 0 or 1e-4 <= abs(number) < 1e16
    return (np.format_float_positional if plain else np.format_float_scientific)(number, trim="-")


def apart(first: float, second: float, digits: int = 6) -> tuple[str, str]:
    """Both numbers to so many digits, or to as many as make them differ, if they do."""
    shown = [(f"{first:.{n}g}", f"{second:.{n}g}") for n in range(digits, 18)]
    return next((pair for pair in shown if pair[0] != pair[1]), shown[0])
