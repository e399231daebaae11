"""Elementwise operations: the balls of each result hold the exact values at all numbers of the operands' balls."""

from collections.abc import Callable
from operator import add, mul, neg, pos, sub, truediv
from typing import Any

from flint import arb

from vaelid.readings.balls import numbers, truth
from vaelid.readings.balls.array import TRUTH, BallArray
from vaelid.readings.balls.operands import made, reals, truths, vectorised

__all__ = ["ELEMENTWISE"]

BallRule = Callable[..., BallArray]


def _of_balls(function: Callable[..., arb]) -> BallRule:
    return lambda balls, *operands: made(balls, vectorised(function, *(reals(balls, value) for value in operands)))


def _comparison(function: Callable[[arb, arb], truth.Truth]) -> BallRule:
    return lambda balls, x, y: made(balls, vectorised(function, reals(balls, x), reals(balls, y)), TRUTH)


def _of_truths(function: Callable[..., truth.Truth]) -> BallRule:
    return lambda balls, *operands: made(
        balls, vectorised(function, *(truths(balls, value) for value in operands)), TRUTH
    )


def _where(balls: Any, condition: Any, x: Any, y: Any) -> BallArray:
    """x where the condition is true, y where false; where undecided a ball that holds both."""
    return made(balls, vectorised(truth.hull, truths(balls, condition), reals(balls, x), reals(balls, y)))


def _is_finite(x: arb) -> truth.Truth:
    """Whether x is a real number: a non-finite ball may hold one, or may stand for a value that does not exist."""
    return True if x.is_finite() else truth.Undecided(x, "is finite")


def _binomial_log_coefficient(balls: Any, n: int, x: Any, like: Any) -> BallArray:
    return made(balls, vectorised(lambda k: numbers.log_choose(n, k), reals(balls, x)))


def _number(balls: Any, value: Any, like: Any) -> BallArray:
    return made(balls, reals(balls, value))


def _log_of_number(balls: Any, value: Any, like: Any) -> BallArray:
    return made(balls, vectorised(arb.log, reals(balls, value)))


_BALLS: dict[str, Callable[..., arb]] = {
    "abs": numbers.absolute,
    "add": add,
    "ceil": arb.ceil,
    "cos": arb.cos,
    "cosh": arb.cosh,
    "divide": truediv,
    "exp": arb.exp,
    "expm1": arb.expm1,
    "floor": arb.floor,
    "log": arb.log,
    "log1p": arb.log1p,
    "logaddexp": numbers.log_sum_exp_of_two,
    "lower": arb.lower,
    "maximum": arb.max,
    "mid": arb.mid,
    "minimum": arb.min,
    "multiply": mul,
    "negative": neg,
    "positive": pos,
    "pow": numbers.power,
    "rad": arb.rad,
    "reciprocal": lambda x: 1 / x,
    "sign": arb.sgn,
    "sin": arb.sin,
    "sinh": arb.sinh,
    "sqrt": arb.sqrt,
    "square": lambda x: numbers.power(x, arb(2)),
    "subtract": sub,
    "tan": arb.tan,
    "tanh": arb.tanh,
    "upper": arb.upper,
    # supplied to the spec, which writes them for floating point
    "continuous_bernoulli_log_normaliser": numbers.continuous_bernoulli_log_normaliser,
    "continuous_bernoulli_mean": numbers.continuous_bernoulli_mean,
    "exp_minus_one_minus": numbers.exp_minus_one_minus,
    "lgamma": arb.lgamma,  # not finite for x <= 0
    "sigmoid": numbers.sigmoid,
    "softplus": numbers.softplus,
}

ELEMENTWISE: dict[str, BallRule] = {
    **{name: _of_balls(function) for name, function in _BALLS.items()},
    **{name: _comparison(function) for name, function in truth.COMPARISONS.items()},
    "binomial_log_coefficient": _binomial_log_coefficient,
    "isfinite": lambda balls, x: made(balls, vectorised(_is_finite, reals(balls, x)), TRUTH),
    "log_of_number": _log_of_number,
    "logical_and": _of_truths(truth.both),
    "logical_not": _of_truths(truth.negation),
    "logical_or": _of_truths(truth.either),
    "logical_xor": _of_truths(truth.exactly_one),
    "number": _number,
    "where": _where,
}
"""For each operation's name its rule: (reading, *operands) -> array."""
