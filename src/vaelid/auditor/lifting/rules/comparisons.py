"""Comparisons of numbers.

In: an event such as `epoch > 10`. Out: 1 or 0, as it was recorded, and a note that the run was decided by a value: the
verdict is of the way that was taken, as with a branch of Python's. Comparisons of larger tensors are cut: `x > 0` is an
array of truth values, of which no more is known than that it was made of x.
"""

import math

from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.lifting.cut import cut
from vaelid.auditor.lifting.operands import read
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import as_term

__all__: list[str] = []


@reads("eq", "ne", "gt", "lt", "ge", "le")
def _compared(reader: Reader, event: Event) -> Lifted:
    (output,) = event.made_regions
    if math.prod(output.size) != 1:
        return _of_arrays(reader, event)
    if event.source not in reader.decided:
        reader.decided.append(event.source)
    answer = int(reader.output(event, output).item())
    return Lifted(tuple(() for _ in output.size), lambda: as_term(answer))


def _of_arrays(reader: Reader, event: Event) -> Lifted:
    """The truth values; those of the same comparison before, where a loop over draws makes its mask in each turn.

    Only of data with an element: a comparison that autograd goes into is cut each time, with what it has of gradients.
    """
    sides = [read(reader, event, value) for value in event.arguments[:2]]
    if any(side.live or side.stops for side in sides):
        raise Mixed("")
    try:
        asked = (event.operation, *((side.dims, side.element.term) for side in sides))
    except Unread:
        raise Mixed("") from None
    if asked not in reader.comparisons:
        (reader.comparisons[asked],) = cut(reader, event)
    return reader.comparisons[asked]
