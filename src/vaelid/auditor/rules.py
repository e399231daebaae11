"""ATen operations as terms: of single elements. What a dimension does is `lift.py`'s subject."""

import math
from collections.abc import Callable
from fractions import Fraction

from vaelid.auditor.axes import Mixed
from vaelid.auditor.simple import tidy
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import INDEX, Binder, Operator, free_variables, subterms
from vaelid.spec.arrays import lgamma, softplus

__all__ = [
    "COMPARISONS",
    "CONSTANTS",
    "FOLDS",
    "FULL",
    "LAWS",
    "OF_ONE",
    "OF_THREE",
    "OF_TWO",
    "ORDERS",
    "SCALINGS",
    "clamped",
    "divided",
    "larger",
    "number",
    "number_at",
    "power",
    "root",
]


def number(value: float, digits: int = 17) -> TermArray:
    """The number that was meant: a fraction of whole numbers to 10^6 that is this float, else its decimal.

    `digits` are those that count: 7 of a float32.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Mixed(f"the number {value}")
        short = Fraction(f"{value:.{digits}g}") if digits < 17 else Fraction(repr(value))
        simple = short.limit_denominator(10**6)
        near = abs(simple - short) <= abs(short) * Fraction(3, 10 ** min(digits, 16))
        return as_term(simple if near else short)
    return as_term(Fraction(value))


def number_at(value: float, source: str) -> TermArray:
    """The number that stands at this line of the user's. Raises `Mixed`, with the line."""
    try:
        return number(value)
    except Mixed as reason:
        reason.source = source
        raise


def root(x: TermArray) -> TermArray:
    """The square root of what is positive."""
    return xp.exp(xp.log(x) / 2)


def power(base: TermArray, exponent: float) -> TermArray:
    """A whole power, or a square root; the square of a square root is what it is of."""
    if exponent == 2 and (inside := _under_root(base)) is not None:
        return inside
    if float(exponent).is_integer():
        whole = base ** abs(int(exponent))
        return whole if exponent >= 0 else 1 / whole
    if abs(exponent) == 0.5:
        return root(base) if exponent > 0 else 1 / root(base)
    return xp.exp(number(float(exponent)) * xp.log(base))


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
    """1 / (1 + e^-x). The spec's is by tanh, a function that the solvers know nothing of."""
    return 1 / (1 + xp.exp(-x))


def divided(x: TermArray, y: TermArray) -> TermArray:
    """x / y. By a number or a length as a product, which the solvers find easier: x (1 / y).

    A sum, too, by one learned number: what it is divided by can then be taken into it.
    """
    if x.term is as_term(1).term:
        return 1 / y
    if not any(variable.sort is not INDEX for variable in free_variables(y.term)):
        return x * tidy(1 / y)
    single = not any(variable.name[0] == "i" for variable in free_variables(y.term) if variable.sort is INDEX)
    return x * (1 / y) if single and _has_sum(x) and not _has_sum(y) else x / y


def _has_sum(term: TermArray) -> bool:
    return any(part.head == Binder("sum") for part in subterms(term.term))


OF_ONE: dict[str, Callable[[TermArray], TermArray]] = {
    **dict.fromkeys(("clone", "detach", "alias", "lift_fresh", "contiguous", "positive"), lambda x: x),
    "neg": lambda x: -x,
    "exp": xp.exp,
    "log": xp.log,
    "square": lambda x: x**2,
    "sqrt": root,
    "rsqrt": lambda x: 1 / root(x),
    "reciprocal": lambda x: 1 / x,
    "expm1": lambda x: xp.exp(x) - 1,
    "log1p": lambda x: xp.log(1 + x),
    "log2": lambda x: xp.log(x) / xp.log(as_term(2)),
    "log10": lambda x: xp.log(x) / xp.log(as_term(10)),
    "sigmoid": sigmoid,
    "logit": lambda x: xp.log(x) - xp.log(1 - x),
    "silu": lambda x: x * sigmoid(x),
    "softplus": softplus,
    "log_sigmoid_forward": lambda x: -softplus(-x),
    "relu": lambda x: (x + abs(x)) / 2,
    "abs": abs,
    "tanh": xp.tanh,
    "lgamma": lgamma,
}
OF_TWO: dict[str, Callable[[TermArray, TermArray], TermArray]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "rsub": lambda x, y: y - x,
    "mul": lambda x, y: x * y,
    "div": divided,
    "maximum": larger,
    "minimum": smaller,
    "xlogy": lambda x, y: x * xp.log(y),
    "logaddexp": lambda x, y: xp.log(xp.exp(x) + xp.exp(y)),
}
OF_THREE: dict[str, Callable[[TermArray, TermArray, TermArray], TermArray]] = {
    "lerp": lambda x, y, w: x + w * (y - x),
    "where": lambda chosen, x, y: chosen * x + (1 - chosen) * y,
}
CONSTANTS = {"ones": 1, "ones_like": 1, "new_ones": 1, "zeros": 0, "zeros_like": 0, "new_zeros": 0, "zero": 0}
ORDERS = {"t", "transpose", "permute", "numpy_T"}
SCALINGS = {"mul", "div", "neg", "_to_copy", "clone", "alias", "view", "squeeze", "unsqueeze", "expand"}
"""Operations by which a part of a loss stays what it is, but for a factor."""
FULL = {"full": 1, "full_like": 1, "fill": 1, "new_full": 2}
LAWS = {
    **dict.fromkeys(("randn", "randn_like", "normal", "normal_functional"), "normal"),
    **dict.fromkeys(("rand", "rand_like", "uniform"), "uniform"),
    **dict.fromkeys(("bernoulli", "exponential", "cauchy", "log_normal", "geometric", "multinomial"), "other"),
    **dict.fromkeys(("randperm", "randint", "random", "poisson", "_standard_gamma", "native_dropout"), "other"),
}

FOLDS = {"prod": OF_TWO["mul"], "amax": larger, "amin": smaller, "max": larger, "min": smaller}
"""What is done with the elements of a dimension one after the other."""

COMPARISONS = {"eq", "ne", "gt", "lt", "ge", "le"}
