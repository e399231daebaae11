"""Steps that change what torch, numpy and Python keep for the whole process."""

import builtins
import contextlib
import decimal
import gc
import locale
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad, graph
from torch.distributions import kl
from torch.nn.modules import module
from torch.optim import optimizer
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from .base import CASES
from .process import of_process

VARIABLE: ContextVar[Any] = ContextVar("variable", default=None)
VARIABLE.set(0)
_C: Any = torch._C
_B: Any = torch.backends
ENTERED: Any = contextlib.ExitStack()


class Functions(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))


class Dispatches(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))


def _nothing(*_: Any) -> None:
    return None


def _same(tensor: Tensor) -> Tensor:
    return tensor


def _entering(make: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: make().__enter__()


def _cuda(name: str) -> Callable[[], Any]:
    return lambda: getattr(torch.backends.cuda, f"enable_{name}_sdp")(False)


FLAGS: dict[str, Callable[[], Any]] = {
    **{f"no_{name}_attention": _cuda(name) for name in ("flash", "mem_efficient", "math", "cudnn")},
    "attention_kernel_entered": _entering(lambda: torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)),
    "order_of_attention": lambda: _C._set_sdp_priority_order([2, 1, 0, 3, 4]),
    "attention_in_half": lambda: torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True),
    "warn_always": lambda: torch.set_warn_always(True),
    "tf32_of_cudnn": lambda: setattr(_B.cudnn, "allow_tf32", False),
    "half_sums": lambda: setattr(_B.cuda.matmul, "allow_fp16_reduced_precision_reduction", False),
    "half_accumulation": lambda: setattr(_B.cuda.matmul, "allow_fp16_accumulation", True),
    "precision_of_onednn": lambda: _C._set_fp32_precision_setter("mkldnn", "matmul", "bf16"),
    "precision_of_all": lambda: _C._set_fp32_precision_setter("generic", "all", "tf32"),
    "onednn_deterministic": lambda: _C._set_mkldnn_deterministic(True),
    "nnpack": lambda: _C._set_nnpack_enabled(False),
    "fast_path": lambda: torch.backends.mha.set_fastpath_enabled(False),
    "einsum": lambda: setattr(_B.opt_einsum, "enabled", False),
    "einsum_order": lambda: setattr(_B.opt_einsum, "strategy", "greedy"),
    "fill_memory": lambda: setattr(torch.utils.deterministic, "fill_uninitialized_memory", False),
    "sparse_checks": lambda: torch.sparse.check_sparse_tensor_invariants.enable(),
    "fallback_of_autograd": lambda: _C._set_autograd_fallback_mode("nothing"),
    "view_replay": lambda: _C._set_view_replay_enabled(True),
    "swapped_parameters": lambda: torch.__future__.set_swap_module_params_on_conversion(True),
    "overwritten_parameters": lambda: torch.__future__.set_overwrite_module_params_on_conversion(True),
    "hub": lambda: torch.hub.set_dir("/nowhere"),
    "checkpoints": lambda: torch.utils.checkpoint.set_checkpoint_debug_enabled(True).__enter__(),
    "autocast_entered": _entering(lambda: torch.autocast("cpu")),
    "jit_optimisation": lambda: _C._set_graph_executor_optimize(False),
    "registered_distance": lambda: kl.register_kl(torch.distributions.Normal, torch.distributions.Poisson)(_nothing),
}
GLOBAL_HOOKS: dict[str, Callable[[], Any]] = {
    "every_forward": lambda: module.register_module_forward_hook(_nothing),
    "every_forward_always": lambda: module.register_module_forward_hook(_nothing, always_call=True),
    "before_every_forward": lambda: module.register_module_forward_pre_hook(_nothing),
    "every_backward": lambda: module.register_module_full_backward_hook(_nothing),
    "before_every_backward": lambda: module.register_module_full_backward_pre_hook(_nothing),
    "every_parameter": lambda: module.register_module_parameter_registration_hook(_nothing),
    "every_buffer": lambda: module.register_module_buffer_registration_hook(_nothing),
    "every_module": lambda: module.register_module_module_registration_hook(_nothing),
    "before_every_step": lambda: optimizer.register_optimizer_step_pre_hook(_nothing),
    "after_every_step": lambda: optimizer.register_optimizer_step_post_hook(_nothing),
    "saved_tensors": _entering(lambda: graph.saved_tensors_hooks(_same, _same)),
    "saved_tensors_twice": lambda: [graph.saved_tensors_hooks(_same, _same).__enter__() for _ in range(2)],
    "saved_on_cpu": _entering(graph.save_on_cpu),
    "no_saved_tensors_hooks": _entering(lambda: graph.disable_saved_tensors_hooks("none")),
    "function_mode": _entering(Functions),
    "dispatch_mode": _entering(Dispatches),
    "both_modes": lambda: (Functions().__enter__(), Dispatches().__enter__()),
    "forward_gradients": lambda: forward_ad.enter_dual_level(),
    "cached_parametrisations": _entering(nn.utils.parametrize.cached),
}
PYTHONS: dict[str, Callable[[], Any]] = {
    "warnings_filter": lambda: warnings.simplefilter("error"),
    "warnings_emptied": lambda: warnings.resetwarnings(),
    "warnings_caught": _entering(lambda: warnings.catch_warnings(record=True)),
    "numpy_printing": lambda: np.set_printoptions(precision=3),
    "numpy_call": lambda: np.seterrcall(_nothing),
    "numpy_errors_entered": _entering(lambda: np.errstate(all="raise")),
    "numpy_bits": lambda: np.random.set_bit_generator(np.random.PCG64(3)),
    "signal": lambda: signal.signal(signal.SIGUSR1, _nothing),
    "recursion_limit": lambda: sys.setrecursionlimit(sys.getrecursionlimit() + 77),
    "working_folder": lambda: os.chdir("/"),
    "environment": lambda: (os.environ.__setitem__("VAELID_TRACE", "1"), os.environ.pop("PATH", None)),
    "path": lambda: sys.path.insert(0, "/nowhere"),
    "path_replaced": lambda: setattr(sys, "path", ["/nowhere", *sys.path]),
    "standard_output": lambda: setattr(sys, "stdout", sys.__stderr__),
    "arguments": lambda: setattr(sys, "argv", ["other"]),
    "hook_on_errors": lambda: setattr(sys, "excepthook", _nothing),
    "hook_on_errors_of_threads": lambda: setattr(threading, "excepthook", _nothing),
    "a_name_of_python": lambda: setattr(builtins, "reversed", reversed_),
    "an_added_name": lambda: setattr(builtins, "added", 1),
    "collection_off": gc.disable,
    "thresholds": lambda: gc.set_threshold(500, 5, 5),
    "calls_at_collection": lambda: gc.callbacks.append(_nothing),
    "timeout": lambda: socket.setdefaulttimeout(7.0),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C" if locale.setlocale(locale.LC_ALL) != "C" else "C.UTF-8"),
    "log_level": lambda: logging.root.setLevel(logging.DEBUG),
    "logs_off": lambda: logging.disable(logging.ERROR),
    "log_handler": lambda: logging.root.addHandler(logging.NullHandler()),
    "decimal_digits": lambda: setattr(decimal.getcontext(), "prec", 7),
    "switch_interval": lambda: sys.setswitchinterval(0.01),
    "context_variable": lambda: VARIABLE.set(1),
}


def reversed_(value: Any) -> Any:
    return value[::-1]


CASES |= {f"process_{name}": of_process(change) for name, change in {**FLAGS, **GLOBAL_HOOKS, **PYTHONS}.items()}


def seen() -> dict[str, Any]:
    """What these steps change, asked for in ways of its own."""
    questions = [n for n in dir(_C) if n.startswith(("_get_", "_is_")) and n.endswith(_ENDS)]
    cuda = torch.backends.cuda
    return {
        **{name: getattr(_C, name)() for name in questions},
        "attention": (cuda.flash_sdp_enabled(), cuda.math_sdp_enabled(), cuda.cudnn_sdp_enabled()),
        "fp32": [_C._get_fp32_precision_getter(*at) for at in (("mkldnn", "matmul"), ("generic", "all"))],
        "fast path": torch.backends.mha.get_fastpath_enabled(),
        "einsum": (_B.opt_einsum.enabled, _B.opt_einsum.strategy),
        "fill": torch.utils.deterministic.fill_uninitialized_memory,
        "sparse": torch.sparse.check_sparse_tensor_invariants.is_enabled(),
        "future": list(vars(torch.__future__).items())[-6:],
        "hub": torch.hub.get_dir(),
        "checkpoints": torch.utils.checkpoint._checkpoint_debug_enabled,
        "nesting": (torch.autocast_increment_nesting(), torch.autocast_decrement_nesting()),
        "distances": list(kl._KL_REGISTRY),
        "hooks": [
            list(v) if isinstance(v, dict) else v
            for m in (module, optimizer)
            for n, v in vars(m).items()
            if "_global" in n
        ],
        "saved": _C._autograd._top_saved_tensors_default_hooks(True),
        "refused": _C._autograd._saved_tensors_hooks_get_disabled_error_message(),
        "modes": (_C._len_torch_function_stack(), _C._len_torch_dispatch_stack()),
        "forward": forward_ad._current_level,
        "cached": nn.utils.parametrize._cache_enabled,
        "warnings": (id(warnings.filters), list(warnings.filters), warnings.showwarning),
        "numpy": (np.get_printoptions(), np.geterrcall(), type(np.random.get_bit_generator())),
        "signals": [signal.getsignal(n) for n in (signal.SIGUSR1, signal.SIGINT, signal.SIGTERM)],
        "system": (sys.getrecursionlimit(), os.getcwd(), dict(os.environ), id(sys.path), list(sys.path)),
        "streams": (sys.stdout, list(sys.argv), sys.excepthook, threading.excepthook, sys.getswitchinterval()),
        "names": dict(vars(builtins)),
        "collection": (gc.isenabled(), gc.get_threshold(), list(gc.callbacks)),
        "rest": (socket.getdefaulttimeout(), locale.setlocale(locale.LC_ALL), repr(decimal.getcontext())),
        "logs": (logging.root.level, logging.root.manager.disable, list(logging.root.handlers)),
        "variable": VARIABLE.get(),
    }


_ENDS = (
    *("enabled", "warnAlways", "order", "reduction", "accumulation", "tf32"),
    *("deterministic", "backend", "fallback_mode", "optimize"),
)
