"""Axes in terms: the one place that knows how the index and the length of an axis are written in a term.

In: the numbers of axes, and terms. Out: terms in their indices and lengths, and back, the axes of a term. For example,
`element_of("x", (0, 3))` is x[i0, i3], an element of an array of lengths N0 and N3; `total` of it over axis 3 is the
sum of x[i0, k] over k < N3, whose `axes_in` are (0,).

An axis is a whole number here. Its index variable is named ``i`` and the number, its length variable ``N`` and the
number; nothing outside this file makes such a name or takes one apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import mul
from typing import TypeGuard

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.readings.terms.arrays import TermArray, as_term, index, real, size, variable
from vaelid.readings.terms.substitution import abstracted, element, instance, lambda_, make
from vaelid.readings.terms.syntax import (
    INDEX,
    REAL,
    Binder,
    Element,
    Operator,
    Term,
    Variable,
    free_variables,
    subterms,
)
from vaelid.theory.statement import lt

__all__ = [
    "array_name",
    "at_lengths",
    "at_single_places",
    "axes_in",
    "axis_of",
    "count",
    "depends_on",
    "element_of",
    "elements_of",
    "has_sums",
    "hypotheses_of",
    "index_name",
    "index_names",
    "index_of",
    "is_index",
    "is_length",
    "length_axes_in",
    "length_name",
    "length_of",
    "names_in",
    "placed",
    "sizes_of",
    "total",
    "variable_of",
    "with_length_of",
]


# names and variables


def index_name(axis: int) -> str:
    """The name of an axis's index: ``i3`` of axis 3."""
    return f"i{axis}"


def index_names(axes: Iterable[int]) -> tuple[str, ...]:
    """The names of the indices of some axes, in their order."""
    return tuple(map(index_name, axes))


def length_name(axis: int) -> str:
    """The name of an axis's length: ``N3`` of axis 3."""
    return f"N{axis}"


def is_index(head: object) -> TypeGuard[Variable]:
    """Whether a head is the index variable of an axis."""
    return isinstance(head, Variable) and head.sort is INDEX and head.name[0] == "i"


def is_length(head: object) -> TypeGuard[Variable]:
    """Whether a head is the length variable of an axis."""
    return isinstance(head, Variable) and head.sort is INDEX and head.name[0] == "N"


def axis_of(variable: Variable | str) -> int:
    """The axis of an index or length variable, or of its name: 3 of ``i3`` and of ``N3``."""
    return int((variable if isinstance(variable, str) else variable.name)[1:])


def index_of(axis: int) -> Term:
    """The index of an axis, a variable."""
    return size(index_name(axis))


def length_of(axis: int) -> Term:
    """The length of an axis, a variable."""
    return size(length_name(axis))


def sizes_of(lengths: Sequence[int]) -> dict[str, int]:
    """For evaluators: the length of each length variable and of each index, from the lengths of axes 0, 1, 2, ..."""
    return {name(axis): size for axis, size in enumerate(lengths) for name in (length_name, index_name)}


def with_length_of(name: str) -> str:
    """The name of the length of the axis whose index has this name: ``N3`` of ``i3``."""
    return length_name(axis_of(name))


# terms in axes


def placed(term: TermArray, indices: Mapping[int, Term]) -> TermArray:
    """The term at these indices of some axes."""
    by = {Variable(index_name(axis), INDEX): value for axis, value in indices.items()}
    return TermArray((), instance(term.term, by))


def element_of(name: str, axes: Iterable[int]) -> TermArray:
    """The element of the array variable of this name at the indices of these axes."""
    axes = tuple(axes)
    array = variable(name, *(length_of(a) for a in axes))
    return TermArray((), element(array.term, *(index_of(a) for a in axes)))


def total(of: TermArray, axis: int) -> TermArray:
    """The sum of an element over an axis."""
    return TermArray((), make(Binder("sum"), length_of(axis), abstracted(of.term, Variable(index_name(axis), INDEX))))


def count(axes: Iterable[int]) -> TermArray:
    """How many elements there are along these axes together."""
    return reduce(mul, (real(length_of(axis)) for axis in axes))


def axes_in(term: Term) -> tuple[int, ...]:
    """The axes whose indices are free in a term."""
    return tuple(sorted(axis_of(v) for v in free_variables(term) if is_index(v)))


def depends_on(term: TermArray, axis: int) -> bool:
    """Whether the index of an axis is free in a term."""
    return Variable(index_name(axis), INDEX) in free_variables(term.term)


def length_axes_in(term: Term) -> tuple[int, ...]:
    """The axes whose lengths are free in a term."""
    return tuple(sorted(axis_of(v) for v in free_variables(term) if is_length(v)))


def names_in(term: TermArray) -> frozenset[str]:
    """The array variables in a term."""
    return frozenset(v.name for v in free_variables(term.term) if isinstance(v, Variable) and v.sort is not INDEX)


def elements_of(*terms: TermArray) -> list[Term]:
    """The elements of arrays, and the real variables, that occur in terms."""
    found: dict[Term, None] = {}
    for term in terms:
        for part in subterms(term.term):
            if not part.loose and part.sort is REAL and isinstance(part.head, Element | Variable):
                found[part] = None
    return list(found)


def has_sums(term: TermArray) -> bool:
    """Whether a sum occurs in the term."""
    return any(part.head == Binder("sum") for part in subterms(term.term))


def at_single_places(term: TermArray) -> TermArray:
    """The term where every axis has one place: a sum is its one term."""

    def at(part: Term) -> Term:
        if part.head == Binder("sum"):
            return at(element(lambda_(1, part.arguments[1]), index(0)))
        if is_index(part.head):
            return index(0)
        return make(part.head, *map(at, part.arguments)) if part.arguments else part

    return TermArray((), at(term.term))


def at_lengths(term: TermArray, lengths: Mapping[str, int]) -> TermArray:
    """The term with numbers for the lengths in it; in sums they stay, as how far these go."""
    numbers: dict[Term, Term] = {}
    for part in subterms(term.term):
        if part.head == Operator("real") and isinstance(variable := part.arguments[0].head, Variable):
            numbers[part] = as_term(lengths[variable.name]).term
    return TermArray((), replaced(term.term, numbers))


def array_name(element: Term) -> str:
    """The name of the array variable that an element is of. Raises `TypeError` where the array is no variable."""
    head = element.arguments[0].head
    if not isinstance(head, Variable):
        raise TypeError(f"an element of {head}, which is no array variable")
    return head.name


def variable_of(element: Term, name: str) -> Variable | None:
    """The array of an element, if it has this name."""
    head = element.arguments[0].head
    return head if isinstance(head, Variable) and head.name == name else None


def hypotheses_of(*terms: TermArray) -> tuple[Term, ...]:
    """Every length that occurs is positive."""
    axes = {axis for term in terms for axis in length_axes_in(term.term)}
    return tuple(lt(index(0), length_of(axis)) for axis in sorted(axes))
