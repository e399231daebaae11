"""A whole loss at points, at the recorded sizes: in floats to find a point, in balls to be sure of it.

A point moves single elements of the leaves from where they are. What is drawn is averaged over, where the loss is a
polynomial of degree two at most in all draws: then E f = f(0) + sum over draws of (f(1) + f(-1)) / 2 - f(0).
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import torch
from flint import arb, fmpq
from torch import Tensor

from vaelid.auditor.numeric import array_of
from vaelid.auditor.objective import Question
from vaelid.auditor.posterior import names_in
from vaelid.auditor.refute import elements_of
from vaelid.auditor.simple import replaced
from vaelid.auditor.tensors import index_of
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.syntax import INDEX, Binder, Element, Number, Operator, Power, Term, Variable, free_variables
from vaelid.readings.terms.values import value_at

__all__ = ["At", "Point", "Whole"]

At = tuple[str, tuple[int, ...]]
"""An element of a leaf: its name, and the place."""

Point = Mapping[At, Fraction]

_MOST_ELEMENTS = 400
_MOST_DRAWS = 24


@dataclass(frozen=True)
class Whole:
    """A question's loss as a function of the elements of its leaves."""

    question: Question

    @cached_property
    def noise(self) -> tuple[str, ...]:
        """The draws in the loss."""
        return tuple(sorted(names_in(self.question.term) & set(self.question.noise)))

    @cached_property
    def draws(self) -> tuple[At, ...]:
        """Each element of the draws in the loss."""
        return tuple(at for name in self.noise for at in self.elements(name))

    @cached_property
    def can_be_valued(self) -> bool:
        """Whether it is small enough, has no index of its own, and its mean over the draws is known."""
        names = names_in(self.question.term)
        if not names <= set(self.base) or any(v.name[0] == "i" for v in _indices(self.question.term)):
            return False
        size = sum(self.base[name].numel() for name in names)
        if size > _MOST_ELEMENTS or len(self.draws) > _MOST_DRAWS:
            return False
        if not all(bool(torch.isfinite(self.base[name]).all()) for name in names):
            return False
        degree = _degree(self.question.term.term, frozenset(self.noise))
        return degree is not None and degree <= 2

    @cached_property
    def base(self) -> Mapping[str, Tensor]:
        """Where the leaves are: near what was recorded, the draws at zero; simple numbers where that is free."""
        free = self.question.outputs | frozenset().union(*(p.leaves for p in self.question.posteriors))
        found = {}
        for name, values in self.question.values.sets[0].items():
            if name in self.noise:
                found[name] = torch.zeros_like(values)
            elif name in free:
                found[name] = _simple(values)
            else:
                found[name] = values
        return found

    def elements(self, name: str) -> list[At]:
        """Every element of a leaf."""
        return [(name, place) for place in itertools.product(*map(range, self.base[name].shape))]

    def here(self, at: At) -> Fraction:
        """Where an element is."""
        return Fraction(float(self.base[at[0]][at[1]]))

    def arrays(self, point: Point) -> dict[str, Tensor]:
        """The leaves at a point."""
        arrays = dict(self.base)
        for (name, place), value in point.items():
            if arrays[name] is self.base[name]:
                arrays[name] = arrays[name].clone()
            arrays[name][place] = float(value)
        return arrays

    def number(self, point: Point) -> float:
        """The loss at a point, in floats."""
        middle = self._number(point)
        if not self.bends:
            return middle
        sides = [(self._number({**point, at: Fraction(s)}) for s in (1, -1)) for at in self.draws]
        return middle + sum(sum(pair) / 2 - middle for pair in sides)

    def _number(self, point: Point) -> float:
        return float(array_of(self.question.term.term, self.arrays(point), self.question.values.lengths))

    @cached_property
    def bends(self) -> bool:
        """Whether it is quadratic in the draws, and not linear."""
        return _degree(self.question.term.term, frozenset(self.noise)) == 2

    def slopes(self, point: Point, names: Iterable[str]) -> dict[str, Tensor]:
        """The gradient at a point, where the draws are zero."""
        arrays = self.arrays(point)
        moved = {name: arrays[name].clone().requires_grad_() for name in names}
        value = array_of(self.question.term.term, {**arrays, **moved}, self.question.values.lengths)
        if not value.requires_grad:
            return {name: torch.zeros_like(array) for name, array in moved.items()}
        found = torch.autograd.grad(value, list(moved.values()), allow_unused=True)
        return {
            name: torch.zeros_like(array) if slope is None else slope
            for (name, array), slope in zip(moved.items(), found, strict=True)
        }

    def ball(self, point: Point) -> arb | None:
        """The loss at a point, in a ball; None where it has no value."""
        middle = self._ball(point)
        if middle is None or not self.bends:
            return middle
        total = middle
        for at in self.draws:
            up, down = (self._ball({**point, at: Fraction(s)}) for s in (1, -1))
            if up is None or down is None:
                return None
            total += (up + down) / 2 - middle
        return total

    def balls(self, points: Iterable[Point]) -> list[arb] | None:
        """The loss at points; None where it has no value at one of them."""
        found = [self.ball(point) for point in points]
        values = [value for value in found if value is not None]
        return values if len(values) == len(found) else None

    def _ball(self, point: Point) -> arb | None:
        return self.value_of(self.question.term, point)

    def value_of(self, term: TermArray, point: Point) -> arb | None:
        """The value of a term without indices at a point, in a ball; None where it has none."""
        with suppress(ZeroDivisionError, ReadingError, KeyError):
            given: dict[Variable, Any] = {}
            for v in free_variables(term.term):
                if v.sort is INDEX:
                    given[v] = self.question.values.lengths[v.name]
                elif v.sort.name == "Real":
                    given[v] = self._element(v.name, point)()
                else:
                    given[v] = self._element(v.name, point)
            found = arb(value_at(term.term, given))
            return found if found.is_finite() else None
        return None

    def _element(self, name: str, point: Point) -> Any:
        base = self.base[name]

        def element(*place: int) -> fmpq:
            value = point.get((name, place))
            value = Fraction(float(base[place])) if value is None else value
            return fmpq(value.numerator, value.denominator)

        return element


def _simple(values: Tensor) -> Tensor:
    """Near these, numbers with few binary digits; none of them moved to 0 or 1."""
    near = torch.round(values * 64) / 64
    return torch.where((near == 0) | (near == 1), values, near)


def at_place(term: TermArray, axes: Sequence[int], place: Sequence[int]) -> TermArray:
    """The term at numbers for its indices."""
    by = {index_of(axis): index(k) for axis, k in zip(axes, place, strict=True)}
    return TermArray((), replaced(term.term, by))


def elements_at(term: TermArray) -> list[At]:
    """The elements that a term without indices speaks of."""
    found = []
    for element in elements_of(term):
        if isinstance(element.head, Element):
            place = tuple(map(_position, element.arguments[1:]))
            found.append((element.arguments[0].head.name, place))  # pyright: ignore[reportAttributeAccessIssue]
        elif isinstance(element.head, Variable):
            found.append((element.head.name, ()))
    return found


def _position(place: Term) -> int:
    """The number that an index without variables is."""
    return int(place.head.value) if isinstance(place.head, Number) else sum(map(_position, place.arguments))


def _indices(term: TermArray) -> list[Variable]:
    return [v for v in free_variables(term.term) if v.sort is INDEX]


def _degree(term: Term, names: frozenset[str]) -> int | None:
    """The degree of a polynomial in the elements of these arrays; None where it is none as it stands."""
    if not any(isinstance(v, Variable) and v.name in names for v in free_variables(term)):
        return 0
    match term.head, term.arguments:
        case ((Element() | Variable()), _):
            return 1
        case Operator("add" | "subtract" | "negative"), parts:
            degrees = [_degree(part, names) for part in parts]
            return None if None in degrees else max(d for d in degrees if d is not None)
        case Operator("multiply"), (x, y):
            one, other = _degree(x, names), _degree(y, names)
            return None if one is None or other is None else one + other
        case Operator("divide"), (x, y) if _degree(y, names) == 0:
            return _degree(x, names)
        case Power(exponent=k), (x,):
            inside = _degree(x, names)
            return None if inside is None else inside * k
        case Binder("sum"), (_, body):
            return _degree(body, names)
    return None
