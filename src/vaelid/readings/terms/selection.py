"""Elements and axes of a symbolic array that a key selects: `x[0]`, `x[:, None]`, `x[..., 1]`."""

from fractions import Fraction
from typing import Any

from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import INDEX, Bound, Number, Term

__all__ = ["selected"]


def selected(array: Term, sizes: tuple[Any, ...], key: tuple[Any, ...]) -> tuple[tuple[Any, ...], Term]:
    """The shape of array[key] and its element, for whole numbers, full slices, None and one Ellipsis.

    `sizes` is the shape of the array: whole numbers, or symbolic lengths.
    """
    if any(not (k is None or k is Ellipsis or type(k) in (int, slice)) for k in key) or key.count(Ellipsis) > 1:
        raise ReadingError(f"the index {key!r}: the term reading takes whole numbers, full slices, None and `...`.")
    if any(type(k) is slice and k != slice(None) for k in key):
        raise ReadingError("a slice: the term reading takes whole axes only.")
    named = sum(k is not None and k is not Ellipsis for k in key)
    if named > len(sizes):
        raise ReadingError(f"the index {key!r}: the array has {len(sizes)} axes.")
    where = key.index(Ellipsis) if Ellipsis in key else len(key)
    rest = tuple(k for k in key[where:] if k is not Ellipsis)
    parts = (*key[:where], *[slice(None)] * (len(sizes) - named), *rest)
    shape: list[Any] = []
    chosen: list[Term | None] = []
    axes = iter(sizes)
    for part in parts:
        if part is None:
            shape.append(1)
            continue
        length = next(axes)
        if isinstance(part, slice):
            shape.append(length)
            chosen.append(None)
        else:
            chosen.append(make(Number(Fraction(_position(part, length)), INDEX)))
    kept = [len(shape) - 1 - i for i, part in enumerate(p for p in parts if not isinstance(p, int)) if part is not None]
    levels = iter(kept)
    indices = [make(Bound(next(levels))) if given is None else given for given in chosen]
    return tuple(shape), element(array, *indices)


def _position(position: int, length: Any) -> int:
    if isinstance(length, int):
        if not -length <= position < length:
            raise ReadingError(f"the index {position}: the axis has length {length}.")
        return position % length
    if position < 0:
        raise ReadingError(f"the index {position}: the axis has a symbolic length; count from its start.")
    return position
