"""One process writes a run's folder; another is told which."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from vaelid.interface.files import named_failures, read_regular, write_atomically
from vaelid.spec.errors import InputError
from vaelid.train.facts import Count, Strict, decode, shown, without_unset

__all__ = ["check_free", "hold"]

LOCK, HOLDER = ".lock", ".writer.json"
PATIENCE = 1.0
"""Seconds: another process that only looks whether the folder is free holds the lock for a moment too."""


class Holder(Strict, frozen=True):
    """The process that writes."""

    pid: Count
    host: str
    since: str


@contextmanager
def hold(folder: Path) -> Iterator[Callable[[], None]]:
    """Hold the folder's lock; `InputError`, naming the holder, where another process does.

    Gives a check to be made before each write: `InputError` where the lock's file was removed or replaced since, as
    then another process may have locked a new one.

    The system ties the lock to the process, so one that was killed holds nothing. On a network file system it
    reaches other machines only where that file system carries locks between them (NFS 4 does; a sync folder does not).
    """
    lock = FileLock(folder / LOCK, timeout=PATIENCE)
    with named_failures(folder / LOCK, "lock"):
        try:
            lock.acquire()
        except Timeout:
            raise _held(folder) from None
        held = (folder / LOCK).stat().st_ino

    def is_held() -> bool:
        with suppress(OSError):
            return (folder / LOCK).stat().st_ino == held
        return False

    def check_held() -> None:
        if not is_held():
            raise InputError(
                f"{folder / LOCK} was removed or replaced while this process held it, so another may be writing there: "
                "nothing more is written. Resume the run once no other process writes to it."
            )

    try:
        since = datetime.now(UTC).astimezone().isoformat(" ", "seconds")
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), since=since)
        write_atomically(folder / HOLDER, json.dumps(without_unset(holder)).encode())
        yield check_held
    finally:
        with suppress(OSError):
            if is_held():  # else it is another's by now
                (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def check_free(folder: Path) -> None:
    """Raise `InputError` where a process holds the folder's lock now. Nothing is written."""
    if not (folder / LOCK).exists():
        return
    lock = FileLock(folder / LOCK, timeout=PATIENCE)
    try:
        lock.acquire()
    except Timeout:
        raise _held(folder) from None
    except OSError:  # a folder that cannot be written: what comes will say so
        return
    lock.release()


def _held(folder: Path) -> InputError:
    try:
        holder = decode(read_regular(folder / HOLDER, 10_000), Holder, str(folder / HOLDER))
        who = f"process {holder.pid} on {shown(holder.host)}, since {shown(holder.since)}"
    except InputError:  # it has just begun, or just ended
        who = "another process"
    return InputError(f"{folder} is being written by {who}: wait for it, stop it, or choose another folder with --out.")
