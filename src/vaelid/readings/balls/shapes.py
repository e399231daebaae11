"""Operations that move elements and compute nothing. They keep the dtype."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vaelid.readings.balls.array import REAL, BallArray
from vaelid.readings.balls.operands import as_elements, as_operand, indices, made

__all__ = ["SHAPES"]


def _moved(move: Callable[..., np.ndarray]) -> Callable[..., BallArray]:
    """A numpy function of one array and of numbers, on the elements."""

    def rule(balls: Any, x: Any, *args: Any, **kwargs: Any) -> BallArray:
        array = as_operand(balls, x)
        return made(balls, move(array.elements, *args, **kwargs), array.dtype)

    return rule


def _joined(join: Callable[..., np.ndarray]) -> Callable[..., BallArray]:
    """Arrays joined to one; of balls, where their dtypes differ."""

    def rule(balls: Any, arrays: Sequence[Any], *, axis: int | None = 0) -> BallArray:
        dtypes = {as_operand(balls, x).dtype for x in arrays}
        dtype = dtypes.pop() if len(dtypes) == 1 else REAL
        return made(balls, join([as_elements(balls, x, dtype) for x in arrays], axis=axis), dtype)

    return rule


def _broadcast_arrays(balls: Any, *arrays: Any) -> list[BallArray]:
    given = [as_operand(balls, x) for x in arrays]
    spread = np.broadcast_arrays(*(x.elements for x in given))
    return [made(balls, elements.copy(), x.dtype) for elements, x in zip(spread, given, strict=True)]


def _take(balls: Any, x: Any, positions: Any, *, axis: int | None = None) -> BallArray:
    return _moved(np.take)(balls, x, indices(balls, positions), axis=axis)


def _take_along_axis(balls: Any, x: Any, positions: Any, *, axis: int = -1) -> BallArray:
    return _moved(np.take_along_axis)(balls, x, indices(balls, positions), axis=axis)


SHAPES: dict[str, Callable[..., Any]] = {
    "broadcast_arrays": _broadcast_arrays,
    "broadcast_to": _moved(np.broadcast_to),
    "concat": _joined(np.concatenate),
    "expand_dims": _moved(lambda elements, *, axis=0: np.expand_dims(elements, axis)),
    "flip": _moved(lambda elements, *, axis=None: np.flip(elements, axis)),
    "matrix_transpose": _moved(lambda elements: np.swapaxes(elements, -1, -2)),
    "moveaxis": _moved(np.moveaxis),
    "permute_dims": _moved(lambda elements, axes: np.transpose(elements, axes)),
    "reshape": _moved(lambda elements, shape, *, copy=None: np.reshape(elements, shape)),
    "squeeze": _moved(lambda elements, axis: np.squeeze(elements, axis)),
    "stack": _joined(np.stack),
    "take": _take,
    "take_along_axis": _take_along_axis,
}
"""For each operation's name its rule."""
