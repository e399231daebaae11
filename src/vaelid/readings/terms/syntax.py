"""Terms and formulas: the language that theorems are stated in.

A term is a head applied to terms; a formula is a term of sort `BOOL`. Four sorts besides: real numbers, indices
(whole numbers), arrays (functions from `rank` indices to the reals; a size says how many of them matter) and
maps (functions from vector to vector: an encoder's, a decoder's). A variable that is not bound stands for every
value of its sort, so a formula that is true is true for all values of its variables.

Bound indices are counted from the innermost binder (de Bruijn): two terms are equal, as Python objects, exactly
when they differ in the names of bound indices at most. A term cannot be changed, and is checked when it is made.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from weakref import WeakValueDictionary

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
    "abstracted",
    "array_of_rank",
    "element",
    "free_variables",
    "instance",
    "lambda_",
    "loose_levels",
    "make",
    "reindexed",
    "shifted",
    "subterms",
]


def _is_name(name: str) -> bool:
    """A name cannot be read as a formula, nor as an operation."""
    return type(name) is str and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name, re.ASCII) is not None


def _check_whole(number: int) -> None:
    # exact types, here and below: an object that only looks like one could answer differently the next time
    if type(number) is not int or number < 0:
        raise TypeError(f"{number!r} is not a whole number, at least 0")


class _Fixed:
    """What cannot be changed once it is made."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__.lower()} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__.lower()} cannot be changed")


class Sort(_Fixed):
    """A kind of value; `rank` is the number of indices of an array. Equal sorts are the same object."""

    __slots__ = ("name", "rank")
    name: str
    rank: int

    def __new__(cls, name: str, rank: int = 0) -> "Sort":
        if cls is not Sort or not _is_name(name):
            raise TypeError(f"{name!r} is not the name of a sort")
        _check_whole(rank)
        self = object.__new__(cls)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "rank", rank)
        return _SORTS.setdefault((name, rank), self)

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


class Head:
    """What stands at the head of a term: it says which arguments it takes and how many indices it binds in each.

    A copy of one, and one read back from a pickle, is made anew, and checked as every head is.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple:
        return type(self), tuple(getattr(self, name) for name in self.__slots__)

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """The sorts of the arguments and of the result."""
        raise NotImplementedError

    def binds(self, argument: int) -> int:
        """How many indices are bound in the argument of this number."""
        return 0


@dataclass(frozen=True, slots=True)
class Variable(Head):
    """A value of the sort, any one: a theorem holds for all."""

    name: str
    sort: Sort

    def __post_init__(self) -> None:
        if type(self.sort) is not Sort or not _is_name(self.name):
            raise TypeError(f"{self.name!r} is not the name of a variable: letters, digits, _ and dots, please")

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """No arguments."""
        return (), self.sort


@dataclass(frozen=True, slots=True)
class Bound(Head):
    """The index bound by the binder that is `level` binders out; 0 is the innermost."""

    level: int

    def __post_init__(self) -> None:
        _check_whole(self.level)

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """No arguments."""
        return (), INDEX


@dataclass(frozen=True, slots=True)
class Number(Head):
    """An exact rational number, or a whole number of sort index."""

    value: Fraction
    sort: Sort = REAL

    def __post_init__(self) -> None:
        if type(self.value) is not Fraction or not (self.sort is REAL or self.sort is INDEX):
            raise TypeError("a number is a Fraction, real or index")
        if type(self.value.numerator) is not int or type(self.value.denominator) is not int:
            raise TypeError("a number is a Fraction of two ints")
        if self.sort is INDEX and self.value.denominator != 1:
            raise TypeError("an index is a whole number")

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """No arguments."""
        return (), self.sort


@dataclass(frozen=True, slots=True)
class Operator(Head):
    """An operation of the fixed table below; the comparisons take two arguments of any one sort they know."""

    name: str

    def __post_init__(self) -> None:
        if type(self.name) is not str or (self.name not in _SIGNATURES and self.name not in _COMPARED):
            raise TypeError(f"unknown operator {self.name!r}")

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """As the table says."""
        if self.name in _COMPARED:
            sort = given[0] if given and given[0] in _COMPARED[self.name] else REAL
            return (sort, sort), BOOL
        if self.name in ("and", "or"):
            return (BOOL,) * len(given), BOOL
        return _SIGNATURES[self.name]


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


@dataclass(frozen=True, slots=True)
class Power(Head):
    """The argument to a whole power, at least 0."""

    exponent: int

    def __post_init__(self) -> None:
        _check_whole(self.exponent)

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """One real."""
        return (REAL,), REAL


@dataclass(frozen=True, slots=True)
class Binder(Head):
    """`sum`: of the body over the indices 0 <= i < size. `forall`: the body holds for every index i."""

    name: str

    def __post_init__(self) -> None:
        if type(self.name) is not str or self.name not in ("sum", "forall"):
            raise TypeError(f"unknown binder {self.name!r}")

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """(size, body) of a sum; (body,) of a forall."""
        return ((INDEX, REAL), REAL) if self.name == "sum" else ((BOOL,), BOOL)

    def binds(self, argument: int) -> int:
        """One index, in the body."""
        return 1 if self.name == "forall" or argument == 1 else 0


@dataclass(frozen=True, slots=True)
class Lambda(Head):
    """The array with these elements; index 0 of the body is the last axis."""

    rank: int

    def __post_init__(self) -> None:
        _check_whole(self.rank)

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """One real, under `rank` indices."""
        return (REAL,), array_of_rank(self.rank)

    def binds(self, argument: int) -> int:
        """All indices of the array."""
        return self.rank


@dataclass(frozen=True, slots=True)
class Element(Head):
    """(array, i_1, ..., i_rank): one element, the first axis first."""

    rank: int

    def __post_init__(self) -> None:
        _check_whole(self.rank)

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """An array and its indices."""
        return (array_of_rank(self.rank), *[INDEX] * self.rank), REAL


@dataclass(frozen=True, slots=True)
class Symbol(Head):
    """A defined function. It *is* its definition: what it stands for is in it, so none can be circular."""

    name: str
    parameters: tuple[Variable, ...]
    body: "Term"

    def __post_init__(self) -> None:
        if not _is_name(self.name) or self.name in _SIGNATURES or self.name in _COMPARED:
            raise TypeError(f"{self.name!r} cannot name a definition")
        if type(self.parameters) is not tuple or type(self.body) is not Term:
            raise TypeError("a symbol is a name, a tuple of variables and a term")
        if any(type(parameter) is not Variable for parameter in self.parameters):
            raise TypeError(f"{self.name}: a parameter is a variable")
        if len(set(self.parameters)) != len(self.parameters):
            raise TypeError(f"{self.name}: a parameter is named twice")
        if self.body.loose:
            raise TypeError(f"{self.name}: the body has an index that nothing binds")
        stray = free_variables(self.body) - set(self.parameters)
        if stray:
            names = ", ".join(sorted(variable.name for variable in stray))
            raise TypeError(f"{self.name}: the body has variables that are not parameters: {names}")

    def signature(self, given: tuple[Sort, ...]) -> tuple[tuple[Sort, ...], Sort]:
        """The sorts of the parameters and of the body."""
        return tuple(parameter.sort for parameter in self.parameters), self.body.sort


class Term(_Fixed):
    """A head and its arguments, made by `make`. Equal terms are the same object."""

    __slots__ = ("__weakref__", "arguments", "head", "loose", "sort")
    head: Head
    arguments: tuple["Term", ...]
    sort: Sort
    loose: int
    """How many binders must stand around the term for every bound index in it to be bound."""

    def __new__(cls, head: Head, *arguments: "Term") -> "Term":
        if cls is not Term or type(head) not in _HEADS or any(type(argument) is not Term for argument in arguments):
            raise TypeError("a term is made of a known head and of terms")
        known = _TERMS.get((head, arguments))
        if known is not None:
            return known
        given = tuple(argument.sort for argument in arguments)
        expected, sort = head.signature(given)
        if given != expected:
            raise TypeError(f"{head} takes {expected}, but was given {given}")
        outer = [argument.loose - head.binds(number) for number, argument in enumerate(arguments)]
        self = object.__new__(cls)
        for slot, value in (
            ("head", head),
            ("arguments", arguments),
            ("sort", sort),
            ("loose", max([head.level + 1 if isinstance(head, Bound) else 0, *outer])),
        ):
            object.__setattr__(self, slot, value)
        return _TERMS.setdefault((head, arguments), self)

    def __reduce__(self) -> tuple:
        return Term, (self.head, *self.arguments)

    def __init_subclass__(cls) -> None:
        raise TypeError("a term has no other kinds")

    def __repr__(self) -> str:
        inside = ", ".join(map(repr, self.arguments))
        return f"{self.head}({inside})" if inside else f"{self.head}"


_HEADS = (Variable, Bound, Number, Operator, Power, Binder, Lambda, Element, Symbol)
for _head in _HEADS:  # what `dataclass` adds for pickles would change a head; `Head.__reduce__` does without
    for _method in ("__getstate__", "__setstate__"):
        delattr(_head, _method)
_TERMS: "WeakValueDictionary[tuple[Head, tuple[Term, ...]], Term]" = WeakValueDictionary()


def subterms(term: Term) -> Iterator[Term]:
    """Every term inside, each once, itself among them; bodies of defined symbols are not entered."""
    seen, waiting = {term}, [term]
    while waiting:
        found = waiting.pop()
        yield found
        fresh = [argument for argument in dict.fromkeys(found.arguments) if argument not in seen]
        seen.update(fresh)
        waiting += fresh


def free_variables(term: Term) -> set[Variable]:
    """The variables that occur in a term."""
    return {found.head for found in subterms(term) if isinstance(found.head, Variable)}


def make(head: Head, *arguments: Term) -> Term:
    """The term, in normal form: an element of a lambda is its body there, and the lambda of elements is the array."""
    match head:
        case Element():
            return element(*arguments)
        case Lambda(rank=rank):
            return lambda_(rank, *arguments)
    return Term(head, *arguments)


def element(array: Term, *indices: Term) -> Term:
    """array[indices], the first axis first; the array itself where it has no axis."""
    if not indices:
        return array
    if isinstance(array.head, Lambda) and array.head.rank == len(indices):
        return _opened(array.arguments[0], tuple(reversed(indices)))
    return Term(Element(len(indices)), array, *indices)


def lambda_(rank: int, body: Term) -> Term:
    """The array whose elements are `body` under `rank` indices, 0 being the last axis."""
    if rank == 0:
        return body
    indices = tuple(Term(Bound(level)) for level in reversed(range(rank)))
    if body.head == Element(rank) and body.arguments[1:] == indices:
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


def instance(term: Term, values: dict[Variable, Term]) -> Term:
    """The term with values for variables, all at once. A value has no loose index, so none is captured."""
    for variable, value in values.items():
        if type(variable) is not Variable or type(value) is not Term or value.sort is not variable.sort:
            raise TypeError(f"{variable} cannot stand for {value!r}")
        if value.loose:
            raise TypeError(f"the value of {variable.name} has an index that nothing binds")
    return _rebuilt(term, lambda part, _: values.get(part.head), 0, {})  # pyright: ignore[reportArgumentType]


def abstracted(term: Term, variable: Variable) -> Term:
    """The term under one more binder, whose index stands wherever the index variable stood."""
    return _rebuilt(shifted(term, 1), lambda part, depth: Term(Bound(depth)) if part.head == variable else None, 0, {})
