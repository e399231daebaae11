"""Sums that a Python loop adds up, read as the sums over axes that they are.

In: a chain of additions, `kl = kl + f(mu[:, j], logvar[:, j])` for each j. Out: the sum of f(mu[i0, k], logvar[i0, k])
over k < L in it, and what else was added. Without this a loop over 128 coordinates is 128 terms inside each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vaelid.auditor.formula.axes_of_terms import total
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.lifting.loops import NoLoop, Template, constant_index, pair_with_leaves, read_as_one_draw
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event, Region
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Element, Term

__all__ = ["Chain", "in_a_chain", "long_sums_to_read"]

_FEWEST = 4
"""Addends of a chain that is looked at: three are written by hand, and proved as they are."""
_FEWEST_PLACES = 3
"""Of one axis in a row: two may be two latents that have nothing to do with each other."""


@dataclass(frozen=True)
class Chain:
    """What a tensor was added up of.

    Attributes:
        number: of the event of the last addition.
        addends: in their order.
        make_element: of the tensor; a tensor in the same memory that has another is no sum of these.
    """

    number: int
    addends: tuple[Lifted, ...]
    make_element: Callable[[], TermArray]


def in_a_chain(reader: Reader, event: Event, result: Lifted, one: Lifted, other: Lifted) -> Lifted:
    """The sum of two operands, which is part of a chain of sums; read as sums over axes once the chain has ended.

    `one`, `other`: the operands, as they are added. Which additions end a chain is known when all are read: a sum is
    read so in the next pass.
    """
    if result.pieces:
        return result
    addends: list[Lifted] = []
    for value, operand in zip(event.arguments[:2], (one, other), strict=True):
        if isinstance(value, int | float) and value == 0:
            continue  # where `total = 0` begins
        if tuple(map(reader.axes.now, operand.dims)) != tuple(map(reader.axes.now, result.dims)):
            return result
        addends += _addends(reader, value, operand)
    (output,) = event.made_regions
    if event.number in reader.axes.long_sums:
        result = _folded(reader, event, result, addends)
    reader.chains[output] = Chain(event.number, tuple(addends), result.make_element)
    if len(addends) >= _FEWEST:
        reader.long_sums.add(event.number)
    return result


def _addends(reader: Reader, value: Any, operand: Lifted) -> tuple[Lifted, ...]:
    chain = reader.chains.get(value) if isinstance(value, Region) else None
    if chain is None or operand.make_element is not chain.make_element:
        return (operand,)
    reader.long_sums.discard(chain.number)
    return chain.addends


def long_sums_to_read(reader: Reader) -> bool:
    """Whether chains have ended that are not read as sums over axes yet: they are in the next pass."""
    new = reader.long_sums - reader.axes.long_sums
    reader.axes.long_sums |= new
    return bool(new)


def _folded(reader: Reader, event: Event, result: Lifted, addends: Sequence[Lifted]) -> Lifted:
    try:
        terms = [x.element.term for x in addends]
    except Unread:
        return result
    count = 0
    while True:
        groups: dict[Term, list[Term]] = {}
        for term in terms:
            groups.setdefault(_skeleton(term, {}), []).append(term)
        folded: list[Term] = []
        for group in groups.values():
            for run in _runs(group):
                one = _total(reader, event, run, count) if len(run) >= _FEWEST_PLACES else None
                count += one is not None
                folded += run if one is None else [one]
        if len(folded) == len(terms):
            break
        terms = folded
    element = _balanced([TermArray((), term) for term in terms])
    return result.with_element(result.dims, lambda: element)


def _total(reader: Reader, event: Event, run: Sequence[Term], count: int) -> Term | None:
    """The terms at the places of an axis as a sum over it."""
    dim = reader.axes.dim(("long sum", event.number, count), len(run))
    if len(dim) != 1:
        return None
    template = Template(reader, dim[0])
    try:
        term = template.of(tuple(run))
    except NoLoop:
        return None
    if template.draws:
        read_as_one_draw(reader, template.draws)
        return None
    pair_with_leaves(template, len(run))
    return total(TermArray((), term), dim[0]).term


def _balanced(parts: Sequence[TermArray]) -> TermArray:
    """Their sum: a few in their order, many in halves, so that it is not nested deeply."""
    if len(parts) < 2 * _FEWEST:
        first, *rest = parts
        for part in rest:
            first = first + part
        return first
    middle = len(parts) // 2
    return _balanced(parts[:middle]) + _balanced(parts[middle:])


def _skeleton(term: Term, known: dict[Term, Term]) -> Term:
    """The term with 0 for every whole number that an array is taken at, and one draw for every draw."""
    if term not in known:
        parts = [_skeleton(part, known) for part in term.arguments]
        if isinstance(term.head, Element):
            array, *indices = term.arguments
            parts = [array, *(index(0) if constant_index(one) is not None else one for one in indices)]
        known[term] = make(term.head, *parts)
    return known[term]


def _places(term: Term) -> tuple[int, ...]:
    """The whole numbers that arrays are taken at in a term, in the order in which they stand."""
    if isinstance(term.head, Element):
        found = (constant_index(one) for one in term.arguments[1:])
        return tuple(one for one in found if one is not None)
    return tuple(one for part in term.arguments for one in _places(part))


def _runs(terms: Sequence[Term]) -> list[list[Term]]:
    """The terms of one skeleton, cut where their places do not all go on by one or stay."""
    runs: list[list[Term]] = []
    before: tuple[int, ...] | None = None
    step: tuple[int, ...] | None = None
    for term in terms:
        here = _places(term)
        by = None if before is None else tuple(a - b for a, b in zip(here, before, strict=True))
        goes_on = by is not None and set(by) <= {0, 1} and 1 in by and step in (None, by)
        if runs and goes_on:
            runs[-1].append(term)
            step = by
        else:
            runs.append([term])
            step = None
        before = here
    return runs
