"""The variance that a squared error states, by the constant beside it.

A Gaussian likelihood that was found comes in; the variance goes out for which the constant is the right normaliser.
Example: ``(x - x_hat)^2 / (2 * 0.25) + log(2 pi 0.25) / 2`` states the variance 1/4; without the constant nothing is
stated, and beta is given for the variance 1.
"""

import math
from fractions import Fraction

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.recognition.quantities import Found
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Operator, subterms

__all__ = ["stated_scale"]


def stated_scale(found: Found, values: Probe) -> Fraction | None:
    """The variance V for which the constant is V log(2 pi V) / 2 times the weight; None if there is no simple one.

    For an absolute error the scale b for which it is b log(2 b) times the weight.
    """
    if found.target.learned or found.target.family not in ("gaussian", "laplace"):
        return None
    weight = _number(found.fit.weights[0], values)
    constant = _number(found.added_number, values)
    if not weight or abs(constant) < 1e-12 * abs(weight):  # rounding: there is no constant
        return None
    ratio = constant / weight
    gaussian = found.target.family == "gaussian"

    def excess(scale: float) -> float:
        own = scale * math.log(2 * math.pi * scale) / 2 if gaussian else scale * math.log(2 * scale)
        return own - ratio

    # V log(2 pi V) falls to its minimum at `turn` and rises after it: on each side there is one solution at most.
    turn = 1 / (2 * math.pi * math.e) if gaussian else 1 / (2 * math.e)
    found_scales = []
    for low, high in ((turn, 1e12), (turn, 1e-12)):
        if excess(low) * excess(high) > 0:
            continue
        for _ in range(200):  # bisection, geometric as scales are: 12 digits take 60 steps
            middle = math.sqrt(low * high)
            low, high = (middle, high) if excess(low) * excess(middle) > 0 else (low, middle)
        found_scales.extend(_written(low))
    return min(found_scales, default=(0, None))[1]


def _written(number: float) -> list[tuple[int, Fraction]]:
    """The shortest number that a person would write for this one, 0.1 or 1e-6 or 1/3, with how many digits it takes.

    With enough digits any number is near: of the two scales that a constant allows, the one with fewer is meant.
    """
    decimals = (f"{number:.{digits}g}" for digits in range(1, 7))
    fractions = (str(Fraction(number).limit_denominator(10**digits)) for digits in range(1, 5))
    near = [
        (sum(sign in "123456789" for sign in text.partition("e")[0]), Fraction(text))
        for text in (*decimals, *fractions)
        if abs(Fraction(text) - Fraction(number)) <= Fraction(1, 10**6) * Fraction(number)
    ]
    return [min(near)] if near else []


def _number(term: TermArray, values: Probe) -> float:
    """The value at lengths 1: weight and constant are both sums over the same places."""
    lengths = {p: as_term(1).term for p in subterms(term.term) if p.head == Operator("real")}
    return values.number(TermArray((), replaced(term.term, lengths)))
