"""Record one run of PyTorch code as the ATen operations it came down to, with the line of the user's that asked.

Recording happens below autograd, so Python's control flow, in-place operations and `torch.distributions` need no
special treatment. A tensor is known by its place: the same storage, sizes, strides and offset are the same tensor.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

__all__ = ["Event", "Place", "Recording", "record"]


@dataclass(frozen=True)
class Place:
    """Where a tensor lies: the number of its storage, its geometry there, and whether it holds real numbers."""

    storage: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    real: bool


@dataclass(frozen=True)
class Event:
    """One ATen operation: tensors in the arguments and outputs are replaced by their places.

    `written` are the storages that it wrote into, besides what it made; `unchanged` says of a clamp that it left every
    value as it was.
    """

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    outputs: tuple[Any, ...]
    source: str
    written: frozenset[int]
    unchanged: bool


@dataclass
class Recording:
    """The operations in order, the place of what came out, and the values of single numbers that no operation made.

    `decided_by_value` are the lines at which Python asked a tensor for its value, `inactive_clamps` those of clamps
    that changed nothing.
    """

    arguments: dict[str, Place] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    result: Place | None = None
    single_values: dict[Place, float] = field(default_factory=dict)
    decided_by_value: list[str] = field(default_factory=list)
    inactive_clamps: list[str] = field(default_factory=list)


_CLAMPS = ("aten.clamp", "aten.hardtanh")


class _Recorder(TorchDispatchMode):
    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording
        self.numbers: dict[int, int] = {}
        self.kept: list[Any] = []  # a storage that is alive keeps its address to itself
        self.made: set[int] = set()

    def place(self, tensor: Tensor) -> Place:
        storage = tensor.untyped_storage()
        address = storage._cdata
        if address not in self.numbers:
            self.numbers[address] = len(self.numbers)
            self.kept.append(storage)
        return Place(
            self.numbers[address],
            tuple(tensor.shape),
            tuple(tensor.stride()),
            int(tensor.storage_offset()),
            tensor.is_floating_point(),
        )

    def read(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        place = self.place(value)
        if place.storage not in self.made and value.numel() == 1 and not value.requires_grad:
            self.recording.single_values[place] = float(value.detach())
        return place

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        arguments = tree_map(self.read, tuple(args))
        options = tree_map(self.read, dict(kwargs or {}))
        result = func(*args, **(kwargs or {}))
        outputs = tree_map(lambda v: self.place(v) if isinstance(v, Tensor) else v, tuple(tree_flatten(result)[0]))
        written = frozenset(_written(func, arguments, options))
        self.made |= written
        self.made |= {output.storage for output in outputs if isinstance(output, Place)}
        source = _source()
        name = str(func)
        if name.startswith(("aten._local_scalar_dense", "aten.is_nonzero", "aten.equal")):
            self.recording.decided_by_value.append(source)
        unchanged = name.startswith(_CLAMPS) and result is not args[0] and torch.equal(result, args[0])
        if unchanged:
            self.recording.inactive_clamps.append(source)
        event = Event(name, arguments, options, outputs, source, written, unchanged)
        self.recording.events.append(event)
        return result


def _written(operation: Any, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Iterator[int]:
    """The storages of the arguments that the operation's own schema says it writes into."""
    for position, argument in enumerate(operation._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            given = arguments[position] if position < len(arguments) else options.get(argument.name)
            yield from (place.storage for place in tree_flatten(given)[0] if isinstance(place, Place))


_NOT_THE_USERS = ("/torch/", "/jaxtyping/", "/vaelid/auditor/")


def _source() -> str:
    """File and line of the innermost frame that is neither torch's nor ours."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<") and not any(place in file for place in _NOT_THE_USERS):
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return "unknown"


def record(function: Callable[..., Any], arguments: Mapping[str, Tensor]) -> tuple[Recording, Any]:
    """Run the function once, on the arguments in their order: what it did, and what it returned."""
    recording = Recording()
    recorder = _Recorder(recording)
    for name, tensor in arguments.items():
        recording.arguments[name] = recorder.place(tensor)
        recorder.made.add(recording.arguments[name].storage)
    with recorder:
        result = function(*arguments.values())
    if isinstance(result, Tensor):
        recording.result = recorder.place(result)
    return recording, result
