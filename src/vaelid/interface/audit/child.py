"""`python -m vaelid.interface.audit.child`: the process in which an audit runs the user's code.

It reads a job as JSON from standard input, and writes one JSON object: the status and the answer, or the error. What
the user's code prints goes to standard error. After the time limit it writes where it was instead, and ends.
"""

import faulthandler
import json
import os
import sys
import traceback
from typing import Any

from vaelid.interface.audit.asked import Job
from vaelid.interface.audit.failures import explained
from vaelid.interface.audit.job import perform
from vaelid.interface.audit.words import EXIT
from vaelid.spec.errors import InputError, UserCodeError, VaelidError

__all__ = ["main", "outcome"]


_ANONYMOUS = "the audited function"
"""What the auditor calls a function; here it has a name."""


def main() -> None:
    """Read the job, do it, write the outcome."""
    given = json.loads(sys.stdin.read())
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)  # C code that prints is caught as well
        sys.stdout, sys.argv = sys.stderr, [given["job"]["target"]]
        # the timer is a thread of C: it ends code that holds on to the interpreter, too
        faulthandler.dump_traceback_later(given["time_limit"], exit=True, file=answer)
        found = outcome(Job(**given["job"]))
        faulthandler.cancel_dump_traceback_later()
        json.dump(found, answer)
    sys.stderr.flush()
    os._exit(0)  # threads that the user's code has left running do not keep the answer back


def outcome(job: Job) -> dict[str, Any]:
    """The status and the answer; or the kind of error, its message, and the traceback."""
    try:
        report, answer = perform(job)
        return {"status": EXIT[report.verdict], "answer": answer}
    except UserCodeError as error:
        return _failed("user", explained(error).replace(_ANONYMOUS, job.target))
    except InputError as error:
        return _failed("input", str(error).replace(_ANONYMOUS, job.target))
    except VaelidError as error:
        return _failed("vaelid", str(error))
    except Exception as error:  # a defect of vaelid's: never to be taken for a verdict
        return _failed("defect", f"{type(error).__name__}: {error}")


def _failed(kind: str, message: str) -> dict[str, Any]:
    return {"failure": kind, "message": message, "traceback": traceback.format_exc()}


if __name__ == "__main__":
    main()
