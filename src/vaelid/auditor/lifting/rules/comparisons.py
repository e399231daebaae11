"""Comparisons of single numbers.

In: an event such as `epoch > 10`. Out: 1 or 0, as it was recorded, and a note that the run was decided by a value: the
verdict is of the way that was taken, as with a branch of Python's. Comparisons of larger tensors are cut.
"""

import math

from vaelid.auditor.formula.errors import Mixed
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
        raise Mixed("")
    if event.source not in reader.decided:
        reader.decided.append(event.source)
    answer = int(reader.recording.made[event.number, output].item())
    return Lifted(tuple(() for _ in output.size), lambda: as_term(answer))
