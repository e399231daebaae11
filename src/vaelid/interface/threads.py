"""The threads of torch for a run or an audit: what to take on this machine now, and one line that says so."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from vaelid.interface.machine import Load, cores, quota, threads_in_environment
from vaelid.spec.errors import InputError
from vaelid.train.threads import Guard, Span, choose, worth

__all__ = ["Tell", "Watch", "checked", "continued", "on_stderr", "silent", "started", "with_threads"]

Tell = Callable[[str], None]

MOST = 1024
SETTLE = "--threads N, or threads=N in Python, settles it"


def checked(threads: int | None) -> int | None:
    """The user's number of threads; `InputError` for what torch cannot take."""
    if threads is None or (isinstance(threads, int) and not isinstance(threads, bool) and 1 <= threads <= MOST):
        return threads
    raise InputError(f"threads={threads!r} must be a whole number from 1 to {MOST:,}, or None.")


def started(given: int | None, work: float, device: torch.device, tell: Tell) -> Span:
    """The threads that a run starts with. `work`: floating-point operations of a step."""
    now = torch.get_num_threads()
    if given is not None:
        return Span(0, given, "given")
    # torch takes a thread for each core, or for every second where cores are threads of one: else the user set it
    if threads_in_environment() or now not in (cores(), math.ceil(cores() / 2)):
        return Span(0, now, "environment")
    most = max(1, min(now, math.ceil(quota())) if math.isfinite(quota()) else now)
    if device.type != "cpu":
        return Span(0, most, "cores")
    if worth(work, most) == 1:  # whatever the load: it need not be measured
        return Span(0, 1, "size" if most > 1 else "cores")
    busy = Load().busy()
    count, why = choose(work, most, cores(), busy)
    if why == "load":
        tell(f"{_of(count)} instead of {worth(work, most)}: others use {busy:.0%} of the cores; {SETTLE}")
    return Span(0, count, why)


def continued(spans: tuple[Span, ...], given: int | None, step: int, tell: Tell) -> tuple[Span, ...]:
    """The threads of a run that is resumed at `step`: those that it had, since the bits depend on them."""
    last = spans[-1]
    checked(last.number)
    if given is not None and given != last.number:
        tell(f"{_of(given)} instead of the run's {last.number}: the end may differ in the last bits")
        return (*spans, Span(step, given, "given"))
    if last.number > cores():
        tell(f"{_of(last.number)} as before, for the same bits, though there are {cores()} cores here; {SETTLE}")
    elif (setting := threads_in_environment()) and last.number != torch.get_num_threads():
        tell(f"{_of(last.number)} as before, for the same bits, in spite of {setting}; {SETTLE}")
    return spans


@contextmanager
def with_threads(count: int) -> Iterator[None]:
    """Torch with so many threads; its own number, which is one of the whole process, comes back at the end."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Watch:
    """Sees the steps of a run, and takes fewer threads where these come to wait for each other.

    `spans` says from which step on how many were used.
    """

    def __init__(self, spans: tuple[Span, ...], work: float, steps_per_epoch: int, tell: Tell) -> None:
        self.spans, self.work, self.steps_per_epoch, self.tell = spans, work, steps_per_epoch, tell
        self.guard, self.mark = Guard(), time.process_time()

    def go_on(self) -> None:
        """A step begins: what was done since the last is no part of one."""
        self.mark = time.process_time()

    def sees(self, step: int) -> None:
        """A step is done, the one of this number; validation is part of an epoch's last, which is left out."""
        seconds, last = time.process_time() - self.mark, self.spans[-1]
        if last.settled or last.number == 1 or (step % self.steps_per_epoch == 0 and self.steps_per_epoch > 1):
            return
        usual = self.guard.usual
        if self.guard.sees(seconds):
            count, _ = choose(self.work, last.number // 2, cores(), Load().busy())
            self.tell(
                f"from step {step + 1:,} on {_of(count)} instead of {last.number}: a step takes {seconds / usual:.0f} "
                f"times the processor time that it took, as threads wait for each other beside other load; {SETTLE}"
            )
            self.spans = (*self.spans, Span(step, count, "jump"))
            torch.set_num_threads(count)


def _of(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)} of torch"


def on_stderr(line: str) -> None:
    """One line, above a progress bar where there is one."""
    from tqdm import tqdm

    tqdm.write(f"vaelid: {line}", file=sys.stderr)


def silent(line: Any) -> None:
    """Nothing."""
