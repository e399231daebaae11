"""`python -m vaelid.interface.audit.child`: the process in which an audit runs the user's code.

It reads a key and a job from standard input, says that it has started, and writes one answer: the verdict and the
report, or the error. What the user's code prints goes to standard error. After the time limit it writes where it was
instead, and ends. Where user code has left no way to answer, it ends without one.
"""

import faulthandler
import io
import json
import math
import os
import random
import sys
import traceback
from collections.abc import Callable
from typing import Any

from vaelid.interface.audit.asked import Job
from vaelid.interface.audit.failures import explained, is_theirs, named, raised, shortened
from vaelid.interface.audit.job import perform
from vaelid.interface.audit.seal import KEY_BYTES, MOST_BYTES, sealer
from vaelid.interface.audit.tree import die_with_parent
from vaelid.spec.errors import InputError, InternalError, UserCodeError, VaelidError

__all__ = ["main", "outcome"]

_ANONYMOUS = "the audited function"
"""What the auditor calls a function; here it has a name."""


def main() -> None:
    """Read the job, do it, write the outcome, and end: threads that user code has left running are not waited for."""
    leave, jobs = os._exit, list[Job]()
    try:
        # what writes sealed answers is on the stack of this expression, in no variable that a frame shows to user code
        _started(jobs)(outcome(jobs.pop()))
        sys.stderr.flush()
    except BaseException:  # user code has closed what answers are written to, or standard error
        leave(1)
    leave(0)


def _started(jobs: list[Job]) -> Callable[[Any], None]:
    """Put the job into the list, say that its time begins, and give the function that writes the answer."""
    request, seal = _received()
    die_with_parent(request["parent"])
    descriptor, say = _channel(seal)
    sys.argv = [request["job"]["target"]]
    jobs.append(Job(**request["job"]))
    say({"started": True})
    # both are of C and need no interpreter: they work on code that holds on to it, and on a crash
    faulthandler.enable(file=descriptor)
    faulthandler.dump_traceback_later(request["time_limit"], exit=True, file=descriptor)
    return say


def _received() -> tuple[dict[str, Any], Callable[[Any], bytes]]:
    """The request, and what seals answers. Afterwards standard input is empty, and the key is nowhere in Python."""
    key = bytearray(KEY_BYTES)
    given = io.FileIO(0, closefd=False)  # without a buffer, in which the key would stay
    have = 0
    while have < KEY_BYTES and (count := given.readinto(memoryview(key)[have:])):
        have += count
    request = json.loads(given.readall())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return request, sealer(key)


def _channel(seal: Callable[[Any], bytes]) -> tuple[int, Callable[[Any], None]]:
    """A descriptor for answers alone, and the function that writes one; what is printed goes to standard error."""
    descriptor = _out_of_the_way(1)
    os.dup2(2, 1)  # C code that prints is caught as well
    sys.stdout = sys.stderr
    # kept here, because user code may replace them
    pid, write, look, getpid, leave = os.getpid(), os.write, os.fstat, os.getpid, os._exit
    cancel = faulthandler.cancel_dump_traceback_later
    identity = look(descriptor)[:3]

    def say(value: Any) -> None:
        cancel()
        if getpid() != pid:  # a fork of the process went on to the end of the audit: one answer is enough
            leave(0)
        line = seal(value)
        if len(line) > MOST_BYTES:
            line = seal(_failed("defect", f"the answer has {len(line):,} bytes"))
        if look(descriptor)[:3] != identity:  # it was closed, and is a file of the user's now
            leave(1)
        while line:
            line = line[write(descriptor, line) :]

    return descriptor, say


def _out_of_the_way(descriptor: int) -> int:
    """A copy that programs do not inherit, under a number that a loop over the first few does not meet."""
    try:
        import fcntl

        # below 1024, the usual limit; not a fixed number, so that nobody comes to rely on it
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, random.SystemRandom().randrange(512, 960))
    except (ImportError, OSError):  # Windows, or a limit of 256 descriptors
        return os.dup(descriptor)


def outcome(job: Job) -> dict[str, Any]:
    """The verdict and the answer; or the kind of error, its message, and the traceback."""
    before = _held()
    try:
        report, answer = perform(job)
        return {"verdict": report.verdict, "answer": answer}
    except UserCodeError as error:
        return _failed("user", explained(error).replace(_ANONYMOUS, job.target))
    except InputError as error:
        return _failed("input", str(error).replace(_ANONYMOUS, job.target))
    except InternalError as error:
        return _taken(job, before) or _failed("defect", str(error))
    except VaelidError as error:
        return _failed("vaelid", str(error))
    except BaseException as error:
        if is_theirs(error):
            return _failed("user", raised(job.target, error))
        return _taken(job, before) or _failed("defect", f"{job.target}: {named(error)}")


def _held() -> dict[str, Any]:
    """What vaelid needs of the process, and user code may take from it."""
    return {"sys.path": list(sys.path), "sys.modules": set(sys.modules), "open files": _open_files()}


def _open_files() -> float:
    try:
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
    except ImportError:  # Windows, or no module can be imported any more
        return math.inf
    limit = getrlimit(RLIMIT_NOFILE)[0]
    return math.inf if limit == RLIM_INFINITY else limit


def _taken(job: Job, before: dict[str, Any]) -> dict[str, Any] | None:
    """The failure as one of the user's code, where that took what vaelid would have needed to give an answer."""
    if not before["sys.modules"] <= set(sys.modules):
        what = "took modules out of sys.modules"
    elif not set(before["sys.path"]) <= set(sys.path):
        what = "took folders out of sys.path"
    elif _open_files() < before["open files"]:
        what = "lowered the limit of open files"
    else:
        return None
    return _failed(
        "user", f"{job.target} {what}, so vaelid could not go on and there is no verdict: leave that as it was."
    )


def _failed(kind: str, message: str) -> dict[str, Any]:
    return {
        "failure": kind,
        "message": shortened(message, 4000),
        "traceback": shortened(traceback.format_exc(), 40_000),
    }


if __name__ == "__main__":
    main()
