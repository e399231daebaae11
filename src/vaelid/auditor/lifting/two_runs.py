"""Run a loss, twice, and read what it does as one formula for all lengths that moved between the two runs."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import length_of
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.formula.functions import number
from vaelid.auditor.formula.in_tensors import OnDemand, array_of
from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.recording.calls import Call, frozen_draws, observed
from vaelid.auditor.recording.record import Recording
from vaelid.auditor.recording.state import unchanged
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.syntax import INDEX, REAL, Number, Term, free_variables, make
from vaelid.spec.digits import apart
from vaelid.spec.errors import InputError, UserCodeError

__all__ = ["Run", "read_calls"]


@dataclass
class Run:
    """What a loss does.

    Attributes:
        reading: of the first run.
        recording: of the first run.
        term: the loss, for all lengths of the axes that moved.
        moved: the axes whose length moved between the runs.
        notes: what kept it from holding for more lengths.
    """

    reading: Reading
    recording: Recording
    term: TermArray
    moved: frozenset[int]
    notes: list[str] = field(default_factory=list)
    frozen: frozenset[str] = frozenset()
    """Lines that drew the same noise in two runs."""
    moving: frozenset[str] = frozenset()
    """Constants, made by no operation of torch, that had other values in another run on the same batch."""
    assumptions: tuple[str, ...] = ()
    """What is taken for granted of the state that the runs started from."""

    @property
    def lengths(self) -> dict[str, int]:
        """The recorded length of each length variable and each index."""
        sizes = self.reading.axes.lengths
        return {f"{letter}{axis}": size for axis, size in enumerate(sizes) for letter in "Ni"}

    def arrays(self) -> Mapping[str, Tensor]:
        """The recorded values of each leaf, with one dimension for each axis."""
        return arrays_of(self.reading)


def arrays_of(reading: Reading) -> Mapping[str, Tensor]:
    """The recorded values of each leaf, with one dimension for each axis."""

    def values(name: str) -> Tensor:
        leaf = reading.leaves[name]
        shape = [reading.axes.lengths[axis] for dim in leaf.dims for axis in reading.axes.now(dim)]
        return leaf.tensor.detach().double().cpu().reshape(shape)

    return OnDemand((name for name, leaf in reading.leaves.items() if leaf.tensor.numel()), values)


def read_calls(
    function: Callable[..., Any],
    calls: Sequence[Call],
    scalar: Callable[[Any], Tensor],
    *,
    clamps_of: frozenset[str] | None = None,
    alike: Sequence[tuple[str, str]] = (),
    gradients: bool = True,
    again: bool = True,
) -> Run:
    """The function's formula, from one run for each call: what moves with the lengths is a length.

    `again`: the first call is made once more, to see which noise and which constants are the same.

    Each run starts from one state of all but Python's own values and the random generators; all is as it was after.
    Raises `Unread`, `UserCodeError` and `InputError`.
    """
    notes: list[str] = []
    with unchanged([function], [argument for call in calls for argument in call.arguments]) as state:
        recordings = [observed(function, calls[0], scalar, state)]
        for call in calls[1:]:
            try:
                recordings.append(observed(function, call, scalar, state))
            except (UserCodeError, InputError) as error:
                if len(call.arguments) != 1:  # a step may hold something of its batch's size
                    raise
                notes.append(f"it does not take fewer rows ({error}): the verdict is for this number of rows")
        repeated = observed(function, calls[0], scalar, state) if again else None
    for recording in recordings:
        recording.gradients = gradients
    frozen = frozen_draws(recordings[0], repeated) if repeated is not None else frozenset()
    try:
        readings = [lift(recording, clamps_of=clamps_of, alike=alike) for recording in recordings]
        for reading in readings:
            _ = reading.result.element
    except RecursionError:
        raise Unread("its formula is nested too deeply to be read", None) from None
    first = readings[0]
    for reading, recording in zip(readings, recordings, strict=True):
        check_value(reading, recording)
    moving = moving_constants(first, recordings[0], repeated) if repeated is not None else frozenset()
    run = Run(first, recordings[0], first.result.element, frozenset(), notes, frozen, moving, state.assumptions())
    if len(readings) < 2 or len(readings[0].axes.lengths) != len(readings[1].axes.lengths):
        if len(readings) > 1:
            run.notes.append("it does something else with another number of rows: the verdict is for this number")
        return run
    pairs = list(zip(first.axes.lengths, readings[1].axes.lengths, strict=True))
    moved = [axis for axis, (one, other) in enumerate(pairs) if one != other]
    terms = (first.result.element.term, readings[1].result.element.term)
    spoken_of = {v.name for term in terms for v in free_variables(term) if v.sort is INDEX}
    lengths: dict[tuple[int, int], int] = {}
    for axis in sorted(moved, key=lambda axis: (f"N{axis}" not in spoken_of, axis)):
        lengths.setdefault(pairs[axis], axis)
    try:
        term = generalised(*terms, lengths)
    except ValueError as reason:
        run.notes.append(f"{reason.args[0]}: the verdict is of the first run, and for its number of rows")
        return run
    return replace(run, term=TermArray((), term), moved=frozenset(moved))


def moving_constants(reading: Reading, first: Recording, again: Recording) -> frozenset[str]:
    """The leaves of constants whose values differ between two runs: drawn by numpy, or by Python's random."""
    found = set()
    for one, other in zip(first.given.values(), again.given.values(), strict=False):
        dense = one.layout == other.layout == torch.strided
        if dense and one.shape == other.shape and not torch.equal(one, other):
            found |= {n for n, leaf in reading.leaves.items() if leaf.tensor is one and leaf.kind == "constant"}
    return frozenset(found)


def check_value(reading: Reading, recording: Recording) -> None:
    """The formula must give what the code gave; so a write by numpy, which no operation shows, is seen. Or `Unread`."""
    assert recording.returned is not None
    if recording.returned.is_meta:
        raise Unread("a tensor on the device meta has no numbers", None)
    axes = [axis for dim in reading.result.dims for axis in reading.axes.now(dim)]
    sizes = {f"{letter}{axis}": size for axis, size in enumerate(reading.axes.lengths) for letter in "Ni"}
    names = tuple(f"i{axis}" for axis in axes)
    try:
        formula = array_of(reading.result.element.term, arrays_of(reading), sizes, names)
    except KeyError as name:
        raise Unread(f"it depends on a tensor that was written into in parts ({name})", None) from None
    except ReadingError as error:
        raise Unread(str(error), None) from None
    code = recording.returned.detach().double().cpu().reshape(formula.shape)
    tolerance = 1e-9 if recording.returned.dtype == torch.float64 and _all_double(reading) else 1e-3
    both = torch.isfinite(code) & torch.isfinite(formula)
    off = torch.where(both, (code - formula).abs() / (1 + formula.abs()), torch.zeros_like(formula)).flatten()
    if off.numel() and float(off.max()) > tolerance:
        at = int(off.argmax())
        pair = f"{float(formula.flatten()[at]):.12g} where the code gave {float(code.flatten()[at]):.12g}"
        raise Unread(f"the formula read from the operations is {pair}", None)


def _all_double(reading: Reading) -> bool:
    return all(leaf.tensor.dtype == torch.float64 for leaf in reading.leaves.values() if leaf.tensor.numel())


def generalised(first: Term, second: Term, lengths: Mapping[tuple[int, int], int]) -> Term:
    """The term that both are, at the lengths of the first and of the second run.

    A number that moved is a length in disguise (`x.size(0)`): a number times a product of powers of lengths. Raises
    `ValueError` where the two differ otherwise.
    """
    known: dict[tuple[Term, Term], Term] = {}

    def both(one: Term, other: Term) -> Term:
        if one is other:
            return one
        if (one, other) not in known:
            known[one, other] = _both(one, other)
        return known[one, other]

    def _both(one: Term, other: Term) -> Term:
        if isinstance(one.head, Number) and isinstance(other.head, Number) and one.sort is other.sort is REAL:
            return _as_lengths(one.head.value, other.head.value, lengths).term
        if one.head != other.head or len(one.arguments) != len(other.arguments):
            raise ValueError("it does not do the same in another run, or with another number of rows")
        return make(one.head, *(both(a, b) for a, b in zip(one.arguments, other.arguments, strict=True)))

    return both(first, second)


def _as_lengths(first: Fraction, second: Fraction, lengths: Mapping[tuple[int, int], int]) -> TermArray:
    """The number as a constant times powers of lengths: the fewest, then the simplest constant."""
    found: list[tuple[int, int, Fraction, tuple[int, ...]]] = []
    for powers in itertools.product((0, 1, -1, -2), repeat=min(len(lengths), _MOST_LENGTHS)):
        scales = [
            math.prod(
                (Fraction(pair[k]) ** power for pair, power in zip(lengths, powers, strict=False)), start=Fraction(1)
            )
            for k in (0, 1)
        ]
        constant = first / scales[0]
        if abs(constant - second / scales[1]) <= abs(constant) * Fraction(1, 10**14):
            size = constant.numerator.bit_length() + constant.denominator.bit_length()
            found.append((sum(map(abs, powers)), size, constant, powers))
    if not found:
        before, after = apart(float(first), float(second))
        raise ValueError(f"the number {before} became {after} in another run")
    *_, constant, powers = min(found)
    result = number(float(constant)) if constant.denominator > 10**6 else as_term(constant)
    for axis, power in zip(lengths.values(), powers, strict=False):
        length = real(length_of(axis))
        for _ in range(abs(power)):
            result = result * length if power > 0 else result * (1 / length)
    return result


_MOST_LENGTHS = 4
"""Of lengths that are tried together."""
