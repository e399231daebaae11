"""Runs of the user's code at other parameters, rows and seeds, each from the same state.

In: a step and its batch. Out: a `Bench`, whose `run` gives a `RunOutcome`: the loss, what the run did, the gradient
that training would use. For example, `bench.run(bench.moved(0.1, seed=3), seed=3)` is the loss at weights a tenth
of their own spread away.

It runs in double precision where the code does the same operations there: a difference of losses has ten digits then.
All is set back at the end by the recording's own `State`.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map
from torch.utils.weak import WeakIdKeyDictionary

from vaelid.auditor.examination.intervention import Intervention
from vaelid.auditor.examination.precision import Rounding, Widened
from vaelid.auditor.examination.training_gradients import TrainingGradients
from vaelid.auditor.recording.calls import call_of, users_code
from vaelid.auditor.recording.events import Recording
from vaelid.auditor.recording.operation_mode import OperationMode
from vaelid.auditor.recording.record import record
from vaelid.auditor.recording.state import State
from vaelid.readings.twins import by_slow_sides

__all__ = ["Bench", "RunOutcome", "Touched", "number_of_rows", "operations"]


@dataclass(frozen=True)
class RunOutcome:
    """One run.

    Attributes:
        loss: what it returned.
        seen: what was looked up in its recording before all was set back.
        gradient: of each parameter, as it is back-propagated; none where that was not asked for.
        inside: whether the code back-propagates itself.
        moved: the parameters, by position, that it changes between two of its backward passes.
        shown: whether nothing can be back-propagated from what it returned.
        altered: whether gradients were changed before an optimizer got them, by more than a scale or a clip.
    """

    loss: float
    seen: Any
    gradient: tuple[Tensor | None, ...] = ()
    inside: bool = False
    moved: frozenset[int] = frozenset()
    shown: bool = False
    altered: bool = False


class Touched(OperationMode):
    """Collects the tensors that no operation made."""

    def __init__(self) -> None:
        super().__init__()
        self.made = WeakIdKeyDictionary()
        self.given: dict[int, Tensor] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for tensor in _tensors((args, kwargs or {})):
            if tensor not in self.made:
                self.given[id(tensor)] = tensor
        result = func(*args, **(kwargs or {}))
        for tensor in _tensors(result):
            self.made[tensor] = True
        return result


class Bench:
    """The user's step, to be run again and again.

    Attributes:
        batch: the batch, in double precision where the step is run in it.
        given: the tensors of real numbers that no operation of the step made, but those of the batch.
        parameters: those of them that are trained.
        start: their values.
        double: whether it runs in double precision, all of it.
        coarsest: the relative rounding of the least precise number in a run: 2^-7 where a part is in bfloat16.
        inside: whether the step back-propagates its loss itself.
        runs: how often it has run.
        seconds: what the last run took.
        twin_dtype: of the real numbers that a fused kernel was given in the step's own precision; None if none was.
    """

    def __init__(self, step: Callable[[Any], Any], batch: Any, scalar: Callable[[Any], Tensor], state: State) -> None:
        self.step, self.batch, self.scalar, self.state = step, batch, scalar, state
        self.runs, self.double, self.seconds = 0, False, 0.0
        self.given: list[Tensor] = []
        self.parameters: list[Tensor] = []
        self.start: list[Tensor] = []
        self.restore: Callable[[bool], None] = lambda python_too: None  # not yet: what a run changes is to be seen
        self.had_gradient: list[bool] = []
        seen, copy = Touched(), _cloned(batch)
        first = self.run(batch=copy, look=_names_and_rounding, within=seen, cloned=False)
        (names, self.coarsest, self.twin_dtype), self.inside = first.seen, first.inside
        self.restore = state.restorer(seen.given.values())
        given = list(seen.given.values())
        own = {id(t) for t in (*_tensors(batch), *_tensors(copy))}
        self.given = [t for t in given if id(t) not in own and t.is_floating_point() and t.layout == torch.strided]
        self.start = [t.detach().clone() for t in self.given]
        self.parameters = [t for t in self.given if t.requires_grad and t.is_leaf]
        # a backward inside the code adds to a gradient that is there, by other operations than it makes a new one
        self.had_gradient = [t.is_leaf and t.grad is not None and t.grad.layout == torch.strided for t in self.given]
        self.names = names
        self._to_double()

    def _to_double(self) -> None:
        """In double precision, if the step does the same there."""
        single, batch = self.start, self.batch
        self.start = [t.double() for t in single]
        self.batch = tree_map(lambda t: t.double() if isinstance(t, Tensor) and t.is_floating_point() else t, batch)
        self.double = True
        try:
            seen = Rounding()
            names, dtype = self.run(
                look=lambda recording: (operations(recording), recording.returned.dtype), within=seen
            ).seen
            self.double = names == self.names and dtype == torch.float64 and not seen.found
        except Exception:  # a cast to float32 in the code, or a kernel that has no doubles
            self.double = False
        if self.double:
            self.coarsest = torch.finfo(torch.float64).eps
        else:
            self.start, self.batch = single, batch

    def moved(self, scale: float, seed: int) -> list[Tensor]:
        """Values a step away from the recorded ones: normal numbers of so many of a parameter's own deviations."""
        g = torch.Generator().manual_seed(seed)
        trained = {id(t) for t in self.parameters}
        found = []
        for tensor, value in zip(self.given, self.start, strict=True):
            if id(tensor) in trained and scale:
                spread = float(value.std()) if value.numel() > 1 else 0.0
                drawn = torch.randn(value.shape, generator=g, dtype=torch.float64).to(value)
                value = value + scale * (spread or _SPREAD_OF_EQUALS) * drawn
            found.append(value)
        return found

    def run(
        self,
        values: Sequence[Tensor] | None = None,
        batch: Any = None,
        seed: int | None = None,
        *,
        look: Callable[[Recording], Any] | None = None,
        gradient: bool = False,
        do: Mapping[int, Tensor] | None = None,
        within: AbstractContextManager[Any] | None = None,
        python_goes_on: bool = False,
        cloned: bool = True,
    ) -> RunOutcome:
        """The step once more; all is set back after.

        Args:
            values: of `given`; the recorded ones if None.
            batch: the batch; the recorded one if None.
            seed: of every random generator; None: they go on.
            look: what to look up in the recording of what it does, before all is set back.
            gradient: whether to find what is back-propagated.
            do: outputs that are given, by the numbers of operations, whatever the code computes there.
            within: a context to run the step in.
            python_goes_on: whether Python's own values are as the last run left them.
            cloned: whether the step gets a copy of the batch, into which it may write.
        """
        self.runs, started = self.runs + 1, time.monotonic()
        batch = self.batch if batch is None else batch
        if cloned:
            batch = _cloned(batch)
        self._prepare(values or self.start, seed)
        try:
            with torch.enable_grad(), TrainingGradients(self.parameters) as caught:
                recording = None
                with ExitStack() as stack:
                    for mode in self._modes(within, do):
                        stack.enter_context(mode)
                    stack.enter_context(users_code())
                    if look is None:
                        with by_slow_sides():  # what is recorded in other runs: all losses are of one function
                            loss = self.scalar(self.step(batch))
                    else:
                        call = call_of(batch)
                        recording = record(self.step, call.arguments, call.tensors, self.scalar)
                        loss = recording.returned
                seen = look(recording) if look is not None and recording is not None else None
                value, inside = float(loss.detach()), caught.calls > 0 or caught.by_hand
                if gradient and not inside and loss.requires_grad:
                    caught.backward(loss)
                shown = not loss.requires_grad
                total = () if not gradient else caught.total if shown or not inside else caught.with_caller(loss)
        finally:
            self.restore(not python_goes_on)
            self.seconds = time.monotonic() - started
        return RunOutcome(value, seen, total, inside, caught.moved, shown, caught.altered)

    def _modes(self, within: AbstractContextManager[Any] | None, do: Mapping[int, Tensor] | None) -> Iterator[Any]:
        if within is not None:
            yield within
        if do:
            yield Intervention(do, self.names)
        if self.double:
            yield Widened()

    def _prepare(self, values: Sequence[Tensor], seed: int | None) -> None:
        if self.double:
            torch.set_default_dtype(torch.float64)
        with torch.no_grad():
            for tensor, value, had in zip(self.given, values, self.had_gradient, strict=True):
                tensor.data = value.clone()
                tensor.grad = torch.zeros_like(value) if had else None
        if seed is not None:
            _seed(self.state, seed)


_SPREAD_OF_EQUALS = 0.3
"""How far a parameter is moved whose elements are all equal, as a bias of zeros or a single number is."""


def _seed(state: State, seed: int) -> None:
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    for generator in state.random_generators():
        match generator:
            case torch.Generator():
                generator.manual_seed(seed)
            case np.random.Generator():
                generator.bit_generator.state = type(generator.bit_generator)(seed).state
            case np.random.RandomState() | random.Random():
                generator.seed(seed)


def operations(recording: Recording) -> tuple[str, ...]:
    """The names of the operations of a run, without those that only hand numbers on."""
    return tuple(event.name for event in recording.computing)


def _names_and_rounding(recording: Recording) -> tuple[tuple[str, ...], float, torch.dtype | None]:
    given = _tensors([(call.arguments, call.options) for call in recording.twins])
    dtype = next((tensor.dtype for tensor in given if tensor.is_floating_point()), None)
    return operations(recording), recording.coarsest, dtype


def number_of_rows(batch: Any) -> int | None:
    """The number of rows of a batch; None where its tensors have not one in common."""
    lengths = {len(t) if t.ndim else 0 for t in _tensors(batch)}
    return lengths.pop() if len(lengths) == 1 and 0 not in lengths else None


def _cloned(batch: Any) -> Any:
    return tree_map(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, batch)


def _tensors(value: Any) -> list[Tensor]:
    return [leaf for leaf in tree_flatten(value)[0] if isinstance(leaf, Tensor)]
