"""What torch states of an operation by itself: its name, and which of its arguments it writes into.

In: an operation as a mode of torch is handed it, and its arguments as regions. Out: its name, and the storages that it
writes into. For example, `aten.add_.Tensor` writes into that of its first argument.

Neither hangs on the call, and an examination calls the same operation some thousand times: both are looked up once.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from torch.utils._pytree import tree_leaves

from vaelid.auditor.recording.events import Region

__all__ = ["operation_name", "storages_written"]


@cache
def operation_name(operation: Any) -> str:
    """The name as torch prints it: ``aten.add_.Tensor``."""
    return str(operation)


@cache
def _written_arguments(operation: Any) -> tuple[tuple[int, str], ...]:
    infos = ((at, one.name, one.alias_info) for at, one in enumerate(operation._schema.arguments))
    return tuple((at, name) for at, name, info in infos if info is not None and info.is_write)


def storages_written(operation: Any, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Iterator[int]:
    """The storages of the arguments that the operation's own schema says it writes into."""
    for position, name in _written_arguments(operation):
        given = arguments[position] if position < len(arguments) else options.get(name)
        yield from (region.storage for region in tree_leaves(given) if isinstance(region, Region))
