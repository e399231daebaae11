"""Weights and constants, proposed from values: a fit proposes, the kernel disposes."""

import math
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from vaelid.auditor.formula.arithmetic import replaced, tidy
from vaelid.auditor.formula.axes_of_terms import length_of
from vaelid.auditor.model.values import Values
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.syntax import INDEX, free_variables

__all__ = ["Fit", "exact", "fitted", "monomial"]


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


def fitted(
    values: Values, term: TermArray, targets: list[TermArray], axes: list[int], *, largest: int = 10**9
) -> Fit | None:
    """Weights and a constant with term = sum of weight * target + constant, of this form at all lengths.

    `largest`: the denominator up to which a constant is taken for a rational number.
    """
    every = sorted({int(v.name[1:]) for v in free_variables(term.term) if v.sort is INDEX and v.name[0] == "N"})
    known = {real(length_of(a)).term: as_term(values.lengths[f"N{a}"]).term for a in every if a in values.fixed}
    lengths = [a for a in every if a not in values.fixed]
    found: list[list[Fraction]] = []
    shapes = [{}, *({axis: 2} for axis in lengths)]
    try:
        columns = [values.of(target, axes) for target in targets]
        for shape in shapes:
            numbers = known | {real(length_of(a)).term: as_term(shape.get(a, 1)).term for a in lengths}
            solved = solve(values.of(TermArray((), replaced(term.term, numbers)), axes), columns, largest=largest)
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
