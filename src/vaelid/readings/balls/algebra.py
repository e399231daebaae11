"""Products of matrices, inverses and determinants, by Arb's matrices."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from flint import arb, arb_mat

from vaelid.readings.balls.array import BallArray
from vaelid.readings.balls.numbers import absolute
from vaelid.readings.balls.operands import made, reals
from vaelid.readings.errors import ReadingError

__all__ = ["ALGEBRA", "SignAndLog"]


class SignAndLog(NamedTuple):
    """A determinant as sign * exp(logabsdet).

    Where its ball holds 0, no log is finite, and the sign's holds -1 and 1.
    """

    sign: BallArray
    logabsdet: BallArray


def _matrix(elements: np.ndarray) -> arb_mat:
    rows, columns = elements.shape
    return arb_mat(rows, columns, elements.ravel().tolist())


def _elements(matrix: arb_mat) -> np.ndarray:
    elements = np.empty(matrix.nrows() * matrix.ncols(), dtype=object)
    elements[:] = matrix.entries()
    return elements.reshape(matrix.nrows(), matrix.ncols())


def _product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(M, N) times (N, K)."""
    return _elements(_matrix(left) * _matrix(right))


def _matmul(balls: Any, x: Any, y: Any) -> BallArray:
    """The standard's product: of vectors and matrices on the last axes, broadcast over those before."""
    left, right = reals(balls, x), reals(balls, y)
    if not left.ndim or not right.ndim:
        raise ReadingError("the balls reading multiplies no matrix with a number by matmul: use *.")
    vectors = left.ndim == 1, right.ndim == 1
    left = left[None, :] if vectors[0] else left
    right = right[:, None] if vectors[1] else right
    if left.shape[-1] != right.shape[-2]:
        raise ReadingError(f"the balls reading's matmul was given shapes {x.shape} and {y.shape}, which do not meet.")
    if right.ndim == 2:  # one product serves the whole batch
        product = _product(left.reshape(-1, left.shape[-1]), right).reshape(*left.shape[:-1], right.shape[-1])
    else:
        batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        left, right = (np.broadcast_to(m, (*batch, *m.shape[-2:])) for m in (left, right))
        product = np.empty((*batch, left.shape[-2], right.shape[-1]), dtype=object)
        for index in np.ndindex(batch):
            product[index] = _product(left[index], right[index])
    product = product[..., 0, :] if vectors[0] else product
    product = product[..., 0] if vectors[1] else product
    return made(balls, product if isinstance(product, np.ndarray) else np.full((), product, dtype=object))


def _tensordot(balls: Any, x: Any, y: Any, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> BallArray:
    left, right = reals(balls, x), reals(balls, y)
    if isinstance(axes, int):
        axes = (range(left.ndim - axes, left.ndim), range(axes))
    summed = [[range(m.ndim)[axis] for axis in of] for m, of in zip((left, right), axes, strict=True)]
    free = [[axis for axis in range(m.ndim) if axis not in of] for m, of in zip((left, right), summed, strict=True)]
    shape = [m.shape[axis] for m, of in zip((left, right), free, strict=True) for axis in of]
    inner = prod(left.shape[axis] for axis in summed[0])
    rows = left.transpose(*free[0], *summed[0]).reshape(-1, inner)
    columns = right.transpose(*summed[1], *free[1]).reshape(inner, -1)
    return made(balls, _product(rows, columns).reshape(shape))


def _inverse(elements: np.ndarray) -> np.ndarray:
    try:
        return _elements(_matrix(elements).inv())
    except ZeroDivisionError:  # the balls hold a singular matrix, or one that cannot be told from it
        return np.full(elements.shape, arb("nan"), dtype=object)


def _inv(balls: Any, x: Any) -> BallArray:
    """The inverse of each matrix. Where the balls cannot be told from a singular matrix, non-finite balls."""
    elements = reals(balls, x)
    inverse = np.empty(elements.shape, dtype=object)
    for index in np.ndindex(elements.shape[:-2]):
        inverse[index] = _inverse(elements[index])
    return made(balls, inverse)


def _determinants(balls: Any, x: Any) -> np.ndarray:
    elements = reals(balls, x)
    determinants = np.empty(elements.shape[:-2], dtype=object)
    for index in np.ndindex(determinants.shape):
        determinants[index] = _matrix(elements[index]).det()
    return determinants


def _slogdet(balls: Any, x: Any) -> SignAndLog:
    determinants = _determinants(balls, x)
    sign, log = np.empty_like(determinants), np.empty_like(determinants)
    for index, determinant in np.ndenumerate(determinants):
        sign[index], log[index] = determinant.sgn(), absolute(determinant).log()
    return SignAndLog(made(balls, sign), made(balls, log))


ALGEBRA: dict[str, Callable[..., Any]] = {
    "linalg.det": lambda balls, x: made(balls, _determinants(balls, x)),
    "linalg.inv": _inv,
    "linalg.slogdet": _slogdet,
    "matmul": _matmul,
    "tensordot": _tensordot,
}
"""For each operation's name its rule."""
