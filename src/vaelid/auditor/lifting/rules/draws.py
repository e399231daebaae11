"""Draws of a law that is read: normal and uniform ones.

In: an event such as `torch.normal(mean, std)`. Out: a leaf of standard noise, or a function of one. For example,
`torch.normal(m, s)` is m[i0] + s[i0] eps1[i0], through which autograd does not go back to m and s; `u.uniform_(-1, 1)`
is -1 + 2 u1[i0].
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.lifting.draw_laws import NORMAL, UNIFORM
from vaelid.auditor.lifting.loops import place_of_one_draw
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.tensor import Composed, Lifted
from vaelid.auditor.recording.events import Event, Region

__all__: list[str] = []


@reads(*sorted(NORMAL))
def _normal(reader: Reader, event: Event) -> Lifted:
    return _drawn(reader, event, "normal", "eps")


@reads(*sorted(UNIFORM))
def _uniform(reader: Reader, event: Event) -> Lifted:
    return _drawn(reader, event, "uniform", "u")


def _drawn(reader: Reader, event: Event, law: str, stem: str) -> Lifted:
    (output,) = event.made_regions
    base = event.operation
    operation = base if not event.options.get("generator") else f"{base} with a generator of its own"
    made = {"law": law, "operation": operation, "source": event.source}
    location, scale = _location_and_scale(event)
    is_standard = (location, scale) == (0, 1)
    if is_standard and (place := place_of_one_draw(reader, event, stem, law)) is not None:
        return place.without_gradient()
    drawn = reader.output(event, output)
    composed = None if is_standard else _standard(reader, event, drawn, location, scale)
    tensor = drawn if composed is None else composed.values
    name = reader.name(stem)
    noise = reader.leaf(name, "noise", output, tensor, event.number, composed=composed, **made).without_gradient()
    if is_standard:
        reader.drawn_at[name] = event.number
        return noise
    around, spread = operand(reader, event, location), operand(reader, event, scale)
    result = pointwise(reader, event, lambda m, s, e: m + s * e, around, spread, noise)
    if around.live or spread.live:
        result = result.stopped(event.source, around, spread)
    return result


def _standard(reader: Reader, event: Event, drawn: Tensor, location: Any, scale: Any) -> Composed:
    """The standard draw e of a draw m + s e, in float64; 0 where s is 0, since any e gives that."""
    given = [reader.values_before(event.number, v) if isinstance(v, Region) else v for v in (location, scale)]
    tensors = [value for value in given if isinstance(value, Tensor)]

    def standard(values: Sequence[Tensor]) -> Tensor:
        moving = iter(values[1:])
        m, s = (next(moving) if isinstance(value, Tensor) else value for value in given)
        found = (values[0].detach().double() - m) / s
        return torch.where(torch.isfinite(found), found, torch.zeros_like(found)).detach()

    return Composed((drawn, *tensors), standard)


def _location_and_scale(event: Event) -> tuple[Any, Any]:
    """What the standard draw is scaled by and added to: mean and deviation, or the low end and the width."""
    name = event.name.removeprefix("aten.")
    if name.startswith(("normal_.", "uniform_.")):  # in place: the first argument is what is written into
        given = event.arguments[1:3]
    elif name.startswith("normal."):
        given = event.arguments[:2]
    else:
        return 0, 1
    first, second = (*given, *(0, 1)[len(given) :])
    return (first, second - first) if name.startswith("uniform_.") else (first, second)
