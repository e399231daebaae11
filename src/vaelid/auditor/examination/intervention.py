"""Operations whose outputs are given, whatever the code would have computed: do(mean = ...), do(output = ...).

In: the numbers of operations, counted without those that only hand numbers on, with the tensors that they are to put
out. Out: a mode that the code is run in. For example, with the decoder's output held at a value its likelihood moves
with the data alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.recording.operation_mode import OperationMode

__all__ = ["Intervention"]


class Intervention(OperationMode):
    """Gives the outputs of some operations.

    It knows them by counting along `names`, those of the recorded run: an operation that is not the next of these is a
    recorder's own, or only hands numbers on, and is not counted.
    """

    def __init__(self, outputs: Mapping[int, Tensor], names: Sequence[str]) -> None:
        super().__init__()
        self.outputs, self.names, self.number = outputs, names, -1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        following = self.number + 1
        if following >= len(self.names) or str(func) != self.names[following] or _casts(func, args, result):
            return result
        self.number = following
        if following not in self.outputs or not isinstance(result, Tensor):
            return result
        return self.outputs[following].to(result).clone()


def _casts(operation: Any, arguments: Any, result: Any) -> bool:
    """Whether it takes real numbers to another precision."""
    cast = operation is torch.ops.aten._to_copy.default
    return cast and arguments[0].is_floating_point() and result.is_floating_point()
