"""Functions of single elements, of up to three tensors.

In: an event such as `x * y`. Out: the tensor of the values, `pointwise`. For example, `torch.sub(x, y, alpha=3)` is
x[i0] - 3 y[i0]; `relu(x)` is (x + |x|) / 2, since terms do not branch.
"""

from collections.abc import Callable
from typing import Any

import torch

from vaelid.auditor.formula.arithmetic import is_number, simple
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import (
    clamped,
    difference,
    divided,
    exact_number,
    larger,
    logarithm,
    power,
    root,
    sigmoid,
    smaller,
)
from vaelid.auditor.lifting.long_sums import in_a_chain
from vaelid.auditor.lifting.operands import operand, operands
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import Rule, reads, registered
from vaelid.auditor.lifting.rules.normals_of_uniforms import normal_of_radius_and_angle
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.lifting.truth_values import of_truth_values
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.spec.arrays import lgamma, softplus

__all__: list[str] = []


_OF_ONE: dict[str, Callable[[TermArray], TermArray]] = {
    **dict.fromkeys(("clone", "detach", "alias", "lift_fresh", "contiguous", "positive"), lambda x: x),
    "neg": lambda x: -x,
    "exp": xp.exp,
    "log": logarithm,
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
    "relu": lambda x: (x + abs(x)) / 2,
    "abs": abs,
    "cosh": lambda x: (xp.exp(x) + xp.exp(-x)) / 2,
    "sinh": lambda x: (xp.exp(x) - xp.exp(-x)) / 2,
    "tanh": xp.tanh,
    "lgamma": lgamma,
}
_OF_TWO: dict[str, Callable[[TermArray, TermArray], TermArray]] = {
    "maximum": larger,
    "minimum": smaller,
    "xlogy": lambda x, y: x * xp.log(y),
    "logaddexp": lambda x, y: xp.log(xp.exp(x) + xp.exp(y)),
}
_OF_THREE: dict[str, Callable[[TermArray, TermArray, TermArray], TermArray]] = {
    "lerp": lambda x, y, w: x + w * difference(y, x),
}


def _of_first(count: int, function: Callable[..., TermArray]) -> Callable[[Reader, Event], Lifted]:
    """The function of the first arguments of an event."""

    def rule(reader: Reader, event: Event) -> Lifted:
        return pointwise(reader, event, function, *operands(reader, event, count))

    return rule


for _count, _functions in enumerate((_OF_ONE, _OF_TWO, _OF_THREE), 1):
    for _name, _function in _functions.items():
        registered(_name, Rule(_of_first(_count, _function)))


# arithmetic


@reads("add")
def _sum(reader: Reader, event: Event) -> Lifted:
    x, y = operands(reader, event, 2)
    y = _times_alpha(reader, event, y)
    return in_a_chain(reader, event, pointwise(reader, event, lambda x, y: x + y, x, y), x, y)


@reads("sub")
def _difference(reader: Reader, event: Event) -> Lifted:
    x, y = operands(reader, event, 2)
    y = _times_alpha(reader, event, y)
    negative = pointwise(reader, event, lambda y: -y, y)
    return in_a_chain(reader, event, pointwise(reader, event, lambda x, y: x - y, x, y), x, negative)


@reads("rsub")
def _reversed_difference(reader: Reader, event: Event) -> Lifted:
    x, y = operands(reader, event, 2)
    if _is_zero(y):  # `total = 0` before a loop, then `total - f`
        return pointwise(reader, event, lambda x: -x, _times_alpha(reader, event, x, event.arguments[2:3]))
    return pointwise(reader, event, lambda x, y: y - x, _times_alpha(reader, event, x, event.arguments[2:3]), y)


def _times_alpha(reader: Reader, event: Event, x: Lifted, positional: tuple[Any, ...] = ()) -> Lifted:
    """An operand times the option `alpha`."""
    alpha = event.options.get("alpha", positional[0] if positional else 1)
    if alpha == 1:
        return x
    factor = exact_number(alpha)
    return pointwise(reader, event, lambda v: v * factor, x)


@reads("mul")
def _product(reader: Reader, event: Event) -> Lifted:
    if (normal := normal_of_radius_and_angle(reader, event)) is not None:
        return normal
    x, y = operands(reader, event, 2)
    product = pointwise(reader, event, lambda x, y: x * y, x, y)
    if _is_zero(x) or _is_zero(y):
        reader.weightless.append((x.leaves | y.leaves, event.source))
        return Lifted(product.dims, lambda: as_term(0))  # a term of weight 0 is not there, and leads to no leaf
    return product


def _is_zero(x: Lifted) -> bool:
    whole = not x.pieces and x.triangular is None
    return whole and not x.leaves and is_number(simple(x.element), 0)


@reads("div")
def _quotient(reader: Reader, event: Event) -> Lifted:
    if event.options.get("rounding_mode"):
        raise Mixed("a division that rounds")
    return pointwise(reader, event, divided, *operands(reader, event, 2))


@reads("addcmul")
def _sum_and_product(reader: Reader, event: Event) -> Lifted:
    scale = exact_number(event.options.get("value", 1))
    return pointwise(reader, event, lambda a, x, y: a + scale * (x * y), *operands(reader, event, 3))


@reads("addcdiv")
def _sum_and_quotient(reader: Reader, event: Event) -> Lifted:
    scale = exact_number(event.options.get("value", 1))
    return pointwise(reader, event, lambda a, x, y: a + scale * x / y, *operands(reader, event, 3))


@reads("pow")
def _power(reader: Reader, event: Event) -> Lifted:
    base, exponent = event.arguments[:2]
    if isinstance(exponent, int | float):
        return pointwise(reader, event, lambda x: power(x, exponent), operand(reader, event, base))
    if isinstance(base, int | float) and base > 0:
        return pointwise(
            reader, event, lambda y: xp.exp(y * xp.log(exact_number(base))), operand(reader, event, exponent)
        )
    raise Mixed("a power whose exponent is a tensor")


# others


@reads("_to_copy")
def _converted(reader: Reader, event: Event) -> Lifted:
    x = operand(reader, event, event.arguments[0])
    (output,) = event.made_regions
    if not output.real and event.arguments[0].real:
        raise Mixed("a conversion to whole numbers")
    if event.options.get("dtype") == torch.bool and not of_truth_values(reader, event, event.arguments[0]):
        raise Mixed("a conversion to truth values")
    return x


def _scaled_softplus(beta: float) -> Callable[[TermArray], TermArray]:
    """log(1 + e^(beta x)) / beta."""
    if beta == 1:
        return softplus
    factor = exact_number(beta)
    return lambda x: softplus(x * factor) / factor


@reads("softplus")
def _softplus(reader: Reader, event: Event) -> Lifted:
    x, *rest = event.arguments
    return pointwise(reader, event, _scaled_softplus(rest[0] if rest else 1), operand(reader, event, x))


@reads("log_sigmoid_forward", several=True)
def _log_of_sigmoid(reader: Reader, event: Event) -> list[Lifted]:
    """The second output is a buffer for the backward pass, which no loss reads."""
    found = pointwise(reader, event, lambda x: -softplus(-x), operand(reader, event, event.arguments[0]))
    return [found] * len(event.made_regions)


@reads("clamp", "hardtanh", "clamp_min", "clamp_max")
def _clamp(reader: Reader, event: Event) -> Lifted:
    low, high = _bounds(event)
    if event.unchanged:
        reader.clamps.append(event.source)
        x = operand(reader, event, event.arguments[0])
        if reader.clamps_of is not None and not x.leaves & reader.clamps_of:
            return x

    def function(x: TermArray, *bounds: TermArray) -> TermArray:
        return clamped(x, bounds[0] if low is not None else None, bounds[-1] if high is not None else None)

    given = [event.arguments[0], *(bound for bound in (low, high) if bound is not None)]
    return pointwise(reader, event, function, *(operand(reader, event, value) for value in given))


def _bounds(event: Event) -> tuple[Any, Any]:
    """The lower and the upper bound of a clamp, each a number, a tensor's region or None."""
    bounds = event.arguments[1:]
    options = event.options.get("min"), event.options.get("max")
    if event.operation == "hardtanh":  # its bounds are always numbers, and left out where they are torch's own
        options = event.options.get("min_val", -1), event.options.get("max_val", 1)
    if event.operation == "clamp_max":
        return None, bounds[0] if bounds else options[1]
    if event.operation == "clamp_min":
        return bounds[0] if bounds else options[0], None
    low, high = (*bounds, *options)[:2] if len(bounds) != 1 else (bounds[0], options[1])
    return low, high
