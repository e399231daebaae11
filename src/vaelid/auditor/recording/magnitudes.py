"""What a computation adds up, without signs: the size that rounding errors are relative to.

In: PyTorch code that runs inside ``with Magnitudes() as sizes``. Out: ``sizes.of(result)``, which for `a - b` is
|a| + |b|, however little of that is left. For example, ``(mu**2 + e^lv - 1 - lv).sum() / 2`` near 0 has the value 0 and
the magnitude 1.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map

from vaelid.auditor.recording.operation_mode import OperationMode

__all__ = ["Magnitudes"]

_ADDED = {"add", "sub", "rsub"}
_IN_PLACE = {"add_", "sub_", "mul_", "div_", "neg_"}
_MOVED = """_to_copy _unsafe_view alias as_strided cat clone detach diagonal expand flip gather index index_select
masked_fill permute repeat reshape select select_backward slice slice_backward split split_with_sizes squeeze stack t
transpose unbind unsqueeze view where"""
_SUMMED = "bmm cumsum dot linalg_vecdot mean mm mv sum"
_LINEAR = frozenset((*_MOVED.split(), *_SUMMED.split()))
"""Operations that only move, add or multiply what they are given: of magnitudes they make the magnitude. Any other
operation, such as exp, rounds its result, whose own size is its magnitude."""


class Magnitudes(OperationMode):
    """Collects the magnitude of each tensor that is computed inside."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[int, tuple[Tensor, Tensor]] = {}  # the tensor is kept, so that its id stays its own

    def of(self, tensor: Tensor) -> Tensor:
        """The magnitude of each element, at least its own size."""
        known = self.found.get(id(tensor))
        size = tensor.detach().abs()
        return size if known is None else torch.maximum(known[1], size)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        try:
            sizes = self._sizes(func, args, kwargs or {})  # before it writes into an argument
        except Exception:  # an operation whose magnitudes it does not take: its result has its own size
            sizes = None
        result = func(*args, **(kwargs or {}))
        outputs, made = tree_flatten(result)[0], tree_flatten(sizes)[0]
        for output, size in zip(outputs, made, strict=False):
            if _is_real(output) and isinstance(size, Tensor) and size.shape == output.shape:
                self.found[id(output)] = output, size
        return result

    def _sizes(self, func: Any, args: Any, kwargs: Any) -> Any:
        """The same operation on magnitudes; None for one that rounds anew."""
        name = func._schema.name.removeprefix("aten::")
        name = name.removesuffix("_") if name in _IN_PLACE else name
        of = tree_map(lambda value: self.of(value) if _is_real(value) else value, (args, kwargs))
        if name in _ADDED:
            one, other = (abs(value) for value in of[0][:2])
            return one + other * abs(of[1].get("alpha", of[0][2] if len(of[0]) > 2 else 1))
        if name == "neg":
            return of[0][0]
        if name in ("mul", "div") and len(of[0]) == 2 and not of[1]:
            one, other = (abs(value) for value in of[0])
            return one * other if name == "mul" else one / abs(args[1])
        if name in _LINEAR:
            return func(*of[0], **of[1])
        return None


def _is_real(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()
