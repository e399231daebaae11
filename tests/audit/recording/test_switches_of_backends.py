"""The flags and functions of `torch.backends`: what each of them sets is set back."""

import sys
import types
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
import torch

from vaelid.auditor.recording.kinds_of_switch import Snapshot
from vaelid.auditor.recording.switches_of_torch import OF_TORCH


def properties() -> Iterator[tuple[str, Any]]:
    """The flags of the modules of `torch.backends`, and of what they hold: (module, flag) by name."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith("torch.backends"):
            for kind in type(module).__mro__:
                for flag, value in vars(kind).items():
                    if type(value).__name__ == "ContextProp":
                        yield f"{name}.{flag}", (module, flag)
    for name in ("cuda.matmul", "cudnn.conv", "mkldnn.matmul", "mkldnn.conv", "mkldnn.rnn"):
        owner, _, part = name.partition(".")
        yield (
            f"torch.backends.{name}.fp32_precision",
            (getattr(sys.modules[f"torch.backends.{owner}"], part), "fp32_precision"),
        )
    for flag in ("allow_tf32", "allow_fp16_reduced_precision_reduction", "allow_bf16_reduced_precision_reduction"):
        yield f"torch.backends.cuda.matmul.{flag}", (torch.backends.cuda.matmul, flag)


PROPERTIES = dict(properties())
FIXED = {"torch.backends.mkldnn.allow_tf32"}  # without Intel's GPUs it warns and stays None
VALUES = {"none": "tf32", "tf32": "ieee", "auto": "native"}


@pytest.mark.parametrize("name", sorted(PROPERTIES.keys() - FIXED))
def test_a_flag_of_a_backend_is_set_back(name):
    module, flag = PROPERTIES[name]
    before, kept = getattr(module, flag), Snapshot(OF_TORCH)
    setattr(module, flag, not before if isinstance(before, bool) else VALUES[before])
    assert getattr(module, flag) != before
    assert kept.restore() == []
    assert getattr(module, flag) == before


CUDA = torch.backends.cuda
FUNCTIONS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "cuda.enable_flash_sdp": (CUDA.flash_sdp_enabled, lambda: CUDA.enable_flash_sdp(False)),
    "cuda.enable_mem_efficient_sdp": (CUDA.mem_efficient_sdp_enabled, lambda: CUDA.enable_mem_efficient_sdp(False)),
    "cuda.enable_math_sdp": (CUDA.math_sdp_enabled, lambda: CUDA.enable_math_sdp(False)),
    "cuda.enable_cudnn_sdp": (CUDA.cudnn_sdp_enabled, lambda: CUDA.enable_cudnn_sdp(False)),
    "cuda.allow_fp16_bf16_reduction_math_sdp": (
        CUDA.fp16_bf16_reduction_math_sdp_allowed,
        lambda: CUDA.allow_fp16_bf16_reduction_math_sdp(True),
    ),
    "mha.set_fastpath_enabled": (
        torch.backends.mha.get_fastpath_enabled,
        lambda: torch.backends.mha.set_fastpath_enabled(False),
    ),
    "nnpack.set_flags": (torch._C._get_nnpack_enabled, lambda: torch.backends.nnpack.set_flags(False)),
    "disable_global_flags": (torch.backends.flags_frozen, torch.backends.disable_global_flags),
}
OTHER_FUNCTIONS = {
    "set_flags": "sets the flags above",
    "cudnn.set_flags": "sets the flags above",
    "miopen.set_flags": "sets the flags above",
    "mkldnn.set_flags": "sets the flags above",
    "opt_einsum.set_flags": "refuses where the package of that name is not installed; its two values are switches",
    "python_native.*": "registers kernels anew, and all of them give the same operation",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_function_of_a_backend_sets_is_set_back(name):
    get, change = FUNCTIONS[name]
    before, kept = get(), Snapshot(OF_TORCH)
    change()
    changed = get() != before
    assert kept.restore() == []
    assert (changed, get()) == (True, before)


def test_every_function_of_a_backend_that_sets_something_is_tried_above():
    found = set()
    for name, module in sys.modules.items():
        if name == "torch.backends" or name.startswith("torch.backends."):
            inside = vars(getattr(module, "m", module))
            for function, value in inside.items():
                public = isinstance(value, types.FunctionType) and value.__module__ == name and function[0] != "_"
                if public and {"set", "enable", "disable", "allow"} & {*function.split("_")}:
                    found.add(f"{name}.{function}".removeprefix("torch.backends."))
    others = {name for name in found for pattern in OTHER_FUNCTIONS if fnmatchcase(name, pattern)}
    assert found - others == FUNCTIONS.keys()


@pytest.mark.parametrize("flag", ["enabled", "strategy"])
def test_what_hides_a_flag_of_einsum_is_taken_away(flag):
    """Without the package opt-einsum these are plain names, which an assignment hides in the object before them."""
    module, kept = torch.backends.opt_einsum, Snapshot(OF_TORCH)
    before, inside = getattr(module, flag), getattr(module.m, flag)
    setattr(module, flag, "greedy")
    setattr(module.m, flag, "optimal")
    assert kept.restore() == []
    assert (getattr(module, flag), getattr(module.m, flag)) == (before, inside)
    assert flag not in vars(module)
