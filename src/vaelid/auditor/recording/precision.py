"""In how many bits torch multiplies float32 numbers, as one switch: two APIs of torch's set it, and share state.

`torch.set_float32_matmul_precision` and `allow_tf32` are the older API, `fp32_precision` in `torch.backends` the newer.
After `torch.backends.fp32_precision = "tf32"` the older getters raise `RuntimeError`: they find the two APIs mixed.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from vaelid.auditor.recording.kinds_of_switch import Switch

__all__ = ["of_precision"]

_C: Any = torch._C
_At = tuple[str, str]
_ABOVE: tuple[_At, ...] = (("generic", "all"), ("mkldnn", "all"), ("cuda", "all"))
_OPERATIONS: tuple[_At, ...] = tuple((b, kind) for b in ("mkldnn", "cuda") for kind in ("matmul", "conv", "rnn"))
_INHERITS = "none"
"""The setting of an operation that has that of its backend, or of a backend that has the generic one."""


def of_precision() -> Iterator[Switch]:
    """All of it as one switch; for a torch before 2.9, which has the older API alone, its two switches."""
    if hasattr(_C, "_get_fp32_precision_getter"):
        yield Switch("float32 precision", _get, _set)
    else:
        yield Switch("matmul precision", torch.get_float32_matmul_precision, torch.set_float32_matmul_precision)
        yield Switch("cudnn_allow_tf32", _C._get_cudnn_allow_tf32, _C._set_cudnn_allow_tf32)


def _get() -> tuple[dict[_At, str], str, bool]:
    """The newer API's settings, each as it was set, not as it is inherited; and the two variables of the older one."""
    newer = _as_set()
    try:
        return newer, _C._get_float32_matmul_precision(), _C._get_cudnn_allow_tf32()
    except RuntimeError:
        return newer, *_older(newer)


def _set(value: tuple[dict[_At, str], str, bool]) -> None:
    newer, matmul, cudnn = value
    _C._set_float32_matmul_precision(matmul)  # these two change settings of the newer API, so they come first
    _C._set_cudnn_allow_tf32(cudnn)
    for at, precision in newer.items():
        _C._set_fp32_precision_setter(*at, precision)


def _as_set() -> dict[_At, str]:
    """The getters say what holds in the end. What an operation itself has shows while all above it have nothing."""
    found: dict[_At, str] = {}
    try:
        for at in (*_ABOVE, *_OPERATIONS):
            found[at] = _C._get_fp32_precision_getter(*at)
            if at in _ABOVE and found[at] != _INHERITS:  # not otherwise: other threads see what is set here
                _C._set_fp32_precision_setter(*at, _INHERITS)
    finally:
        for at in _ABOVE:
            if found.get(at, _INHERITS) != _INHERITS:
                _C._set_fp32_precision_setter(*at, found[at])
    return found


def _older(newer: dict[_At, str]) -> tuple[str, bool]:
    """The variables of the older API, read while the newer settings agree with whatever their values are."""
    try:
        for backend in ("mkldnn", "cuda"):
            _C._set_fp32_precision_setter(backend, "matmul", "ieee")
        for kind in ("conv", "rnn"):
            _C._set_fp32_precision_setter("cuda", kind, "tf32")
        return _C._get_float32_matmul_precision(), _does_not_raise(_C._get_cudnn_allow_tf32)
    finally:
        for at in _OPERATIONS:
            _C._set_fp32_precision_setter(*at, newer[at])


def _does_not_raise(get: Callable[[], Any]) -> bool:
    """The getter raises where its variable is False, beside operations that are set to TF32."""
    try:
        return bool(get())
    except RuntimeError:
        return False
