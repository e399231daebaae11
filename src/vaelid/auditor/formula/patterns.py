"""A pattern matched in a term at any indices, and each instance written as the element of one new array.

In: a term, and a pattern in the indices of some axes. Out: the term with e^s[...] for each instance. For example, with
the pattern exp(h[i0] / 2), the term exp(h[i0] / 2) * exp(h[k] / 2) becomes e^s[i0] * e^s[k], if s is the new array.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import index_of, length_of
from vaelid.readings.terms.arrays import as_term, variable
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import INDEX, Binder, Bound, Head, Operator, Term

__all__ = ["matched", "number_written"]


def matched(term: Term, pattern: Term, axes: tuple[int, ...], name: str, how: str = "exp") -> Term:
    """The term with e to an element of the array for every occurrence of the pattern, at whatever indices it stands.

    `how`: ``exp``; or ``sigmoid``: the sigmoid of the element; ``itself``: the element.
    """
    indices = {index_of(axis).head: k for k, axis in enumerate(axes)}
    array = variable(name, *(length_of(a) for a in axes)).term
    known: dict[Term, Term] = {}

    def rebuilt(part: Term) -> Term:
        if part in known:
            return known[part]
        places: dict[int, Term] = {}
        if part.sort is pattern.sort and _match(part, pattern, indices, places) and len(places) == len(axes):
            result = _written(element(array, *(places[k] for k in range(len(axes)))), how)
        elif part.arguments:
            result = make(part.head, *map(rebuilt, part.arguments))
        else:
            result = part
        known[part] = result
        return result

    return rebuilt(term)


def _written(s: Term, how: str) -> Term:
    if how == "itself":
        return s
    if how == "exp":
        return make(Operator("exp"), s)
    one = as_term(1).term
    below = make(Operator("add"), one, make(Operator("exp"), make(Operator("negative"), s)))
    return make(Operator("divide"), one, below)


def number_written(how: str, values: Tensor) -> Tensor:
    """The values of the new array, from those of the term that it is written for."""
    return values.log() if how == "exp" else torch.logit(values) if how == "sigmoid" else values


def _match(term: Term, pattern: Term, indices: Mapping[Head, int], places: dict[int, Term], depth: int = 0) -> bool:
    """Whether a term is the pattern with other places for its indices; `depth`: inside how many of its own sums."""
    if pattern.head in indices:
        k = indices[pattern.head]
        place = _outside(term, depth) if term.sort is INDEX else None
        return place is not None and places.setdefault(k, place) is place
    if term.head != pattern.head or len(term.arguments) != len(pattern.arguments):
        return False
    below = depth + 1 if isinstance(pattern.head, Binder) else depth
    pairs = enumerate(zip(term.arguments, pattern.arguments, strict=True))
    return all(_match(t, p, indices, places, below if k else depth) for k, (t, p) in pairs)


def _outside(place: Term, depth: int) -> Term | None:
    """An index as it is written outside so many sums; None where it is one of theirs."""
    if isinstance(place.head, Bound):
        return make(Bound(place.head.level - depth)) if place.head.level >= depth else None
    parts = [_outside(part, depth) for part in place.arguments]
    known = [part for part in parts if part is not None]
    return make(place.head, *known) if len(known) == len(parts) else None
