"""The variance that a squared error states, by the constant that stands beside it."""

import math
from fractions import Fraction

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.model.values import Values
from vaelid.auditor.recognition.targets import Found
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Operator, subterms

__all__ = ["stated_scale"]


def stated_scale(found: Found, values: Values) -> Fraction | None:
    """V, where the constant beside the squared error is log(2 pi V) / 2 to its weight 1 / V; None where it is not.

    Of an absolute error the scale b, where the constant is log(2 b) to the weight 1 / b.
    """
    if found.target.learned or found.target.family not in ("gaussian", "laplace"):
        return None
    weight = _number(found.fit.weights[0], values)
    constant = _number(found.fit.constant, values) + (_number(found.number, values) if found.number is not None else 0)
    if not weight or abs(constant) < 1e-12 * abs(weight):
        return None
    ratio = constant / weight
    gaussian = found.target.family == "gaussian"

    def excess(scale: float) -> float:
        own = scale * math.log(2 * math.pi * scale) / 2 if gaussian else scale * math.log(2 * scale)
        return own - ratio

    turn = 1 / (2 * math.pi * math.e) if gaussian else 1 / (2 * math.e)
    found_scales = []
    for low, high in ((turn, 1e6), (turn, 1e-12)):
        if excess(low) * excess(high) > 0:
            continue
        for _ in range(200):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if excess(low) * excess(middle) > 0 else (low, middle)
        scale = Fraction(low).limit_denominator(10**4)
        if abs(scale - Fraction(low)) <= Fraction(1, 10**6) * scale:
            found_scales.append(scale)
    return min(found_scales, key=lambda scale: scale.denominator, default=None)


def _number(term: TermArray, values: Values) -> float:
    lengths = {p: as_term(1).term for p in subterms(term.term) if p.head == Operator("real")}
    return values.number(TermArray((), replaced(term.term, lengths)))
