"""Products and extrema of many elements: no term says them for every length, a circuit does for those recorded."""

from collections.abc import Iterable, Mapping

from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.formula.circuit import Fold
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.readings.terms.arrays import TermArray

__all__ = ["folds"]


_OPERATIONS = {"prod": "multiply", "amax": "largest", "amin": "smallest", "max": "largest", "min": "smallest"}


def folds(reading: Reading, names: Iterable[str]) -> Mapping[str, Fold]:
    """What these leaves are, and those that they are made of, as far as they are folded."""
    found: dict[str, Fold] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in reading.leaves and name not in found and (fold := _fold(reading, reading.leaves[name])) is not None:
            found[name] = fold
            waiting += names_in(TermArray((), fold.term))
    return found


def _fold(reading: Reading, leaf: Leaf) -> Fold | None:
    if leaf.folded is None:
        return None
    base, x, chosen = leaf.folded
    try:
        term = x.element.term
    except Unread:
        return None
    dims = [reading.axes.now(dim) for dim in x.dims]
    kept = [axes for d, axes in enumerate(dims) if d not in chosen and axes]
    if [len(axes) for axes in kept] != [len(axes) for axes in map(reading.axes.now, leaf.dims) if axes]:
        return None
    over = tuple(f"i{axis}" for d, axes in enumerate(dims) if d in chosen for axis in axes)
    return Fold(_OPERATIONS[base], term, tuple(f"i{axis}" for axes in kept for axis in axes), over)
