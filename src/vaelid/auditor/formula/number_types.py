"""The three kinds of numbers that a circuit is evaluated in: balls, balls with a slope, and floats.

In: an operation's name and numbers. Out: a number, or no value. For example, `BALLS.operations["divide"]` of the balls
of 1 and 3 is a ball that certainly contains 1/3; `FLOATS` gives 0.333..., and `SLOPES` also the derivative.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from flint import arb, arb_series, fmpq

from vaelid.readings.terms.values import OPERATIONS

__all__ = ["BALLS", "FLOATS", "SLOPES", "Arithmetic"]


@dataclass(frozen=True)
class Arithmetic:
    """How numbers are computed with. Where there is no value, an operation raises, or `is_value` denies its result.

    Attributes:
        number: a fraction as such a number.
        operations: of numbers, by the names that terms have for them.
        is_value: whether a result is a finite number.
        moving: of numbers with slopes, the dual number x + 1 dt; else the number.
    """

    number: Callable[[Any], Any]
    operations: Mapping[str, Callable[..., Any]]
    is_value: Callable[[Any], bool]
    moving: Callable[[Fraction], Any] = float


def _as_ball(x: Fraction) -> arb:
    return arb(fmpq(x.numerator, x.denominator))


def _in_ball(operation: Callable[..., Any], *arguments: arb) -> arb:
    return arb(operation(*arguments))


_SHARED: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "negative": lambda x: -x,
    "abs": abs,
}

BALLS = Arithmetic(
    _as_ball,
    {
        **{name: partial(_in_ball, operation) for name, operation in OPERATIONS.items()},
        "largest": lambda x, y: x.max(y),
        "smallest": lambda x, y: x.min(y),
    },
    lambda x: x.is_finite(),
)
"""Real numbers in ball arithmetic: the value is certainly in the ball."""


def _with_slope(x: Fraction | arb_series) -> arb_series:
    return x if isinstance(x, arb_series) else arb_series([_as_ball(x)], prec=2)


def _series_of_log(x: arb_series) -> arb_series:
    if not x[0] > 0:
        raise ValueError
    return x.log()


def _series_of_abs(x: arb_series) -> arb_series:
    if x[0].contains(0):
        raise ValueError("no slope")
    return x if x[0] > 0 else -x


def _series_of_tanh(x: arb_series) -> arb_series:
    return 1 - 2 / ((2 * x).exp() + 1)


SLOPES = Arithmetic(
    _with_slope,
    {
        **_SHARED,
        "abs": _series_of_abs,
        "divide": lambda x, y: x / y,
        "exp": lambda x: x.exp(),
        "log": _series_of_log,
        "tanh": _series_of_tanh,
        "pi": lambda: arb_series([arb.pi()], prec=2),
    },
    lambda x: x[0].is_finite() and x[1].is_finite(),
    lambda x: arb_series([_as_ball(x), 1], prec=2),
)
"""Dual numbers in ball arithmetic, as power series of two coefficients; |x| has no slope where x may be 0."""

FLOATS = Arithmetic(
    float,
    {
        **_SHARED,
        "divide": lambda x, y: x / y,
        "exp": math.exp,
        "log": math.log,
        "sqrt": math.sqrt,
        "tanh": math.tanh,
        "lgamma": math.lgamma,
        "pi": lambda: math.pi,
        "largest": max,
        "smallest": min,
    },
    math.isfinite,
)
"""Floats: fast and not rigorous. They propose the points that are then computed in balls."""
