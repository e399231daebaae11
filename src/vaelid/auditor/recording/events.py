"""What one run did, as data: the ATen operations in order, each with the regions of memory that it read and made.

In: what the recorder saw. Out: a `Recording`, complete and unchanging. For example, `(x * 2).sum()` of a tensor of
shape (2, 3) is two events: `aten.mul.Tensor` of the region of x and the number 2, and `aten.sum.default` of the region
that the first one made.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from vaelid.readings.twins import TwinCall

__all__ = ["Event", "Recording", "Region"]


_MOST_POSITIONS = 10**6
"""Largest region whose positions are listed to see whether it overlaps another: 8 MB of whole numbers."""


@dataclass(frozen=True)
class Region:
    """Where a tensor lies: two tensors of one region are the same tensor to the auditor.

    For example, `x[:, :2]` and `x[:, 2:]` have the storage of x, and other sizes or offsets.

    Attributes:
        storage: the number of its storage, in the order in which the recorder met them.
        size: its shape.
        stride: how many positions apart neighbours along each dimension are; none of a sparse tensor.
        offset: the position of its first element.
        real: whether it holds real numbers, and not whole numbers or truth values.
    """

    storage: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    real: bool

    def overlaps(self, other: "Region") -> bool:
        """Whether two regions of one storage share a position. Large ones are assumed to."""
        if max(math.prod(self.size), math.prod(other.size)) > _MOST_POSITIONS:
            return True
        return bool(torch.isin(self.positions(), other.positions()).any())

    def positions(self) -> Tensor:
        """The positions in the storage, one after the other."""
        found = torch.tensor([self.offset])
        for length, stride in zip(self.size, self.stride, strict=True):
            found = (found[:, None] + stride * torch.arange(length)).flatten()
        return found


@dataclass(frozen=True)
class Event:
    """One ATen operation. In its arguments and outputs each tensor is replaced by its region.

    Attributes:
        number: its position among the events of the run.
        name: as torch prints it, for instance ``aten.mul.Tensor``.
        arguments: the positional arguments.
        options: the keyword arguments.
        outputs: what came out.
        source: the user's line, ``file:line``.
        written: the storages that it wrote into, besides what it made.
        stopped: those of its arguments through which autograd will not go back.
        custom: those of its arguments that a user's own `autograd.Function` made, or that have a hook.
        unchanged: of a clamp, whether it left every value as it was.
        no_grad: whether autograd was switched off.
        outside: those of its arguments that an `autograd.Function` made by other code than torch's, as by numpy.
        twofold: whether one region is read both by a tensor that autograd goes back through and by a detached one.
        stopped_at: the positions, among `regions`, of arguments through which autograd will not go back.
        updates: whether it only updates weights, as an optimizer's operations do.
        trained: whether the code had begun to train when it was done: a loss may have been left behind.
    """

    number: int
    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    outputs: tuple[Any, ...]
    source: str
    written: frozenset[int]
    stopped: frozenset[Region]
    custom: frozenset[Region]
    unchanged: bool
    no_grad: bool = False
    twofold: bool = False
    outside: frozenset[Region] = frozenset()
    stopped_at: frozenset[int] = frozenset()
    updates: bool = False
    trained: bool = False

    # Each computed once for an event, as lifting asks for them again and again.

    @cached_property
    def operation(self) -> str:
        """The name without its overload and the mark of in-place variants: ``mul``; ``mine::exp`` outside ATen."""
        library, _, rest = self.name.partition(".")
        base = rest.partition(".")[0]
        base = base if base.startswith("_") else base.rstrip("_")
        return base if library == "aten" else f"{library}::{base}"

    @cached_property
    def hands_on(self) -> bool:
        """Whether it only hands real numbers on: a `detach`, or a cast to another precision.

        How many of these a run has depends on who else holds a tensor, and on the precision that it runs in: under
        `torch.autocast` a double is not cast.
        """
        if self.operation == "_to_copy":
            return bool(self.regions) and all(region.real for region in (*self.regions, *self.made_regions))
        return self.operation == "detach"

    @cached_property
    def regions(self) -> list[Region]:
        """The regions of its arguments."""
        return [v for v in tree_flatten((self.arguments, dict(self.options)))[0] if isinstance(v, Region)]

    def is_stopped(self, value: Region) -> bool:
        """Whether autograd will not go back through this argument; it is one of `regions`.

        Of `z - z.detach()` both arguments are one region: they are told apart as objects, by their positions.
        """
        if not self.twofold:
            return value in self.stopped
        return any(region is value and at in self.stopped_at for at, region in enumerate(self.regions))

    @cached_property
    def made_regions(self) -> list[Region]:
        """The regions of its outputs."""
        return [v for v in self.outputs if isinstance(v, Region)]


@dataclass(frozen=True)
class Recording:
    """One run of the user's code.

    Attributes:
        arguments: the regions of the named arguments.
        events: the operations in order.
        result: the region of the tensor that counts, the loss.
        returned: that tensor.
        given: the tensors that no operation of the run made, with the values that they had when they were read.
        made: what the event of a number put out in a region, with the values that it had then.
        decided_by_value: lines at which Python asked a tensor for its value.
        twins: the calls of fused kernels whose slow sides ran in their place.
        trains: whether the code calls `backward` itself, or steps an optimizer.
        names: what the user's code calls a region.
    """

    arguments: Mapping[str, Region]
    events: tuple[Event, ...]
    result: Region
    returned: Tensor
    given: Mapping[Region, Tensor]
    made: Mapping[tuple[int, Region], Tensor]
    decided_by_value: tuple[str, ...] = ()
    twins: tuple[TwinCall, ...] = ()
    trains: bool = False
    names: Mapping[Region, str] = field(default_factory=dict)

    @property
    def only_shown(self) -> bool:
        """Whether what it returns is a mere number, as `return total` after `total += loss.detach()` gives it.

        Then the code trains with gradients of its own, and what autograd knows of the number says nothing about them.
        """
        return self.trains and not self.returned.requires_grad

    @cached_property
    def computing(self) -> tuple[Event, ...]:
        """The events that do more than hand real numbers on: another run of the same code has as many."""
        return tuple(event for event in self.events if not event.hands_on)

    @property
    def coarsest(self) -> float:
        """The relative rounding of the least precise numbers that it made: 2^-23 where a part is in float32."""
        numbers = (tensor for tensor in (*self.made.values(), self.returned) if tensor.is_floating_point())
        return max((torch.finfo(tensor.dtype).eps for tensor in numbers), default=0.0)

    def events_that_count(self) -> list[Event]:
        """The events without the checks of values that nothing was computed from, and without what only trains.

        Whether torch checks a distribution's arguments is a switch of the process, which must not change a report. A
        loss that trains by itself is read as one that is trained by its caller.
        """
        needed = {self.result.storage}
        found = []
        for event in reversed(self.events):
            made = event.written.union(region.storage for region in event.made_regions)
            counts = bool(event.written) or any(x.real for x in event.made_regions)
            if made & needed or (counts and not event.trained):
                if not event.updates:  # new weights are leaves, whatever they were made from
                    needed |= {region.storage for region in event.regions}
                found.append(event)
        return found[::-1]
