"""Run PyTorch code once and note the ATen operations that it came down to, each with the user's line that asked for it.

In: a function, its arguments, and the state that the world is set back to. Out: a `Recording`. For example,
`record(lambda x: x.exp().sum(), [x], {"x": x})` has two events, `aten.exp.default` and `aten.sum.default`.

The recorder sits below autograd, so Python's control flow, in-place operations and `torch.distributions` need no
special treatment. It knows a tensor by its region of memory: same storage, sizes, strides and offset, same tensor.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import ReferenceType, ref

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.autograd.function import BackwardCFunction
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_flatten, tree_map

from vaelid.auditor.recording.events import Event, Recording, Region
from vaelid.auditor.recording.operation_mode import OperationMode
from vaelid.auditor.recording.own_training import OwnTraining
from vaelid.auditor.recording.schemas import operation_name, storages_written
from vaelid.auditor.recording.state import State
from vaelid.auditor.recording.storages import is_lazy
from vaelid.auditor.recording.users_frames import line_of, torch_asks, users_frames
from vaelid.auditor.recording.users_names import UsersNames
from vaelid.readings.twins import TwinCall, by_slow_sides

__all__ = ["has_its_own_backward", "is_from_own_function", "record"]

# The operations by which Python reads a tensor's value: `.item()`, `if tensor:`, `torch.equal`.
_ASK_FOR_A_VALUE = ("aten._local_scalar_dense", "aten.is_nonzero", "aten.equal")
_CLAMPS = ("aten.clamp", "aten.hardtanh")


class _Recorder(OperationMode):
    """Collects what becomes a `Recording`: events, tensors that no event made (`given`), outputs of events (`made`)."""

    def __init__(self, state: State | None) -> None:
        super().__init__()
        self.state = state
        self.events: list[Event] = []
        self.given: dict[Region, Tensor] = {}
        self.made: dict[tuple[int, Region], Tensor] = {}
        self.decided_by_value: list[str] = []
        self.returned: Tensor | None = None
        self.twins: list[TwinCall] = []
        self.numbers: dict[int, int] = {}
        self.kept: list[Any] = []  # a storage that is referred to, if weakly, keeps its address to itself
        self.passing: dict[tuple[int, Region], ReferenceType[Tensor]] = {}
        self.known: set[int] = set()
        self.in_storage: dict[int, list[tuple[int, Region]]] = {}
        self.own = OwnTraining()
        self.trained: set[int] = set()  # the storages of given tensors that ask for a gradient
        self.names = UsersNames()

    def address(self, tensor: Tensor) -> int:
        """The address of its storage; of a sparse tensor, which is never a view, that of the object."""
        with torch._C.DisableTorchFunctionSubclass():
            return tensor.untyped_storage()._cdata if tensor.layout == torch.strided else id(tensor)

    def region(self, tensor: Tensor) -> Region:
        dense, address = tensor.layout == torch.strided, self.address(tensor)
        if address not in self.numbers:
            self.numbers[address] = len(self.numbers)
            self.kept.append(StorageWeakRef(tensor.untyped_storage()) if dense else tensor)
        if is_lazy(tensor):  # a lazy layer's parameter has no shape yet
            return Region(self.numbers[address], (0,), (1,), 0, True)
        return Region(
            self.numbers[address],
            tuple(tensor.shape),
            tuple(tensor.stride()) if dense else (),
            int(tensor.storage_offset()) if dense else 0,
            tensor.is_floating_point(),
        )

    def known_region(self, tensor: Tensor) -> Region | None:
        """Its region, if an operation has read or made what lies there. Under `vmap` a tensor has no storage."""
        if is_lazy(tensor) or is_functorch_wrapped_tensor(tensor):
            return None
        return self.region(tensor) if self.address(tensor) in self.numbers else None

    def read(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        region = self.region(value)
        if region.storage not in self.known:
            self.given.setdefault(region, value)
            if value.requires_grad:
                self.trained.add(region.storage)
        return region

    def is_from_outside(self, region: Region) -> bool:
        """Whether no event made it, and an autograd function did: not one that returns a view of its argument."""
        given = self.given.get(region)
        return given is not None and is_from_own_function(given)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        values, arguments, options = self.read_all(args, kwargs or {})
        tensors = [value for value, _ in values]
        regions = [region for _, region in values]
        stopped_at = frozenset(at for at, tensor in enumerate(tensors) if not tensor.requires_grad)
        stopped = frozenset(regions[at] for at in stopped_at)
        twofold = any(at not in stopped_at and region in stopped for at, region in enumerate(regions))
        no_grad = not torch.is_grad_enabled()
        custom = frozenset(region for tensor, region in values if has_its_own_backward(tensor))
        outside = frozenset(region for region in regions if self.is_from_outside(region))
        written = frozenset(storages_written(func, arguments, options))
        self.keep_state(values, written, kwargs or {})
        self.save_values(written)
        name = operation_name(func)
        clamps = name.startswith(_CLAMPS)
        before = args[0].clone() if clamps and written else None  # it is changed in place
        result = func(*args, **(kwargs or {}))
        made = [result] if isinstance(result, Tensor) else tree_flatten(result)[0]
        outputs = tuple(self.region(value) if isinstance(value, Tensor) else value for value in made)
        self.known |= written
        number = len(self.events)
        self.keep_made(number, made, outputs)
        frames = users_frames(sys._getframe(1))
        innermost = next(frames, None)
        source = line_of(innermost)
        if self.state is not None and innermost is not None:  # a run whose formula is to be shown
            self.names.see([innermost, *frames], self.known_region)
        if name.startswith(_ASK_FOR_A_VALUE) and not torch_asks(sys._getframe(1)):
            self.decided_by_value.append(source)
        unchanged = clamps and torch.equal(result, args[0] if before is None else before)
        self.events.append(
            Event(
                number,
                name,
                arguments,
                options,
                outputs,
                source,
                written,
                stopped,
                custom,
                unchanged,
                no_grad,
                twofold,
                outside,
                stopped_at,
                self.updates(regions, outputs, written),
                self.own.trains,
            )
        )
        return result

    def read_all(
        self, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[list[tuple[Tensor, Region]], tuple[Any, ...], dict[str, Any]]:
        """The tensors among the arguments of an operation with their regions; and the arguments with these instead."""
        values: list[tuple[Tensor, Region]] = []
        arguments = tuple([self.read_one(value, values) for value in args])
        return values, arguments, {name: self.read_one(value, values) for name, value in kwargs.items()}

    def read_one(self, value: Any, values: list[tuple[Tensor, Region]]) -> Any:
        """An argument with regions in the place of tensors, which are added to `values`.

        A function inside of another that calls itself would keep the tensors alive for hundreds of runs.
        """
        if isinstance(value, Tensor):
            region = self.read(value)
            values.append((value, region))
            return region
        return (
            tree_map(lambda one: self.read_one(one, values), value) if isinstance(value, list | tuple | dict) else value
        )

    def keep_made(self, number: int, made: Sequence[Any], outputs: Sequence[Any]) -> None:
        """What the event of a number put out.

        What a backward pass makes of gradients is in no loss, but for those that someone holds when it has ended.
        """
        for tensor, region in zip(made, outputs, strict=True):
            if isinstance(tensor, Tensor):
                self.known.add(region.storage)
                if self.own.in_passing:
                    self.passing[number, region] = ref(tensor)
                    continue
                self.made[number, region] = tensor
                self.in_storage.setdefault(region.storage, []).append((number, region))

    def updates(self, read: Sequence[Region], outputs: Sequence[Any], written: frozenset[int]) -> bool:
        """Whether an operation only updates weights."""
        if not self.own.trains:
            return False
        made = {value.storage for value in outputs if isinstance(value, Region)} | written
        return self.own.updates({region.storage for region in read}, written, made, self.trained)

    def back_propagated(self, returned: Tensor) -> Tensor:
        """What was returned; if that is a tensor that the code called `backward` of, detached, the tensor itself."""
        roots = [] if returned.requires_grad else self.own.roots
        return next((root for root in reversed(roots) if self.region(root) == self.region(returned)), returned)

    def keep_state(
        self, values: Sequence[tuple[Tensor, Region]], written: frozenset[int], options: Mapping[str, Any]
    ) -> None:
        """Before an operation: a tensor that no operation of this run made was there before, and will be set back."""
        if self.state is None:
            return
        for tensor, region in values:
            if region.storage not in self.known:
                self.state.see(tensor)
                if region.storage in written:
                    self.state.storages.keep(tensor)
        if isinstance(generator := options.get("generator"), torch.Generator):
            self.state.see_generator(generator)

    def recording(self, arguments: Mapping[str, Region], result: Region) -> Recording:
        """What was collected; to be asked for after a run that returned."""
        if self.returned is None:
            raise RuntimeError("the run has not returned")
        events, lines, twins = tuple(self.events), tuple(self.decided_by_value), tuple(self.twins)
        held = {key: tensor for key, passing in self.passing.items() if (tensor := passing()) is not None}
        made = dict(sorted((self.made | held).items(), key=lambda one: one[0][0])) if held else self.made
        given, trains, names = self.given, self.own.trains, self.names.found
        return Recording(arguments, events, result, self.returned, given, made, lines, twins, trains, names)

    def set_back(self) -> None:
        """After the run: the recording keeps the values that it saw, and the world has those that it had before."""
        if self.state is None:
            return
        seen = {region: tensor.detach() for region, tensor in self.given.items()}
        self.state.restore_run(self.save_changed)
        for region, alias in seen.items():  # a tensor may have been moved to other numbers before it was read
            moved = self.address(self.given[region]) != self.address(alias)
            if moved and self.numbers.get(self.address(alias)) == region.storage:
                needed = self.given[region].requires_grad
                self.given[region] = alias.requires_grad_(needed)

    def save_changed(self, addresses: list[int]) -> None:
        """The values of what lies in storages that are about to be set back."""
        self.save_values(frozenset(self.numbers[at] for at in addresses if at in self.numbers))
        returned = self.returned
        if returned is not None and self.address(returned) in addresses:
            with torch.enable_grad():
                self.returned = returned.clone()

    def save_values(self, written: frozenset[int]) -> None:
        """Before a storage is written into: what was seen of it keeps the values that it had."""
        for storage in written:
            for key in self.in_storage.pop(storage, ()):
                self.made[key] = self.made[key].detach().clone()
            for region, tensor in self.given.items():
                if region.storage == storage:  # a parameter that its optimizer moves is one still
                    self.given[region] = tensor.detach().clone().requires_grad_(tensor.requires_grad)


def has_its_own_backward(tensor: Tensor) -> bool:
    """Whether it is from a user's own autograd function or one that torch.jit compiled, or has a hook."""
    if tensor._backward_hooks:
        return True
    made = tensor.grad_fn
    return made is not None and (isinstance(made, BackwardCFunction) or "torch::jit" in made.name())


def is_from_own_function(tensor: Tensor) -> bool:
    """Whether it is from a user's own autograd function, in whose forward autograd is switched off."""
    return isinstance(tensor.grad_fn, BackwardCFunction)


def record(
    function: Callable[..., Any],
    call: Sequence[Any],
    arguments: Mapping[str, Tensor],
    scalar: Callable[[Any], Tensor] = lambda returned: returned,
    state: State | None = None,
) -> Recording:
    """Run `function(*call)` once and say what it did.

    Args:
        function: the user's.
        call: its arguments.
        arguments: the names of tensors in `call`.
        scalar: picks the tensor that counts from what was returned.
        state: what the world is set back to after the run.
    """
    recorder = _Recorder(state)
    named = {name: recorder.read(tensor) for name, tensor in arguments.items()}
    try:
        # whoever asks for the audit may have switched gradients off: the step has not
        with torch.enable_grad(), recorder.own, recorder, by_slow_sides() as recorder.twins:
            returned = scalar(function(*call))
            result = recorder.region(returned)
            recorder.returned = recorder.back_propagated(returned)
    finally:
        recorder.set_back()
    return recorder.recording(named, result)
