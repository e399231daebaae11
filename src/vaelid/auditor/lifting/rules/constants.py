"""Tensors of one number, made from nothing.

In: an event such as `torch.full((3, 5), 0.1)`. Out: a tensor whose element is that number, here 1/10, with new axes.
"""

from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import as_term

__all__: list[str] = []


@reads("ones", "ones_like", "new_ones")
def _ones(reader: Reader, event: Event) -> Lifted:
    return _constant(reader, event, 1)


@reads("zeros", "zeros_like", "new_zeros", "zero")
def _zeros(reader: Reader, event: Event) -> Lifted:
    return _constant(reader, event, 0)


def _constant(reader: Reader, event: Event, value: int) -> Lifted:
    (output,) = event.made_regions
    return Lifted(reader.new_dims(event, output.size), lambda: as_term(value))


@reads("full", "full_like", "fill")
def _filled(reader: Reader, event: Event) -> Lifted:
    return _with(reader, event, event.arguments[1])


@reads("new_full")
def _new_filled(reader: Reader, event: Event) -> Lifted:
    return _with(reader, event, event.arguments[2])


def _with(reader: Reader, event: Event, value: object) -> Lifted:
    (output,) = event.made_regions
    return operand(reader, event, value).laid_out(reader.new_dims(event, output.size))


@reads("scalar_tensor")
def _scalar(reader: Reader, event: Event) -> Lifted:
    return operand(reader, event, event.arguments[0])
