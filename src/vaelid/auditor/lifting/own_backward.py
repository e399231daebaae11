"""Tensors from a user's own `autograd.Function`, or with a hook: their gradient is compared with their formula's.

In: such a tensor as it was read. Out: the same, marked as `bent` where the two gradients differ. For example, of
`Clamp.apply(x)` with a backward that passes the gradient through, at a clamped x the formula's gradient is 0 and the
user's is 1: the formula is not what is trained.
"""

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.gradients import gradient_agrees, slopes_differ
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Region
from vaelid.auditor.recording.record import is_from_own_function

__all__ = ["through_own_backward"]


def through_own_backward(reader: Reader, region: Region, found: Lifted, number: int, line: str) -> Lifted:
    """The tensor as the event of this number reads it, at this line.

    A stop inside does not count if autograd's gradient is the formula's all the same.
    """
    key = (region, found.leaves)
    if key not in reader.compared:
        reader.compared[key] = _compared(reader, region, found, number, line)
    return reader.compared[key]


def _compared(reader: Reader, region: Region, found: Lifted, number: int, line: str) -> Lifted:
    try:
        actual = reader.values_before(number, region, trained=True)
    except Mixed:
        return found
    if is_from_own_function(actual):  # torch switches autograd off in every such forward: that alone stops nothing
        found = found.with_stops(frozenset(stop for stop in found.stops if not stop.no_grad))
    live = frozenset(name for name in found.leaves if reader.leaves[name].tensor.requires_grad)
    if not live:  # a gradient that nobody takes is not compared
        return found
    inside = frozenset(stop for stop in found.stops if found.leaves.issuperset(stop.leaves))
    if gradient_agrees(found, actual, reader.leaves, reader.axes):
        reader.settled |= {stop.line for stop in inside}
        return found.with_stops(found.stops - inside, live)
    if inside:
        return found
    return found.bent(line, slopes_differ(found, actual, reader.leaves, reader.axes))
