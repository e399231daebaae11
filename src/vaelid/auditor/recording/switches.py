"""What torch, numpy and Python keep for the whole process: switches, and the states of the random generators.

In: nothing. Out: `Kept(SWITCHES)`, the values as they are now, to be set back. For example, a step that calls
`torch.set_default_dtype(torch.float64)` leaves float32 behind.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.distributions import Distribution

__all__ = ["GENERATORS", "SWITCHES", "Kept", "Switch"]


@dataclass(frozen=True)
class Switch:
    """One value of the process: its name, how it is read, and how it is set."""

    name: str
    get: Callable[[], Any]
    set: Callable[[Any], Any]


class Kept:
    """The values of some switches, as they are when this is made."""

    def __init__(self, switches: tuple[Switch, ...]) -> None:
        self.values = [(switch, switch.get()) for switch in switches]

    def restore(self) -> None:
        """Set what has another value now."""
        for switch, value in self.values:
            if not _same(switch.get(), value):
                switch.set(value)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)


_C: Any = torch._C
_CUDNN: Any = torch.backends.cudnn
_PRINTING: Any = torch.__dict__["_tensor_str"].PRINT_OPTS


def _default_device() -> Any:
    context = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    return None if context is None else context.device


def _flushes_denormals() -> bool:
    tiny = 1e-310
    return tiny * 1.0 == 0.0  # torch has no question for it


def _of(owner: Any, name: str) -> Switch:
    return Switch(name, lambda: getattr(owner, name), lambda value: setattr(owner, name, value))


def _printing(values: dict[str, Any]) -> None:
    vars(_PRINTING).update(values)


SWITCHES: tuple[Switch, ...] = (
    Switch("default dtype", torch.get_default_dtype, torch.set_default_dtype),
    Switch("default device", _default_device, torch.set_default_device),
    Switch(
        "deterministic algorithms",
        lambda: (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()),
        lambda value: torch.use_deterministic_algorithms(value[0], warn_only=value[1]),
    ),
    Switch(
        "anomaly mode",
        lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        lambda value: torch.set_anomaly_enabled(*value),
    ),
    Switch("gradients", torch.is_grad_enabled, _C._set_grad_enabled),
    *(
        Switch(
            f"autocast on {device}",
            lambda device=device: (torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)),
            lambda value, device=device: (
                torch.set_autocast_enabled(device, value[0]),
                torch.set_autocast_dtype(device, value[1]),
            ),
        )
        for device in ("cpu", "cuda")
    ),
    Switch("autocast cache", torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled),
    Switch("matmul precision", torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    *(_of(_CUDNN, name) for name in ("benchmark", "deterministic", "enabled", "allow_tf32")),
    _of(torch.backends.cuda.matmul, "allow_tf32"),
    Switch("oneDNN", _C._get_mkldnn_enabled, _C._set_mkldnn_enabled),
    Switch("denormal numbers", _flushes_denormals, torch.set_flush_denormal),
    Switch("threads", torch.get_num_threads, torch.set_num_threads),
    Switch("threads of backward", _C._is_multithreading_enabled, _C._set_multithreading_enabled),
    Switch("checks of distributions", lambda: Distribution._validate_args, Distribution.set_default_validate_args),
    Switch("torch's printing", lambda: dict(vars(_PRINTING)), _printing),
    Switch("numpy's errors", np.geterr, lambda value: np.seterr(**value)),
)
GENERATORS: tuple[Switch, ...] = (
    Switch("torch", torch.get_rng_state, torch.set_rng_state),
    Switch("python", random.getstate, random.setstate),
    Switch("numpy", lambda: np.random.get_state(legacy=True), np.random.set_state),
    Switch(  # asking for the state would start CUDA
        "cuda",
        lambda: torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        lambda value: torch.cuda.set_rng_state_all(value) if value else None,
    ),
)
