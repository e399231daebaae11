"""ATen operations as terms: of single elements. What a dimension does is the subject of `lift.py`."""

from collections.abc import Callable

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import divided, larger, number, root, sigmoid, smaller
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
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
    "number_at",
]


def number_at(value: float, source: str) -> TermArray:
    """The number that stands at this line of the user's. Raises `Mixed`, with the line."""
    try:
        return number(value)
    except Mixed as reason:
        reason.source = source
        raise


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
