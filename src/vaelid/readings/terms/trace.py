"""Reading a function as a formula: it is called on symbolic arrays, and what it does with them is what is written.

This is all there is to "the object that is proved is the object that runs": no formula is typed again.
"""

import inspect
import traceback
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from types import CodeType
from typing import Any

import jaxtyping

from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, TermMap, array_of, as_term, index
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, Symbol, Term, Variable, free_variables
from vaelid.spec.arrays import may_be_supplied

__all__ = ["Definition", "define", "trace"]

_READINGS = Path(__file__).parents[1]
_PASSING_ON = (_READINGS, Path(inspect.getfile(jaxtyping)).parent)
"""Where code is a reading's, or calls it for another: that other is what used an operation."""
_MADE_BY_A_CHECKER = "<@beartype("
"""How the file of a function begins that beartype wrote around another."""


def _uses_reading(code: CodeType) -> bool:
    """Whether code is a function that is read, rather than on the way from one to the reading."""
    passes_on = any(folder in Path(code.co_filename).parents for folder in _PASSING_ON)
    passes_on = passes_on or code.co_filename.startswith(_MADE_BY_A_CHECKER)
    return not passes_on and not code.co_qualname.startswith(f"{may_be_supplied.__qualname__}.")


def trace(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What `function` returns on symbolic arrays.

    Raises `ReadingError` naming the operation that has no meaning for a formula (a branch, a comparison, a float
    that is not exact, a call of numpy, an unknown operation), the function that used it, its file and line.
    """
    try:
        return function(*arguments, **options)
    except ReadingError as error:
        frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)][1:]
        where = [(code, line) for code, line in frames if _uses_reading(code)]
        place = f" (in {where[-1][0].co_name}, {Path(where[-1][0].co_filename).name}:{where[-1][1]})" if where else ""
        name = getattr(function, "__name__", repr(function))
        raise type(error)(f"{name} cannot be read as a formula: {error}{place}") from None


def leaves(value: Any) -> list[TermArray | TermMap]:
    """The arrays and maps in a value, through records and tuples, in order."""
    if isinstance(value, TermArray | TermMap):
        return [value]
    if isinstance(value, int | float | Fraction):
        return [as_term(value)]
    if is_dataclass(value) and not isinstance(value, type):
        return [leaf for field in fields(value) for leaf in leaves(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [leaf for member in value for leaf in leaves(member)]
    raise TypeError(f"{value!r} is not made of symbolic arrays")


def _rebuilt(value: Any, replacements: "list[TermArray]") -> Any:
    """The same record or tuple with other arrays at its leaves."""
    if isinstance(value, TermArray):
        return replacements.pop(0)
    if isinstance(value, tuple):
        return tuple(_rebuilt(member, replacements) for member in value)
    members = {field.name: _rebuilt(getattr(value, field.name), replacements) for field in fields(value)}
    return type(value)(**members)


def _names(value: Any, name: str, members: tuple[str, ...]) -> list[str]:
    """A name for each array that is returned: that of its field, or of its place in a tuple."""
    if isinstance(value, TermArray):
        return [name]
    if isinstance(value, tuple):
        return [f"{name}.{member}" for member in members]
    return [f"{name}.{field.name}" for field in fields(value)]


class Definition:
    """A function, read once on variables: a defined symbol for each array that it returns.

    Called on symbolic arrays it gives the symbols applied to them, instead of running the body again; sizes are
    found from the arguments' shapes, and one that no argument has is the one of the definition.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        parameters: dict[str, Any],
        sizes: tuple[str, ...],
        members: tuple[str, ...],
        source: Callable[..., Any],
    ) -> None:
        self.source = source
        self.name = name
        self.parameters = parameters
        self._result = trace(function, *parameters.values())
        declared = [leaf for value in parameters.values() for leaf in leaves(value)]
        self._shapes = [_shape(leaf) for leaf in declared]
        arrays = leaves(self._result)
        self.symbols = tuple(
            Symbol(symbol, (*_sizes_in(array.term, sizes), *map(_variable, declared)), array.term)
            for symbol, array in zip(_names(self._result, name, members), arrays, strict=True)
        )

    def __call__(self, *arguments: Any) -> Any:
        """The symbols at these arguments, in the shape of what the function returns."""
        given = [leaf for value in arguments for leaf in leaves(value)]
        lengths: dict[Term, Term] = {}
        for leaf, shape in zip(given, self._shapes, strict=True):
            for formal, actual in zip(shape, _shape(leaf), strict=True):
                if lengths.setdefault(formal, actual if isinstance(formal.head, Variable) else formal) != actual:
                    raise ReadingError(f"{self.name}: arrays of different lengths for one size.")
        terms = [leaf.term for leaf in given]
        results = []
        for symbol, array in zip(self.symbols, leaves(self._result), strict=True):
            count = len(symbol.parameters) - len(terms)
            sizes = [lengths.get(size, size) for size in map(make, symbol.parameters[:count])]
            shape = tuple(lengths.get(length, length) for length in _shape(array))
            results.append(array_of(make(symbol, *sizes, *terms), shape))
        return _rebuilt(self._result, results)

    @property
    def place(self) -> tuple[str, int]:
        """The file of the function that was read, from the package's folder on, and its first line."""
        source = inspect.unwrap(self.source)
        path = Path(inspect.getsourcefile(source) or "")
        return path.relative_to(_READINGS.parents[1]).as_posix(), inspect.getsourcelines(source)[1]

    def __repr__(self) -> str:
        return f"Definition({self.name})"


def _shape(leaf: TermArray | TermMap) -> tuple[Term, ...]:
    """The sizes of an array or of what a map puts out, as index terms."""
    return tuple(map(index, leaf.shape)) if isinstance(leaf, TermArray) else (index(leaf.length),)


def _sizes_in(body: Term, order: tuple[str, ...]) -> list[Variable]:
    sizes = [variable for variable in free_variables(body) if variable.sort is INDEX]
    return sorted(sizes, key=lambda variable: order.index(variable.name))


def _variable(leaf: TermArray | TermMap) -> Variable:
    head = leaf.term.head
    if not isinstance(head, Variable):
        raise TypeError(f"a parameter is a variable, not {leaf!r}")
    return head


def define(
    function: Callable[..., Any],
    *,
    name: str = "",
    sizes: tuple[str, ...] = (),
    members: tuple[str, ...] = (),
    source: Callable[..., Any] | None = None,
    **parameters: Any,
) -> Definition:
    """Read a function on variables, given for each of its parameters in order, and name what it returns.

    `sizes` orders the sizes among the symbols' parameters; `members` names the arrays of a returned tuple; `source` is
    the function of the spec, where `function` only calls it. Raises `ReadingError` as `trace` does.
    """
    return Definition(function, name or function.__name__, parameters, sizes, members, source or function)
