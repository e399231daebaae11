"""Steps that change their batch, a random generator, or a switch of the process."""

import random
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import rnn

from .base import CASES, B, Case, D, parts


def of_batch(change: Callable[[Any], Tensor], batch: Callable[[], Any]) -> Callable[[], Case]:
    """A case whose step changes its batch; `change` gives the tensor."""

    def make() -> Case:
        net, _ = parts()
        given = batch()
        return Case(lambda got: net(change(got)), given, (net, given))

    return make


@dataclass
class Rows:
    x: Tensor
    seen: int = 0


def _x() -> Tensor:
    return torch.randn(B, D)


def _next_of(rows: Rows) -> Tensor:
    rows.seen += 1
    rows.x = rows.x * 2
    return rows.x.add_(1)


def _with_gradient(x: Tensor) -> Tensor:
    x.requires_grad_()
    (x**2).sum().backward()
    return x


BATCHES: dict[str, tuple[Callable[[Any], Tensor], Callable[[], Any]]] = {
    "batch_in_place": (lambda x: x.mul_(0.5), _x),
    "batch_normalised": (lambda x: x.sub_(x.mean(0)).div_(x.std(0)), _x),
    "batch_rows": (lambda x: x.index_fill_(1, torch.tensor([0]), 0.0), _x),
    "batch_needs_gradient": (_with_gradient, _x),
    "batch_popped": (lambda b: b.pop("x"), lambda: {"x": _x(), "y": torch.zeros(B)}),
    "batch_popped_deeply": (lambda b: b["in"].pop("x"), lambda: {"in": {"x": _x(), "y": torch.zeros(B)}, "n": 3}),
    "batch_key_added": (lambda b: b.setdefault("w", b["x"] + 1), lambda: {"x": _x()}),
    "batch_list_popped": (lambda b: b.pop(0), lambda: [_x(), torch.zeros(B)]),
    "batch_list_set": (lambda b: b.__setitem__(0, b[0] + 1) or b[0], lambda: [_x(), torch.zeros(B)]),
    "batch_object": (_next_of, lambda: Rows(_x())),
    "batch_namespace": (lambda b: vars(b).pop("x"), lambda: types.SimpleNamespace(x=_x())),
    "batch_numpy": (lambda b: torch.from_numpy(np.multiply(b, 2, out=b)), lambda: np.ones((B, D), np.float32)),
    "batch_packed": (lambda b: b.data.mul_(2), lambda: rnn.pack_sequence([torch.randn(B, D)])),
    "batch_data_swapped": (lambda x: (setattr(x, "data", x.data[:, torch.randperm(D)]), x)[1], _x),
}
CASES |= {name: of_batch(*made) for name, made in BATCHES.items()}


# Random numbers: each leaves its generator elsewhere than it was.
PYTHONS, NUMPYS, TORCHS = random.Random(3), np.random.default_rng(3), torch.Generator().manual_seed(3)
OLDER_NUMPYS = np.random.RandomState(3)
DRAWS: dict[str, Callable[[], Any]] = {
    "torch_seed": lambda: torch.manual_seed(5),
    "torch_draw": lambda: torch.randn(3),
    "python_seed": lambda: random.seed(5),
    "python_draw": lambda: random.random(),
    "numpy_seed": lambda: np.random.seed(5),
    "numpy_draw": lambda: np.random.rand(3),
    "own_python_generator": lambda: PYTHONS.random(),
    "own_numpy_generator": lambda: NUMPYS.random(),
    "own_older_numpy_generator": lambda: OLDER_NUMPYS.rand(3),
    "own_torch_generator": lambda: torch.randn(3, generator=TORCHS),
    "own_torch_generator_seeded": lambda: TORCHS.manual_seed(7),
    "torch_state_set": lambda: torch.set_rng_state(torch.Generator().manual_seed(9).get_state()),
}
# Switches of the process.
SWITCHES: dict[str, Callable[[], Any]] = {
    "default_dtype": lambda: torch.set_default_dtype(torch.float64),
    "default_device": lambda: torch.set_default_device("cpu"),
    "deterministic_algorithms": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "anomaly_mode": lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
    "gradients_off": lambda: torch.set_grad_enabled(False),
    "autocast_on": lambda: torch.set_autocast_enabled("cpu", True),
    "autocast_type": lambda: torch.set_autocast_dtype("cpu", torch.float16),
    "matmul_precision": lambda: torch.set_float32_matmul_precision("medium"),
    "cudnn_benchmark": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "cudnn_deterministic": lambda: setattr(torch.backends.cudnn, "deterministic", True),
    "mkldnn_off": lambda: torch._C._set_mkldnn_enabled(False),
    "flush_denormal": lambda: torch.set_flush_denormal(True),
    "distribution_checks": lambda: torch.distributions.Distribution.set_default_validate_args(False),
    "threads": lambda: torch.set_num_threads(2),
    "multithreaded_backward": lambda: torch.autograd.set_multithreading_enabled(False),
    "print_options": lambda: torch.set_printoptions(precision=7),
    "numpy_errors": lambda: np.seterr(all="ignore"),
    "inference_mode_left_on": lambda: torch.inference_mode(True).__enter__(),
}


def of_process(change: Callable[[], Any]) -> Callable[[], Case]:
    def make() -> Case:
        net, x = parts()

        def step(x):
            loss = net(x.to(net.decoder[0].weight.dtype))
            change()
            return loss

        return Case(step, x, (net, TORCHS, NUMPYS, PYTHONS, OLDER_NUMPYS))

    return make


CASES |= {name: of_process(change) for name, change in {**DRAWS, **SWITCHES}.items()}
