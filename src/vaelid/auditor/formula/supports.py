"""Where a datum may lie, and points with weights over which a function of it is summed or integrated.

In: the recorded values of a datum. Out: each `Support` that all of them lie in, the likeliest first. For example, 0, 3
and 5 lie in the whole numbers and in the real ones, and 0, 0.2 and 1 in the fifths, in [0, 1] and in the real numbers.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Support", "supports"]


@dataclass(frozen=True)
class Support:
    """A set of values, as points and the logarithms of their weights in a sum.

    Attributes:
        name: in words.
        points: the values.
        log_weights: of each; 0 in a plain sum.
        endless: whether values beyond the last point are left out, so that the last must hardly count.
        interval: whether the sum is an integral, so that neither end must count: it has a value only then.
    """

    name: str
    points: Tensor
    log_weights: Tensor
    endless: bool = False
    interval: bool = False


_LEVELS = (1, 2, 3, 4, 5, 8, 10, 15, 16, 20, 31, 32, 63, 64, 100, 127, 128, 255, 256)
"""The largest whole number of data that are stored in few bits, or are trials or per cent."""
_COUNTS = 4096
"""Of the counts: a Poisson of mean 3,000 has 1e-80 beyond them."""
_ROUNDING = 1e-5
"""Of data that were divided by 255 in float32, times 255."""


def supports(values: Tensor, points: int = 4001) -> Iterator[Support]:
    """Those that these values lie in.

    Args:
        values: of a datum, in a batch.
        points: how many are taken of an interval.
    """
    values = values.detach().double().flatten()
    values = values[values.isfinite()]
    if not values.numel():
        return
    low, high = float(values.min()), float(values.max())
    finite = _finite(values, low, high)
    if low >= 0 and _is_whole(values):
        if high <= 1:
            yield next(finite)
        counts = torch.arange(float(_COUNTS), dtype=torch.float64)
        yield Support("the whole numbers from 0", counts, torch.zeros_like(counts), endless=True)
    yield from finite
    if low >= 0 and high <= 1:
        yield _unit_interval(points)
    if low > 0:
        yield _half_line(points, float(values.log().median().exp()))
    yield _line(points, float(values.median()), float(values.std(correction=0)) or 1.0)


def _finite(values: Tensor, low: float, high: float) -> Iterator[Support]:
    """Whole numbers up to one of the usual largest; where there are fractions, these over the largest, and from -1."""
    whole = _is_whole(values)
    for most in _LEVELS:
        levels = torch.arange(most + 1, dtype=torch.float64)
        of_fractions = ((f"0 to 1 by 1/{most}", 1 / most, 0.0), (f"-1 to 1 by 2/{most}", 2 / most, -1.0))
        for name, scale, shift in ((f"0 to {most}", 1.0, 0.0),) if whole else of_fractions:
            within = low >= shift - _ROUNDING and high <= most * scale + shift + _ROUNDING
            if within and _is_whole((values - shift) / scale):
                yield Support(name, levels * scale + shift, torch.zeros_like(levels))


def _is_whole(values: Tensor) -> bool:
    return bool(((values - values.round()).abs() <= _ROUNDING * (1 + values.abs())).all())


# Tanh-sinh rules and their like: the trapezoidal rule in t, where x moves as an exponential of an exponential of t, so
# that the integrand falls off on either side whatever its tails are. Takahasi and Mori, "Double exponential formulas
# for numerical integration" (1974).


def _steps(points: int, far: float) -> tuple[Tensor, float]:
    t = torch.linspace(-far, far, points, dtype=torch.float64)
    return t, math.log(2 * far / (points - 1))


def _unit_interval(points: int) -> Support:
    t, log_step = _steps(points, 3.0)  # 2e-14 from 1, where a float still tells it from 1
    inner = math.pi / 2 * torch.sinh(t)
    log_slope = (math.pi / 4 * torch.cosh(t)).log() - 2 * (inner.abs() + torch.log1p((-2 * inner.abs()).exp()) - _LOG_2)
    return Support("the numbers from 0 to 1", torch.sigmoid(2 * inner), log_slope + log_step, interval=True)


def _half_line(points: int, middle: float) -> Support:
    t, log_step = _steps(points, 4.4)  # down to 1e-27 of the middle: a gamma of shape 0.3 has 1e-8 below
    inner = math.pi / 2 * torch.sinh(t)
    log_slope = (math.pi / 2 * torch.cosh(t)).log() + inner
    return Support("the positive numbers", middle * inner.exp(), log_slope + log_step + math.log(middle), interval=True)


def _line(points: int, middle: float, scale: float) -> Support:
    t, log_step = _steps(points, 3.9)  # up to 1e16 deviations: a Cauchy has 1e-16 beyond
    inner = math.pi / 2 * torch.sinh(t)
    log_slope = (math.pi / 2 * torch.cosh(t)).log() + inner.abs() + torch.log1p((-2 * inner.abs()).exp()) - _LOG_2
    return Support(
        "the real numbers",
        middle + scale * torch.sinh(inner),
        log_slope + log_step + math.log(scale),
        interval=True,
    )


_LOG_2 = math.log(2)
