"""What this process may use of the machine, and what others use. Nothing here fails where a system has no answer."""

import math
import os
import time
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

__all__ = ["Load", "cores", "quota", "threads_in_environment"]

WINDOW = 0.1
"""Seconds over which load is measured: Linux counts in hundredths."""

_NAMES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """Cores that this process may run on."""
    return len(_affinity()) or os.cpu_count() or 1


def _affinity() -> set[int]:
    """Their numbers; none where the system does not tell."""
    if not hasattr(os, "sched_getaffinity"):
        return set()
    with suppress(OSError):
        return os.sched_getaffinity(0)
    return set()


def threads_in_environment() -> str | None:
    """The setting by which the user chose a number of threads, as in ``OMP_NUM_THREADS=1``."""
    return next((f"{name}={os.environ[name]}" for name in _NAMES if os.environ.get(name)), None)


def quota(root: Path = Path("/")) -> float:
    """Cores' worth of time that the control groups of this process allow, as of a container; inf without a limit."""
    found = [math.inf]
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        group = PurePosixPath(path.lstrip("/"))
        for place in (group, *group.parents):
            if not controllers:
                found += _share(_text(root / "sys/fs/cgroup" / place / "cpu.max").split())
            elif "cpu" in controllers.split(","):
                folder = root / "sys/fs/cgroup" / controllers / place
                found += _share([_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")])
    return min(found)


def _share(pair: list[str]) -> list[float]:
    """Of ``quota period``, in microseconds; nothing where there is no limit."""
    if len(pair) == 2 and pair[0].isdigit() and pair[1].isdigit() and int(pair[1]):
        return [int(pair[0]) / int(pair[1])]
    return []


def _text(path: Path) -> str:
    with suppress(OSError, ValueError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""


class _Reading(NamedTuple):
    """Ticks since the machine started, of the cores that this process may run on; and this thread's seconds."""

    busy: int
    total: int
    own: float


class Load:
    """The share of the cores that others use, from the making of this object on."""

    def __init__(self) -> None:
        self.started, self.first = time.monotonic(), _reading()

    def busy(self) -> float:
        """The share, 0 to 1. It waits until a tenth of a second has passed.

        What this thread itself used is left out. Without Linux's /proc/stat, the load average of the last minute; 0
        where there is none of that either, as on Windows.
        """
        if self.first is None:
            return _average()
        time.sleep(max(0.0, WINDOW - (time.monotonic() - self.started)))
        last = _reading()
        if last is None or last.total <= self.first.total:
            return _average()
        own = (last.own - self.first.own) * os.sysconf("SC_CLK_TCK")
        share = (last.busy - self.first.busy - own) / (last.total - self.first.total)
        return min(1.0, max(0.0, share))


def _average() -> float:
    if not hasattr(os, "getloadavg"):
        return 0.0
    with suppress(OSError):
        return min(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    return 0.0


def _reading(path: Path = Path("/proc/stat")) -> _Reading | None:
    """None where the system does not tell."""
    mine, busy, total = {f"cpu{number}" for number in _affinity()}, 0, 0
    for line in _text(path).splitlines():
        name, *numbers = line.split()
        if name in mine and len(numbers) >= 5 and all(number.isdigit() for number in numbers):
            ticks = [int(number) for number in numbers[:8]]  # guests are part of what comes before
            total += sum(ticks)
            busy += sum(ticks) - ticks[3] - ticks[4]  # but for idle, and waiting for a disk
    return _Reading(busy, total, time.thread_time()) if total else None
