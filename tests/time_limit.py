"""A limit on the processor's time that is taken inside of a block."""

import contextlib
import signal
from collections.abc import Iterator

__all__ = ["TimeUp", "time_limit"]


class TimeUp(BaseException):
    """The time limit is reached."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """`TimeUp` is raised after so many seconds of this process, however busy the machine is with others."""

    def ring(*_):
        raise TimeUp

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
