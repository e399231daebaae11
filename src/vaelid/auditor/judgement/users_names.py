"""Formulas in the user's own words: `mu[b, l]` for the left half of what a layer put out, h1[b, l].

In come a reading with the names that the recording saw, and terms; out go the same terms with other arrays in them. For
example, where the user wrote `mu, logvar = net(x).chunk(2, dim=-1)`, h1[i0, i4] is mu[i0, i4], and h1[i0, i4 + 3] is
logvar[i0, i4]. What has no name keeps its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vaelid.auditor.formula.axes_of_terms import array_name, axis_of
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.proofs.sums import Sum
from vaelid.auditor.recording.events import Recording, Region
from vaelid.readings.terms.substitution import abstracted, make
from vaelid.readings.terms.syntax import Binder, Element, Number, Operator, Term, Variable

__all__ = ["Called", "called", "in_users_words"]

_INDICES = frozenset("bdijkln")
"""Letters that indices have in formulas: a tensor with one of these names keeps ours."""


@dataclass(frozen=True)
class Called:
    """What the user calls an array, and its parts.

    Attributes:
        whole: the array; None if it has no name.
        parts: by the place among its indices, the first of its elements there, and their number.
    """

    whole: str | None = None
    parts: Mapping[tuple[int, int, int], str] = field(default_factory=dict)


def called(reading: Reading, recording: Recording) -> Mapping[str, Called]:
    """The names of leaves, each given once: a second tensor of one name has its number behind it."""
    regions = {id(tensor): region for region, tensor in recording.given.items()}
    regions |= {id(tensor): region for (_, region), tensor in recording.made.items()}
    taken = set(reading.leaves)
    found = {}
    for name, leaf in reading.leaves.items():
        region = regions.get(id(leaf.tensor))
        if region is None:
            continue
        word = recording.names.get(region)
        whole = word if word == name else _fresh(word, taken)
        parts = {}
        for at, part in _parts(reading, leaf, region, recording.names):
            if own := _fresh(part, taken):
                parts[at] = own
        if whole or parts:
            found[name] = Called(whole, parts)
    return found


def _fresh(name: str | None, taken: set[str]) -> str | None:
    if name is None or name.lower() in _INDICES or not name.isascii():
        return None
    number, fresh = 1, name
    while fresh in taken:
        number += 1
        fresh = f"{name}_{number}"
    taken.add(fresh)
    return fresh


def _parts(
    reading: Reading, leaf: Leaf, whole: Region, names: Mapping[Region, str]
) -> Iterator[tuple[tuple[int, int, int], str]]:
    """The named slices of a tensor along one of its dimensions."""
    for region, name in names.items():
        if region.storage != whole.storage or region.stride != whole.stride or region.size == whole.size:
            continue
        unequal = [d for d, (one, other) in enumerate(zip(region.size, whole.size, strict=True)) if one != other]
        if len(unequal) != 1:
            continue
        (dim,), axes = unequal, [reading.axes.now(of) for of in leaf.dims]
        if len(axes) != len(whole.size) or len(axes[dim]) != 1:
            continue
        start, rest = divmod(region.offset - whole.offset, whole.stride[dim])
        if not rest and start >= 0 and start + region.size[dim] <= whole.size[dim]:
            yield (sum(map(len, axes[:dim])), start, region.size[dim]), name


def in_users_words(term: Term, words: Mapping[str, Called], lengths: Mapping[int, int]) -> Term:
    """The term with the user's names for arrays; `lengths`: of the axes in the recorded run."""
    known: dict[Term, Term] = {}

    def said(part: Term) -> Term:
        if part not in known:
            known[part] = _said(part)
        return known[part]

    def _said(part: Term) -> Term:
        if not part.arguments:
            return part
        if isinstance(part.head, Binder):
            try:
                own = Sum.of(part)
            except TypeError:
                return part
            return make(part.head, own.length, abstracted(said(own.body.term), own.index))
        if isinstance(part.head, Element) and isinstance(part.arguments[0].head, Variable):
            return _element(part, words.get(array_name(part), Called()), lengths)
        return make(part.head, *map(said, part.arguments))

    return said(term)


def _element(element: Term, known: Called, lengths: Mapping[int, int]) -> Term:
    array, *indices = element.arguments
    for (place, start, length), name in known.parts.items():
        index, offset = _offset(indices[place])
        if offset == start and isinstance(index.head, Variable) and lengths.get(axis_of(index.head)) == length:
            indices[place] = index
            return make(element.head, make(Variable(name, array.sort)), *indices)
    if known.whole is None:
        return element
    return make(element.head, make(Variable(known.whole, array.sort)), *indices)


def _offset(index: Term) -> tuple[Term, int]:
    """An index as one and the number that is added to it."""
    if index.head == Operator("index_add") and isinstance(number := index.arguments[1].head, Number):
        return index.arguments[0], int(number.value)
    return index, 0
