"""A mode of torch in which each operation is seen.

In: the class of a mode. Out: a class for which torch does not load its compiler. Torch would load the compiler, which
takes a second, to keep the mode from being compiled. So in a program that compiles nothing `torch._dynamo` stays
unloaded.
"""

import sys
from typing import Any, Self

import torch
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["OperationMode"]

_TORCH: Any = torch


class OperationMode(TorchDispatchMode):
    """Its `__torch_dispatch__` is kept from the compiler from the first use on at which that is loaded."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __enter__(self) -> Self:
        own: Any = type(self)
        if "torch._dynamo" in sys.modules and not hasattr(own.__torch_dispatch__, "__wrapped__"):
            own.__torch_dispatch__ = _TORCH._disable_dynamo(own.__torch_dispatch__, recursive=True)
        return super().__enter__()
