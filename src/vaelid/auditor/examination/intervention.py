"""Operations whose outputs are given, whatever the code would have computed: do(mean = ...), do(output = ...).

In: the numbers of operations, counted without `detach`, with the tensors that they are to put out. Out: a mode that the
code is run in. For example, with the decoder's output held at a value its likelihood moves with the data alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from vaelid.auditor.recording.operation_mode import OperationMode

__all__ = ["Intervention"]


class Intervention(OperationMode):
    """Gives the outputs of some operations.

    It knows them by counting along `names`, those of the recorded run: an operation that is not the next of these is a
    recorder's own, or a `detach`, and is not counted.
    """

    def __init__(self, outputs: Mapping[int, Tensor], names: Sequence[str]) -> None:
        super().__init__()
        self.outputs, self.names, self.number = outputs, names, -1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        following = self.number + 1
        if following >= len(self.names) or str(func) != self.names[following]:
            return result
        self.number = following
        if following not in self.outputs or not isinstance(result, Tensor):
            return result
        return self.outputs[following].to(result).clone()
