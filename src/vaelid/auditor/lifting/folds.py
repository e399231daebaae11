"""Folds: products and extrema of the elements along some dimensions, where too many to be written into a term.

In: an event such as `x.amax(1)` that is cut, then the leaf that came out. Out: a `Folded` that the leaf keeps, then the
`Fold` that a circuit writes out at the recorded lengths. No term says it for every length.
"""

from collections.abc import Iterable, Mapping

from vaelid.auditor.formula.axes_of_terms import index_names, names_in
from vaelid.auditor.formula.circuit import Fold
from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Folded, Leaf, Lifted
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray

__all__ = ["FOLDS", "arguments_of_fold", "folded", "folds"]


FOLDS = {"prod": "multiply", "amax": "largest", "amin": "smallest", "max": "largest", "min": "smallest"}
"""The operations of torch that fold, and what a circuit calls what they do with two elements."""


def folded(reader: Reader, event: Event) -> Folded | None:
    """What a cut event folds, if it is a fold of one tensor that was read."""
    if event.operation not in FOLDS:
        return None
    try:
        x, chosen, _ = arguments_of_fold(reader, event)
    except Mixed:
        return None
    return None if x.pieces else Folded(FOLDS[event.operation], x, chosen)


def arguments_of_fold(reader: Reader, event: Event) -> tuple[Lifted, tuple[int, ...], bool]:
    """What is folded, over which dimensions, and whether these stay, of length 1."""
    arguments, options = list(event.arguments), dict(event.options)
    x = operand(reader, event, arguments.pop(0))
    dims = arguments.pop(0) if arguments else options.get("dim")
    keep = arguments.pop(0) if arguments else options.get("keepdim", False)
    rank = len(x.dims)
    chosen = range(rank) if dims is None or dims == [] else [dims] if isinstance(dims, int) else dims
    return x, tuple(d % rank for d in chosen), keep


def folds(reading: Reading, names: Iterable[str]) -> Mapping[str, Fold]:
    """The leaves of these names, and those that they are made of, as far as they are folds."""
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
    operation, x, chosen = leaf.folded.operation, leaf.folded.of, leaf.folded.over
    try:
        term = x.element.term
    except Unread:
        return None
    dims = [reading.axes.now(dim) for dim in x.dims]
    kept = [axes for d, axes in enumerate(dims) if d not in chosen and axes]
    if [len(axes) for axes in kept] != [len(axes) for axes in map(reading.axes.now, leaf.dims) if axes]:
        return None
    over = index_names(axis for d, axes in enumerate(dims) if d in chosen for axis in axes)
    return Fold(operation, term, index_names(axis for axes in kept for axis in axes), over)
