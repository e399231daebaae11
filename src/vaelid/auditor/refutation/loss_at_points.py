"""A whole loss at points, at the recorded sizes: in floats to find a point, in balls to be sure of it.

In come a `Question` and points, each of which moves single elements of the leaves from where they are; out goes the
loss's value there, its mean over the noise. For example, with x - mu - sigma * eps squared in the loss, the value at
{mu[0, 1]: 2} is (x - 2)^2 + sigma^2 for that coordinate, and what it was for the others.

What is drawn is averaged over, where the loss is a polynomial of degree three at most in all draws together: then
E f = f(0) + sum over draws of (f(1) + f(-1)) / 2 - f(0), as the squares have the mean 1, and every other product of up
to three draws the mean 0.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import torch
from flint import arb
from torch import Tensor

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import index_of, is_index, names_in
from vaelid.auditor.formula.circuit import At, Circuit
from vaelid.auditor.formula.circuit_values import CircuitValues
from vaelid.auditor.formula.in_tensors import OnDemand
from vaelid.auditor.formula.number_types import BALLS, FLOATS
from vaelid.auditor.formula.upstream import upstream
from vaelid.auditor.model.question import Question
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.syntax import INDEX, Binder, Element, Operator, Power, Term, Variable, free_variables

__all__ = ["LossAtPoints", "Point", "at_place"]


Point = Mapping[At, Fraction]
"""Where single elements are; the others stay where `LossAtPoints.base` has them."""

# A loss of more nodes takes longer than the search may: each point is a walk over what depends on the moved elements.
_MOST_NODES = 40_000

# A mean over the draws takes two values for each of them.
_MOST_DRAWS = 400

# The formula for the mean over the noise holds up to this degree in all draws together.
_MOST_DEGREE = 3


@dataclass(frozen=True)
class LossAtPoints:
    """A question's loss as a function of the elements of its leaves."""

    question: Question

    @cached_property
    def names(self) -> frozenset[str]:
        """The leaves in the loss; for one that is folded, what it is folded of."""
        folds = self.question.folds

        def folded_of(name: str) -> frozenset[str]:
            return names_in(TermArray((), folds[name].term)) if name in folds else frozenset()

        return frozenset(upstream(names_in(self.question.term), folded_of)) - frozenset(folds)

    @cached_property
    def noise(self) -> tuple[str, ...]:
        """The draws in the loss."""
        return tuple(sorted(self.names & set(self.question.noise)))

    @cached_property
    def draws(self) -> tuple[At, ...]:
        """Each element of the draws that the loss depends on."""
        return tuple(at for name in self.noise for at in self.elements(name) if at in self.circuit.elements)

    @cached_property
    def can_be_valued(self) -> bool:
        """Whether it is small enough, has no index of its own, and its mean over the draws is known."""
        if not self.names <= set(self.base) or any(map(is_index, _indices(self.question.term))):
            return False
        names = self.names.union(*(posterior.leaves for posterior in self.question.posteriors))
        if not all(bool(torch.isfinite(self.base[name]).all()) for name in names):
            return False
        folded = (TermArray((), fold.term) for fold in self.question.folds.values())
        degree = _degree(self.question.term.term, frozenset(self.noise))
        if degree is None or degree > _MOST_DEGREE or any(names_in(term) & set(self.noise) for term in folded):
            return False
        try:
            return len(self.draws) <= _MOST_DRAWS
        except ReadingError:
            return False

    @cached_property
    def circuit(self) -> Circuit:
        """The loss written out. Raises `ReadingError` where it is too large."""
        circuit = Circuit(self.question.values.lengths, self.question.folds, _MOST_NODES)
        circuit.node(self.question.term.term)
        return circuit

    @cached_property
    def root(self) -> int:
        """The loss's node in the circuit."""
        return self.circuit.node(self.question.term.term)

    @cached_property
    def _floats(self) -> CircuitValues:
        return CircuitValues(self.circuit, FLOATS, self.here)

    @cached_property
    def _balls(self) -> CircuitValues:
        return CircuitValues(self.circuit, BALLS, self.here)

    @cached_property
    def base(self) -> Mapping[str, Tensor]:
        """Where the leaves are: near what was recorded, the draws at zero; simple numbers where that is free."""
        free = self.question.outputs | frozenset().union(*(p.leaves for p in self.question.posteriors))
        recorded = self.question.values.sets[0]

        def base(name: str) -> Tensor:
            if name in self.noise:
                return torch.zeros_like(recorded[name])
            return _simple(recorded[name]) if name in free else recorded[name]

        return OnDemand(recorded, base)

    def elements(self, name: str) -> list[At]:
        """Every element of a leaf."""
        return [(name, place) for place in itertools.product(*map(range, self.base[name].shape))]

    def here(self, at: At) -> Fraction:
        """Where an element is."""
        return Fraction(float(self.base[at[0]][at[1]]))

    def beside(self, at: At) -> frozenset[At]:
        """The elements that stand in a term with this one: those with which its effect may not add up."""
        return self._beside.get(at, frozenset())

    @cached_property
    def _beside(self) -> Mapping[At, frozenset[At]]:
        found: dict[At, set[At]] = {}
        for _, elements in self.circuit.terms_of(self.root, self.question.masks):
            for at in elements:
                found.setdefault(at, set()).update(elements)
        return {at: frozenset(others - {at}) for at, others in found.items()}

    @cached_property
    def bends(self) -> bool:
        """Whether it is not linear in the draws."""
        return (_degree(self.question.term.term, frozenset(self.noise)) or 0) > 1

    def number(self, point: Point) -> float:
        """The loss at a point, in floats; NaN where it has no value."""
        found = self._mean(self._floats, point)
        return float("nan") if found is None else found

    def ball(self, point: Point) -> arb | None:
        """The loss at a point, in a ball; None where it has no value."""
        return self._mean(self._balls, point)

    def _mean(self, values: CircuitValues, point: Point) -> Any:
        """The mean over the draws: of e, e^3 and products of several it is 0, of e^2 it is 1."""
        if not self.bends:
            return values.at(self.root, point)
        sides = ({at: Fraction(side)} for at in self.draws for side in (1, -1))
        middle, *moved = values.after(self.root, point, sides)
        if middle is None or any(value is None for value in moved):
            return None
        return sum((value - middle for value in moved), middle * 0) / 2 + middle

    def balls(self, points: Iterable[Point]) -> list[arb] | None:
        """The loss at points; None where it has no value at one of them."""
        found = []
        for point in points:
            value = self.ball(point)
            if value is None:
                return None
            found.append(value)
        return found

    def elements_of(self, *terms: TermArray) -> tuple[At, ...]:
        """The elements that terms without indices depend on."""
        known: dict[int, frozenset[At]] = {}
        found = [self.circuit.elements_below(self.circuit.node(term.term), known) for term in terms]
        return tuple(sorted(frozenset().union(*found)))

    def value_of(self, term: TermArray, point: Point) -> arb | None:
        """The value of a term without indices at a point, in a ball; None where it has none."""
        with suppress(ReadingError, KeyError):
            return self._balls.at(self.circuit.node(term.term), point)
        return None


def _simple(values: Tensor) -> Tensor:
    """Near these, numbers with few binary digits; none of them moved to 0 or 1."""
    near = torch.round(values * 64) / 64
    return torch.where((near == 0) | (near == 1), values, near)


def at_place(term: TermArray, axes: Sequence[int], place: Sequence[int]) -> TermArray:
    """The term at numbers for its indices."""
    by = {index_of(axis): index(k) for axis, k in zip(axes, place, strict=True)}
    return TermArray((), replaced(term.term, by))


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
