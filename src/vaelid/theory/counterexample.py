"""A point at which a statement is false, found by trying: its value there is computed, not guessed."""

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.syntax import INDEX, MAP, Number, Operator, Term, Variable, free_variables
from vaelid.readings.terms.text import text
from vaelid.readings.terms.values import Value, value_at
from vaelid.theory.statement import split

__all__ = ["POINTS", "Counterexample", "counterexample"]

_NUMBERS = [Fraction(n) for n in ("0", "1", "-1", "2", "-2", "1/2", "-1/2", "3", "-3", "10", "-10", "1/100")]
_LONGEST = 3
POINTS = 4000
_LONGEST_EXACT = 200
"""Exact numbers of more bits, above or below the line, are shown to 17 digits."""


@dataclass(frozen=True)
class Counterexample:
    """Values for the variables at which the hypotheses hold and the conclusion does not.

    `sides` are the two sides of the conclusion there, where it is a comparison: exact, or rigorous balls.
    """

    point: Mapping[str, Any]
    conclusion: Term
    sides: tuple[Value, Value] | None

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {_shown(value)}" for name, value in self.point.items())
        false = f"It is false at {where}" if where else "It is false"
        sides = [
            f"{text(side)} = {_number(value)}"
            for side, value in zip(self.conclusion.arguments, self.sides or (), strict=self.sides is not None)
            if not isinstance(side.head, Number)
        ]
        return f"{false}: {'there ' * bool(where)}{', and '.join(sides)}." if sides else f"{false}."


def _shown(value: Any) -> str:
    return f"({', '.join(map(_shown, value))})" if isinstance(value, tuple) else str(value)


def _number(value: Value) -> str:
    """An exact number, or a decimal that is right to within what follows the sign ±."""
    if isinstance(value, fmpq) and value.height_bits() <= _LONGEST_EXACT:
        return f"{value} exactly"
    value = arb(value)
    middle, _, radius = value.str(17).strip("[]").partition(" +/- ")
    return f"{middle} ± {radius}" if radius else f"{middle} exactly"


def counterexample(statement: Term, *, points: int = POINTS) -> Counterexample | None:
    """The first of so many points, simple ones before random ones, at which the statement is certainly false, by
    exact or ball arithmetic; or None.

    Encoders and decoders tried put out the same vector for every input. None says nothing of other points.
    """
    variables = sorted(free_variables(statement), key=lambda variable: (variable.sort is not INDEX, variable.name))
    for point in itertools.islice(_points(variables), points):
        try:
            false = value_at(statement, point) is False
        except (ZeroDivisionError, ReadingError):
            continue
        if false:
            return _at(statement, point)
    return None


def _at(statement: Term, point: dict[Variable, Any]) -> Counterexample:
    conclusion = split(statement)[1]
    sides = None
    if conclusion.head in (Operator("equal"), Operator("less"), Operator("less_equal")):
        sides = tuple(value_at(side, point) for side in conclusion.arguments)
    named = {v.name: value[: _length(point)] if isinstance(value, tuple) else value for v, value in point.items()}
    return Counterexample(named, conclusion, sides)  # pyright: ignore[reportArgumentType]


def _length(point: dict[Variable, Any]) -> int:
    """That of the longest axis at a point."""
    return max((value for variable, value in point.items() if variable.sort is INDEX), default=_LONGEST)


def _points(variables: list[Variable]) -> Iterator[dict[Variable, Any]]:
    """All small points of few variables first, of sizes 1 and then 2; then seeded random ones, of any small sizes."""
    sizes = [variable for variable in variables if variable.sort is INDEX]
    others = [variable for variable in variables if variable.sort is not INDEX]
    if not variables:
        yield {}
        return
    if len(_NUMBERS) ** len(others) <= 300:
        chosen = itertools.product(range(len(_NUMBERS)), repeat=len(others))
        simple = sorted(chosen, key=lambda places: (sum(places), places))
        for length, places in itertools.product((1, 2) if sizes else (1,), simple):
            values = {v: _everywhere(v, _NUMBERS[place]) for v, place in zip(others, places, strict=True)}
            yield {**dict.fromkeys(sizes, length), **values}
    rng = random.Random(0)
    while True:
        length, same = rng.randint(1, _LONGEST), rng.random() < 0.5
        lengths = {size: length if same else rng.randint(1, _LONGEST) for size in sizes}
        yield {**lengths, **{variable: _drawn(variable, rng) for variable in others}}


def _everywhere(variable: Variable, number: Fraction) -> Any:
    return _filled(variable.sort.rank or (variable.sort is MAP), lambda: number)


def _drawn(variable: Variable, rng: random.Random) -> Any:
    return _filled(variable.sort.rank or (variable.sort is MAP), lambda: rng.choice(_NUMBERS))


def _filled(rank: int, number: Callable[[], Fraction]) -> Any:
    """A number, or nested tuples of numbers; a map is the vector that it puts out."""
    return tuple(_filled(rank - 1, number) for _ in range(_LONGEST)) if rank else number()
