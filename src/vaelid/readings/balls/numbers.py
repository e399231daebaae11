"""One real number as one ball of Arb: made from exact numbers, and the functions that Arb lacks or encloses loosely.

Everything here is computed at the working precision of the caller, `flint.ctx.prec`, and encloses: each function
returns a ball that holds its exact value at every real number of its argument.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq, fmpz

from vaelid.spec.errors import InputError

__all__ = [
    "absolute",
    "ball",
    "continuous_bernoulli_log_normaliser",
    "continuous_bernoulli_mean",
    "exp_minus_one_minus",
    "float_of",
    "holds",
    "log_choose",
    "log_sum_exp_of_two",
    "power",
    "sigmoid",
    "softplus",
    "whole",
]

Function = Callable[[arb], arb]


def ball(value: Any) -> arb:
    """The ball of a number. A ball, an int and a float are taken exactly, a Fraction within the working precision.

    0.1 is the float64 number of that name, not a tenth: that is `Fraction(1, 10)`. Raises `InputError` for NaN, for
    infinity and for what is no number.
    """
    if isinstance(value, arb):
        return value
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return arb(int(value))
    if isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise InputError(f"{value} is not a real number: a ball holds finite numbers only.")
        nearest = float(value)
        if nearest == value:
            return arb(nearest)
        value = Fraction(*(int(part) for part in value.as_integer_ratio()))  # wider than float64
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    if isinstance(value, (fmpz, fmpq)):
        return arb(value)
    raise InputError(f"{value!r} is not a real number: give a float, an int, a Fraction or a ball.")


def holds(x: arb, value: Any) -> bool:
    """Whether a number, or the whole of a ball, lies in the ball x: without rounding. All lies in a non-finite ball."""
    other = ball(value)
    if not isinstance(value, Fraction) or x.contains(other) or not x.overlaps(other):
        return x.contains(other)
    distance = fmpq(value.numerator, value.denominator) - x.mid().fmpq()
    return abs(distance) <= x.rad().fmpq()


def float_of(x: arb) -> float | None:
    """The float64 number that x is exactly; None where there is none."""
    if not (x.is_exact() and x.is_finite()):
        return None
    nearest = float(x)
    return nearest if math.isfinite(nearest) and x == arb(nearest) else None


def whole(x: arb) -> int | None:
    """The whole number that x is exactly; None where there is none."""
    number = x.unique_fmpz() if x.is_exact() else None
    return None if number is None else int(number)


def absolute(x: arb) -> arb:
    """|x|. Arb's own keeps the sign's doubt: its |[-1, 3]| is [-1, 3]."""
    return abs(x) if not x.contains(0) else x.abs_upper().union(0)


def power(base: arb, exponent: arb) -> arb:
    """base^exponent. A whole exponent takes any base; any other a positive one, else the ball is not finite."""
    n = whole(exponent)
    if n is None or n <= 0 or base.is_exact():
        return base**exponent
    low, high = (base.lower(), base.upper()) if n % 2 else (base.abs_lower(), base.abs_upper())
    return (low**n).union(high**n)


def _increasing(function: Function) -> Function:
    """An increasing function of points, as a function of balls: the hull of its values at both ends."""

    @wraps(function)
    def enclosed(x: arb) -> arb:
        return function(x) if x.is_exact() else function(x.lower()).union(function(x.upper()))

    return enclosed


def _cancelling_at_zero(near: Function) -> Callable[[Function], Function]:
    """For a function of points through e^x - 1: as many bits more as cancel near zero.

    Where that would double the precision, |x| < 2^-precision, and `near` encloses the function by its first terms.
    """

    def precisely(function: Function) -> Function:
        @wraps(function)
        def at(x: arb) -> arb:
            if not x.is_finite():
                return function(x)
            mantissa, exponent = x.man_exp()
            bits = max(0, -(int(exponent) + int(mantissa).bit_length()))  # |x| < 2^-bits
            if x == 0 or bits > ctx.prec:
                return near(x)
            with ctx.workprec(ctx.prec + bits):
                return function(x)

        return at

    return precisely


@_increasing
def softplus(x: arb) -> arb:
    """log(1 + e^x)."""
    return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()


@_increasing
def sigmoid(x: arb) -> arb:
    """1 / (1 + e^-x)."""
    return 1 / (1 + (-x).exp()) if x > 0 else x.exp() / (1 + x.exp())


def log_sum_exp_of_two(x: arb, y: arb) -> arb:
    """log(e^x + e^y), increasing in both."""

    def at(x: arb, y: arb) -> arb:
        return x + softplus(y - x) if x > y else y + softplus(x - y)

    return at(x, y) if x.is_exact() and y.is_exact() else at(x.lower(), y.lower()).union(at(x.upper(), y.upper()))


# sinh(h)/h lies in [1, e^(h^2/6)], and h coth(h) - 1 in [0, h^2/3], for every h; here h = x/2


@_increasing
@_cancelling_at_zero(near=lambda x: x / 2 + (x * x / 24).union(0))
def continuous_bernoulli_log_normaliser(x: arb) -> arb:
    """log((e^x - 1) / x), and 0 at 0."""
    at_minus = ((-abs(x)).expm1() / -abs(x)).log()
    return x + at_minus if x > 0 else at_minus


@_increasing
@_cancelling_at_zero(near=lambda x: arb(1) / 2 + (x / 12).union(0))
def continuous_bernoulli_mean(x: arb) -> arb:
    """1 / (1 - e^-x) - 1 / x, and 1/2 at 0."""
    return (-1 / (-x).expm1() if x > 0 else x.exp() / x.expm1()) - 1 / x


# the series x^2/2 (1 + x/3 + x^2/12 + ...) lies in x^2/2 [1 - |x|, 1 + |x|] for |x| < 1/2
@_cancelling_at_zero(near=lambda x: x * x / 2 * arb(1, absolute(x)))
def _exp_minus_one_minus(x: arb) -> arb:
    return x.expm1() - x


def exp_minus_one_minus(x: arb) -> arb:
    """e^x - 1 - x, which falls to zero at zero, then rises."""
    if x.is_exact():
        return _exp_minus_one_minus(x)
    ends = _exp_minus_one_minus(x.lower()).union(_exp_minus_one_minus(x.upper()))
    return ends.union(0) if x.contains(0) else ends


def log_choose(n: int, k: arb) -> arb:
    """log C(n, k), from the exact integer. Not finite for k outside 0..n. Raises `InputError` where k is not whole."""
    number = whole(k)
    if number is None:
        raise InputError(f"log C({n}, k) needs a whole number k, not {k.str(10)}.")
    return arb(math.comb(n, number) if 0 <= number <= n else 0).log()
