"""A function of tensors, called again with other numbers: what the second road of a KL, a sampler and a loss share.

In: the function, its recorded call and what its arguments are. Out: a `Given`, whose `at` gives other arguments of the
same support, and whose `run` calls the function with them. For `kl(mu, logvar)`, `given.run(given.at(2.0, seed=1))` is
the KL two deviations away.
"""

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch import distributions as td

from vaelid.auditor.examination.bench import Touched
from vaelid.auditor.examination.examined import RowsAnew
from vaelid.auditor.examination.precision import Rounding
from vaelid.auditor.findings.opinion import Check, Opinion
from vaelid.auditor.recording.calls import Call, users_code
from vaelid.auditor.recording.events import Recording
from vaelid.auditor.recording.record import record
from vaelid.auditor.recording.state import State
from vaelid.readings.errors import ReadingError
from vaelid.readings.twins import by_slow_sides

__all__ = ["Given", "GivenLaw", "check_gradient"]

_EXACT, _EXACT_OF_FLOATS = 1e-6, 1e-3
"""Rounding of a sum of a few dozen terms, and as much as a mistake never is."""
_STEP, _CLOSE_ENOUGH = 1e-5, 1e-5
"""Of a difference of two values in double precision: its error is 1e-10 of the third derivative, and 1e-11 of the
value."""
_STEP_OF_FLOATS, _CLOSE_ENOUGH_OF_FLOATS = 3e-2, 5e-2
"""The same in single precision, where 7 digits leave two in a difference."""


@dataclass(frozen=True)
class GivenLaw:
    """The posterior that two arguments describe: the names of both, and the deviation that the second one means."""

    mean: str
    spread: str
    deviation: Callable[[Tensor], Tensor]

    def of(self, tensors: Mapping[str, Tensor]) -> td.Normal:
        """The law at these arguments."""
        return td.Normal(tensors[self.mean], self.deviation(tensors[self.spread]), validate_args=False)


@dataclass
class Given:
    """A function of tensors, and what its runs have said so far.

    Attributes:
        function: the user's.
        call: its recorded call.
        returned: from what it returns to the tensor that counts.
        data: the arguments that are data, and keep their support; to the others a gradient goes back.
        checks: the results so far.
        left: the checks that could not be made, with the reason.
        runs: how often it was called.
        beta: the weight of the divergence against the likelihood, as fitted.
        state: what is set back after each run.
    """

    function: Callable[..., Any]
    call: Call
    returned: Callable[[Any], Tensor]
    data: frozenset[str] = frozenset()
    checks: list[Check] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    runs: int = 0
    beta: float | None = None
    state: State | None = None
    _restore: Callable[[bool], None] | None = None

    @property
    def free(self) -> list[str]:
        """The arguments to which a gradient goes back."""
        return [n for n, t in self.call.tensors.items() if n not in self.data and t.is_floating_point()]

    def at(self, step: float, seed: int) -> dict[str, Tensor]:
        """Arguments so many deviations away: a probability stays one, what is positive stays so, data keep their kind.

        Data of other numbers are rows that are drawn anew, those of real numbers mixed of two rows.
        """
        generator = torch.Generator().manual_seed(seed)
        return {name: self._moved(name, tensor, step, generator) for name, tensor in self.call.tensors.items()}

    def _moved(self, name: str, tensor: Tensor, step: float, generator: torch.Generator) -> Tensor:
        value = tensor.detach()
        value = value.double() if value.is_floating_point() else value.clone()
        if not step or value.ndim == 0:
            return value
        if name in self.data or not value.is_floating_point():
            return RowsAnew(len(value), generator).of(value)
        noise = step * torch.randn(value.shape, generator=generator, dtype=torch.float64)
        if bool(((value > 0) & (value < 1)).all()):
            return torch.sigmoid(
                torch.logit(value) + noise.clamp(-6, 6)
            )  # nearer to 1 the logarithm of the rest is off
        return value * noise.exp() if bool((value > 0).all()) else value + noise

    def run(
        self,
        tensors: Mapping[str, Tensor],
        seed: int = 0,
        then: Callable[[Tensor], Any] = lambda out: out.detach(),
        within: AbstractContextManager[Any] | None = None,
    ) -> Any:
        """What the function returns for these arguments, each as the result of an operation, and all seeds set.

        `then`: what is done with it before all that the run changed is set back. `within`: a context of the call alone,
        since one that is open after it is taken for one that the function left open.
        """
        self.runs += 1
        touched = None if self._restore else Touched()
        try:
            with touched or nullcontext(), within or nullcontext():
                found = self._called(tensors, seed)
            return then(found)
        finally:
            if self._restore is not None:
                self._restore(True)
            elif self.state is not None and touched is not None:
                self._restore = self.state.restorer(touched.given.values())

    def _called(self, tensors: Mapping[str, Tensor], seed: int) -> Tensor:
        instead = {id(tensor): tensors[name] for name, tensor in self.call.tensors.items()}
        arguments = (instead[id(a)].clone() if id(a) in instead else a for a in self.call.arguments)
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        with torch.enable_grad(), users_code(), by_slow_sides():
            return self.returned(self.function(*arguments))

    def recorded(self, tensors: Mapping[str, Tensor], look: Callable[[Recording], Any]) -> Any:
        """What is seen in the recording of a run."""
        instead = {id(tensor): tensors[name] for name, tensor in self.call.tensors.items()}
        arguments = tuple(instead.get(id(argument), argument) for argument in self.call.arguments)
        try:
            return look(record(self.function, arguments, tensors, self.returned))
        finally:
            if self._restore is not None:
                self._restore(True)

    @cached_property
    def exact(self) -> float:
        """How far a number may be from what it should be, relatively; more where digits are cut, as to float32."""
        seen = Rounding()
        returned = self.run(self.at(0.0, 0), within=seen)
        return _EXACT_OF_FLOATS if seen.found or returned.dtype != torch.float64 else _EXACT

    def check(self, name: str, passed: bool, computed: float = 0.0, expected: float = 0.0, meaning: str = "") -> None:
        """Note the result of one check: two numbers, and what they are."""
        self.checks.append(Check(name, bool(passed), f"{computed:.9g}", f"{expected:.9g}", meaning))

    def opinion(self) -> Opinion:
        """What was found."""
        return Opinion(tuple(self.checks), dict(self.left), runs=self.runs, beta=self.beta)


def check_gradient(given: Given, number: Callable[[Tensor], Tensor]) -> None:
    """The check ``gradient``: what autograd sends back to each argument is the slope of the values.

    `number`: from what the function returns to one number. Raises `ReadingError` where the slope is that of no smooth
    function, as beside a kink.
    """
    double = given.exact == _EXACT
    step, close = (_STEP, _CLOSE_ENOUGH) if double else (_STEP_OF_FLOATS, _CLOSE_ENOUGH_OF_FLOATS)
    worst = (0.0, 0.0, 0.0, "")
    for seed, name in enumerate(given.free):
        values = given.at(0.3, seed)
        generator = torch.Generator().manual_seed(seed)
        way = torch.randn(values[name].shape, generator=generator, dtype=torch.float64)
        trained = _trained(given, values, name, way, number)
        slopes = [_slope(given, values, name, way, number, one) for one in (step, step / (30 if double else 3))]
        slope = min(slopes, key=lambda one: abs(one - trained))
        off = abs(slope - trained) / (abs(slope) + abs(trained) + 1e-6)
        if off > close and abs(slopes[0] - slopes[1]) > (1e-3 if double else close) * (abs(slope) + 1e-6):
            raise ReadingError("its slope hangs on the step")
        worst = max(worst, (off, trained, slope, name))
    off, trained, slope, name = worst
    meaning = f"what is back-propagated to {name}, along a direction, and the slope of the values"
    given.check("gradient", off <= close, trained, slope, meaning)


def _trained(
    given: Given, values: Mapping[str, Tensor], name: str, way: Tensor, number: Callable[[Tensor], Tensor]
) -> float:
    leaf = values[name].clone().requires_grad_()

    def along(returned: Tensor) -> float:
        with torch.enable_grad():  # whoever audits may have switched gradients off
            total = number(returned)
        if not total.requires_grad:
            return 0.0
        (found,) = torch.autograd.grad(total, leaf, allow_unused=True)
        return 0.0 if found is None else float((found * way).sum())

    return given.run({**values, name: leaf}, then=along)


def _slope(
    given: Given,
    values: Mapping[str, Tensor],
    name: str,
    way: Tensor,
    number: Callable[[Tensor], Tensor],
    step: float,
) -> float:
    above, below = (
        float(number(given.run({**values, name: values[name] + sign * step * way})).detach()) for sign in (1, -1)
    )
    return (above - below) / (2 * step)
