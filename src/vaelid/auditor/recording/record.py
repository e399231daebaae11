"""Record one run of PyTorch code as the ATen operations it came down to, with the line of the user's that asked.

Recording happens below autograd, so Python's control flow, in-place operations and `torch.distributions` need no
special treatment. A tensor is known by its place: the same storage, sizes, strides and offset are the same tensor.
"""

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from vaelid.auditor.recording.state import State
from vaelid.auditor.recording.storages import is_lazy

__all__ = ["Event", "Place", "Recording", "has_its_own_backward", "is_from_own_function", "record"]


@dataclass(frozen=True)
class Place:
    """Where a tensor lies: the number of its storage, its geometry there, and whether it holds real numbers."""

    storage: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    real: bool

    def overlaps(self, other: "Place") -> bool:
        """Whether two places of one storage share a number; large ones are taken to."""
        if max(math.prod(self.size), math.prod(other.size)) > _MOST_POSITIONS:
            return True
        return bool(torch.isin(self.positions(), other.positions()).any())

    def positions(self) -> Tensor:
        """The positions in the storage, one after the other."""
        found = torch.tensor([self.offset])
        for length, stride in zip(self.size, self.stride, strict=True):
            found = (found[:, None] + stride * torch.arange(length)).flatten()
        return found


_MOST_POSITIONS = 10**6


@dataclass(frozen=True)
class Event:
    """One ATen operation: tensors in the arguments and outputs are replaced by their places.

    `written` are the storages that it wrote into, besides what it made; `stopped` those of its arguments through
    which autograd will not go back, `custom` those that come from a user's own `autograd.Function` or have a hook;
    `unchanged` says of a clamp that it left every value as it was, `no_grad` that autograd was switched off, `twofold`
    that one place is read both by a tensor that autograd goes back through and by one that it does not.
    """

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    outputs: tuple[Any, ...]
    source: str
    written: frozenset[int]
    stopped: frozenset[Place]
    custom: frozenset[Place]
    unchanged: bool
    no_grad: bool = False
    twofold: bool = False

    def places(self) -> list[Place]:
        """Its arguments that are tensors."""
        return [v for v in tree_flatten((self.arguments, dict(self.options)))[0] if isinstance(v, Place)]


@dataclass
class Recording:
    """The operations in order, the place of what came out, and the tensors that were seen.

    `gradients` False: it is not meant to be differentiated. `given` are the tensors that no operation made, `made` what
    the event of that number put out, with the values that it had then. `decided_by_value` are the lines at which Python
    asked a tensor for its value, `inactive_clamps` those of clamps that changed nothing.
    """

    arguments: dict[str, Place] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    returned: Tensor | None = None
    gradients: bool = True
    result: Place | None = None
    given: dict[Place, Tensor] = field(default_factory=dict)
    made: dict[tuple[int, Place], Tensor] = field(default_factory=dict)
    decided_by_value: list[str] = field(default_factory=list)
    inactive_clamps: list[str] = field(default_factory=list)

    def events_that_count(self) -> list[tuple[int, Event]]:
        """The events by their numbers, without the checks of values that nothing was computed from.

        Whether torch checks a distribution's arguments is a switch of the process: what an audit says must not hang
        on it.
        """
        assert self.result is not None
        needed = {self.result.storage}
        found = []
        for number, event in reversed(list(enumerate(self.events))):
            outputs = [place for place in event.outputs if isinstance(place, Place)]
            idle = not event.written and not any(x.real or x.storage in needed for x in outputs)
            if not idle:
                needed |= {place.storage for place in event.places()}
                found.append((number, event))
        return found[::-1]


_ASK_FOR_A_VALUE = ("aten._local_scalar_dense", "aten.is_nonzero", "aten.equal")
_CLAMPS = ("aten.clamp", "aten.hardtanh")


class _Recorder(TorchDispatchMode):
    def __init__(self, recording: Recording, state: State | None) -> None:
        super().__init__()
        self.recording, self.state = recording, state
        self.numbers: dict[int, int] = {}
        self.kept: list[Any] = []  # a storage that is alive keeps its address to itself
        self.known: set[int] = set()
        self.in_storage: dict[int, list[tuple[int, Place]]] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # it would load torch's compiler, seconds of work, to keep that from compiling this

    def address(self, tensor: Tensor) -> int:
        """Of its storage; a sparse tensor is one thing: it is never a view."""
        with torch._C.DisableTorchFunctionSubclass():
            return tensor.untyped_storage()._cdata if tensor.layout == torch.strided else id(tensor)

    def place(self, tensor: Tensor) -> Place:
        dense, address = tensor.layout == torch.strided, self.address(tensor)
        if address not in self.numbers:
            self.numbers[address] = len(self.numbers)
            self.kept.append(tensor.untyped_storage() if dense else tensor)
        if is_lazy(tensor):  # a lazy layer's, which has no shape to ask for
            return Place(self.numbers[address], (0,), (1,), 0, True)
        return Place(
            self.numbers[address],
            tuple(tensor.shape),
            tuple(tensor.stride()) if dense else (),
            int(tensor.storage_offset()) if dense else 0,
            tensor.is_floating_point(),
        )

    def read(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        place = self.place(value)
        if place.storage not in self.known:
            self.recording.given.setdefault(place, value)
        return place

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        arguments = tree_map(self.read, tuple(args))
        options = tree_map(self.read, dict(kwargs or {}))
        tensors = [value for value in tree_flatten((args, kwargs or {}))[0] if isinstance(value, Tensor)]
        stopped = frozenset(self.place(tensor) for tensor in tensors if not tensor.requires_grad)
        twofold = any(tensor.requires_grad and self.place(tensor) in stopped for tensor in tensors)
        no_grad = not torch.is_grad_enabled()
        custom = frozenset(self.place(tensor) for tensor in tensors if has_its_own_backward(tensor))
        written = frozenset(_written(func, arguments, options))
        self.keep_state(tensors, written, kwargs or {})
        self.save_values(written)
        name = str(func)
        before = args[0].clone() if name.startswith(_CLAMPS) and written else None  # changed in place
        result = func(*args, **(kwargs or {}))
        outputs = tree_map(lambda v: self.place(v) if isinstance(v, Tensor) else v, tuple(tree_flatten(result)[0]))
        self.known |= written
        number = len(self.recording.events)
        for tensor in tree_flatten(result)[0]:
            if isinstance(tensor, Tensor):
                place = self.place(tensor)
                self.known.add(place.storage)
                self.recording.made[number, place] = tensor
                self.in_storage.setdefault(place.storage, []).append((number, place))
        source = _source()
        if name.startswith(_ASK_FOR_A_VALUE) and not _checking():
            self.recording.decided_by_value.append(source)
        unchanged = name.startswith(_CLAMPS) and torch.equal(result, args[0] if before is None else before)
        if unchanged:
            self.recording.inactive_clamps.append(source)
        event = Event(name, arguments, options, outputs, source, written, stopped, custom, unchanged, no_grad, twofold)
        self.recording.events.append(event)
        return result

    def keep_state(self, tensors: Sequence[Tensor], written: frozenset[int], options: Mapping[str, Any]) -> None:
        """Before an operation: a tensor that no operation of this run made was there before, and will be set back."""
        if self.state is None:
            return
        for tensor in tensors:
            if (storage := self.place(tensor).storage) not in self.known:
                self.state.see(tensor)
                if storage in written:
                    self.state.storages.keep(tensor)
        if isinstance(generator := options.get("generator"), torch.Generator):
            self.state.see_generator(generator)

    def set_back(self) -> None:
        """After the run: the recording keeps the values that it saw, and the world has those that it had before."""
        if self.state is None:
            return
        seen = {place: tensor.detach() for place, tensor in self.recording.given.items()}
        self.state.restore_run(self.save_changed)
        for place, alias in seen.items():  # a tensor may have been moved to other numbers before it was read
            moved = self.address(self.recording.given[place]) != self.address(alias)
            if moved and self.numbers.get(self.address(alias)) == place.storage:
                needed = self.recording.given[place].requires_grad
                self.recording.given[place] = alias.requires_grad_(needed)

    def save_changed(self, addresses: list[int]) -> None:
        """The values of what lies in storages that are about to be set back."""
        self.save_values(frozenset(self.numbers[at] for at in addresses if at in self.numbers))
        returned = self.recording.returned
        if returned is not None and self.address(returned) in addresses:
            with torch.enable_grad():
                self.recording.returned = returned.clone()

    def save_values(self, written: frozenset[int]) -> None:
        """Before a storage is written into: what was seen of it keeps the values that it had."""
        for storage in written:
            for key in self.in_storage.pop(storage, ()):
                self.recording.made[key] = self.recording.made[key].detach().clone()
            for place, tensor in self.recording.given.items():
                if place.storage == storage:
                    self.recording.given[place] = tensor.detach().clone()


class _RecorderBesideCompiler(_Recorder):
    """Where torch's compiler is loaded, it is kept from compiling the recording."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return True

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return super().__torch_dispatch__(func, types, args, kwargs)


def has_its_own_backward(tensor: Tensor) -> bool:
    """Whether it is from a user's own autograd function or one that torch.jit compiled, or has a hook."""
    made = tensor.grad_fn
    return is_from_own_function(tensor) or bool(tensor._backward_hooks) or "torch::jit" in (made.name() if made else "")


def is_from_own_function(tensor: Tensor) -> bool:
    """Whether it is from a user's own autograd function, in whose forward autograd is switched off."""
    return isinstance(tensor.grad_fn, BackwardCFunction)


def _written(operation: Any, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Iterator[int]:
    """The storages of the arguments that the operation's own schema says it writes into."""
    for position, argument in enumerate(operation._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            given = arguments[position] if position < len(arguments) else options.get(argument.name)
            yield from (place.storage for place in tree_flatten(given)[0] if isinstance(place, Place))


_NOT_THE_USERS = ("/torch/", "/jaxtyping/", "/vaelid/auditor/")
_BETWEEN = (
    "<",
    "/jaxtyping/",
    "/torch/utils/",
    "/torch/_dynamo/",
    "/torch/_compile.py",
    "/vaelid/auditor/recording/record.py",
)


def _checking() -> bool:
    """Whether it is torch that looks at a value, to check an argument, and not the user."""
    caller = sys._getframe(2)
    while caller is not None and any(place in caller.f_code.co_filename for place in _BETWEEN):
        caller = caller.f_back
    return caller is not None and "/torch/" in caller.f_code.co_filename


def _source() -> str:
    """File and line of the innermost frame that is neither torch's nor ours."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<") and not any(place in file for place in _NOT_THE_USERS):
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return "unknown"


def record(
    function: Callable[..., Any],
    call: Sequence[Any],
    arguments: Mapping[str, Tensor],
    scalar: Callable[[Any], Tensor] = lambda returned: returned,
    state: State | None = None,
) -> Recording:
    """Run `function(*call)` once and say what it did.

    `arguments` names the tensors in `call`; `scalar` picks the tensor that counts from what was returned. To `state`
    the world is set back after the run.
    """
    recording = Recording()
    recorder = (_RecorderBesideCompiler if "torch._dynamo" in sys.modules else _Recorder)(recording, state)
    for name, tensor in arguments.items():
        recording.arguments[name] = recorder.read(tensor)
    try:
        with torch.enable_grad(), recorder:  # whoever asks for the audit may have switched it off: the step has not
            recording.returned = scalar(function(*call))
            recording.result = recorder.place(recording.returned)
    finally:
        recorder.set_back()
    return recording
