"""The ball reading itself: a precision, and the table of its rules."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np
from flint import arb, ctx

from vaelid.readings.balls.algebra import ALGEBRA
from vaelid.readings.balls.array import REAL, TRUTH, WHOLE, BallArray
from vaelid.readings.balls.creation import CREATION
from vaelid.readings.balls.elementwise import ELEMENTWISE
from vaelid.readings.balls.operands import made
from vaelid.readings.balls.reductions import REDUCTIONS
from vaelid.readings.balls.shapes import SHAPES
from vaelid.readings.errors import UnknownOperation
from vaelid.spec.errors import InputError

__all__ = ["RULES", "Balls", "balls"]

RULES: dict[str, Callable[..., Any]] = {**ELEMENTWISE, **REDUCTIONS, **SHAPES, **CREATION, **ALGEBRA}
"""The reading as a table: for each operation's name a function (reading, *arguments) -> result.

A rule runs at the reading's precision and trusts nothing that is rounded to float64 on the way.
"""

_VALUES = {"ball": REAL, "bool": TRUTH, "int64": WHOLE, "newaxis": None}
_CONSTANTS = {"e": arb.const_e, "pi": arb.pi}
_FEWEST_BITS, _MOST_BITS = 2, 1_000_000


@dataclass(frozen=True)
class Balls:
    """The array API over balls: each operation returns balls that hold the exact values of the formula.

        xp = Balls(precision=256)
        xp.exp(xp.asarray(1.0))

    Results are rounded outwards to `precision` bits, with a radius that covers the rounding. Arb's own working
    precision, which is global, is set for the time of an operation and put back. Two readings of one precision are
    equal; arrays of different precisions are not mixed.

    An operation without a rule raises `ReadingError` with its name. Not checked: that Arb is right, and that no other
    thread computes with Arb at the same time.

    Attributes:
        precision: in bits, from 2 to 1,000,000; a float64 has 53.
        supplies: the definitions of `vaelid.spec` that it answers itself, for they are written there for floats.
    """

    precision: int = 128

    supplies = frozenset(
        {
            "binomial_log_coefficient",
            "continuous_bernoulli_log_normaliser",
            "continuous_bernoulli_mean",
            "exp_minus_one_minus",
            "lgamma",
            "log_of_number",
            "log_softmax",
            "number",
            "sigmoid",
            "softplus",
        }
    )

    def __post_init__(self) -> None:
        if isinstance(self.precision, bool) or not isinstance(self.precision, int):
            raise InputError(f"precision={self.precision!r} is not a whole number of bits, for instance 128.")
        if not _FEWEST_BITS <= self.precision <= _MOST_BITS:
            raise InputError(f"precision={self.precision} is not from {_FEWEST_BITS} to {_MOST_BITS:,} bits.")

    @property
    def __name__(self) -> str:  # by which array_api_compat tells namespaces apart
        return f"balls of {self.precision} bits"

    @property
    def linalg(self) -> "_Linalg":
        """The operations of the array API's linear algebra."""
        return _Linalg(self)

    def __array_namespace_info__(self) -> "_Info":
        return _Info()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _VALUES:
            return _VALUES[name]
        if name in _CONSTANTS:
            with ctx.workprec(self.precision):
                return made(self, np.full((), _CONSTANTS[name](), dtype=object))
        if name not in RULES:
            raise UnknownOperation(
                f"the balls reading has no operation {name!r}: no rule encloses it. Write the formula with those that "
                "it has (vaelid.readings.balls.namespace.RULES), or add a rule there."
            )
        rule = RULES[name]

        @wraps(rule)
        def operation(*args: Any, **kwargs: Any) -> Any:
            with ctx.workprec(self.precision):
                return rule(self, *args, **kwargs)

        return operation


@dataclass(frozen=True)
class _Linalg:
    namespace: Balls

    def __getattr__(self, name: str) -> Any:
        return getattr(self.namespace, name if name.startswith("__") else f"linalg.{name}")


class _Info:
    """What the array API asks a namespace about itself."""

    def default_dtypes(self, *, device: str | None = None) -> dict[str, Any]:
        """The dtypes of floats, of integers, and of positions."""
        return {"real floating": REAL, "integral": WHOLE, "indexing": WHOLE}

    def default_device(self) -> str:
        """Always the CPU."""
        return "cpu"


def balls(values: Any, radius: Any = None, *, precision: int = 128) -> BallArray:
    """The balls of `values`, exact where no radius is given: all numbers within `radius` of each value.

    Values and radius are numbers or arrays of them (Python's, numpy's, torch's; floats, ints, Fractions, balls), each
    taken exactly, and broadcast. Raises `InputError` for NaN, infinity, a negative radius, and what is no number.

        balls([0.25, 1]), balls(weights, radius=2.0**-30, precision=256)
    """
    xp = Balls(precision)
    middles = xp.asarray(values, dtype=REAL)
    return middles if radius is None else xp.with_radius(middles, xp.asarray(radius, dtype=REAL))
