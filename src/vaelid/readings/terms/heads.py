"""Sorts, and the heads of terms: variables, numbers, operations, binders.

`syntax.py` adds defined functions, whose bodies are terms, and the terms.
"""

import re
from fractions import Fraction
from math import gcd
from typing import Any, no_type_check

from vaelid.readings.terms.unchanging import Unchanging, field

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
    "Variable",
    "anew",
    "array_of_rank",
    "is_name",
    "is_operator",
    "is_sort",
]


def is_name(name: str) -> bool:
    """A name cannot be read as a formula, nor as an operation."""
    return type(name) is str and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name, re.ASCII) is not None


def _check_whole(number: int) -> None:
    # exact types, here and below: an object that only looks like one could answer differently the next time
    if type(number) is not int or number < 0:
        raise TypeError(f"{number!r} is not a whole number, at least 0")


class Sort(Unchanging):
    """A kind of value; `rank` is the number of indices of an array. Equal sorts are the same object."""

    __slots__ = ()
    name: str = field(0)
    rank: int = field(1)

    def __new__(cls, name: str, rank: int = 0) -> "Sort":
        if cls is not Sort or not is_name(name):
            raise TypeError(f"{name!r} is not the name of a sort")
        _check_whole(rank)
        return _SORTS.setdefault((name, rank), tuple.__new__(cls, (name, rank)))

    def __reduce__(self) -> tuple:
        return Sort, (self.name, self.rank)

    def __repr__(self) -> str:
        return self.name


_SORTS: dict[tuple[str, int], Sort] = {}
REAL, INDEX, BOOL, MAP = Sort("Real"), Sort("Index"), Sort("Bool"), Sort("Map")
VECTOR = Sort("Vector", 1)


def array_of_rank(rank: int) -> Sort:
    """The sort of functions from `rank` indices to the reals; of rank 0 the reals themselves."""
    return {0: REAL, 1: VECTOR}.get(rank) or Sort(f"Array{rank}", rank)


@no_type_check
def is_sort(sort: object) -> bool:
    """Whether this is the one sort of its name and rank, and not a tuple made to look like it."""
    if type(sort) is not Sort or type(sort.name) is not str or type(sort.rank) is not int:
        return False
    return _SORTS.get((sort.name, sort.rank)) is sort


class Head(Unchanging):
    """What stands at the head of a term: it says which arguments it takes and how many indices it binds in each.

    Heads are equal when they are of one class, which is the last entry of the tuple, and have equal fields. A copy of
    one, and one read back from a pickle, is made anew, and checked as every head is.
    """

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()
    __eq__, __ne__, __hash__ = tuple.__eq__, tuple.__ne__, tuple.__hash__

    def __reduce__(self) -> tuple:
        return type(self), tuple(getattr(self, name) for name in self.__match_args__)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({fields})"

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """The sorts of the arguments and of the result."""
        raise NotImplementedError

    def binds(self, argument: int) -> int:
        """How many indices are bound in the argument of this number."""
        return 0


class Variable(Head):
    """A value of the sort, any one: a theorem holds for all."""

    __slots__ = ()
    __match_args__ = ("name", "sort")
    name: str = field(0)
    sort: Sort = field(1)

    def __new__(cls, name: str, sort: Sort) -> "Variable":
        if not is_sort(sort) or not is_name(name):
            raise TypeError(f"{name!r} is not the name of a variable: letters, digits, _ and dots, please")
        return tuple.__new__(cls, (name, sort, cls))

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """No arguments."""
        return (), self.sort


class Bound(Head):
    """The index bound by the binder that is `level` binders out; 0 is the innermost."""

    __slots__ = ()
    __match_args__ = ("level",)
    level: int = field(0)

    def __new__(cls, level: int) -> "Bound":
        _check_whole(level)
        return tuple.__new__(cls, (level, cls))

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """No arguments."""
        return (), INDEX


class Number(Head):
    """An exact rational number, or a whole number of sort index."""

    __slots__ = ()
    __match_args__ = ("value", "sort")
    numerator: int = field(0)
    denominator: int = field(1)
    sort: Sort = field(2)

    def __new__(cls, value: Fraction, sort: Sort = REAL) -> "Number":
        if type(value) is not Fraction or not (sort is REAL or sort is INDEX):
            raise TypeError("a number is a Fraction, real or index")
        # two ints are kept, not the fraction: a Fraction can be changed
        numerator, denominator = value.numerator, value.denominator
        if type(numerator) is not int or type(denominator) is not int:
            raise TypeError("a number is a Fraction of two ints")
        # `Fraction(x)` takes the parts of an x of another kind as they are
        if denominator < 1 or gcd(numerator, denominator) != 1:
            raise TypeError(f"a number is a Fraction in lowest terms, not {numerator}/{denominator}")
        if sort is INDEX and denominator != 1:
            raise TypeError("an index is a whole number")
        return tuple.__new__(cls, (numerator, denominator, sort, cls))

    @property
    def value(self) -> Fraction:
        """The number, as a fraction of the caller's own."""
        return Fraction(self.numerator, self.denominator)

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """No arguments."""
        return (), self.sort


class Operator(Head):
    """An operation of the fixed table below; the comparisons take two arguments of any one sort they know."""

    __slots__ = ()
    __match_args__ = ("name",)
    name: str = field(0)

    def __new__(cls, name: str) -> "Operator":
        if not is_operator(name):
            raise TypeError(f"unknown operator {name!r}")
        return tuple.__new__(cls, (name, cls))

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """As the table says."""
        if self.name in _COMPARED:
            sort = given[0] if given and any(given[0] is known for known in _COMPARED[self.name]) else REAL
            return (sort, sort), BOOL
        if self.name in ("and", "or"):
            return (BOOL,) * len(given), BOOL
        return _SIGNATURES[self.name]


def is_operator(name: str) -> bool:
    """Whether the table below has it."""
    return type(name) is str and (name in _SIGNATURES or name in _COMPARED)


_SIGNATURES: dict[str, tuple[tuple[Sort, ...], Sort]] = {
    **dict.fromkeys(("add", "subtract", "multiply", "divide"), ((REAL, REAL), REAL)),
    **dict.fromkeys(("negative", "exp", "log", "sqrt", "abs", "tanh", "lgamma"), ((REAL,), REAL)),
    "pi": ((), REAL),
    "real": ((INDEX,), REAL),  # the number of an index
    "index_add": ((INDEX, INDEX), INDEX),
    "apply": ((MAP, VECTOR), VECTOR),
    "not": ((BOOL,), BOOL),
    "and": ((), BOOL),
    "or": ((), BOOL),
    "implies": ((BOOL, BOOL), BOOL),
    "iff": ((BOOL, BOOL), BOOL),
}
_COMPARED = {"equal": (REAL, INDEX, VECTOR), "less_equal": (REAL, INDEX), "less": (REAL, INDEX)}


class Power(Head):
    """The argument to a whole power, at least 0."""

    __slots__ = ()
    __match_args__ = ("exponent",)
    exponent: int = field(0)

    def __new__(cls, exponent: int) -> "Power":
        _check_whole(exponent)
        return tuple.__new__(cls, (exponent, cls))

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """One real."""
        return (REAL,), REAL


class Binder(Head):
    """`sum`: of the body over the indices 0 <= i < size. `forall`: the body holds for every index i."""

    __slots__ = ()
    __match_args__ = ("name",)
    name: str = field(0)

    def __new__(cls, name: str) -> "Binder":
        if type(name) is not str or name not in ("sum", "forall"):
            raise TypeError(f"unknown binder {name!r}")
        return tuple.__new__(cls, (name, cls))

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """(size, body) of a sum; (body,) of a forall."""
        return ((INDEX, REAL), REAL) if self.name == "sum" else ((BOOL,), BOOL)

    def binds(self, argument: int) -> int:
        """One index, in the body."""
        return 1 if self.name == "forall" or argument == 1 else 0


class Lambda(Head):
    """The array with these elements; index 0 of the body is the last axis."""

    __slots__ = ()
    __match_args__ = ("rank",)
    rank: int = field(0)

    def __new__(cls, rank: int) -> "Lambda":
        _check_whole(rank)
        return tuple.__new__(cls, (rank, cls))

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """One real, under `rank` indices."""
        return (REAL,), array_of_rank(self.rank)

    def binds(self, argument: int) -> int:
        """All indices of the array."""
        return self.rank


class Element(Head):
    """(array, i_1, ..., i_rank): one element, the first axis first."""

    __slots__ = ()
    __match_args__ = ("rank",)
    rank: int = field(0)

    def __new__(cls, rank: int) -> "Element":
        _check_whole(rank)
        return tuple.__new__(cls, (rank, cls))

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """An array and its indices."""
        return (array_of_rank(self.rank), *[INDEX] * self.rank), REAL


def anew(head: Any) -> Any:
    """The head from its own constructor, for one made by `tuple.__new__` has been checked by nobody."""
    return type(head)(*[getattr(head, name) for name in head.__match_args__])
