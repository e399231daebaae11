"""Tensors that a Python loop made place by place, read as the one tensor that they are.

In: the pieces that `torch.stack` or `torch.cat` joins. Out: one tensor, if the pieces are one term at the places 0, 1,
2, ... of an axis; None if they are not. For example, h1[i0, 0] exp(s[i0, 0]), h1[i0, 1] exp(s[i0, 1]) and so on are
h1[i0, i3] exp(s[i0, i3]). Draws of their own in each piece are the places of one draw: from the next pass on they are
read so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from vaelid.auditor.formula.axes_of_terms import elements_of, index_of, names_in
from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.lifting.axes import Dims, DrawOfLoop
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.slices import one_place
from vaelid.auditor.lifting.tensor import Composed, Leaf, Lifted
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, Element, Number, Operator, Term, Variable

__all__ = [
    "NoLoop",
    "Template",
    "constant_index",
    "draws_used_apart",
    "of_a_loop",
    "pair_with_leaves",
    "place_of_one_draw",
    "read_as_one_draw",
]


class NoLoop(Exception):
    """The terms are no one term at the places of an axis."""


@dataclass
class Template:
    """What is found out while terms are compared: where the axis stands, and which draws are places of one.

    Attributes:
        reader: knows the leaves.
        axis: the axis of the places.
        first: the leaves and their dimensions in which the axis stands, each with the place at which the loop begins.
        draws: the names of draws of which each piece has one, in the order of the pieces.
    """

    reader: Reader
    axis: int
    first: set[tuple[str, int, int]] = field(default_factory=set)
    draws: set[tuple[str, ...]] = field(default_factory=set)
    known: dict[tuple[Term, ...], Term] = field(default_factory=dict)

    def of(self, terms: tuple[Term, ...]) -> Term:
        """The one term that these are."""
        if all(term is terms[0] for term in terms):
            return terms[0]
        if terms not in self.known:
            self.known[terms] = self._compared(terms)
        return self.known[terms]

    def _compared(self, terms: tuple[Term, ...]) -> Term:
        if isinstance(terms[0].head, Element):
            return self._element(terms)
        if any(t.head != terms[0].head or len(t.arguments) != len(terms[0].arguments) for t in terms):
            raise NoLoop
        parts = zip(*(term.arguments for term in terms), strict=True)
        return make(terms[0].head, *(self.of(part) for part in parts))

    def _element(self, terms: tuple[Term, ...]) -> Term:
        if any(term.head != terms[0].head for term in terms):
            raise NoLoop
        arrays, *indices = zip(*(term.arguments for term in terms), strict=True)
        array = arrays[0]
        names = tuple(term.head.name if isinstance(term.head, Variable) else "" for term in arrays)
        if len(set(names)) > 1:
            # draws of one loop may have axes of their own yet, which the next pass knows to be the same
            if len(set(names)) < len(names) or any(self.reader.leaves[n].kind != "noise" for n in names if n):
                raise NoLoop
            self.draws.add(names)
            return terms[0]
        return make(terms[0].head, array, *(self._index(names[0], d, own) for d, own in enumerate(indices)))

    def _index(self, name: str, dim: int, indices: tuple[Term, ...]) -> Term:
        if all(one is indices[0] for one in indices):
            return indices[0]
        places = [constant_index(one) for one in indices]
        begin = places[0]
        if begin is None or places != list(range(begin, begin + len(places))):
            raise NoLoop
        self.first.add((name, dim, begin))
        own = index_of(self.axis)
        return make(Operator("index_add"), own, index(begin)) if begin else own


def constant_index(term: Term) -> int | None:
    """The whole number that an index is; None where it is none."""
    match term.head:
        case Number(value, sort) if sort is INDEX:
            return int(value)
        case Operator("index_add"):
            parts = [constant_index(part) for part in term.arguments]
            return None if None in parts else sum(part for part in parts if part is not None)
    return None


def of_a_loop(reader: Reader, event: Event, pieces: Sequence[Lifted], dim: int, dims: Dims) -> Lifted | None:
    """The pieces as one tensor of these dimensions, if each is one place of dimension `dim`."""
    if len(pieces) < 2 or any(x.dims[dim] for x in pieces) or len(dims[dim]) != 1:
        return None
    (axis,) = dims[dim]
    template = Template(reader, axis)
    try:
        term = template.of(tuple(x.element.term for x in pieces))
    except (NoLoop, Unread):
        return None
    if template.draws:
        read_as_one_draw(reader, template.draws)
        return None  # in the next pass
    if not template.first:
        return None  # the same term again and again: an axis that nothing moves along
    pair_with_leaves(template, len(pieces))
    element = TermArray((), term)
    return Lifted(
        dims,
        lambda: element,
        names_in(element),
        frozenset().union(*(x.live for x in pieces)),
        frozenset().union(*(x.stops for x in pieces)),
    )


def pair_with_leaves(template: Template, length: int) -> None:
    """What the loop runs along is a leaf's own axis, or the part of it that a slice of the code is."""
    axes = template.reader.axes
    for name, dim, begin in sorted(template.first):
        whole = [a for own in template.reader.leaves[name].dims for a in axes.now(own)][dim]
        if begin == 0 and axes.lengths[whole] == length:
            axes.pair((template.axis,), (whole,))
        elif axes.knows(key := ("part", whole, begin, length)):
            axes.pair((template.axis,), axes.dim(key, length))


def read_as_one_draw(reader: Reader, groups: set[tuple[str, ...]]) -> None:
    """From the next pass on, each group of draws is one draw, if they can be."""
    for names in sorted(groups):
        numbers = tuple(reader.drawn_at.get(name, -1) for name in names)
        shapes = {tuple(reader.leaves[name].tensor.shape) for name in names}
        if len(shapes) > 1 or -1 in numbers or set(numbers) & (reader.axes.apart | reader.axes.of_loops.keys()):
            continue
        reader.axes.of_loops.update({number: DrawOfLoop(numbers, k) for k, number in enumerate(numbers)})
        reader.axes.learned += 1


def place_of_one_draw(reader: Reader, event: Event, stem: str, law: str) -> Lifted | None:
    """A standard draw that a loop makes, as one place of the draw that all of them are; None if it is none of these."""
    found = reader.axes.of_loops.get(event.number)
    if found is None:
        return None
    first = found.numbers[0]
    if first not in reader.loop_leaves:
        drawn = [next(t for (n, _), t in reader.recording.made.items() if n == number) for number in found.numbers]
        composed = Composed(tuple(drawn), lambda draws: torch.stack(list(draws), -1))
        whole = composed.values
        dims = tuple(reader.axes.dim(("draw of a loop", first, d), n) for d, n in enumerate(whole.shape))
        name, alone = reader.name(stem), frozenset[str]()
        own = frozenset({name})
        reader.of_leaf(
            Leaf(name, "noise", dims, whole, alone, own, law, event.operation, event.source, composed=composed)
        )
        reader.loop_leaves[first] = name
    leaf = reader.leaves[reader.loop_leaves[first]]
    return one_place(reader, reader.of_leaf(leaf), len(leaf.dims) - 1, found.place)


def draws_used_apart(reader: Reader, reached: frozenset[str]) -> bool:
    """Whether a draw of a loop enters an operation by itself, as a decoder in the loop: then it is one of its own.

    Such loops are forgotten: in the next pass each draw has its own name again. `reached`: the leaves that the result
    was made from: a backward pass that follows takes each draw by itself, too.
    """
    names = {name: first for first, name in reader.loop_leaves.items()}
    firsts = set[int]()
    for entered, made in reader.entering:
        if made.name not in reached:
            continue
        for part in entered.pieces or (entered,):
            if not part.leaves & names.keys():
                continue
            try:
                elements = elements_of(part.element)
            except (Unread, Mixed):
                continue
            for element in elements:
                array, *indices = element.arguments
                name = array.head.name if isinstance(array.head, Variable) else ""
                if name in names and constant_index(indices[-1]) is not None:
                    firsts.add(names[name])
    for first in firsts:
        numbers = reader.axes.of_loops[first].numbers
        reader.axes.apart.update(numbers)
        for number in numbers:
            del reader.axes.of_loops[number]
        reader.axes.learned += 1
    return bool(firsts)
