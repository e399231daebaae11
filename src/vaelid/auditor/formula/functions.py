"""Functions of real terms, in the form that code means and the solvers find easiest.

In: terms, and numbers as code has them. Out: a term. For example, `exact_number(0.1)` is 1/10 and not the float nearest
to it, `power(root(x), 2)` is x, and `larger(x, y)` is (x + y + |x - y|) / 2.
"""

import math
from fractions import Fraction

from vaelid.auditor.formula.arithmetic import tidy
from vaelid.auditor.formula.axes_of_terms import axes_in, has_sums
from vaelid.auditor.formula.errors import Mixed
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import INDEX, Operator, free_variables

__all__ = [
    "clamped",
    "difference",
    "divided",
    "exact_number",
    "larger",
    "logarithm",
    "power",
    "root",
    "sigmoid",
    "smaller",
]


def exact_number(value: float, digits: int = 17) -> TermArray:
    """The number that the code means: a fraction of a denominator to 10^6 that rounds to this float, else its decimal.

    `digits`: how many decimal digits are significant, 7 of a float32 and 17 of a float64. A fraction counts if it is
    within 3 units of the last of them (at most the 16th): three roundings of half a unit, as of `1 / 3 * 2`, stay
    inside.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Mixed(f"the number {value}")
        short = Fraction(f"{value:.{digits}g}") if digits < 17 else Fraction(repr(value))
        simple = short.limit_denominator(10**6)
        near = abs(simple - short) <= abs(short) * Fraction(3, 10 ** min(digits, 16))
        return as_term(simple if near else short)
    return as_term(Fraction(value))


def root(x: TermArray) -> TermArray:
    """The square root of what is positive; of 1 it is 1."""
    if x.term is as_term(1).term:
        return x
    return xp.exp(logarithm(x) / 2)


def logarithm(x: TermArray) -> TermArray:
    """The natural logarithm; of e^u it is u, so that a deviation made as sqrt(e^v) is e^(v / 2); of 1 it is 0."""
    if x.term is as_term(1).term:
        return as_term(0)
    return TermArray((), x.term.arguments[0]) if x.term.head == Operator("exp") else xp.log(x)


def difference(x: TermArray, y: TermArray) -> TermArray:
    """x - y; of d + y and y it is d."""
    if x.term.head == Operator("add"):
        for one, other in (x.term.arguments, x.term.arguments[::-1]):
            if one is y.term:
                return TermArray((), other)
    return x - y


def power(base: TermArray, exponent: float) -> TermArray:
    """A whole power, or a square root; the square of a square root is what it is of."""
    if exponent == 2 and (inside := _under_root(base)) is not None:
        return inside
    if float(exponent).is_integer():
        whole = base ** abs(int(exponent))
        return whole if exponent >= 0 else 1 / whole
    if abs(exponent) == 0.5:
        return root(base) if exponent > 0 else 1 / root(base)
    return xp.exp(exact_number(float(exponent)) * logarithm(base))


def _under_root(term: TermArray) -> TermArray | None:
    """What a term is the square root of, where it is written as one."""
    for exponent in term.term.arguments if term.term.head == Operator("exp") else ():
        for part in exponent.arguments:
            if part.head == Operator("log") and root(inside := TermArray((), part.arguments[0])).term is term.term:
                return inside
    return None


def larger(x: TermArray, y: TermArray) -> TermArray:
    """The larger of two numbers."""
    return (x + y + abs(x - y)) / 2


def smaller(x: TermArray, y: TermArray) -> TermArray:
    """The smaller of two numbers."""
    return (x + y - abs(x - y)) / 2


def clamped(x: TermArray, low: TermArray | None, high: TermArray | None) -> TermArray:
    """The number of an interval that is nearest to x."""
    x = x if low is None else larger(x, low)
    return x if high is None else smaller(x, high)


def sigmoid(x: TermArray) -> TermArray:
    """1 / (1 + e^-x). The spec writes it with tanh, about which the solvers know nothing."""
    return 1 / (1 + xp.exp(-x))


def divided(x: TermArray, y: TermArray) -> TermArray:
    """x / y. By a number or a length as a product, which the solvers find easier: x (1 / y).

    A sum, too, by one learned number: what it is divided by can then be taken into it.
    """
    if x.term is as_term(1).term:
        return 1 / y
    if not any(variable.sort is not INDEX for variable in free_variables(y.term)):
        return x * tidy(1 / y)
    single = not axes_in(y.term)
    return x * (1 / y) if single and has_sums(x) and not has_sums(y) else x / y
