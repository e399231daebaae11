"""What is compared before and after an audit."""

import copy
import random
import types
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def contents(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """A value as plain data: which objects they are, where their numbers lie, and what these are."""
    seen = {} if seen is None else seen
    if isinstance(value, str | int | float | bool | bytes | type(None)):
        return value
    if id(value) in seen:
        return ("again", id(value))
    seen[id(value)] = value
    return (id(value), type(value).__name__, _contents(value, lambda v: contents(v, seen)))


def _contents(value: Any, of: Callable[[Any], Any]) -> Any:
    if isinstance(value, nn.parameter.UninitializedTensorMixin):
        return "not made yet"
    if isinstance(value, Tensor):
        hooks = len(value._backward_hooks or ()), len(getattr(value, "_post_accumulate_grad_hooks", None) or ())
        dense = value.layout == torch.strided
        where = (value.data_ptr(), value.stride(), value._version) if dense else ()
        numbers = value.detach().to_dense().clone().numpy().tobytes()
        grad = value.grad if value.is_leaf else None
        own = {k: v for k, v in vars(value).items() if not k.startswith("_")}
        return (
            tuple(value.shape),
            value.dtype,
            where,
            numbers,
            value.requires_grad,
            hooks,
            of(grad),
            [(k, of(v)) for k, v in own.items()],
        )
    if isinstance(value, torch.Generator):
        return value.get_state().numpy().tobytes()
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, np.random.Generator):
        return of(value.bit_generator)
    if isinstance(value, np.random.BitGenerator):
        return repr(value.state), of(value.seed_seq)
    if isinstance(value, np.random.SeedSequence):
        return value.entropy, value.n_children_spawned
    if isinstance(value, np.random.RandomState):
        return repr(value.get_state(legacy=False)), of(value._bit_generator)
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, dict):
        return [(str(k) if not isinstance(k, Tensor) else id(k), of(v)) for k, v in value.items()]
    if isinstance(value, list | tuple | deque):
        return [of(v) for v in value]
    if isinstance(value, types.FunctionType):
        return [of(cell.cell_contents) for cell in value.__closure__ or ()]
    if isinstance(value, nn.Module | torch.optim.Optimizer | torch.optim.lr_scheduler.LRScheduler) or hasattr(
        value, "__dict__"
    ):
        return [(k, of(v)) for k, v in vars(value).items() if not callable(v) or isinstance(v, nn.Module)]
    return repr(value)


def of_process() -> dict[str, Any]:
    """What belongs to the whole process."""
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "python": random.getstate(),
        "numpy": repr(np.random.get_state(legacy=False)),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "device set": torch.utils._device.CURRENT_DEVICE,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warn only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "anomaly": (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")),
        "precision": torch.get_float32_matmul_precision(),
        "cudnn": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "mkldnn": torch._C._get_mkldnn_enabled(),
        "denormal": bool(torch.tensor([1e-310], dtype=torch.float64).mul(1.0).item()),
        "checks": torch.distributions.Distribution._validate_args,
        "threads": torch.get_num_threads(),
        "multithreading": torch.autograd.grad_mode._is_multithreading_enabled()
        if hasattr(torch.autograd.grad_mode, "_is_multithreading_enabled")
        else torch._C._is_multithreading_enabled(),
        "printing": copy.copy(vars(torch._tensor_str.PRINT_OPTS)),
        "numpy errors": np.geterr(),
    }
