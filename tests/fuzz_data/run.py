"""Edited files, read one after another: what came out of each."""

import logging
import signal
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vaelid.interface.data import load_data
from vaelid.spec.errors import InputError

from .edits import edit_bytes, edit_parts
from .files import Good

__all__ = ["OUTCOMES", "WRONG", "fuzz", "in_child"]

WRONG = ("wrong numbers", "traceback", "hang", "bad message", "warning")
OUTCOMES = ("refused", "same numbers", "other numbers", *WRONG)
"""`other numbers` come of a file without a checksum: no reader can tell them from right ones."""
SECONDS = 10


class _Late(BaseException):
    """Not an Exception, so that no reader takes it for damage."""


def _late(*_: object) -> None:
    raise _Late


def fuzz(
    good: Good, edit: Callable[[np.random.Generator, bytes], bytes], count: int, seed: int
) -> tuple[Counter[str], list[str]]:
    """How often each of `OUTCOMES` came of `count` edits of a file; and a line on each that is wrong."""
    rng = np.random.default_rng([seed, *good.name.encode()])
    outcomes, wrong = Counter(), []
    logging.getLogger("vaelid").setLevel(logging.ERROR)  # thousands of lines about palettes
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / good.name
        target = path.parent if good.is_image else path
        path.write_bytes(good.data)
        truth = np.array(load_data(target).x)  # a copy: the file, which may be mapped, is about to change
        signal.signal(signal.SIGALRM, _late)
        for number in range(count):
            data = edit(rng, good.data)
            path.write_bytes(data)
            outcome, about = _outcome(target, truth, good.checked)
            outcomes[outcome] += 1
            if outcome in WRONG:
                wrong.append(f"{good.name}, edit {number} of {edit.__name__}, seed {seed}: {outcome}: {about}")
    logging.getLogger("vaelid").setLevel(logging.NOTSET)
    return outcomes, wrong


def in_child(sender: Any, good: Good, level: str, count: int) -> None:
    """The same, sent through a pipe. `edit_parts` mends checksums, so that after it no file counts as checked."""
    if level == "parts":
        sender.send(fuzz(replace(good, checked=False), edit_parts, count, seed=0))
    else:
        sender.send(fuzz(good, edit_bytes, count, seed=0))


def _outcome(target: Path, truth: np.ndarray, checked: bool) -> tuple[str, str]:
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings(action="error"):
            read = np.array(load_data(target).x)
    except InputError as error:
        message = str(error)
        good = str(target) in message and "\n" not in message.strip() and len(message) < 600
        return ("refused", "") if good else ("bad message", repr(message[:300]))
    except _Late:
        return "hang", f"more than {SECONDS} s"
    except Warning as warning:
        return "warning", repr(warning)
    except Exception as error:
        return "traceback", repr(error)[:300]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if read.shape == truth.shape and np.array_equal(read, truth):
        return "same numbers", ""
    return ("wrong numbers", f"{read.shape} {read.dtype}") if checked else ("other numbers", "")
