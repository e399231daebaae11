"""Axes in terms: their indices and lengths, elements and sums over them, and the arrays that a term names."""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import mul
from typing import Any

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.readings.terms.arrays import TermArray, as_term, index, real, size, variable
from vaelid.readings.terms.syntax import (
    INDEX,
    REAL,
    Binder,
    Element,
    Operator,
    Term,
    Variable,
    abstracted,
    element,
    free_variables,
    instance,
    lambda_,
    make,
    subterms,
)
from vaelid.theory.statement import lt

__all__ = [
    "at_lengths",
    "axes_in",
    "collapsed",
    "count",
    "element_of",
    "elements_of",
    "has_sums",
    "hypotheses_of",
    "index_of",
    "length_of",
    "names_in",
    "placed",
    "total",
    "variable_of",
]


def index_of(axis: int) -> Term:
    """The index of an axis, a variable."""
    return size(f"i{axis}")


def length_of(axis: int) -> Term:
    """The length of an axis, a variable."""
    return size(f"N{axis}")


def placed(term: TermArray, indices: dict[int, Term]) -> TermArray:
    """The term at these indices of some axes."""
    return TermArray((), instance(term.term, {Variable(f"i{axis}", INDEX): value for axis, value in indices.items()}))


def element_of(name: str, axes: Iterable[int]) -> TermArray:
    """The element of the array variable of this name at the indices of these axes."""
    axes = tuple(axes)
    array = variable(name, *(length_of(a) for a in axes))
    return TermArray((), element(array.term, *(index_of(a) for a in axes)))


def total(of: TermArray, axis: int) -> TermArray:
    """The sum of an element over an axis."""
    head: Any = index_of(axis).head
    return TermArray((), make(Binder("sum"), length_of(axis), abstracted(of.term, head)))


def count(axes: Iterable[int]) -> TermArray:
    """How many elements there are along these axes together."""
    return reduce(mul, (real(length_of(axis)) for axis in axes))


def axes_in(term: Term) -> tuple[int, ...]:
    """The axes whose indices are free in a term."""
    indices = (v.name for v in free_variables(term) if v.sort is INDEX)
    return tuple(sorted(int(name[1:]) for name in indices if name[0] == "i"))


def names_in(term: TermArray) -> frozenset[str]:
    """The array variables in a term."""
    return frozenset(v.name for v in free_variables(term.term) if isinstance(v, Variable) and v.sort is not INDEX)


def elements_of(*terms: TermArray) -> list[Term]:
    """The elements of arrays, and the real variables, that terms speak of."""
    found: dict[Term, None] = {}
    for term in terms:
        for part in subterms(term.term):
            if not part.loose and part.sort is REAL and isinstance(part.head, Element | Variable):
                found[part] = None
    return list(found)


def has_sums(term: TermArray) -> bool:
    """Whether there is a sum in the term: then it is not of one place alone."""
    return any(part.head == Binder("sum") for part in subterms(term.term))


def collapsed(term: TermArray) -> TermArray:
    """The term where every axis has one place: a sum is its one term."""

    def at(part: Term) -> Term:
        if part.head == Binder("sum"):
            return at(element(lambda_(1, part.arguments[1]), index(0)))
        if isinstance(part.head, Variable) and part.sort is INDEX and part.head.name[0] == "i":
            return index(0)
        return make(part.head, *map(at, part.arguments)) if part.arguments else part

    return TermArray((), at(term.term))


def at_lengths(term: TermArray, lengths: Mapping[str, int]) -> TermArray:
    """The term with numbers for the lengths in it; in sums they stay, as how far these go."""
    written = {
        p for p in subterms(term.term) if p.head == Operator("real") and isinstance(p.arguments[0].head, Variable)
    }
    numbers = {p: as_term(lengths[p.arguments[0].head.name]).term for p in written}  # pyright: ignore[reportAttributeAccessIssue]
    return TermArray((), replaced(term.term, numbers))


def variable_of(element: Term, name: str) -> Variable | None:
    """The array of an element, if it has this name."""
    head = element.arguments[0].head
    return head if isinstance(head, Variable) and head.name == name else None


def hypotheses_of(*terms: TermArray) -> tuple[Term, ...]:
    """Every length that occurs is positive."""
    lengths = {v for term in terms for v in free_variables(term.term) if v.sort is INDEX and v.name[0] == "N"}
    return tuple(lt(index(0), make(v)) for v in sorted(lengths, key=lambda v: int(v.name[1:])))
