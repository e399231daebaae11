"""Likelihoods that have no name here: a function of a datum and outputs whose exponential is a density.

In: the summand of a reconstruction. Out: it as a weight times a negative log-density, or None. For example, for
``log(cosh(x - h)) / B`` the weight is 1 / B: the integral of 1 / cosh(x - h) over x is pi, whatever h is. That it is
one number is tried here at a few outputs, as a proposal; a verdict asks further runs for it. It is longer than other
files: the weight, the sign and what counts under a mask are one search.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from operator import add, mul

import torch
from torch import Tensor

from vaelid.auditor.formula.arithmetic import is_number, replaced, simple, tidy
from vaelid.auditor.formula.axes_of_terms import array_name, elements_of, length_axes_in, names_in
from vaelid.auditor.formula.supports import Support, supports
from vaelid.auditor.formula.totals import CLOSE, is_at_one_place, log_totals, share_of_largest
from vaelid.auditor.model.combination import Combination
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.sums import Part, added, below_sum, value_of
from vaelid.auditor.recognition.groups import Gathered
from vaelid.auditor.recognition.quantities import Found, Quantity
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Element, Number, Operator, Term, subterms

__all__ = ["OWN", "own_likelihood", "with_name_of"]

OWN = "own"
"""The family of all of them. Users cannot declare it."""
_NAME = "density without a name"
_ROWS = 3
"""Of the datum, that are tried: outputs of different rows differ."""
_POINTS = 1001
"""Of an interval. A proposal may be less exact than a verdict."""
_CLOSE = 10 * CLOSE
_ROUNDING = 1e-9
"""Of a weight."""
_FAR = (1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
"""Of the outputs, times the recorded ones. Where a series stands for a function, they agree to six digits."""
_MOST_NUMBERS = 4
"""Of the numbers inside that are tried as the weight: two halves of a formula may each have it."""


def own_likelihood(question: Question, group: Gathered, axes: list[int]) -> Found | None:
    """A group as a weight times the negative logarithm of a density of one datum at each place, maybe times a mask.

    The weight of a density that is rewarded, as in a loss with its sign the wrong way round, is negative.
    """
    if (datum := _datum(question, group.body)) is None or names_in(group.body) & question.unread_of_data:
        return None  # what a function without a formula made of the datum moves with it
    parts = list(group.parts)
    for axis in group.axes:
        _, parts = below_sum(parts, axis)
    every = [
        (weight, body, mask)
        for inside, mask in _without_masks(question, parts)
        for weight, body in _weighted(inside, question.count_of_draws)
    ]
    # a density that is rewarded comes last: of a few values one over a density may have one total, too
    for weight, body, mask in (*every, *((-weight, -body, mask) for weight, body, mask in every)):
        if _is_density(question, body, datum, axes):
            return Found(_target(question, body, datum, mask), Combination((weight,), as_term(0)))
    return None


def _target(question: Question, body: TermArray, datum: Term, mask: TermArray | None) -> Quantity:
    """The negative logarithm of a density, with what is in it: the datum, then the decoder's outputs, then the rest."""
    others = [e for e in elements_of(body) if _name(e) not in question.data]
    others.sort(key=lambda e: _name(e) not in question.outputs)  # the decoder's before learned scales
    parameters = tuple(TermArray((), element) for element in (datum, *others))
    # and the whole, in whose sums outputs of several draws may be joined
    target = Quantity(_NAME, body, family=OWN, parameters=(*parameters, body), own_formula=body)
    return target if mask is None else target.masked(mask)


def with_name_of(question: Question, own: Found, named: Found, axes: list[int]) -> Found | None:
    """A likelihood by its own formula, with the name of one that has the same values, far from the recorded ones too.

    None if the weights differ, or the values: an error that is a square up to 20 is a Gaussian's at recorded values.
    That the values are the same everywhere is for further runs to confirm.
    """
    one, other = (question.values.number(found.fit.weights[0]) for found in (own, named))
    if abs(one - other) > _ROUNDING * abs(other) or not _alike_far_away(question, own.target, named.target, axes):
        return None
    return own.called(named.target)


def _alike_far_away(question: Question, own: Quantity, named: Quantity, axes: list[int]) -> bool:
    """Whether two quantities differ by what does not move with the outputs, however large these are."""
    probe = question.values.scaled(question.outputs, _FAR)
    one, other = (torch.stack(probe.whole(quantity.term, axes)) for quantity in (own, named))
    off, size = one - other, one.abs() + other.abs()
    moved = ((off - off[:1]).abs() / (1 + size))[off.isfinite()]
    return moved.numel() > len(off[0].flatten()) and float(moved.max()) < _CLOSE


def _name(part: Term) -> str:
    (name,) = names_in(TermArray((), part))
    return name


def _datum(question: Question, term: TermArray) -> Term | None:
    """The only element of data that are no mask, and are not made of others by functions without a formula."""
    data = question.data - question.masks - question.made_of_data
    found = [element for element in elements_of(term) if _name(element) in data]
    return found[0] if len(found) == 1 and isinstance(found[0].head, Element) and is_at_one_place(found[0]) else None


def _without_masks(question: Question, parts: list[Part]) -> Iterator[tuple[list[Part], TermArray | None]]:
    """What each mask is multiplied by, with that mask's element; the parts themselves where no mask was given.

    What was made of data comes last: `x < 0.5` may choose between two formulas of one density.
    """
    found = [*_without_each(parts, question.masks - question.made_of_data)]
    yield from found or [(parts, None)]
    yield from _without_each(parts, question.masks & question.made_of_data)


def _without_each(parts: list[Part], masks: frozenset[str]) -> Iterator[tuple[list[Part], TermArray | None]]:
    """What the parts are times each of these masks, where they are 0 without it."""
    for element in [element for element in elements_of(value_of(parts)) if _name(element) in masks]:
        one, zero = (
            [
                Part(part.coefficient, simple(TermArray((), replaced(part.term.term, {element: as_term(k).term}))))
                for part in parts
            ]
            for k in (1, 0)
        )
        if not any(names_in(part.term) for part in zero):
            yield one, TermArray((), element)


@dataclass(frozen=True)
class _Addend:
    """A positive number, lengths, and the rest: their product is the addend."""

    number: Fraction
    lengths: TermArray
    rest: TermArray

    def with_lengths_over(self, others: TermArray) -> "_Addend":
        """The same, its lengths in the rest but for these: a number that is added has its own."""
        if self.lengths.term is others.term:
            return self
        return _Addend(self.number, others, self.lengths / others * self.rest)


def _weighted(parts: list[Part], draws: int) -> Iterator[tuple[TermArray, TermArray]]:
    """What parts may be: lengths and a number, times the rest. First the number that stands before the sums.

    Of a location's family any number is a weight, of a density that is so much wider. Lengths that stand inside, in
    every addend, are the weight's, and so is 1 / K, of a mean over K draws.
    """
    outer = [_addend(part.coefficient) for part in parts]
    addends = [
        _Addend(one.number, one.lengths, _product(one.rest, part.term)) for one, part in zip(outer, parts, strict=True)
    ]
    lengths = {addend.lengths.term for addend in addends if addend.number and names_in(addend.rest)}
    if len(lengths) != 1:
        return
    of_lengths = TermArray((), lengths.pop())
    shares = [addend.with_lengths_over(of_lengths) for addend in addends if addend.number]
    within = [(one.number, _addend(part)) for one in shares for part in added(one.rest.term)]
    inside = Counter(part.number * number for number, part in within)
    theirs = {part.lengths.term: part.lengths for _, part in within}
    common = next(iter(theirs.values())) if len(theirs) == 1 else as_term(1)
    lengths_inside = [common] if is_number(common, 1) else [common, as_term(1)]
    numbers = [one.number for one in shares if names_in(one.rest)]
    addends = [part for one in shares for part in added(one.rest.term) if names_in(part)]
    if len(lengths_inside) == 1 and all(Fraction(1, draws) in _numbers(part) for part in addends):
        numbers = [number / draws for number in numbers] + numbers
    candidates = dict.fromkeys([*numbers, *(n for n, _ in inside.most_common(_MOST_NUMBERS) if n), Fraction(1)])
    for own, number in itertools.product(lengths_inside, candidates):
        # as it is written: the proof is of what stands before it, and takes the rest for unknown numbers
        rest = reduce(add, [_product(tidy(as_term(one.number / number) / own), one.rest) for one in shares])
        yield simple(as_term(number) * of_lengths * own), rest


def _product(factor: TermArray, term: TermArray) -> TermArray:
    return term if is_number(factor, 1) else factor * term


def _addend(term: TermArray) -> _Addend:
    number, lengths, rest = Fraction(1), [], []
    for factor in _factors(term.term):
        if names_in(factor):
            rest.append(factor)
        elif length_axes_in(factor.term):
            lengths.append(factor)
        elif isinstance((known := simple(factor)).term.head, Number):
            number *= known.term.head.value
        else:
            rest.append(factor)
    if number < 0:
        rest.append(as_term(-1))
    return _Addend(abs(number), reduce(mul, lengths, as_term(1)), reduce(mul, rest, as_term(1)))


def _numbers(term: TermArray) -> set[Fraction]:
    """The numbers that are factors of a term."""
    known = (simple(factor).term.head for factor in _factors(term.term) if not names_in(factor))
    return {abs(head.value) for head in known if isinstance(head, Number)}


def _factors(term: Term) -> list[TermArray]:
    """The factors as they are written; of a sum over a number, as a maximum is read, that is inside."""
    match term.head, term.arguments:
        case Operator("multiply"), (x, y):
            return [*_factors(x), *_factors(y)]
        case Operator("divide"), (x, y) if x.head != Operator("add"):
            return [*_factors(x), as_term(1) / TermArray((), y)]
        case Operator("negative"), (x,):
            return [as_term(-1), *_factors(x)]
    return [TermArray((), term)]


def _is_density(question: Question, body: TermArray, datum: Term, axes: list[int]) -> bool:
    """Whether its sum over the datum is one number at all places and points of the probe, on some support."""
    recorded = question.values.sets[0][array_name(datum)]
    if _has_a_side_that_was_not_reached(question, body, datum, axes):
        return False
    if any(_is_equal(question.values.sets[0][name]) for name in names_in(body) & question.made_of_data):
        return True  # `x < 0.5` was the same for all recorded data: only further runs can tell
    with suppress(ReadingError):
        return any(
            _is_one_number(_totals(question, body, datum, axes, support))
            and _is_of_several_values(_totals(question, body, datum, axes, support, of=share_of_largest))
            for support in supports(recorded, _POINTS)
        )
    return False


_ALL = 0.99
"""Of a total. Of ten times -x log q it is 1 + q^10 for a bit x: one number to 1e-4, whatever q is, and no density."""


def _is_of_several_values(shares: Iterable[Tensor]) -> bool:
    """Whether some total is not that of one value of the datum alone: such totals are alike, and say nothing."""
    return any(bool((some < _ALL).any()) for some in shares)


def _is_one_number(totals: Iterable[Tensor]) -> bool:
    """Whether all totals that are known are one finite number, and more than half of them are known."""
    low, high, known, count = float("inf"), -float("inf"), 0, 0
    for some in totals:
        told = some[~some.isnan()]
        known, count = known + told.numel(), count + some.numel()
        if told.numel():
            low, high = min(low, float(told.min())), max(high, float(told.max()))
        if known and not high - low < _CLOSE:  # most are none, and the first points tell
            return False
    return 2 * known > count


def _has_a_side_that_was_not_reached(question: Question, body: TermArray, datum: Term, axes: list[int]) -> bool:
    """Whether a kink in the outputs, as of relu(h - 50), has one side only at all that is tried."""
    for part in subterms(body.term):
        if (
            part.head != Operator("abs")
            or part.loose
            or datum in elements_of(inside := TermArray((), part.arguments[0]))
        ):
            continue
        values = question.values.of(inside, axes)
        if not (bool((values > 0).any()) and bool((values < 0).any())):
            return True
    return False


def _is_equal(values: Tensor) -> bool:
    return bool((values == values.flatten()[0]).all())


def _totals(
    question: Question,
    body: TermArray,
    datum: Term,
    axes: list[int],
    support: Support,
    *,
    of: Callable[[Tensor, Support], Tensor] | None = None,
) -> Iterator[Tensor]:
    probe, name = question.values, array_name(datum)
    recorded = probe.sets[0][name]
    made = {
        other: partial(_nearest, recorded, values)
        for other in names_in(body) & question.made_of_data
        if (values := probe.sets[0][other]).shape == recorded.shape
    }
    for arrays in probe.sets:
        for row in range(_ROWS):
            yield log_totals(body, datum, arrays, probe.lengths, axes, support, row, made, of=of).flatten()


def _nearest(recorded: Tensor, values: Tensor, points: Tensor) -> Tensor:
    """What was made of the recorded datum that is nearest to each point, as ``x < 0.5`` is."""
    data, order = recorded.double().flatten().sort()
    after = torch.searchsorted(data, points.contiguous()).clamp(max=len(data) - 1)
    before = (after - 1).clamp(min=0)
    at = torch.where((points - data[before]).abs() < (points - data[after]).abs(), before, after)
    return values.double().flatten()[order][at]
