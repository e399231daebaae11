"""Terms and formulas: the language that theorems are stated in.

A term is a head applied to terms; a formula is a term of sort `BOOL`. Four sorts besides: real numbers, indices
(whole numbers), arrays (functions from `rank` indices to the reals; a size says how many of them matter) and
maps (functions from vector to vector: an encoder's, a decoder's). A variable that is not bound stands for every
value of its sort, so a formula that is true is true for all values of its variables.

Bound indices are counted from the innermost binder (de Bruijn): two terms are equal, as Python objects, exactly
when they differ in the names of bound indices at most. A term is checked when it is made, and cannot be changed: see
`unchanging.py`. `is_term` tells it from a tuple that somebody else made to look like one.
"""

from collections.abc import Iterator
from typing import no_type_check

from vaelid.readings.terms.heads import (
    BOOL,
    INDEX,
    MAP,
    REAL,
    VECTOR,
    Binder,
    Bound,
    Element,
    Head,
    Lambda,
    Number,
    Operator,
    Power,
    Sort,
    Variable,
    anew,
    array_of_rank,
    is_name,
    is_operator,
    is_sort,
)
from vaelid.readings.terms.unchanging import Made, Unchanging, field

__all__ = [
    "BOOL",
    "INDEX",
    "MAP",
    "REAL",
    "VECTOR",
    "Binder",
    "Bound",
    "Element",
    "Head",
    "Lambda",
    "Number",
    "Operator",
    "Power",
    "Sort",
    "Symbol",
    "Term",
    "Variable",
    "array_of_rank",
    "free_variables",
    "intact",
    "is_term",
    "subterms",
]


class Symbol(Head):
    """A defined function. It *is* its definition: what it stands for is in it, so none can be circular."""

    __slots__ = ()
    __match_args__ = ("name", "parameters", "body")
    name: str = field(0)
    parameters: tuple[Variable, ...] = field(1)
    body: "Term" = field(2)

    def __new__(cls, name: str, parameters: tuple[Variable, ...], body: "Term") -> "Symbol":
        if not is_name(name) or is_operator(name):
            raise TypeError(f"{name!r} cannot name a definition")
        if type(parameters) is not tuple or not is_term(body):
            raise TypeError("a symbol is a name, a tuple of variables and a term")
        if any(type(parameter) is not Variable for parameter in parameters):
            raise TypeError(f"{name}: a parameter is a variable")
        parameters = tuple(map(anew, parameters))
        if len(set(parameters)) != len(parameters):
            raise TypeError(f"{name}: a parameter is named twice")
        if body.loose:
            raise TypeError(f"{name}: the body has an index that nothing binds")
        stray = free_variables(body) - set(parameters)
        if stray:
            names = ", ".join(sorted(variable.name for variable in stray))
            raise TypeError(f"{name}: the body has variables that are not parameters: {names}")
        return tuple.__new__(cls, (name, parameters, body, cls))

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """The sorts of the parameters and of the body."""
        return tuple(parameter.sort for parameter in self.parameters), self.body.sort


class Term(Unchanging):
    """A head and its arguments, made by `make`. Equal terms are the same object."""

    __slots__ = ()
    head: Head = field(0)
    arguments: tuple["Term", ...] = field(1)
    sort: Sort = field(2)
    loose: int = field(3)
    """How many binders must stand around the term for every bound index in it to be bound."""

    def __new__(cls, head: Head, *arguments: "Term") -> "Term":
        if cls is not Term or not _is_head(head) or any(type(argument) is not Term for argument in arguments):
            raise TypeError("a term is made of a known head and of terms")
        places = tuple(map(id, arguments))
        known = _TERMS.get((_plain(head), places))
        if known is not None:
            return intact(known)
        if not all(argument in _TERMS for argument in arguments):
            raise TypeError("a term is made of a known head and of terms that `make` made")
        head = anew(head)
        given = tuple(argument.sort for argument in arguments)
        expected, sort = head.signature(given)
        if len(given) != len(expected) or any(one is not other for one, other in zip(given, expected, strict=True)):
            raise TypeError(f"{head} takes {expected}, but was given {given}")
        outer = [argument.loose - head.binds(number) for number, argument in enumerate(arguments)]
        loose = max([head.level + 1 if isinstance(head, Bound) else 0, *outer])
        made = tuple.__new__(cls, (head, arguments, sort, loose))
        return intact(_TERMS.add((_plain(head), places), made))

    def __reduce__(self) -> tuple:
        return Term, (self.head, *self.arguments)

    def __init_subclass__(cls) -> None:
        raise TypeError("a term has no other kinds")

    def __repr__(self) -> str:
        inside = ", ".join(map(repr, self.arguments))
        return f"{self.head}({inside})" if inside else f"{self.head}"


# by identity, not by equality: a class of somebody's own class may be equal to every other
_HEADS = {id(k): k.__name__ for k in (Variable, Bound, Number, Operator, Power, Binder, Lambda, Element, Symbol)}
_TERMS: Made[Term] = Made()


def is_term(term: object) -> bool:
    """Whether this was made by `make`, as all that is inside it was."""
    return type(term) is Term and term in _TERMS


def subterms(term: Term) -> Iterator[Term]:
    """Every term inside, each once, itself among them; bodies of defined symbols are not entered.

    Each is checked to be what it was when it was made. Its contents cannot have changed, but `object.__setattr__(part,
    "__class__", other)` gives it other attributes. The check runs no code of that other class.
    """
    seen, waiting = {id(term)}, [intact(term)]
    while waiting:
        found = waiting.pop()
        yield found
        for argument in found.arguments:
            if id(argument) not in seen:
                seen.add(id(argument))
                waiting.append(intact(argument))


# The next four are called for each part of every term, and check types by themselves: the tests' own type checks
# around them took half of an audit's time there.
@no_type_check
def intact(part: Term) -> Term:
    """The term, if it, its sort and its head are of their own classes, and so what is in its head."""
    if type(part) is not Term or type(part.sort) is not Sort or not _is_head(part.head) or not _plain(part.head):
        raise TypeError("a part of the term was given another class")
    return part


@no_type_check
def _is_head(head: object) -> bool:
    return id(type(head)) in _HEADS


@no_type_check
def _plain(head: Head) -> tuple | None:
    """A head's entries as exact ints and strings; None where one of them is not what a constructor puts there."""
    entries = tuple.__getitem__(head, slice(None))
    if not entries or entries[-1] is not type(head):
        return None
    plain = []
    for entry in entries:
        kind = type(entry)
        found = entry if kind is int or kind is str else _plain_entry(entry, kind)
        if found is None:
            return None
        plain.append(found)
    return tuple(plain)


@no_type_check
def _plain_entry(entry: object, kind: type) -> object:
    if kind is Term or is_sort(entry):
        return id(entry)
    if kind is type:
        return _HEADS.get(id(entry))
    if kind is tuple:  # a symbol's parameters
        parameters = [_plain(parameter) if type(parameter) is Variable else None for parameter in entry]
        return None if any(parameter is None for parameter in parameters) else tuple(parameters)
    return None


def free_variables(term: Term) -> set[Variable]:
    """The variables that occur in a term."""
    return {found.head for found in subterms(term) if isinstance(found.head, Variable)}
