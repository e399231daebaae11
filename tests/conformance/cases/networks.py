"""Feed-forward maps, and the optimiser's step."""

from typing import Any

import numpy as np

from vaelid import spec

from ..case import Case, given, numbers
from ..precise import exact, sqrt


def _convolved(weight: Any, bias: Any, x: Any, stride: int, padding: int) -> np.ndarray:
    """The sum of the docstring, element by element."""
    (outputs, inputs, height, width), (batch, _, H, W) = weight.shape, x.shape
    rows, columns = (H + 2 * padding - height) // stride + 1, (W + 2 * padding - width) // stride + 1
    y = np.empty((batch, outputs, rows, columns), dtype=object)
    for b, m, i, j in np.ndindex(y.shape):
        y[b, m, i, j] = bias[m] + sum(
            weight[m, n, a, c] * x[b, n, stride * i + a - padding, stride * j + c - padding]
            for n, a, c in np.ndindex(inputs, height, width)
            if 0 <= stride * i + a - padding < H and 0 <= stride * j + c - padding < W
        )
    return y


def network_cases() -> list[Case]:
    cases = [
        Case(
            "affine",
            about,
            spec.affine,
            (numbers(2, 3), numbers(2, seed=1), x),
            lambda weight, bias, x: np.asarray((weight * x[..., None, :]).sum(-1) + bias),
            lambda weight, bias, x: np.asarray((abs(weight) * abs(x[..., None, :])).sum(-1) + abs(bias)),
            slope_size=lambda weight, bias, x: 12 * abs(x).max() + 6 * abs(weight).max(),
        )
        for about, x in (
            ("of-one", numbers(3, seed=2)),
            ("of-a-batch", numbers(2, 3, seed=2)),
            ("of-two-batch-axes", numbers(2, 2, 3, seed=2)),
        )
    ]
    cases.append(
        Case(
            "relu",
            "elementwise",
            spec.relu,
            (given(-3, 3, -1e-20, 1e-20, 7e4),),
            lambda x: np.where(x > 0, x, exact(0)),
            lambda x: abs(x),
        )
    )
    cases += [
        Case(
            "conv2d",
            f"stride-{stride}-padding-{padding}",
            lambda weight, bias, x, s=stride, p=padding: spec.conv2d(weight, bias, x, stride=s, padding=p),
            (numbers(2, 2, 3, 2), numbers(2, seed=1), numbers(1, 2, 4, 5, seed=2)),
            lambda weight, bias, x, s=stride, p=padding: _convolved(weight, bias, x, s, p),
            lambda weight, bias, x, s=stride, p=padding: _convolved(abs(weight), abs(bias), abs(x), s, p),
            differentiate=(0, 1),
            slope_size=lambda weight, bias, x: abs(x).sum(),  # a kernel's element meets at most every pixel
        )
        for stride, padding in ((1, 0), (2, 1), (1, 1), (3, 0))
    ]
    cases += [
        Case(
            "upsample_nearest",
            f"to-{height}x{width}",
            lambda x, size=(height, width): spec.upsample_nearest(x, size=size),
            (numbers(2, 1, 2, 3),),
            lambda x, size=(height, width): _upsampled(x, *size),
            lambda x: 0,
            slope_size=lambda x: 60,  # a pixel's slope adds up the weights, at most 5, of up to 12 copies
        )
        for height, width in ((2, 3), (4, 6), (5, 7), (3, 4))
    ]
    return cases


def _upsampled(x: Any, height: int, width: int) -> np.ndarray:
    h, w = x.shape[-2:]
    y = np.empty((*x.shape[:-2], height, width), dtype=object)
    for i, j in np.ndindex(height, width):
        y[..., i, j] = x[..., int(np.floor(i * h / height)), int(np.floor(j * w / width))]
    return y


def adam_cases() -> list[Case]:
    def oracle(weights: Any, gradient: Any, first: Any, second: Any, step: int, lr: Any, decay: Any) -> Any:
        b1, b2, epsilon = exact(0.9), exact(0.999), exact(1e-8)
        m, v = b1 * first + (1 - b1) * gradient, b2 * second + (1 - b2) * gradient**2
        return (
            weights - lr * decay * weights - lr * (m / (1 - b1**step)) / (sqrt(v / (1 - b2**step)) + epsilon),
            m,
            v,
        )

    def size(weights: Any, gradient: Any, first: Any, second: Any, step: int, lr: Any, decay: Any) -> Any:
        up, m, v = oracle(0 * weights, abs(gradient), abs(first), second, step, lr, exact(0))
        correction = 1 + 1 / (1 - exact(0.999) ** step)  # b2^t is rounded before it is taken from 1
        return abs(weights) + abs(up) * correction, m, v

    def call(*arrays: Any, step: int, lr: float, decay: float) -> Any:
        weights, gradient, first, second = arrays
        updated, moments = spec.adam_update(
            weights,
            gradient,
            spec.AdamMoments(first, second),
            step=step,
            learning_rate=lr,
            weight_decay=decay,
        )
        return updated, moments.first, moments.second

    state = (numbers(2, 3), numbers(2, 3, seed=1), numbers(2, 3, seed=2), given(0.1, 2, 3e-4))
    start = (*state[:2], np.zeros((2, 3)), np.zeros((2, 3)))
    return [
        Case(
            "adam_update",
            about,
            lambda *arrays, o=options: call(*arrays, **o),
            inputs,
            lambda *arrays, o=options: oracle(*arrays, o["step"], exact(o["lr"]), exact(o["decay"])),
            lambda *arrays, o=options: size(*arrays, o["step"], exact(o["lr"]), exact(o["decay"])),
            differentiate=(),
        )
        for about, inputs, options in (
            ("first-step", start, {"step": 1, "lr": 1e-3, "decay": 0.0}),
            ("later-step", state, {"step": 7, "lr": 0.5, "decay": 0.0}),
            ("with-decay", state, {"step": 100, "lr": 0.5, "decay": 0.01}),
        )
    ]
