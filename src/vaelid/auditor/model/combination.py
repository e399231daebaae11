"""Weights and constants are proposed from values: least squares proposes, the kernel disposes.

A term, a list of quantities and a `Probe` come in; weights and a constant with ``term = sum of weight * quantity +
constant`` go out, exact and in lengths. Example: ``(mu^2 + exp(lv) - lv) / (2 N0)`` and the KL of a coordinate give the
weight ``1 / N0`` and the constant ``1/2 / N0``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from vaelid.auditor.formula.arithmetic import replaced, tidy
from vaelid.auditor.formula.axes_of_terms import length_axes_in, length_name, length_of
from vaelid.auditor.model.probe import Probe
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.syntax import REAL, Number, subterms

__all__ = ["Combination", "exact", "fitted", "monomial", "odd_numbers"]


_LARGEST_DENOMINATOR = 10**9
_ROUNDING = Fraction(1, 10**10)
"""Sums of a few hundred products in float64 are off by 1e-13 or so; a wrong fraction is off by 1e-9 at least."""
_SIMPLE = 1000
"""The largest denominator of a fraction that people write."""
_MOST_ODD = 8
"""Numbers of a term that are tried as factors of a weight: more are those of a table, and of no weight."""
_RESIDUAL = 1e-9
"""The largest residual of least squares that is rounding: a wrong quantity leaves 1e-3 and more."""


@dataclass(frozen=True)
class Combination:
    """A linear combination of quantities: their weights, and a constant."""

    weights: tuple[TermArray, ...]
    constant: TermArray


def exact(value: float, largest: int = _LARGEST_DENOMINATOR, numbers: Sequence[Fraction] = ()) -> Fraction | None:
    """The simplest fraction that a float is, up to rounding: 1/3 for 0.3333333333333333; None for an irrational one.

    `numbers`: those of the code. A weight is a simple multiple of one of them sooner than an odd fraction: half of
    0.8807970779778823, and not 409311/929411, which is as near to its float.
    """
    given = Fraction(value)

    def near(found: Fraction) -> bool:
        return abs(found - given) <= _ROUNDING * max(abs(found), Fraction(1, 100))

    simple = (given.limit_denominator(denominator) for denominator in (1, _SIMPLE) if denominator <= largest)
    by_numbers = ((given / number).limit_denominator(_SIMPLE) * number for number in numbers)
    # the simplest first: any float is a fraction over 10^9
    others = (given.limit_denominator(d) for d in (10**4, 10**6, largest) if _SIMPLE < d <= largest)
    return next((found for found in (*simple, *by_numbers, *others) if near(found)), None)


def odd_numbers(term: TermArray) -> tuple[Fraction, ...]:
    """The numbers in a term that are no simple fractions, the inverse of each, and products of two of them."""
    values = {abs(n.head.value) for n in subterms(term.term) if isinstance(n.head, Number) and n.sort is REAL}
    odd = sorted(v for v in values if v and max(v.denominator, v.numerator) > _SIMPLE)[:_MOST_ODD]
    either = [*odd, *(1 / v for v in odd)]
    return (*either, *(a * b for k, a in enumerate(either) for b in either[k:] if a * b != 1))


def monomial(values: list[Fraction], axes: list[int]) -> TermArray | None:
    """A number times whole powers of lengths, from its values; None where it is not of that form.

    The first value is at all lengths 1, each further one where the length of one axis is 2: [3, 6, 3/4] for axes 0, 1
    is ``3 * N0 / N1^2``.
    """
    first, *others = values
    result = as_term(first)
    for found, axis in zip(others, axes, strict=True):
        if found == first:
            continue
        power = math.log2(found / first) if found * first > 0 else 0.5
        if not power.is_integer():
            return None
        length = real(length_of(axis))
        result = result * length ** int(power) if power > 0 else result / length ** -int(power)
    return tidy(result)


def fitted(
    probe: Probe, term: TermArray, quantities: list[TermArray], axes: list[int], *, largest: int = _LARGEST_DENOMINATOR
) -> Combination | None:
    """The combination of the quantities that the term is, at all lengths; None where it is none.

    `axes`: those of the term. `largest`: a constant with a larger denominator is taken for irrational.
    """
    every = length_axes_in(term.term)
    known = {real(length_of(a)).term: as_term(probe.lengths[length_name(a)]).term for a in every if a in probe.fixed}
    lengths = [a for a in every if a not in probe.fixed]
    found: list[list[Fraction]] = []
    shapes = [{}, *({axis: 2} for axis in lengths)]
    numbers_of_code = odd_numbers(term)
    try:
        columns = [probe.of(quantity, axes) for quantity in quantities]
        for shape in shapes:
            numbers = known | {real(length_of(a)).term: as_term(shape.get(a, 1)).term for a in lengths}
            values = probe.of(TermArray((), replaced(term.term, numbers)), axes)
            solved = _solution(values, columns, largest, numbers_of_code)
            if solved is None:
                return None
            found.append(solved)
    except ReadingError:
        return None
    terms: list[TermArray] = []
    for k in range(len(quantities) + 1):
        if (one := monomial([row[k] for row in found], lengths)) is None:
            return None
        terms.append(one)
    *weights, constant = terms
    return Combination(tuple(weights), constant)


def _solution(
    values: Tensor, columns: list[Tensor], largest: int, numbers_of_code: Sequence[Fraction]
) -> list[Fraction] | None:
    """Exact weights, then the constant, with values = sum of weight * column + constant; None where there are none."""
    rows = torch.stack([*columns, torch.ones_like(values)], 1)
    finite = torch.isfinite(rows).all(1) & torch.isfinite(values)
    rows, right = rows[finite], values[finite]
    if len(right) < rows.shape[1] + 1:  # as many unknowns as equations fit anything
        return None
    scale = 1 + right.abs()  # relative errors: at points far from the prior a KL is 1e9, and near it the rest decides
    found = torch.linalg.lstsq(rows / scale[:, None], (right / scale)[:, None], driver="gelsd").solution[:, 0]
    off = (rows @ found - right).abs()
    if bool((off > _RESIDUAL * (1 + (rows * found).abs().sum(1))).any()):
        return None
    *weights, constant = found.tolist()
    found_exactly = (exact(weight, numbers=numbers_of_code) for weight in weights)
    numbers = [number for number in found_exactly if number is not None]
    if len(numbers) < len(weights):
        return None
    known = torch.tensor([*map(float, numbers), 0.0], dtype=torch.float64)
    # With exact weights the constant is computed anew: columns that hardly differ blur the one that was fitted.
    constant = float((right - rows @ known).median())
    first = numbers[0] or Fraction(1)  # it is a simple multiple of the first weight, or no rational number at all
    multiple = exact(constant / float(first), largest, numbers_of_code)
    return None if multiple is None else [*numbers, multiple * first]
