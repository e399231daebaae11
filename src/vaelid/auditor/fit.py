"""Weights and constants, proposed from values: a fit proposes, the kernel disposes."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import torch
from torch import Tensor

from vaelid.auditor.numeric import array_of
from vaelid.auditor.on_demand import OnDemand
from vaelid.auditor.simple import replaced, tidy
from vaelid.auditor.tensors import length_of
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.syntax import INDEX, free_variables

__all__ = ["Fit", "Values", "exact", "monomial"]

_POINTS = 97
_SETS = 4


def exact(value: float, largest: int = 10**9) -> Fraction | None:
    """The simplest rational number that is this float, but for rounding; None where none of that denominator is."""
    for denominator in (1, 1000, 10**4, 10**6, largest):
        if denominator > largest:
            return None
        found = Fraction(value).limit_denominator(denominator)
        if abs(found - Fraction(value)) <= Fraction(1, 10**10) * max(abs(found), Fraction(1, 100)):
            return found
    return None


def monomial(values: list[Fraction], axes: list[int]) -> TermArray | None:
    """The number times lengths to whole powers: the first value where all are 1, the others where one of them is 2."""
    first, *others = values
    result = as_term(first)
    for found, axis in zip(others, axes, strict=True):
        if found == first:
            continue
        power = math.log2(found / first) if found * first > 0 else 0.5
        if not power.is_integer():
            return None
        result = (
            result * real(length_of(axis)) ** int(power) if power > 0 else result / real(length_of(axis)) ** -int(power)
        )
    return tidy(result)


@dataclass(frozen=True)
class Fit:
    """Weights of targets and a constant."""

    weights: tuple[TermArray, ...]
    constant: TermArray


@dataclass
class Values:
    """Values of terms at the points of a recording, moved a little so that none is special.

    Attributes:
        sets: the values of each leaf, several times, as what is one number in a recording should have several values.
        lengths: of each axis, and of its index.
        fixed: axes whose length is a number: the code holds for no other.
    """

    sets: tuple[Mapping[str, Tensor], ...]
    lengths: Mapping[str, int]
    fixed: frozenset[int] = frozenset()

    @classmethod
    def near(cls, tensors: Mapping[str, Tensor], lengths: Mapping[str, int], moved: Iterable[str]) -> "Values":
        """Near the recorded values, those named being moved: by a factor, or from zero; between 0 and 1 they stay."""
        moved = set(moved)
        seeds = {name: seed for seed, name in enumerate(tensors)}

        def value(name: str, k: int) -> Tensor:
            value = tensors[name].detach().double()
            if name not in moved:
                return value
            generator = torch.Generator().manual_seed(seeds[name] * _SETS + k)
            noise = torch.randn(value.shape, generator=generator, dtype=torch.float64)
            if bool(((value > 0) & (value < 1)).all()):
                return torch.sigmoid(torch.logit(value) + 0.3 * noise)
            return torch.where(value == 0, 0.5 * noise, value * torch.exp(0.3 * noise))

        return cls(tuple(OnDemand(tensors, partial(value, k=k)) for k in range(_SETS)), lengths)

    def of(self, term: TermArray, axes: Iterable[int]) -> Tensor:
        """The values at some places of these axes, the same places for every term."""
        found = []
        for whole in self.whole(term, axes):
            flat = whole.flatten()
            step = max(1, flat.numel() // _POINTS)
            found.append(flat[::step][:_POINTS])
        return torch.cat(found)

    def whole(self, term: TermArray, axes: Iterable[int]) -> list[Tensor]:
        """The values at all places of these axes, for each set."""
        names = tuple(dict.fromkeys(f"i{axis}" for axis in axes))
        return [array_of(term.term, arrays, self.lengths, names) for arrays in self.sets]

    def with_leaf(self, name: str, values: list[Tensor]) -> "Values":
        """With the values of one more leaf."""
        sets = tuple(
            OnDemand((*arrays, name), partial(_with, name, value, arrays))
            for arrays, value in zip(self.sets, values, strict=True)
        )
        return Values(sets, self.lengths, self.fixed)

    def scaled(self, names: Iterable[str], factors: Iterable[float]) -> "Values":
        """With the leaves named at these multiples of their first values: far from what was recorded."""
        names = set(names)
        first = self.sets[0]
        sets = tuple(OnDemand(first, partial(_scaled, names, factor, first)) for factor in factors)
        return Values(sets, self.lengths, self.fixed)

    def number(self, term: TermArray) -> float:
        """The value of a term without arrays."""
        return float(array_of(term.term, {}, self.lengths))

    def fit(self, term: TermArray, targets: list[TermArray], axes: list[int], *, largest: int = 10**9) -> Fit | None:
        """Weights and a constant with term = sum of weight * target + constant, of this form at all lengths.

        `largest`: the denominator up to which a constant is taken for a rational number.
        """
        every = sorted({int(v.name[1:]) for v in free_variables(term.term) if v.sort is INDEX and v.name[0] == "N"})
        known = {real(length_of(a)).term: as_term(self.lengths[f"N{a}"]).term for a in every if a in self.fixed}
        lengths = [a for a in every if a not in self.fixed]
        found: list[list[Fraction]] = []
        shapes = [{}, *({axis: 2} for axis in lengths)]
        try:
            columns = [self.of(target, axes) for target in targets]
            for shape in shapes:
                numbers = known | {real(length_of(a)).term: as_term(shape.get(a, 1)).term for a in lengths}
                solved = solve(self.of(TermArray((), replaced(term.term, numbers)), axes), columns, largest=largest)
                if solved is None:
                    return None
                found.append(solved)
        except ReadingError:
            return None
        terms = [monomial([row[k] for row in found], lengths) for k in range(len(targets) + 1)]
        if any(t is None for t in terms):
            return None
        *weights, constant = terms
        return Fit(tuple(weights), constant)  # pyright: ignore[reportArgumentType]


def _with(name: str, value: Tensor, arrays: Mapping[str, Tensor], asked: str) -> Tensor:
    return value if asked == name else arrays[asked]


def _scaled(names: set[str], factor: float, arrays: Mapping[str, Tensor], asked: str) -> Tensor:
    return arrays[asked] * factor if asked in names else arrays[asked]


def solve(values: Tensor, columns: list[Tensor], *, largest: int = 10**9) -> list[Fraction] | None:
    """Exact weights and constant with values = sum of weight * column + constant; None where there are none."""
    ones = torch.ones_like(values)
    rows = torch.stack([*columns, ones], 1)
    finite = torch.isfinite(rows).all(1) & torch.isfinite(values)
    rows, right = rows[finite], values[finite]
    if len(right) < rows.shape[1] + 1:
        return None
    found = torch.linalg.lstsq(rows, right[:, None], driver="gelsd").solution[:, 0]
    off = (rows @ found - right).abs()
    if bool((off > 1e-9 * (1 + (rows * found).abs().sum(1))).any()):
        return None
    *weights, constant = found.tolist()
    numbers = [exact(weight) for weight in weights]
    if any(number is None for number in numbers):
        return None
    known = torch.tensor([float(n) for n in numbers if n is not None] + [0.0], dtype=torch.float64)
    constant = float((right - rows @ known).median())  # by exact weights: a small spread blurs the fitted one
    first = numbers[0] or Fraction(1)  # it is a simple multiple of the first weight, or no rational number at all
    multiple = exact(constant / float(first), largest)
    return None if multiple is None else [*numbers, multiple * first]  # pyright: ignore[reportReturnType]
