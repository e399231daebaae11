"""One row of the table of `cases`: a function, inputs, its value at 50 digits, the size its rounding is measured by.

Every input is a float32 number, so that all readings are given the same. A result passes when
|result - oracle| <= ulps * eps * size, where `size` is the magnitude of what the function adds up and eps is the
reading's; likewise its gradient, with `slope_size`. What lies below the smallest normal number may be lost. A ball
passes when it holds the oracle's value and its radius is hardly more than its own rounding (`enclosures`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .precise import exact, floats, gradient


def numbers(*shape: int, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    """Normal float32 numbers, the same in every run."""
    drawn = scale * np.random.default_rng([seed, *shape]).normal(size=shape)
    return drawn.astype(np.float32).astype(np.float64)


def given(*values: Any) -> np.ndarray:
    """The float32 numbers nearest to these."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def many(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


MOST_WEIGHT = 5


def weighted_sum(outputs: tuple[Any, ...], array: Callable[[Any], Any]) -> Any:
    """One number made of all outputs: elements weigh 1, 2, ..., 5, 1, ..., so that a gradient tells them apart."""

    def weights(shape: tuple[int, ...]) -> np.ndarray:
        return (1.0 + np.arange(np.prod(shape, dtype=int)) % MOST_WEIGHT).reshape(shape)

    return sum((output * array(weights(output.shape))).sum() for output in outputs)


def summed_to(shape: tuple[int, ...], x: np.ndarray) -> np.ndarray:
    """x, summed over the axes along which an array of this shape was broadcast to it."""
    x = x.sum(tuple(range(x.ndim - len(shape))))
    return x.sum(tuple(axis for axis, size in enumerate(shape) if size < x.shape[axis]), keepdims=True).reshape(shape)


@dataclass(frozen=True, eq=False)
class Case:
    """One row: `call` on arrays of a reading, `oracle` on the same numbers at 50 digits.

    `differentiate` lists the inputs whose gradient is compared; None stands for all of them. `slope_size` gives one
    array for each of them, elementwise, or one number for all.
    """

    function: str
    about: str
    call: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    oracle: Callable[..., Any]
    size: Callable[..., Any]
    ulps: float = 2
    differentiate: tuple[int, ...] | None = None
    slope_size: Callable[..., Any] = lambda *inputs: 1
    slope_ulps: float = 4

    def __repr__(self) -> str:
        return f"{self.function}-{self.about}"

    @cached_property
    def exact_inputs(self) -> list[np.ndarray]:
        return [exact(array) for array in self.inputs]

    @cached_property
    def values(self) -> tuple[np.ndarray, ...]:
        return tuple(np.asarray(value, dtype=object) for value in many(self.oracle(*self.exact_inputs)))

    @cached_property
    def sizes(self) -> tuple[np.ndarray, ...]:
        """For each output its size, as floats."""
        sizes = many(self.size(*self.exact_inputs))
        return tuple(floats(size) for size in (sizes * len(self.values) if len(sizes) == 1 else sizes))

    @property
    def differentiated(self) -> tuple[int, ...]:
        return tuple(range(len(self.inputs))) if self.differentiate is None else self.differentiate

    @cached_property
    def gradients(self) -> list[np.ndarray]:
        """The gradient of `weighted_sum` with respect to each differentiated input."""

        def total(*inputs: np.ndarray) -> Any:
            outputs = tuple(np.atleast_1d(np.asarray(value, dtype=object)) for value in many(self.oracle(*inputs)))
            return weighted_sum(outputs, np.asarray)

        return [gradient(total, self.exact_inputs, which) for which in self.differentiated]

    @cached_property
    def gradient_sizes(self) -> list[np.ndarray]:
        """For each differentiated input the size of what its gradient adds up."""
        sizes = many(self.slope_size(*self.exact_inputs))
        sizes = sizes * len(self.gradients) if len(sizes) == 1 else sizes
        return [
            np.maximum(floats(abs(slope)), MOST_WEIGHT * summed_to(slope.shape, floats(size) + np.zeros(slope.shape)))
            for slope, size in zip(self.gradients, sizes, strict=True)
        ]
