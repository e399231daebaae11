"""A short run of the edits in every suite; `python -m tests.fuzz_data` is the long one."""

import signal
from dataclasses import replace

import numpy as np
import pytest

from .edits import edit_bytes, edit_parts
from .files import FILES, Good
from .run import WRONG, fuzz


@pytest.fixture(autouse=True)
def _alarm():
    before = signal.getsignal(signal.SIGALRM)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("good", FILES, ids=lambda good: good.name)
def test_edited_files_are_refused_in_one_message_or_read(good):
    outcomes, wrong = fuzz(good, edit_bytes, 15, seed=1)
    assert wrong == []
    assert outcomes["refused"] + outcomes["same numbers"] + outcomes["other numbers"] == 15
    _, wrong = fuzz(replace(good, checked=False), edit_parts, 15, seed=1)
    assert wrong == []


def test_a_reader_without_a_checksum_would_be_found_out():
    """A .npy has none: called checked, some of its edits are wrong numbers."""
    good = Good("x.npy", FILES[0].data, checked=True)

    def change_the_last_number(rng: np.random.Generator, data: bytes) -> bytes:
        return data[:-1] + bytes([data[-1] ^ 1])

    outcomes, wrong = fuzz(good, change_the_last_number, 1, seed=0)
    assert outcomes["wrong numbers"] == len(wrong) == 1
    assert "wrong numbers" in WRONG
