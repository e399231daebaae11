"""The arguments of an event as terms.

In: an argument, a number or the region of a tensor. Out: a `Lifted`. For example, the 2 of `2 * x` is the number 2, a
buffer of ones is the number 1, a parameter is a leaf w1, and the result of an earlier event is what that was read as.

A tensor is read as it stood when the event used it, with what autograd was told of it then.
"""

from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.formula.arithmetic import number_left
from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.formula.functions import exact_number
from vaelid.auditor.lifting.own_backward import through_own_backward
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted, dense
from vaelid.auditor.recording.events import Event, Region
from vaelid.readings.terms.arrays import TermArray, as_term

__all__ = ["FROM_OUTSIDE", "operand", "operands", "outside_tensor", "read", "read_region"]


FROM_OUTSIDE = (
    "an autograd function computes by other code than PyTorch's operations. If it is a fused kernel, give its "
    "definition by vaelid.register_twin, and call what that returns"
)
_DIGITS, _DIGITS_OF_FLOAT32 = 17, 7
"""Decimal digits that tell a float64 from every other; and those that a float32 (or a shorter float) has in full."""


def operand(reader: Reader, event: Event, value: Any) -> Lifted:
    """An argument as the event read it: a detached tensor is stopped, one of a user's own backward is compared.

    Raises `Unread` where an autograd function made it by other code than torch's: from what, no event says.
    """
    if isinstance(value, Region) and value in event.outside:
        raise Unread(FROM_OUTSIDE, event.source)
    found = read(reader, event, value)
    if not reader.gradients or not isinstance(value, Region):
        return found
    if value in event.custom:
        return through_own_backward(reader, value, found, event.number, event.source)
    if event.is_stopped(value) and value.real:
        if (found.live or found.stops) and (number := _number_in(found)) is not None:
            return Lifted(found.dims, lambda: number)
        if not any(found.dims) and (found.live or found.stops):
            return _detached_number(reader, event, value, found)
        return found.stopped(event.source) if found.live else found
    if event.operation in _JOINS and any(stop.inside for stop in found.stops):
        return through_own_backward(reader, value, found, event.number, event.source)
    return found


_JOINS = ("cat", "stack")
"""What is joined has no element of its own, whose gradient could be compared later."""


def _number_in(found: Lifted) -> TermArray | None:
    """The number that all its elements are, whatever its leaves are: of `(z.detach() - z).detach()` that is 0.

    Detached, such a tensor neither adds to the value nor takes from the gradient.
    """
    try:
        return None if found.pieces else number_left(found.element)
    except Unread:
        return None


def operands(reader: Reader, event: Event, count: int) -> list[Lifted]:
    """The first arguments of an event, as operands."""
    return [operand(reader, event, value) for value in event.arguments[:count]]


def read(reader: Reader, event: Event, value: Any) -> Lifted:
    """An argument by its values alone. Raises `Mixed` where only parts of it are known."""
    if not isinstance(value, Region):
        if isinstance(value, bool | int | float):
            return Lifted((), lambda: _number_at(value, event.source))
        raise Mixed(f"an argument of type {type(value).__name__}")
    return read_region(reader, value)


def read_region(reader: Reader, region: Region) -> Lifted:
    """A tensor by its values alone. Raises `Mixed` where only parts of it are known."""
    if region not in reader.known:
        if region not in reader.recording.given:
            raise Mixed("a tensor that was written into in parts")
        reader.known[region] = outside_tensor(reader, region, reader.recording.given[region])
    return reader.known[region]


def outside_tensor(reader: Reader, region: Region, tensor: Tensor) -> Lifted:
    """A tensor that no event made: a number, if all its elements are that one and it is no parameter; else a leaf."""
    tensor = dense(tensor, None)
    values = tensor.detach()
    if not tensor.requires_grad and values.numel() and bool((values == values.flatten()[0]).all()):
        digits = _DIGITS if values.dtype == torch.float64 else _DIGITS_OF_FLOAT32
        value = values.flatten()[0].item()
        dims = tuple(reader.axes.dim((region, d), n) for d, n in enumerate(region.size))
        constant = exact_number(value, digits) if isinstance(value, float) else as_term(int(value))
        return Lifted(dims, lambda: constant)
    kind, stem = ("parameter", "w") if tensor.requires_grad else ("constant", "c")
    return reader.leaf(reader.name(stem), kind, region, tensor, None)


def _number_at(value: float, source: str) -> TermArray:
    """The number that stands at this line of the user's. Raises `Mixed`, with the line."""
    try:
        return exact_number(value)
    except Mixed as reason:
        reason.source = source
        raise


def _detached_number(reader: Reader, event: Event, region: Region, found: Lifted) -> Lifted:
    """A single number that was detached, as a constant leaf: right for a weight; a term of the loss has no gradient."""
    reader.halted.add(event.source)
    if region not in reader.detached:
        name, values = reader.name("detached"), reader.values_before(event.number, region)
        made = {"inputs": found.leaves, "operation": "detach", "source": event.source}
        reader.detached[region] = reader.leaf(name, "constant", region, values, None, **made)
    return reader.detached[region].without_gradient()
