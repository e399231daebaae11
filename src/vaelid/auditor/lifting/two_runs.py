"""Runs of a loss at two batch sizes, read as one formula for every size that moved between them.

In: a function and its calls. Out: a `Formula`. For example, of `((x_hat - x) ** 2).sum() / len(x)`, run on 5 and on 4
rows, the numbers 5 and 4 are the length of the axis of rows: the formula is the double sum divided by N0, for every N0.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.findings.twins import TwinAgreement, TwinDifference
from vaelid.auditor.formula.axes_of_terms import index_names, length_name, sizes_of
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.lifting.generalise import generalised
from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.recording.agreement import agreements
from vaelid.auditor.recording.calls import Call, frozen_draws, observed
from vaelid.auditor.recording.events import Recording
from vaelid.auditor.recording.state import unchanged
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import INDEX, free_variables
from vaelid.spec.errors import InputError, UserCodeError

__all__ = ["Formula", "read_calls"]


_OF_DOUBLES, _OF_FLOATS = 1e-9, 1e-3
"""How far the formula's value may be from the code's, relative to 1 + the value: rounding of a sum of some thousands of
elements in float64; and of float32, of whose 7 digits a sum of terms of both signs may lose half."""


@dataclass(frozen=True)
class Formula:
    """What a loss computes.

    Attributes:
        reading: of the first run.
        recording: of the first run.
        term: the loss, for all lengths of the axes that moved.
        moved: the axes whose length moved between the runs.
        notes: what kept it from holding for more lengths, and what weaker readings leave out.
        frozen: lines that drew the same noise in two runs.
        moving: constants, made by no operation of torch, that had other values in another run on the same batch.
        assumptions: what is taken for granted of the state that the runs started from, and of rules that read them.
        twins: the fused kernels that were read by their slow sides, with how closely both agreed in these runs.
    """

    reading: Reading
    recording: Recording
    term: TermArray
    moved: frozenset[int]
    notes: list[str]
    frozen: frozenset[str] = frozenset()
    moving: frozenset[str] = frozenset()
    assumptions: tuple[str, ...] = ()
    twins: tuple[TwinAgreement, ...] = ()

    @property
    def lengths(self) -> dict[str, int]:
        """The recorded length of each length variable and each index."""
        return sizes_of(self.reading.axes.lengths)

    def arrays(self) -> Mapping[str, Tensor]:
        """The recorded values of each leaf, with one dimension for each axis."""
        return self.reading.arrays()

    def noted(self, note: str, term: TermArray | None = None) -> "Formula":
        """The formula in a weaker reading: with a note on what that leaves out, and another term if one is given."""
        return replace(self, term=self.term if term is None else term, notes=[*self.notes, note])


def read_calls(
    function: Callable[..., Any],
    calls: Sequence[Call],
    scalar: Callable[[Any], Tensor],
    *,
    clamps_of: frozenset[str] | None = None,
    alike: Sequence[tuple[str, str]] = (),
    gradients: bool = True,
    again: bool = True,
    assumed: Sequence[str] = (),
) -> Formula:
    """The function's formula, from one run for each call. Raises `Unread`, `UserCodeError` and `InputError`.

    Each run starts from one state of all but Python's own values and the random generators; all is as it was after.

    Args:
        function: the user's.
        calls: the first with more rows than the second, if there is a second.
        scalar: picks the loss from what the function returned.
        clamps_of: where it is given, a clamp that changed nothing is kept only if it is of one of these leaves.
        alike: pairs of arguments whose dimensions are the same axes.
        gradients: whether the loss is meant to be differentiated.
        again: whether the first call is made once more, to see which noise and which constants are the same.
        assumed: what is taken for granted of the calls.
    """
    arguments = [argument for call in calls for argument in call.arguments]
    with unchanged([function], arguments) as state:
        recordings, notes = _recorded(lambda call: observed(function, call, scalar, state), calls)
        repeated = observed(function, calls[0], scalar, state) if again else None
        twins = _agreeing(recordings)
    readings = _readings(recordings, clamps_of, alike, gradients)
    for reading, recording in zip(readings, recordings, strict=True):
        check_value(reading, recording)
    term, moved, said = _of_all_lengths(readings)
    first, recording = readings[0], recordings[0]
    frozen = frozen_draws(recording, repeated) if repeated is not None else frozenset()
    moving = _moving_constants(first, recording, repeated) if repeated is not None else frozenset()
    assumptions = (*assumed, *state.assumptions(), *_of_foreign_rules(first), *_of_slow_sides(twins))
    return Formula(first, recording, term, moved, [*notes, *said], frozen, moving, assumptions, twins)


def _recorded(observe: Callable[[Call], Recording], calls: Sequence[Call]) -> tuple[list[Recording], list[str]]:
    """The runs, and what to say where one with fewer rows failed."""
    recordings, notes = [observe(calls[0])], []
    for call in calls[1:]:
        try:
            recordings.append(observe(call))
        except (UserCodeError, InputError) as error:
            if len(call.arguments) != 1:  # a step, which has one argument, may hold something of its batch's size
                raise
            notes.append(f"it does not take fewer rows ({error}): the verdict is for this number of rows")
    return recordings, notes


def _readings(
    recordings: Sequence[Recording],
    clamps_of: frozenset[str] | None,
    alike: Sequence[tuple[str, str]],
    gradients: bool,
) -> list[Reading]:
    """Each recording as a term, which is made here: terms are recursive, and Python's stack is not without end."""
    try:
        readings = [
            lift(r, gradients=gradients and not r.only_shown, clamps_of=clamps_of, alike=alike) for r in recordings
        ]
        for reading in readings:
            _ = reading.result.element
    except RecursionError:
        raise Unread("its formula is nested too deeply to be read", None) from None
    return readings


def _of_all_lengths(readings: Sequence[Reading]) -> tuple[TermArray, frozenset[int], list[str]]:
    """The term for all lengths that moved, the axes of these, and what kept it from holding for them."""
    first = readings[0]
    term = first.result.element
    if len(readings) < 2:
        return term, frozenset(), []
    second = readings[1]
    if len(first.axes.lengths) != len(second.axes.lengths):
        return (
            term,
            frozenset(),
            ["it does something else with another number of rows: the verdict is for this number"],
        )
    pairs = list(zip(first.axes.lengths, second.axes.lengths, strict=True))
    moved = [axis for axis, (one, other) in enumerate(pairs) if one != other]
    terms = (term.term, second.result.element.term)
    occurring = {v.name for term in terms for v in free_variables(term) if v.sort is INDEX}
    lengths: dict[tuple[int, int], int] = {}
    for axis in sorted(moved, key=lambda axis: (length_name(axis) not in occurring, axis)):
        lengths.setdefault(pairs[axis], axis)  # of axes of one length, one whose length occurs already names it
    try:
        whole = generalised(*terms, lengths)
    except ValueError as reason:
        return term, frozenset(), [f"{reason.args[0]}: the verdict is of the first run, and for its number of rows"]
    return TermArray((), whole), frozenset(moved), []


def _of_foreign_rules(reading: Reading) -> tuple[str, ...]:
    return tuple(
        f"the operation {operation} is what the rule {rule} says: only its values were compared"
        for operation, rule in reading.foreign.items()
    )


def _agreeing(recordings: Sequence[Recording]) -> tuple[TwinAgreement, ...]:
    """How closely fused kernels agree with the slow sides that were read for them. Raises `Unread` if one does not.

    UNKNOWN and not REFUTED: that a kernel is another function than its slow side makes nothing known of the kernel.
    """
    found = agreements(call for recording in recordings for call in recording.twins)
    if isinstance(found, TwinDifference):
        raise Unread(f"a twin was registered with a slow side that it does not compute, {found}", None)
    return found


def _of_slow_sides(twins: Sequence[TwinAgreement]) -> tuple[str, ...]:
    return tuple(f"{twin.name} is its slow side beyond the numbers that were compared" for twin in twins)


def _moving_constants(reading: Reading, first: Recording, again: Recording) -> frozenset[str]:
    """The leaves of constants whose values differ between two runs: drawn by numpy, or by Python's random."""
    found = set()
    for one, other in zip(first.given.values(), again.given.values(), strict=False):
        dense = one.layout == other.layout == torch.strided
        if dense and one.shape == other.shape and not torch.equal(one, other):
            found |= {n for n, leaf in reading.leaves.items() if leaf.tensor is one and leaf.kind == "constant"}
    return frozenset(found)


def check_value(reading: Reading, recording: Recording) -> None:
    """Raises `Unread` where the formula's value is not the code's, as after a write by numpy, which is no event."""
    if recording.returned.is_meta:
        raise Unread("a tensor on the device meta has no numbers", None)
    names = index_names(axis for dim in reading.result.dims for axis in reading.axes.now(dim))
    try:
        formula = values_of(reading.result.element.term, reading.arrays(), sizes_of(reading.axes.lengths), names)
    except KeyError as name:
        raise Unread(f"it depends on a tensor that was written into in parts ({name})", None) from None
    except ReadingError as error:
        raise Unread(str(error), None) from None
    code = recording.returned.detach().double().cpu().reshape(formula.shape)
    tolerance = _OF_DOUBLES if recording.returned.dtype == torch.float64 and _all_double(reading) else _OF_FLOATS
    both = torch.isfinite(code) & torch.isfinite(formula)
    off = torch.where(both, (code - formula).abs() / (1 + formula.abs()), torch.zeros_like(formula)).flatten()
    if off.numel() and float(off.max()) > tolerance:
        at = int(off.argmax())
        pair = f"{float(formula.flatten()[at]):.12g} where the code gave {float(code.flatten()[at]):.12g}"
        raise Unread(f"the formula read from the operations is {pair}", None)


def _all_double(reading: Reading) -> bool:
    return all(leaf.tensor.dtype == torch.float64 for leaf in reading.leaves.values() if leaf.tensor.numel())
