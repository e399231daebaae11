"""Copies of the bytes in storages, made before user code writes there.

In: tensors. Out: their storages' bytes as they were, written back where they changed. For example, after `w.mul_(3)` by
an optimizer the storage of w holds other bytes, and `restore` writes the old ones, in place.
"""

from collections.abc import Set
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import _disable_current_modes

__all__ = ["Storages", "is_lazy"]


_MOST_BYTES = 2**28
"""Of copies made before any write is seen: 256 MB, a tenth of a second. Larger ones are copied when written into."""

_AUTOGRAD: Any = torch._C.__dict__["_autograd"]
_LAZY: Any = nn.parameter.__dict__["UninitializedTensorMixin"]


def is_lazy(tensor: Tensor) -> bool:
    """Whether it is a lazy layer's, which has no shape before the layer's first run."""
    return isinstance(tensor, _LAZY)


class Storages:
    """The storages that user code may write into, with the bytes that they held at first."""

    def __init__(self) -> None:
        self.copies: dict[int, tuple[torch.UntypedStorage, Tensor]] = {}
        self.versions: dict[int, tuple[Tensor, int]] = {}
        self.bytes = 0

    def watch(self, tensor: Tensor) -> None:
        """Copy the storage now, while the copies are few: a write of numpy's, or a thread's, is no operation seen."""
        if tensor.layout == torch.strided and self.bytes + tensor.untyped_storage().nbytes() <= _MOST_BYTES:
            self.keep(tensor)

    def keep(self, tensor: Tensor) -> None:
        """Copy the tensor's whole storage, unless it has been; note the tensor's version."""
        if tensor.layout != torch.strided or tensor.device.type == "meta":
            return
        if id(tensor) not in self.versions and not tensor.is_inference():
            self.versions[id(tensor)] = tensor, tensor._version
        storage = tensor.untyped_storage()
        if storage._cdata in self.copies:
            return
        with _disable_current_modes(), torch.no_grad():
            self.copies[storage._cdata] = storage, _bytes(storage).clone()
        self.bytes += storage.nbytes()

    def changed(self, only: Set[int] | None = None) -> list[int]:
        """The addresses of those that hold other bytes now; `only`: of these addresses alone."""
        kept = self.copies if only is None else {at: self.copies[at] for at in only & self.copies.keys()}
        with _disable_current_modes(), torch.no_grad():
            return [at for at, (storage, copy) in kept.items() if not _equal(_bytes(storage), copy)]

    def restore(self, changed: list[int]) -> None:
        """Write the bytes back: only what changed, since memory that is only read may be mapped from a file."""
        with _disable_current_modes(), torch.no_grad():
            for at in changed:
                storage, copy = self.copies[at]
                if storage.nbytes() != copy.numel():
                    storage.resize_(copy.numel())
                _bytes(storage).copy_(copy)
        for tensor, version in self.versions.values():
            if tensor._version != version:  # a graph that was made before the audit may still be gone back through
                _AUTOGRAD._unsafe_set_version_counter((tensor,), (version,))


def _bytes(storage: torch.UntypedStorage) -> Tensor:
    """A tensor on the storage; its version is its own, so that a write through it is not counted."""
    return torch.empty(0, dtype=torch.uint8, device=storage.device).set_(storage)


def _equal(one: Tensor, other: Tensor) -> bool:
    if one.numel() != other.numel():
        return False
    wide = one.numel() % 8 == 0 and one.data_ptr() % 8 == 0 and other.data_ptr() % 8 == 0
    return torch.equal(one.view(torch.int64), other.view(torch.int64)) if wide else torch.equal(one, other)
