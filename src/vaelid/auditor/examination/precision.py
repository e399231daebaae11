"""Runs in double precision: casts to fewer digits are left out, and where digits are lost all the same is seen.

In: the operations of a run, one after the other. Out: their results. For example, `Widened` makes `mu.float()` of a
float64 what `mu` is; `Rounding` has `found` a cross-entropy of logits in float64 and targets in float32, a float32.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from vaelid.auditor.recording.operation_mode import OperationMode

__all__ = ["Rounding", "Widened"]


class Widened(OperationMode):
    """Casts of float64 to fewer digits give the float64 itself: a difference of two losses is to have ten digits.

    `torch.autocast` leaves a float64 as it is, so that with the casts back to float32 the whole step runs in double.
    """

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = dict(kwargs or {})
        asked = options.get("dtype")
        if func is torch.ops.aten._to_copy.default and args[0].dtype == torch.float64 and asked in _SHORTER:
            options["dtype"] = torch.float64
        return func(*args, **options)


_SHORTER = (torch.float32, torch.bfloat16, torch.float16)


class Rounding(OperationMode):
    """Sees whether an operation puts out fewer digits than any of its arguments has; a mask's `.float()` does not.

    A cross-entropy of logits in float64 and targets in float32 is a float32.
    """

    found = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.found = self.found or _coarsest(result) > _finest((args, kwargs or {})) > 0
        return result


def _coarsest(value: Any) -> float:
    """The relative rounding of the least precise numbers; 0 where there are no real ones."""
    return max(_roundings_of(value), default=0.0)


def _finest(value: Any) -> float:
    """The relative rounding of the most precise numbers; 0 where there are no real ones."""
    return min(_roundings_of(value), default=0.0)


def _roundings_of(value: Any) -> list[float]:
    leaves = tree_leaves(value)
    return [torch.finfo(t.dtype).eps for t in leaves if isinstance(t, Tensor) and t.is_floating_point()]
