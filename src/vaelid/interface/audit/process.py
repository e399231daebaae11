"""Run an audit in a process of its own: the user's code may hang, crash, print, or end the process."""

import json
import math
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from vaelid.interface.audit.asked import Job
from vaelid.interface.audit.failures import Undecided
from vaelid.interface.audit.places import is_users, shown
from vaelid.interface.machine import Load, cores, quota, threads_in_environment
from vaelid.spec.errors import InputError, UserCodeError, VaelidError
from vaelid.train.threads import choose

__all__ = ["run_apart", "threads_of"]

_STARTING = 120.0
"""Seconds that a process may take to import torch, before it counts the time itself."""


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
    """The ``status`` and ``answer`` of the job. `threads`: of torch in its process; None leaves them to torch.

    Raises `UserCodeError` when the user's code raised, ended the process, or was still running after `time_limit`
    seconds; `InputError` for wrong input; `Undecided` when vaelid itself did not come to an end.
    """
    # -P: a user's types.py is not to take the place of Python's own
    command = [sys.executable, "-P", "-m", "vaelid.interface.audit.child"]
    group = 0 if os.name == "posix" else None  # its own, so that what it starts can be ended with it
    pipe = subprocess.PIPE
    environment = {**os.environ, **({"OMP_NUM_THREADS": str(threads)} if threads else {})}
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8", process_group=group, env=environment)
    try:
        said, _ = child.communicate(_request(job, time_limit), timeout=time_limit + _STARTING)
    except subprocess.TimeoutExpired:
        raise _too_long(job, time_limit, "") from None
    finally:
        _end(child)
    return _read(job, time_limit, said, child.returncode)


def _request(job: Job, time_limit: float) -> str:
    """What is sent to the process."""
    return json.dumps({"job": asdict(job), "time_limit": time_limit})


def _end(child: "subprocess.Popen[str]") -> None:
    """End the process, and what it has started."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()


def _read(job: Job, time_limit: float, said: str, status: int) -> dict[str, Any]:
    if said.startswith("Timeout ("):
        raise _too_long(job, time_limit, said)
    try:
        found = json.loads(said)
    except ValueError:
        how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        raise UserCodeError(f"{job.target} ended the whole process {how}, so there is no verdict.") from None
    if "failure" not in found:
        return found
    errors = {"user": UserCodeError, "input": InputError, "vaelid": VaelidError}
    message = found["message"]
    if found["failure"] == "defect":
        message = (
            f"no verdict: vaelid itself failed on {job.target} ({message}). Please report it (--debug shows where)."
        )
    raise errors.get(found["failure"], Undecided)(message) from _Elsewhere(found["traceback"])


def _too_long(job: Job, time_limit: float, dump: str) -> VaelidError:
    """Whose time it was: the user's where a line of theirs was being run. `dump` is faulthandler's, innermost first."""
    theirs = [(file, line) for file, line in re.findall(r'File "(.+)", line (\d+)', dump) if is_users(file)]
    if theirs or not dump:
        where = f", at {shown(theirs[0][0])}, line {theirs[0][1]}" if theirs else ""
        return UserCodeError(
            f"{job.target} was still running after {time_limit:g} s{where}, and was ended: mend the loop that does not "
            "end, give a smaller batch, or raise --time-limit."
        )
    return Undecided(
        f"no verdict: {job.target} ran, but vaelid had not decided after {time_limit:g} s: give a smaller batch, or "
        "raise --time-limit."
    )
