"""Feed-forward maps over the array API: a trained network, read as the spec's encoder or decoder.

Vectors lie on the last axis; images are (..., channels, height, width).
"""

from collections.abc import Sequence
from typing import Any

from array_api_compat import device
from jaxtyping import Float

from vaelid.spec.arrays import array_namespace

__all__ = ["affine", "conv2d", "relu", "upsample_nearest"]


def affine(weight: Float[Any, "M N"], bias: Float[Any, " M"], x: Float[Any, "*batch N"]) -> Float[Any, "*batch M"]:
    """W x + b, on the last axis."""
    xp = array_namespace(weight, bias, x)
    return xp.matmul(x, xp.matrix_transpose(weight)) + bias


def relu(x: Any) -> Any:
    """max(x, 0), elementwise."""
    xp = array_namespace(x)
    return xp.maximum(x, xp.zeros_like(x))


def _zero_pad(x: Any, padding: int) -> Any:
    xp = array_namespace(x)
    for axis in (-1, -2):
        edge = list(x.shape)
        edge[axis] = padding
        zeros = xp.zeros(tuple(edge), dtype=x.dtype, device=device(x))
        x = xp.concat((zeros, x, zeros), axis=axis)
    return x


def conv2d(
    weight: Float[Any, "M N h w"],
    bias: Float[Any, " M"],
    x: Float[Any, "batch N H W"],
    *,
    stride: int = 1,
    padding: int = 0,
) -> Float[Any, "batch M H2 W2"]:
    """y[m, i, j] = b[m] + sum_{n,a,c} W[m, n, a, c] x[n, s i + a - p, s j + c - p], x being 0 outside."""
    xp = array_namespace(weight, bias, x)
    _, _, height, width = weight.shape
    padded = _zero_pad(x, padding) if padding else x
    rows = (padded.shape[-2] - height) // stride + 1
    columns = (padded.shape[-1] - width) // stride + 1
    total = 0
    for a in range(height):
        for c in range(width):
            window = padded[:, :, a : a + stride * (rows - 1) + 1 : stride, c : c + stride * (columns - 1) + 1 : stride]
            total = total + xp.tensordot(window, weight[:, :, a, c], axes=((1,), (1,)))
    return xp.permute_dims(total + bias, (0, 3, 1, 2))


def upsample_nearest(x: Float[Any, "batch channels h w"], *, size: Sequence[int]) -> Float[Any, "batch channels H W"]:
    """y[i, j] = x[floor(i h / H), floor(j w / W)]: each pixel repeated to fill H rows and W columns."""
    xp = array_namespace(x)
    for axis, target in ((-2, size[0]), (-1, size[1])):
        source = x.shape[axis]
        x = xp.take(x, xp.asarray([i * source // target for i in range(target)], device=device(x)), axis=axis)
    return x
