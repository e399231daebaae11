"""Odd and hostile files: each gives its numbers, with a line where something was done to them, or one message."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from odd_files import CASES

from vaelid.interface.data import load_data
from vaelid.interface.readers import loaded
from vaelid.spec.errors import InputError


@contextmanager
def _within(seconds: int) -> Iterator[None]:
    """A hang is an error here."""

    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_there_are_more_than_a_hundred():
    assert len(CASES) > 100


@pytest.mark.parametrize("name", CASES)
def test_an_odd_file_is_read_as_it_is_or_refused_in_one_message(name, folder, caplog):
    case = CASES[name]
    target = str(case.make(folder))
    with _within(20):
        if isinstance(case.expects, str):
            with pytest.raises(InputError) as refused:
                load_data(target)
            assert case.expects in str(refused.value)
            assert str(folder) in str(refused.value)
            assert "\n" not in str(refused.value)
            assert caplog.messages == []
        else:
            read = load_data(target).x
            assert read.shape == case.expects.shape
            np.testing.assert_array_equal(read, case.expects)
            assert bool(case.says) == bool(caplog.messages)
            assert case.says in "\n".join(caplog.messages)
    assert not (folder / "trace").exists()
    assert not (folder / "d" / "trace").exists()


def test_training_logs_what_was_done_to_the_data(vaelid, folder, caplog):
    CASES["alpha"].make(folder)
    outcome = vaelid("train", "d", "--out", "run", "--epochs", "1", "--hidden", "4", "--validation", "0")
    assert outcome.status == 0
    assert caplog.messages == ["1 of 1 images has an alpha channel, which was left out (a.png)."]


def test_what_is_compressed_may_take_half_of_the_memory(folder, monkeypatch):
    """With a memory of 100 kB: an array of 64 kB is refused where it is compressed, and mapped where it is not."""
    monkeypatch.setattr(loaded, "_memory", lambda: 100_000)
    x = np.zeros((1000, 8))
    np.savez_compressed(folder / "packed.npz", x=x)
    np.savez(folder / "stored.npz", x=x)
    assert load_data(folder / "stored.npz").x.shape == (1000, 8)
    with pytest.raises(InputError) as refused:
        load_data(folder / "packed.npz")
    assert str(refused.value) == (
        f"{folder / 'packed.npz'} would take 0 GB once it is read, more than half of this machine's memory (0 GB): "
        "save it with numpy.savez or numpy.save, which are read a batch at a time."
    )


def test_a_table_with_a_header_in_numbers_keeps_what_the_user_said(vaelid, folder):
    """The word after the colon is part of the data's name, so that a run reads them again as they were."""
    lines = ["0,1,2", *(f"{i / 7:.3f},{i / 3:.3f},{i % 5}.5" for i in range(40))]
    (folder / "x.csv").write_text("\n".join(lines) + "\n")
    ended = vaelid("train", "x.csv:header", "--out", "run", "--epochs", "1", "--hidden", "4")
    assert ended.status == 0, ended.err
    assert vaelid("evaluate", "run", "--draws", "2").status == 0
