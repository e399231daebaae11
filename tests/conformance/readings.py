"""The array types under which the spec is read: each is one small frozen value, with what it owes a formula."""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import array_api_strict
import numpy as np
import pytest
import torch

from vaelid.readings.balls import BallArray, Balls

from .enclosures import not_tightly_enclosed
from .precise import distance

Precision = Literal["float32", "float64"]


def beyond_rounding(reading: "Reading", result: Any, value: np.ndarray, size: np.ndarray, ulps: float) -> str | None:
    """What a reading in floating point owes: a result within so many ulps of the size of what is added up."""
    error = distance(reading.numpy(result), value)
    allowed = np.broadcast_to(ulps * (reading.eps * size + reading.smallest_normal), value.shape)
    return None if np.all(error <= allowed) else f"worst: {np.max(error / allowed * ulps):.3g} ulps of the size"


@dataclass(frozen=True, eq=False)
class Reading:
    """How to make an array of one library and dtype, read it back, differentiate through it, and judge its results.

    `numpy` gives floats of this `precision`. `gradient(f, *arrays)` gives df/d(array) for each array, f being one
    number; None where the library has none. `complaint(reading, result, value, size, ulps)` says what is wrong with
    a result whose value at 50 digits is given, and None where nothing is.
    """

    name: str
    dtype: Any
    precision: Precision
    array: Callable[[Any], Any]
    numpy: Callable[[Any], np.ndarray] = np.asarray
    gradient: Callable[..., list[Any]] | None = None
    active: Callable[[], Any] = nullcontext
    complaint: Callable[["Reading", Any, np.ndarray, np.ndarray, float], str | None] = beyond_rounding

    def __repr__(self) -> str:
        return self.name

    @property
    def eps(self) -> float:
        return float(np.finfo(self.precision).eps)

    @property
    def smallest_normal(self) -> float:
        return float(np.finfo(self.precision).smallest_normal)


def _torch_gradient(function: Callable[..., Any], *arrays: Any) -> list[Any]:
    leaves = [array.clone().requires_grad_() for array in arrays]
    return list(torch.autograd.grad(function(*leaves), leaves))


def _strict(name: Precision) -> Reading:
    dtype = getattr(array_api_strict, name)
    return Reading(
        name=f"strict-{name}",
        dtype=dtype,
        precision=name,
        array=lambda x: array_api_strict.asarray(np.asarray(x), dtype=dtype),
    )


def _numpy(name: Precision) -> Reading:
    dtype = np.dtype(name)
    return Reading(
        name=f"numpy-{name}",
        dtype=dtype,
        precision=name,
        array=lambda x: np.asarray(x, dtype=dtype),
    )


def _torch(name: Precision) -> Reading:
    dtype = getattr(torch, name)
    return Reading(
        name=f"torch-{name}",
        dtype=dtype,
        precision=name,
        array=lambda x: torch.tensor(np.asarray(x), dtype=dtype),
        numpy=lambda x: x.detach().numpy(),
        gradient=_torch_gradient,
    )


def _jax(name: Precision) -> Reading:
    """Float32 as jax starts, float64 with x64 switched on for the test's time."""
    dtype = np.dtype(name)

    @contextmanager
    def active() -> Iterator[None]:
        import jax

        before = jax.config.jax_enable_x64
        jax.config.update("jax_enable_x64", name == "float64")
        try:
            yield
        finally:
            jax.config.update("jax_enable_x64", before)

    def array(x: Any) -> Any:
        import jax.numpy as jnp

        return jnp.asarray(np.asarray(x, dtype=dtype))

    def gradient(function: Callable[..., Any], *arrays: Any) -> list[Any]:
        import jax

        return list(jax.grad(function, argnums=tuple(range(len(arrays))))(*arrays))

    return Reading(
        name=f"jax-{name}",
        dtype=dtype,
        precision=name,
        array=array,
        gradient=gradient,
        active=active,
    )


def _balls() -> Reading:
    """Balls of 128 bits, given the same numbers exactly; as floats, the ones nearest to their midpoints."""
    xp = Balls(precision=128)

    def numpy(x: BallArray) -> np.ndarray:
        if x.dtype != xp.ball:
            return np.asarray(x)
        return np.array([float(middle) for middle in x.mid.elements.flat]).reshape(x.shape)

    return Reading(
        name="balls",
        dtype=xp.ball,
        precision="float64",
        array=lambda x: xp.asarray(x, dtype=xp.ball),
        numpy=numpy,
        complaint=lambda reading, result, value, size, ulps: not_tightly_enclosed(result, value, size),
    )


PRECISIONS: tuple[Precision, ...] = ("float64", "float32")
FLOATS = tuple(make(name) for make in (_strict, _numpy, _torch) for name in PRECISIONS)
BALLS = _balls()
JAX = tuple(_jax(name) for name in PRECISIONS)

needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")

READINGS = (
    *FLOATS,
    *(pytest.param(reading, marks=needs_jax, id=reading.name) for reading in JAX),
    BALLS,
)
DIFFERENTIABLE = tuple(given for given in READINGS if not isinstance(given, Reading) or given.gradient is not None)
