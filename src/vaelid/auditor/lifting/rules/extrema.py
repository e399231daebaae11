"""Products and extrema of few elements, written out one by one.

In: an event such as `x.amax(1)` of three columns. Out: max(x[i0, 0], max(x[i0, 1], x[i0, 2])), which holds for the
recorded length only. Of more elements they are cut, and the leaf remembers the fold: see `folds.py`.
"""

from collections.abc import Callable
from functools import reduce

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import larger, smaller
from vaelid.auditor.lifting.folds import FOLDS, arguments_of_fold
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.slices import one_place
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray

__all__: list[str] = []


_MOST_WRITTEN_OUT = 4
"""Elements: `larger(x, y)` has x and y twice each, so each further element doubles the formula, here to 2^3 times."""

_OF_TWO: dict[str, Callable[[TermArray, TermArray], TermArray]] = {
    "multiply": lambda x, y: x * y,
    "largest": larger,
    "smallest": smaller,
}


@reads(*FOLDS)
def _written_out(reader: Reader, event: Event) -> Lifted:
    x, chosen, keep = arguments_of_fold(reader, event)
    if reader.axes.length(a for d in chosen for a in x.dims[d]) > _MOST_WRITTEN_OUT:
        raise Mixed("a product or extremum of many elements")
    function = _OF_TWO[FOLDS[event.operation]]
    for d in sorted(chosen, reverse=True):
        rest = x.dims[:d] + (((),) if keep else ()) + x.dims[d + 1 :]
        elements = [one_place(reader, x, d, k) for k in range(reader.axes.length(x.dims[d]))]
        x = reduce(lambda one, other: pointwise(reader, event, function, one, other), elements)
        x = x.laid_out(rest) if keep else x
    return x
