"""Every random number of a run, as a function of (seed, what it is for, counters).

Nothing depends on what was drawn before, so a run resumes at any step without a generator's state.
"""

import hashlib
from enum import IntEnum

import numpy as np
import torch

__all__ = ["Stream", "generator", "numpy_generator", "permutation", "standard_normal"]


class Stream(IntEnum):
    """What the random numbers are for. The values are part of the run format: never renumber them."""

    WEIGHTS = 0
    SPLIT = 1
    SHUFFLE = 2
    NOISE = 3
    VALIDATION = 4
    EVALUATION = 5
    SAMPLES = 6
    LAYERS = 7


def stream_seed(seed: int, stream: Stream, *counters: int) -> int:
    """63 well-mixed bits for (seed, stream, counters), from their BLAKE2b digest: every step takes one."""
    key = " ".join(f"{number:d}" for number in (seed, stream, *counters))
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big") >> 1


def seed_global_generators(seed: int, device: torch.device) -> None:
    """`torch.manual_seed(seed)`, without the 0.1 ms that it spends, on a CPU, on the devices that are not there."""
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def generator(seed: int, stream: Stream, *counters: int) -> torch.Generator:
    """A CPU generator of torch for (seed, stream, counters)."""
    return torch.Generator().manual_seed(stream_seed(seed, stream, *counters))


def numpy_generator(seed: int, stream: Stream, *counters: int) -> np.random.Generator:
    """A generator of numpy for (seed, stream, counters)."""
    return np.random.default_rng(stream_seed(seed, stream, *counters))


def permutation(count: int, seed: int, stream: Stream, *counters: int) -> torch.Tensor:
    """A permutation of 0..count-1."""
    return torch.randperm(count, generator=generator(seed, stream, *counters))


def standard_normal(like: torch.Tensor, seed: int, stream: Stream, *counters: int) -> torch.Tensor:
    """N(0, 1) numbers of `like`'s shape and dtype, drawn on the CPU so that every device sees the same."""
    drawn = torch.randn(like.shape, generator=generator(seed, stream, *counters), dtype=like.dtype)
    return drawn.to(like.device)
