"""Whole numbers that float32 does not hold: 16777217 = 2^24 + 1 becomes 16777216."""

import math
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, TensorDataset

from vaelid.spec.digits import shortest
from vaelid.train.rows import CHUNK_ELEMENTS, as_array

__all__ = ["rounding_note"]

_EXACT = 2**24
"""Every whole number up to here is one of float32, whose significand has 24 bits."""


def rounding_note(x: Any, source: str) -> str | None:
    """A line on the first whole number that float32 rounds, by its row and column; None where there is none.

    Other numbers are rounded too, but nobody expects 0.1 to be exact. Of a `Dataset` that is no `TensorDataset` the
    rows are not read for this: they may be drawn at random, and take long.
    """
    x = x.dataset if isinstance(x, DataLoader) else x
    x = as_array(x.tensors[0]) if isinstance(x, TensorDataset) else x
    if not isinstance(x, np.ndarray):
        return None
    found = _first(x)
    if found is None:
        return None
    row, column, value = found
    single = np.float32(value)
    becomes = shortest(float(single)) if x.dtype.kind == "f" else str(int(single))
    return (
        f"{source}: its whole numbers above 2^24 are rounded to float32, in which vaelid computes. The first is "
        f"{shortest(value)} in row {row}, column {column}, which becomes {becomes}."
    )


def _first(x: np.ndarray) -> tuple[int, int, Any] | None:
    if x.dtype.kind not in "iuf" or x.dtype.itemsize < 4 or x.dtype == np.float32:
        return None
    width = max(1, math.prod(x.shape[1:]))
    per_block = max(1, CHUNK_ELEMENTS // width)  # a memory-mapped file is never in memory as a whole
    for start in range(0, len(x), per_block):
        block = np.asarray(x[start : start + per_block]).reshape(-1)
        rounded = _rounded_floats(block) if x.dtype.kind == "f" else _rounded_integers(block)
        if rounded.any():
            row, column = divmod(int(rounded.argmax()), width)
            return start + row, column, block[row * width + column]
    return None


def _rounded_floats(block: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        single = block.astype(np.float32)
        # what is beyond float32 becomes infinite, which is refused elsewhere
        return (np.rint(block) == block) & (single != block) & np.isfinite(single)


def _rounded_integers(block: np.ndarray) -> np.ndarray:
    if block.size == 0 or (block.max() <= _EXACT and block.min() >= -_EXACT):
        return np.zeros(block.shape, bool)
    # by bits, since a comparison with float32 would be made in float64, which rounds above 2^53 itself
    magnitude = (np.abs(block.astype(np.int64)) if block.dtype.kind == "i" else block).astype(np.uint64)
    lowest = magnitude & (~magnitude + np.uint64(1))
    return magnitude // np.maximum(lowest, np.uint64(1)) > _EXACT
