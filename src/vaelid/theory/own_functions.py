"""A user's own functions in claims: each is read once as a formula, and compared with what it gives in floats."""

import inspect
import keyword
import random
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, size, variable
from vaelid.readings.terms.syntax import INDEX, Power, Term
from vaelid.readings.terms.trace import Definition
from vaelid.readings.terms.values import value_at
from vaelid.spec.errors import InputError, words_of
from vaelid.theory.kernel import NotProved, unfold
from vaelid.theory.limits import too_large
from vaelid.theory.numerals import HIGHEST_POWER
from vaelid.theory.vocabulary import ELEMENTARY, SIZES, SPEC_FUNCTIONS

__all__ = ["read_functions"]

_POINTS, _LENGTH = 8, 3
# Float64 functions of a few operations agree to 1e-12; what differs by more than this is another formula.
_AGREEMENT = 1e-6


def read_functions(functions: Any) -> list[Definition]:
    """The definition of each function of a list; or of a mapping, whose values give the lengths of its vectors.

    Raises `InputError` for a function that cannot be read as a formula, naming the operation; for one whose name is
    that of another; and for one that gives other numbers on NumPy arrays than its formula does.
    """
    if isinstance(functions, Mapping):
        return [_read(function, shapes) for function, shapes in functions.items()]
    if callable(functions) or isinstance(functions, str) or not isinstance(functions, Iterable):
        raise InputError(f"functions={functions!r}: give a list, as in functions=[my_nll].")
    return [_read(function, {}) for function in functions]


def _read(function: Any, shapes: Any) -> Definition:
    if not inspect.isfunction(function) or inspect.iscoroutinefunction(function):
        raise InputError(f"functions: {function!r} is not a function of Python, made with def.")
    name = function.__name__
    if type(name) is not str or not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise InputError(f"functions: a function needs a name to be written in a claim, and {name!r} is none; use def.")
    if name in SPEC_FUNCTIONS or name in ELEMENTARY or name in SIZES:
        raise InputError(f"functions: {name!r} means something else in every claim; give the function another name.")
    parameters = _parameters(function, shapes)
    definition = _definition(function, parameters, tuple(dict.fromkeys(shapes.values())))
    _compare_with_floats(function, definition, parameters)
    return definition


def _parameters(function: Any, shapes: Any) -> dict[str, TermArray]:
    name, signature = function.__name__, inspect.signature(function).parameters
    if not isinstance(shapes, Mapping) or not all(type(s) is str for s in (*shapes, *shapes.values())):
        raise InputError(
            f"functions: the lengths of {name}'s vectors are given as in {{{name}: {{'x': 'D'}}}}, not as {shapes!r}."
        )
    if stray := sorted(set(shapes) - set(signature)):
        raise InputError(f"functions: {name} has no parameter {stray[0]!r}; it has {', '.join(signature)}.")
    for parameter in signature.values():
        plain = type(parameter.name) is str and parameter.name.isascii()
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD or not plain:
            raise InputError(
                f"functions: {name}'s parameter {str(parameter)!r}: give each parameter a name of its own."
            )
    for length in shapes.values():
        if not (length.isascii() and length.isidentifier()) or length in (*SPEC_FUNCTIONS, *ELEMENTARY, *signature):
            raise InputError(f"functions: {name}: {length!r} cannot name a length; take a letter, as in {{'x': 'D'}}.")
    return {p: variable(p, size(shapes[p])) if p in shapes else variable(p) for p in signature}


def _definition(function: Any, parameters: dict[str, TermArray], sizes: tuple[str, ...]) -> Definition:
    name = function.__name__

    def one_array(*arguments: TermArray) -> TermArray:
        result = function(*arguments)
        if isinstance(result, TermArray) or type(result) in (int, float, Fraction):
            return as_term(result)
        raise InputError(f"functions: {name} returns a {type(result).__name__}; one number or array is expected.")

    one_array.__name__ = name  # messages name the user's function
    try:
        definition = Definition(one_array, name, dict(parameters), sizes, (), function)
        (symbol,) = definition.symbols
        if problem := too_large(symbol.body):
            raise InputError(f"functions: {name}: {problem}")
        if _degree(symbol.body, {}) > HIGHEST_POWER:
            raise InputError(f"functions: {name}: powers go up to {HIGHEST_POWER} here, nested ones multiplied.")
        unfold(symbol)
    except InputError:
        raise
    except ReadingError as error:
        raise InputError(f"functions: {error}") from None
    except NotProved:
        raise InputError(
            f"functions: {name!r} is the name of another definition in this session, and stays it: what is proved of "
            "it would be read as being of this one. Give the function another name."
        ) from None
    except RecursionError:
        raise InputError(f"functions: {name} nests too many operations, or calls itself without end.") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's code raises on a symbolic array
        raise InputError(
            f"functions: {name} cannot be read as a formula: {words_of(error)}. It is called on symbolic "
            "arrays: take its operations from array_namespace(x), and none from torch or math."
        ) from None
    return definition


def _degree(term: Term, known: dict[Term, int]) -> int:
    """The exponents of nested powers, multiplied, where that is largest. Parts that are shared are looked at once."""
    if term not in known:
        inside = max((_degree(argument, known) for argument in term.arguments), default=1)
        known[term] = inside * (term.head.exponent if isinstance(term.head, Power) else 1)
    return known[term]


def _compare_with_floats(function: Any, definition: Definition, parameters: dict[str, TermArray]) -> None:
    """The function on NumPy arrays against its formula at random points; a point without a value is left out."""
    (symbol,) = definition.symbols
    rng = random.Random(0)
    for _ in range(_POINTS):
        drawn = {p: [rng.gauss(0, 1) for _ in range(_LENGTH if a.ndim else 1)] for p, a in parameters.items()}
        shaped = {p: tuple(values) if parameters[p].ndim else values[0] for p, values in drawn.items()}
        point: dict[Any, Any] = {v: _LENGTH for v in symbol.parameters if v.sort is INDEX}
        point |= {parameters[p].term.head: value for p, value in shaped.items()}
        try:
            value = value_at(symbol.body, point)
            exact: list[Any] = [*map(value, range(_LENGTH))] if callable(value) else [value]
            formula = [float(arb(number).mid()) for number in exact]
            with np.errstate(all="ignore"):
                floats = np.asarray(function(*map(np.asarray, shaped.values())), dtype=float).ravel()
        except KeyboardInterrupt:
            raise
        except BaseException:  # NumPy does not run it, or the formula has no value there: nothing to compare
            continue
        if len(floats) != len(formula) or not np.allclose(floats, formula, rtol=_AGREEMENT, atol=_AGREEMENT):
            where = ", ".join(f"{p} = {[round(v, 6) for v in values]}" for p, values in drawn.items())
            raise InputError(
                f"functions: {definition.name} gives {_listed(floats)} on NumPy arrays, and as a formula it is "
                f"{_listed(formula)}, at {where}: it does something else when it is read."
            )


def _listed(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.9g}" for value in values)
