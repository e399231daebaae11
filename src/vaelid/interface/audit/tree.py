"""Ends a process together with everything that it has started, directly or through others.

On Linux the calling process becomes a subreaper: a process whose parent ends becomes its child, so that a daemon that
was forked twice, in a session of its own, is still found. Elsewhere the process group is ended (on Windows the one
process): what has left it, by `setsid` for instance, lives on.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["die_with_parent", "end", "subreaper"]

_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER = 1, 36, 37  # <linux/prctl.h>
_PATIENCE = 3.0
"""Seconds after which processes that fork faster than they are found are given up on."""

_LOOKS = 5
"""Times in a row that none is found before all have ended: /proc is not read at one moment, so a process whose parent
ends meanwhile may be seen with a parent that is no longer there, and is missed once."""


@contextmanager
def subreaper() -> Iterator[frozenset[int]]:
    """While inside, orphaned descendants become children of this process. Gives its children so far, for `end`."""
    if not _LINUX:
        yield frozenset()
        return
    import ctypes

    libc, before = ctypes.CDLL(None), ctypes.c_int()
    libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield frozenset(pid for pid, (parent, _) in _processes().items() if parent == os.getpid())
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, before.value, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent ends, even by SIGKILL (Linux). Its own children live on then."""
    if _LINUX:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel was told
            os._exit(0)


def end(child: "subprocess.Popen[bytes]", spared: frozenset[int]) -> None:
    """Kill the process, its group, and on Linux all descendants; `spared` is what `subreaper` gave."""
    deadline = time.monotonic() + _PATIENCE
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    empty = 0
    while _LINUX and empty < _LOOKS and time.monotonic() < deadline:
        found = _descendants(spared)
        empty = 0 if found else empty + 1
        for pid, group in found.items():
            with suppress(ProcessLookupError, PermissionError):
                if group != os.getpgrp():
                    os.killpg(group, signal.SIGKILL)  # at once: one by one, a process can fork between two kills
                os.kill(pid, signal.SIGKILL)
            if pid != child.pid:
                with suppress(ChildProcessError):  # an orphan of the audit's is ours to bury
                    os.waitpid(pid, os.WNOHANG)
        child.poll()
        time.sleep(0.002)
    with suppress(subprocess.TimeoutExpired):  # a process in an uninterruptible wait cannot be ended by anyone
        child.wait(_PATIENCE)


def _descendants(spared: frozenset[int]) -> dict[int, int]:
    """Those of this process with their groups, without the spared children and without what these started."""
    processes = _processes()
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in processes.items():
        children.setdefault(parent, []).append(pid)
    found, waiting = {}, [pid for pid in children.get(os.getpid(), []) if pid not in spared]
    while waiting:
        pid = waiting.pop()
        found[pid] = processes[pid][1]
        waiting += children.get(pid, [])
    return found


def _processes() -> dict[int, tuple[int, int]]:
    """Parent and group of every process that can be seen, from /proc: the kernel's table, no file of anybody's."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):  # it ended meanwhile
            # the name of the program, in parentheses, may itself hold parentheses and spaces
            _, parent, group, *_ = Path("/proc", name, "stat").read_bytes().rpartition(b")")[2].split()
            found[int(name)] = int(parent), int(group)
    return found
