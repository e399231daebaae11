"""The best constants with which some columns of numbers give another, by least squares.

In: one row for each run, and the number that each run gave. Out: `LeastSquares`, the coefficients and how far the worst
row is off. Each row counts as much as another, however large its number: a run far away says as much as one near.
"""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["LeastSquares", "least_squares"]


class LeastSquares(NamedTuple):
    """The coefficients, and the largest distance of a row over the spread of the numbers."""

    coefficients: tuple[float, ...]
    off: float


def least_squares(table: Tensor, numbers: Tensor) -> LeastSquares:
    """Coefficients c with table @ c = numbers, as near as there are; of (n, k) and (n,) in double precision."""
    from_middle = (numbers - numbers.median()).abs()
    weights = 1 / (from_middle + from_middle.median() + 1e-12)
    rows, aims = table * weights[:, None], numbers * weights
    size = rows.abs().amax(0).clamp(min=1e-30)
    found = torch.linalg.lstsq(rows / size, aims[:, None], driver="gelsd").solution[:, 0] / size
    return LeastSquares(tuple(found.tolist()), float((rows @ found - aims).abs().max()))
