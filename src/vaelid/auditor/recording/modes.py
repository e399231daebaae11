"""Contexts of torch's that a step entered and did not leave: modes, hooks on what autograd saves, forward gradients.

To be set back outside of any context that hides the modes.
"""

from typing import Any

import torch
from torch.autograd import forward_ad
from torch.utils import _python_dispatch as dispatch
from torch.utils._device import DeviceContext

__all__ = ["Entered"]

_C: Any = torch._C
_AUTOGRAD: Any = _C.__dict__["_autograd"]
_FORWARD: Any = forward_ad


class Entered:
    """The contexts that are entered when this is made."""

    def __init__(self) -> None:
        self.modes, self.functions = _modes(), _functions()
        self.saving, self.refusal = _top(), _AUTOGRAD._saved_tensors_hooks_get_disabled_error_message()
        self.level = _FORWARD._current_level

    def leave(self) -> None:
        """Leave those that were entered since, and enter again those that were left."""
        if not _alike(_modes(), self.modes):
            _replace(_modes, dispatch._pop_mode, dispatch._push_mode, self.modes)
        if not _alike(_functions(), self.functions):
            devices = [mode for mode in _stack() if isinstance(mode, DeviceContext)]  # a switch of its own
            pop, push = _C._pop_torch_function_stack, _C._push_on_torch_function_stack
            _replace(_stack, pop, push, [*devices, *self.functions])
        while _FORWARD._current_level > self.level:
            forward_ad.exit_dual_level()
        self._leave_hooks()

    def _leave_hooks(self) -> None:
        """Hooks on what autograd saves: those on top are taken off, down to those that were on top."""
        while (top := _top()) is not None and not _alike([top], [self.saving]):
            _AUTOGRAD._pop_saved_tensors_default_hooks()
        if top is None and self.saving is not None:
            _AUTOGRAD._push_saved_tensors_default_hooks(*self.saving)
        if _AUTOGRAD._saved_tensors_hooks_get_disabled_error_message() == self.refusal:
            return
        if self.refusal is None:
            _AUTOGRAD._saved_tensors_hooks_enable()
        else:
            _AUTOGRAD._saved_tensors_hooks_disable(self.refusal)


def _modes() -> list[Any]:
    return list(dispatch._get_current_dispatch_mode_stack())


def _stack() -> list[Any]:
    return [_C._get_function_stack_at(k) for k in range(_C._len_torch_function_stack())]


def _functions() -> list[Any]:
    return [mode for mode in _stack() if not isinstance(mode, DeviceContext)]


def _top() -> Any:
    return _AUTOGRAD._top_saved_tensors_default_hooks(True)


def _alike(one: list[Any], other: list[Any]) -> bool:
    """Whether these are the same modes, or the same pairs of hooks."""
    if len(one) != len(other):
        return False
    pairs = zip(one, other, strict=True)
    return all(a is b or (type(a) is type(b) is tuple and _alike(list(a), list(b))) for a, b in pairs)


def _replace(now: Any, pop: Any, push: Any, modes: list[Any]) -> None:
    for _ in now():
        pop()
    for mode in modes:
        push(mode)
