"""Symbolic arrays: each element is a term in the indices of the axes.

An array of rank r *is* its element under r binders, index 0 being the last axis. Broadcasting aligns last axes,
so elementwise arithmetic combines the elements as they are, and a sum over the last axis puts a binder around
the element. Sizes are whole numbers, or index terms for axes of symbolic length.
"""

from fractions import Fraction
from typing import Any, ClassVar, NoReturn

from vaelid.readings.errors import ReadingError, UnknownOperation
from vaelid.readings.terms.refusals import BY_ARRAYS, BY_LENGTHS, refuse_methods, refuse_numpy, refuse_torch
from vaelid.readings.terms.selection import selected
from vaelid.readings.terms.substitution import element, lambda_, make
from vaelid.readings.terms.syntax import INDEX, MAP, REAL, Bound, Number, Operator, Power, Term, Variable, array_of_rank
from vaelid.readings.terms.text import text

__all__ = [
    "Size",
    "SymbolicLength",
    "TermArray",
    "TermMap",
    "array_of",
    "as_term",
    "index",
    "lengths",
    "map_variable",
    "real",
    "size",
    "variable",
]


class SymbolicLength:
    """A symbolic length in a shape, where shape checkers look for an int.

    Equal terms have equal numbers, and different terms different ones. They serve those checkers alone, as indices:
    arithmetic with a length is refused. It is no int, since a float times an int never asks the int.
    """

    __slots__ = ("number", "term")
    _numbers: ClassVar[dict[Term, int]] = {}

    def __init__(self, term: Term) -> None:
        self.term = term
        self.number = 10**9 + self._numbers.setdefault(term, len(self._numbers))

    def __index__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self.number == (other.number if isinstance(other, SymbolicLength) else other)

    def __hash__(self) -> int:
        return hash(self.number)

    def __repr__(self) -> str:
        return text(self.term)


Size = int | Term | SymbolicLength
"""The length of an axis: a whole number, a term of sort index, or such a term as shapes hold it."""

DTYPE = "float64"
"""What shape checkers call real numbers. Nothing is rounded here."""


class TermArray:
    """A symbolic array over the reals, of the sizes in `shape`; `element` is one element, under its axes' indices.

    On an axis of length 1 the element is read at 0 and has no index, so that it broadcasts as it is.
    """

    __slots__ = ("element", "shape")
    dtype = DTYPE
    device = "symbolic"
    namespace: ClassVar[Any]
    """The functions of symbolic arrays; `namespace.py` puts them here when the package is imported."""

    def __init__(self, shape: tuple[Size, ...], element: Term) -> None:
        if element.sort is not REAL or element.loose > len(shape):
            raise TypeError("an element is a real term in the indices of the axes")
        ones = [level for level in range(len(shape)) if shape[-1 - level] == 1]
        self.shape = lengths(shape)
        self.element = _reindexed(element, len(shape), dict.fromkeys(ones, index(0))) if ones else element

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def term(self) -> Term:
        """The array as one term: a real number, or an array by its elements."""
        return lambda_(self.ndim, self.element)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self.namespace

    def __repr__(self) -> str:
        return f"TermArray(({', '.join(map(str, self.shape))}), {text(self.term)})"

    def __add__(self, other: Any) -> "TermArray":
        return combined("add", self, other)

    def __radd__(self, other: Any) -> "TermArray":
        return combined("add", other, self)

    def __sub__(self, other: Any) -> "TermArray":
        return combined("subtract", self, other)

    def __rsub__(self, other: Any) -> "TermArray":
        return combined("subtract", other, self)

    def __mul__(self, other: Any) -> "TermArray":
        return combined("multiply", self, other)

    def __rmul__(self, other: Any) -> "TermArray":
        return combined("multiply", other, self)

    def __truediv__(self, other: Any) -> "TermArray":
        return combined("divide", self, other)

    def __rtruediv__(self, other: Any) -> "TermArray":
        return combined("divide", other, self)

    def __matmul__(self, other: Any) -> "TermArray":
        return self.__array_namespace__().matmul(self, other)

    def __rmatmul__(self, other: Any) -> "TermArray":
        return self.__array_namespace__().matmul(other, self)

    def __abs__(self) -> "TermArray":
        return mapped("abs", self)

    def __neg__(self) -> "TermArray":
        return mapped("negative", self)

    def __pos__(self) -> "TermArray":
        return self

    def __pow__(self, exponent: Any) -> "TermArray":
        if type(exponent) is not int or exponent < 0:
            raise ReadingError(f"the power {exponent!r}: the term reading has whole powers only, at least 0.")
        return TermArray(self.shape, make(Power(exponent), self.element))

    def __getitem__(self, key: Any) -> "TermArray":
        return TermArray(*selected(self.term, self.shape, key if isinstance(key, tuple) else (key,)))

    def __getattr__(self, name: str) -> NoReturn:
        raise UnknownOperation(f"the attribute {name}: call the functions of the array's own namespace.")


refuse_methods(SymbolicLength, BY_LENGTHS)
refuse_methods(TermArray, BY_ARRAYS)
TermArray.__hash__ = object.__hash__
TermArray.__array_ufunc__ = TermArray.__array_function__ = refuse_numpy  # pyright: ignore[reportAttributeAccessIssue]
TermArray.__torch_function__ = classmethod(refuse_torch)  # pyright: ignore[reportAttributeAccessIssue]


def size(name: str) -> Term:
    """A symbolic length."""
    return make(Variable(name, INDEX))


def lengths(shape: tuple[Size, ...]) -> tuple[int | SymbolicLength, ...]:
    """The sizes of an array as its shape holds them."""
    return tuple(SymbolicLength(size) if isinstance(size, Term) else size for size in shape)


def index(value: Size) -> Term:
    """A size or position as an index term."""
    if isinstance(value, SymbolicLength):
        return value.term
    return value if isinstance(value, Term) else make(Number(Fraction(value), INDEX))


def variable(name: str, *shape: Size) -> TermArray:
    """The array variable of this name and shape; without a shape a real variable."""
    return array_of(make(Variable(name, array_of_rank(len(shape)))), shape)


def array_of(term: Term, shape: tuple[Size, ...]) -> TermArray:
    """A term as an array of this shape: its elements."""
    return TermArray(shape, element(term, *[make(Bound(level)) for level in reversed(range(len(shape)))]))


def real(value: Size) -> TermArray:
    """A size as a real number."""
    return TermArray((), make(Operator("real"), index(value)))


class TermMap:
    """Any function from vectors to vectors of one length: the map of an encoder or a decoder."""

    __slots__ = ("length", "term")

    def __init__(self, term: Term, length: Size) -> None:
        if term.sort is not MAP:
            raise TypeError("a map is a term of sort map")
        self.term = term
        self.length = length

    def __call__(self, x: TermArray) -> TermArray:
        """The map's value at a vector."""
        if x.ndim != 1:
            raise ReadingError(
                "a map of vectors, applied to several rows: the term reading has it for one observation."
            )
        return array_of(make(Operator("apply"), self.term, x.term), (self.length,))


def map_variable(name: str, length: Size) -> TermMap:
    """The map variable of this name."""
    return TermMap(make(Variable(name, MAP)), length)


def as_term(value: Any) -> TermArray:
    """A number as a constant; a symbolic array as it is.

    Raises `ReadingError` for a float that is not exactly what it prints as: 0.5 is a half, 0.1 is not a tenth.
    """
    if isinstance(value, TermArray):
        return value
    if type(value) in (int, Fraction):
        return TermArray((), make(Number(Fraction(value))))
    if isinstance(value, float):
        exact = Fraction(value) if value - value == 0 else None
        if exact is None or exact != Fraction(repr(float(value))):
            raise ReadingError(
                f"the number {value!r}: as a float it is not exactly what it says; give an int or a Fraction."
            )
        return TermArray((), make(Number(exact)))
    raise ReadingError(
        f"a {type(value).__module__}.{type(value).__name__} beside a term: give an int, a Fraction or a term."
    )


def mapped(name: str, x: Any) -> TermArray:
    """An operation of one argument, elementwise."""
    x = as_term(x)
    return TermArray(x.shape, make(Operator(name), x.element))


def combined(name: str, x: Any, y: Any) -> TermArray:
    """An operation of two arguments, elementwise, after broadcasting."""
    x, y = as_term(x), as_term(y)
    return TermArray(broadcast_shape(x.shape, y.shape), make(Operator(name), x.element, y.element))


def broadcast_shape(*shapes: tuple[Size, ...]) -> tuple[Size, ...]:
    """The common shape, last axes aligned; an axis of length 1 fits any."""
    rank = max(map(len, shapes))
    common: list[Size] = []
    for axis in range(-rank, 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis}
        sizes = sizes - {1} if len(sizes) > 1 else sizes
        if len(sizes) > 1:
            names = " and ".join(sorted(map(str, sizes)))
            raise ReadingError(f"arrays of different lengths together: {names} along axis {axis}.")
        common.append(sizes.pop())
    return tuple(common)


def _reindexed(body: Term, rank: int, values: dict[int, Term]) -> Term:
    """The element with other terms for the indices of some axes."""
    indices = [values.get(level, make(Bound(level))) for level in reversed(range(rank))]
    return element(lambda_(rank, body), *indices)
