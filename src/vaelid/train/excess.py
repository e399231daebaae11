"""e^x - 1 - x in floating point: without cancellation near zero, never negative."""

import math

import torch
from torch import Tensor

__all__ = ["exp_excess"]

# (e^x - 1 - x) / x^2 on |x| < 1, the highest power first. float32: the least-maximum polynomial of degree 7, which
# an interval computation shows to be at least 0.36 (so the kernel is never negative). float64: the Taylor polynomial.
_FLOAT32_KERNEL = (
    "0x1.72d476p-19",
    "0x1.a8e4c2p-16",
    "0x1.a031ccp-13",
    "0x1.6c02f2p-10",
    "0x1.1110ccp-7",
    "0x1.55556ep-5",
    "0x1.555556p-3",
    "0x1p-1",
)
_KERNEL_COEFFICIENTS = {
    torch.float32: torch.tensor([float.fromhex(c) for c in _FLOAT32_KERNEL], dtype=torch.float32),
    torch.float64: torch.tensor([1 / math.factorial(k + 2) for k in range(18, -1, -1)], dtype=torch.float64),
}


def exp_excess(x: Tensor) -> tuple[Tensor, Tensor]:
    """e^x - 1 - x, and its derivative e^x - 1, of a float32 or float64 tensor."""
    polynomial, *coefficients = _KERNEL_COEFFICIENTS[x.dtype].to(x.device).unbind()
    for coefficient in coefficients:
        polynomial = torch.addcmul(coefficient, polynomial, x)
    square = x * x
    polynomial.mul_(square)
    near = square < 1
    excess = torch.exp(x).sub_(1)
    # at x = inf both are infinite: a finite number in place of x, so that the difference is
    value = torch.where(near, polynomial, excess - x.clamp_max(torch.finfo(x.dtype).max))
    slope = torch.where(near, polynomial.add_(x), excess)
    return value, slope
