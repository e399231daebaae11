"""Run an audit in a process of its own: the user's code may hang, crash, print, fork, or end the process."""

import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from vaelid.interface.audit.asked import EXIT, Job
from vaelid.interface.audit.dialogue import Dialogue
from vaelid.interface.audit.failures import Stopped, TimedOut
from vaelid.interface.audit.places import is_users, relative_path
from vaelid.interface.audit.seal import new_key
from vaelid.interface.audit.tree import end, subreaper
from vaelid.interface.machine import Load, cores, quota, threads_in_environment
from vaelid.spec.errors import InputError, InternalError, UserCodeError, VaelidError
from vaelid.train.threads import choose

__all__ = ["run_apart", "threads_of"]

_STARTING = 120.0
"""Seconds that a process may take to import vaelid and torch, from a cold network disk for instance. No code of the
user's runs in them; `time_limit` counts from there."""
_LATE = 2.0
"""Seconds for the process to end itself at the limit, and to say where it was, before it is ended from outside."""
_LOOK = 0.05
"""Seconds between two looks at whether the process has ended or a signal has come."""
_LAST_WORDS = 0.5
"""Seconds in which what a process wrote before it ended has arrived."""
_COMMAND = (sys.executable, "-P", "-m", "vaelid.interface.audit.child")
"""-P: a user's types.py is not to take the place of Python's own."""


class _Elsewhere(Exception):
    """Carries the traceback of the other process, for --debug."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def threads_of(load: Load) -> tuple[int, float] | None:
    """How many threads torch should take, beside which load; None where its own number, or the user's, is right.

    How much the audited step computes is not known before it has run, so only load is asked.
    """
    here = cores()
    if here == 1 or threads_in_environment():
        return None
    count, _ = choose(math.inf, math.ceil(min(here, quota())), here, busy := load.busy())
    return (count, busy) if count < here else None


def run_apart(job: Job, time_limit: float, threads: int | None = None) -> dict[str, Any]:
    """The ``status`` and ``answer`` of the job. It returns at most seconds after the limit, and no process is left.

    `threads`: of torch in the process of the audit; None leaves them to torch.

    Raises `UserCodeError` when the user's code raised, ended the process, or was still running after `time_limit`
    seconds; `InputError` for wrong input; `TimedOut` when vaelid had not decided in time; `Stopped` when this process
    was told to end; `InternalError` for a defect of vaelid's.
    """
    key = new_key()
    with _signals() as came, subreaper() as spared:
        child = _spawned(threads)
        request = {"job": asdict(job), "time_limit": time_limit, "parent": os.getpid()}
        assert child.stdin is not None
        assert child.stdout is not None
        dialogue = Dialogue(child.stdin, child.stdout, key, request)
        try:
            started = _next(child, dialogue, _STARTING, came)
            found = None if started is None else _next(child, dialogue, time_limit + _LATE, came)
            ended = child.poll() is not None
        finally:
            end(child, spared)
            dialogue.close()
    if came:
        raise Stopped(came[0], job.target)
    if started is None:
        raise InternalError(_not_started(child.returncode if ended else None))
    if found is not None:
        return _read(found)
    raise _unanswered(job, time_limit, dialogue.rest, child.returncode if ended else None)


def _spawned(threads: int | None) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    environment = os.environ | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
    return subprocess.Popen(_COMMAND, stdin=pipe, stdout=pipe, bufsize=0, start_new_session=True, env=environment)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The signals to end that came. They are noted, not raised: none may keep the processes from being ended."""
    came: list[int] = []
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    # under nohup, or in the background of a shell, a signal is ignored and stays so
    numbers = [n for name in names if signal.getsignal(n := getattr(signal, name)) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda number, frame: came.append(number)) for number in numbers}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _next(child: "subprocess.Popen[bytes]", dialogue: Dialogue, seconds: float, came: list[int]) -> Any:
    """The next answer; None where the time is over, the process has ended without one, or a signal came."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and not came:
        ended = child.poll() is not None
        found = dialogue.answer(_LAST_WORDS if ended else min(left, _LOOK))
        if found is not None or ended:
            return found
    return None


def _not_started(status: int | None) -> str:
    how = f"took more than {_STARTING:g} s to start" if status is None else f"did not start ({_how(status)})"
    return f"the process in which audits run {how}"


def _how(status: int) -> str:
    if status >= 0:
        return f"with status {status}"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
    return f"by signal {name}" + (" (out of memory, perhaps)" if name == "SIGKILL" else "")


def _read(found: dict[str, Any]) -> dict[str, Any]:
    """What the process found; what it failed with is raised."""
    match found:
        case {"verdict": verdict, "answer": answer} if verdict in EXIT:
            return {"status": EXIT[verdict], "answer": answer}
        case {"failure": kind, "message": message, "traceback": lines}:
            errors = {"user": UserCodeError, "input": InputError, "vaelid": VaelidError}
            raise errors.get(kind, InternalError)(message) from _Elsewhere(lines)
    raise InternalError("the process in which audits run gave an answer of another form")


def _unanswered(job: Job, time_limit: float, said: str, status: int | None) -> VaelidError:
    """Why no answer came. `status` is None for a process that was ended here; `said` has faulthandler's traceback."""
    theirs = [(file, line) for file, line in re.findall(r'File "(.+)", line (\d+)', said) if is_users(file)]
    where = f", at {relative_path(theirs[0][0])}, line {theirs[0][1]}" if theirs else ""
    timed_out = "Timeout (" in said
    if status is not None and not timed_out:
        if status < 0 and "Fatal Python error" in said and 'File "' in said and not theirs:
            return InternalError(f"{job.target} had returned, and the process ended {_how(status)}")
        return UserCodeError(f"{job.target} ended the whole process {_how(status)}{where}, so there is no verdict.")
    if theirs or not timed_out:
        return UserCodeError(
            f"{job.target} was still running after {time_limit:g} s{where}, and was ended: mend the loop that does not "
            "end, give a smaller batch, or raise --time-limit."
        )
    return TimedOut(
        f"no verdict: {job.target} ran, but vaelid had not decided after {time_limit:g} s: give a smaller batch, or "
        "raise --time-limit."
    )
