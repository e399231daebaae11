"""Comparisons of balls have three answers: true, false, undecided. Their logic is Kleene's.

`left < right` is true where it holds for every number of the one ball and every number of the other, false where it
fails for all, and `Undecided` otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flint import arb

from vaelid.readings.balls.numbers import ball, whole
from vaelid.readings.errors import ReadingError

__all__ = [
    "COMPARISONS",
    "Truth",
    "Undecided",
    "ball_of",
    "both",
    "decided",
    "either",
    "exactly_one",
    "hull",
    "negation",
    "truth_of",
    "whole_of",
]


@dataclass(frozen=True)
class Undecided:
    """A claim that holds for some numbers of its balls and fails for others. Not a bool: see `decided`."""

    left: arb
    claim: str
    right: arb | None = None

    def __str__(self) -> str:
        return " ".join(part if isinstance(part, str) else part.str(10) for part in self._parts())

    def _parts(self) -> list[arb | str]:
        return [part for part in (self.left, self.claim, self.right) if part is not None]

    def __bool__(self) -> bool:
        return decided(self)


Truth = bool | Undecided


def decided(truth: Truth) -> bool:
    """The answer; raises `ReadingError` where there is none."""
    if isinstance(truth, Undecided):
        raise ReadingError(
            f"the balls reading cannot decide whether {truth}: that may hold for some numbers of the balls and fail "
            "for others. Give narrower input, or compute with more precision."
        )
    return truth


def _comparison(symbol: str, holds: Callable[[Any, Any], bool], fails: Callable[[Any, Any], bool]) -> Callable:
    def compare(left: arb, right: arb) -> Truth:
        if holds(left, right):
            return True
        return False if fails(left, right) else Undecided(left, symbol, right)

    return compare


# Arb's own comparisons answer True only where that is certain
COMPARISONS: dict[str, Callable[[arb, arb], Truth]] = {
    "equal": _comparison("==", lambda x, y: x == y, lambda x, y: x != y),
    "not_equal": _comparison("!=", lambda x, y: x != y, lambda x, y: x == y),
    "less": _comparison("<", lambda x, y: x < y, lambda x, y: x >= y),
    "less_equal": _comparison("<=", lambda x, y: x <= y, lambda x, y: x > y),
    "greater": _comparison(">", lambda x, y: x > y, lambda x, y: x <= y),
    "greater_equal": _comparison(">=", lambda x, y: x >= y, lambda x, y: x < y),
}
"""The six comparisons of two balls, under their names in the array API."""


def negation(truth: Truth) -> Truth:
    """Not; undecided stays undecided."""
    return truth if isinstance(truth, Undecided) else not truth


def both(left: Truth, right: Truth) -> Truth:
    """And: false where either is false, whatever the other."""
    if left is False or right is False:
        return False
    return right if left is True else left


def either(left: Truth, right: Truth) -> Truth:
    """Or: true where either is true, whatever the other."""
    if left is True or right is True:
        return True
    return right if left is False else left


def exactly_one(left: Truth, right: Truth) -> Truth:
    """Exclusive or: undecided where either is."""
    return next((truth for truth in (left, right) if isinstance(truth, Undecided)), left is not right)


def hull(truth: Truth, left: arb, right: arb) -> arb:
    """Left where true, right where false; where undecided a ball that holds both."""
    if isinstance(truth, Undecided):
        return left.union(right)
    return left if truth else right


def truth_of(element: Any) -> Truth:
    """A number as a truth: whether it differs from zero."""
    if isinstance(element, (bool, Undecided)):
        return element
    return COMPARISONS["not_equal"](ball(element), arb(0))


def ball_of(element: Any) -> arb:
    """A truth as a number: 1, 0, or a ball that holds both; numbers as `ball` takes them."""
    return hull(element, arb(1), arb(0)) if isinstance(element, Undecided) else ball(element)


def whole_of(element: Any) -> int:
    """A ball as the whole number that it is exactly; raises `ReadingError` where it is none."""
    number = whole(ball_of(element))
    if number is None:
        raise ReadingError(
            f"the balls reading makes integers of exact whole numbers only, and {ball_of(element).str(10)} is none."
        )
    return number
