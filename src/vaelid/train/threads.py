"""How many threads torch computes with: chosen at the start, and fewer where they come to wait for each other.

A second thread halves the time of a large model's step, and gains nothing in a small one. Beside other load two threads
wait for each other actively: each step then takes tens of times its processor time, and one thread is the faster by as
much. Other threads may add floats in another order, so bits are promised for equal threads only; which were used is
part of a run's state.
"""

from collections import deque
from math import floor, inf
from statistics import median
from typing import Literal, NamedTuple

__all__ = ["Guard", "Span", "ThreadsReason", "choose", "worth"]

WORK_OF_A_THREAD = 50e6
"""Floating-point operations of a step that are worth a thread: 196-256-16-256-196 at batch 128 has 87e6, and gains
nothing by a second one; 784-400-20-400-784 has 500e6, and takes little more than half the time (benchmarks/load.py)."""

TOLERATED = 0.25
"""Cores' worth of other load that is left out of account: a desktop is never quite idle."""

WINDOW = 9
JUMP = 3.0
"""A jump: the median of 9 steps is 3 times the least such median. A step beside a checkpoint, or a few, move no median
of 9; threads that wait for each other take 15 to 40 times as much, and noise on a machine has not reached 2."""

ThreadsReason = Literal["given", "environment", "cores", "size", "load", "jump"]


class Span(NamedTuple):
    """From this step on, so many threads, and why.

    `why`: ``given`` by the user, in the call or on the command line; set in the ``environment``; all that there are
    ``cores`` for; fewer, by the model's ``size``, other ``load``, or a ``jump`` in the processor time of a step.
    """

    step: int
    number: int
    why: ThreadsReason

    @property
    def settled(self) -> bool:
        """Whether the user chose, so that nothing else may."""
        return self.why in ("given", "environment")


def worth(work: float, most: int) -> int:
    """How many threads, 1 to `most`, a step of `work` floating-point operations is worth."""
    return max(1, int(min(most, work / WORK_OF_A_THREAD)))


def choose(work: float, most: int, cores: int, busy: float) -> tuple[int, ThreadsReason]:
    """How many threads, 1 to `most`, and why.

    Args:
        work: floating-point operations of a step.
        most: what torch would take by itself, or a container may use.
        cores: that this process may run on.
        busy: the share of them, 0 to 1, that others use.
    """
    wanted = worth(work, most)
    free = max(1, floor(cores * (1 - busy) + TOLERATED))
    if free < wanted:
        return free, "load"
    return wanted, "size" if wanted < most else "cores"


class Guard:
    """Watches the processor seconds of steps, all threads together, for a lasting jump.

    Not the time on the clock: a step that waits for its turn on a busy core is not helped by fewer threads, while
    threads that wait for each other burn processor time, which is how they are told apart.
    """

    def __init__(self, usual: float = inf) -> None:
        self.usual = usual
        self.recent: deque[float] = deque(maxlen=WINDOW)

    def sees(self, seconds: float) -> bool:
        """Whether, with this step, the time of a step has jumped. After that it watches anew, against the same time."""
        self.recent.append(seconds)
        if len(self.recent) < WINDOW:
            return False
        middle = median(self.recent)
        jumped = middle > JUMP * self.usual
        self.usual = min(self.usual, middle)
        if jumped:
            self.recent.clear()
        return jumped
