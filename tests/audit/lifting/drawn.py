"""Helpers: shapes, numbers and tensors that hypothesis draws, and a check that a function is read through."""

import torch
from hypothesis import settings
from hypothesis import strategies as st

from .read import check

MOST = settings(max_examples=25)
ANY, POSITIVE, UNIT = (-3.0, 3.0), (0.1, 4.0), (0.05, 0.95)
shapes = st.lists(st.integers(1, 4), min_size=0, max_size=3).map(tuple)
matrices = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
numbers = st.fractions(-3, 3, max_denominator=8).map(float)
seeds = st.integers(0, 10**6)


def tensor(shape, seed, interval=ANY):
    """Random numbers between two."""
    generator = torch.Generator().manual_seed(seed)
    low, high = interval
    return low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)


def read_through(function, **tensors):
    """The formula has the values of the function, and has no leaves but the arguments; the reading, for more."""
    reading = check(function, tensors)
    assert set(reading.result.leaves) <= set(tensors)
    return reading
