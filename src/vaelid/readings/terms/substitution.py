"""Terms in normal form, and substitution: other terms for variables and for bound indices.

A term is in normal form where no lambda stands under an element: the element of (i -> x[i] + 1) at k *is* x[k] + 1, and
(i -> x[i]) *is* x. `make` keeps terms so, which takes substitution; and substitution makes its results by `make`.
"""

from collections.abc import Callable, Mapping
from functools import partial

from vaelid.readings.terms.heads import Bound, Element, Head, Lambda, Variable, anew
from vaelid.readings.terms.syntax import Term, intact, is_term

__all__ = [
    "abstracted",
    "element",
    "instance",
    "lambda_",
    "loose_levels",
    "make",
    "reindexed",
    "shifted",
]


def make(head: Head, *arguments: Term) -> Term:
    """The term, in normal form: an element of a lambda is its body there, and the lambda of elements is the array."""
    if any(type(argument) is not Term for argument in arguments):
        raise TypeError("a term is made of a known head and of terms")
    if type(head) is Element:
        return element(*arguments)
    if type(head) is Lambda:
        return lambda_(head.rank, *arguments)  # pyright: ignore[reportAttributeAccessIssue]
    return Term(head, *arguments)


def element(array: Term, *indices: Term) -> Term:
    """array[indices], the first axis first; the array itself where it has no axis."""
    if not indices:
        return array
    head = intact(array).head
    if isinstance(head, Lambda) and head.rank == len(indices):
        return _opened(array.arguments[0], tuple(reversed(indices)))
    return Term(Element(len(indices)), array, *indices)


def lambda_(rank: int, body: Term) -> Term:
    """The array whose elements are `body` under `rank` indices, 0 being the last axis."""
    if Lambda(rank).rank == 0:
        return body
    indices = tuple(Term(Bound(level)) for level in reversed(range(rank)))
    given = intact(body).arguments[1:]
    if body.head == Element(rank) and all(one is other for one, other in zip(given, indices, strict=True)):
        array = body.arguments[0]
        if not any(level < rank for level in loose_levels(array)):
            return shifted(array, -rank)
    return Term(Lambda(rank), body)


def _rebuilt(term: Term, leaf: Callable[[Term, int], Term | None], depth: int, done: dict) -> Term:
    """The term with every subterm for which `leaf(subterm, binders around it)` gives another replaced by that."""
    key = (term, depth)
    if key not in done:
        replaced = leaf(term, depth)
        if replaced is None:
            arguments = [
                _rebuilt(argument, leaf, depth + term.head.binds(number), done)
                for number, argument in enumerate(term.arguments)
            ]
            same = all(new is old for new, old in zip(arguments, term.arguments, strict=True))
            replaced = term if same else make(term.head, *arguments)
        done[key] = replaced
    return done[key]


def loose_levels(term: Term) -> set[int]:
    """The bound indices that nothing inside the term binds, counted from outside it."""
    found: set[int] = set()
    reindexed(term, lambda level: found.add(level) or level)
    return found


def reindexed(term: Term, change: Callable[[int], int]) -> Term:
    """The term with index change(k) wherever its loose index k stood."""
    return _rebuilt(term, partial(_reindexed_leaf, change), 0, {})


def _reindexed_leaf(change: Callable[[int], int], part: Term, depth: int) -> Term | None:
    if part.loose <= depth:
        return part
    return Term(Bound(depth + change(part.head.level - depth))) if isinstance(part.head, Bound) else None


def shifted(term: Term, by: int) -> Term:
    """The term read under `by` more binders (fewer, where negative): its loose indices point past them."""
    return reindexed(term, lambda level: level + by)


def _opened(body: Term, values: tuple[Term, ...]) -> Term:
    """The body of len(values) binders with values[level] for the index of that level, outside the binders."""
    return _rebuilt(body, partial(_opened_leaf, values), 0, {})


def _opened_leaf(values: tuple[Term, ...], part: Term, depth: int) -> Term | None:
    if part.loose <= depth:
        return part
    if isinstance(part.head, Bound):
        level = part.head.level - depth
        return shifted(values[level], depth) if level < len(values) else Term(Bound(part.head.level - len(values)))
    return None


def instance(term: Term, values: Mapping[Variable, Term]) -> Term:
    """The term with values for variables, all at once. A value has no loose index, so none is captured."""
    checked: dict[Head, Term] = {}
    for variable, value in dict(values).items():
        if type(variable) is not Variable or not is_term(value) or value.sort is not variable.sort:
            raise TypeError(f"{variable} cannot stand for {value!r}")
        if value.loose:
            raise TypeError(f"the value of {variable.name} has an index that nothing binds")
        checked[anew(variable)] = value
    return _rebuilt(term, lambda part, _: checked.get(part.head), 0, {})


def abstracted(term: Term, variable: Variable) -> Term:
    """The term under one more binder, whose index stands wherever the index variable stood."""
    index = anew(variable)
    return _rebuilt(shifted(term, 1), lambda part, depth: Term(Bound(depth)) if part.head == index else None, 0, {})
