"""Whether the effects of two elements on a loss add up, as in a sum over rows, places and coordinates they have to.

In come a search and elements; out go the elements that do not add up with one that has moved, by floats, or a
`Refutation`, by balls. In (x[0] + x[1])^2 moving x[0] and x[1] together changes more than each alone does; in
x[0]^2 + x[1]^2 it does not.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

from flint import arb

from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.formula.circuit import At
from vaelid.auditor.refutation.loss_at_points import Point
from vaelid.auditor.refutation.search_for_points import Search, some
from vaelid.auditor.refutation.sentences import effects_do_not_add_up

__all__ = ["certainly_mixed", "mixed", "mixing"]


# A change below this part of the values is their rounding.
_ROUNDING = 1e-10

# Beside the values themselves, for losses near 0.
_LEAST_SCALE = 1e-3


def mixed(search: Search, at: At, others: Sequence[At]) -> Iterator[Refutation]:
    """That others' slopes move with this element."""
    if not others:
        return
    for by in (Fraction(1), Fraction(-3, 2)):  # to both sides: a clamp or a maximum may hide one of them
        here = search.step(at, by)
        if search.late:
            return
        near = some([other for other in others if other in search.loss.beside(at)])
        found = mixing(search, {at: here}, near)
        clear = sorted(found, key=lambda other: -found[other])[:3]
        for other in clear or near[:1]:  # what is too little for floats is not for balls
            if refuted := certainly_mixed(search, {at: here}, other):
                yield refuted


def mixing(search: Search, moved: Point, others: Iterable[At]) -> dict[At, float]:
    """Others whose effect changes where one element has moved, and by how much, by floats."""
    ((one, _),) = moved.items()
    near = search.loss.beside(one)
    alone = search.loss.number(moved)
    found = {}
    for other in (at for at in others if at in near):
        beside = {other: search.step(other, Fraction(1, 2))}
        values = (search.middle, alone, search.loss.number(beside), search.loss.number({**moved, **beside}))
        change = abs(values[3] - values[2] - (values[1] - values[0]))
        if change > _ROUNDING * (_LEAST_SCALE + max(map(abs, values))):
            found[other] = change
    return found


def certainly_mixed(
    search: Search, one: Point, at: At, said: Callable[[Point, arb, arb], Refutation] = effects_do_not_add_up
) -> Refutation | None:
    """Points at which a move and a move of this element do not add up, and what is `said` of that."""
    for by in (Fraction(1), Fraction(-3, 2), Fraction(1, 2)):
        other = {at: search.step(at, by)}
        values = search.loss.balls([{}, one, other, {**one, **other}])
        if values is None:
            continue
        base, first, second, both = values
        alone, together = (first - base) + (second - base), both - base
        if not alone.overlaps(together):
            return said({**one, **other}, together, alone)
    return None
