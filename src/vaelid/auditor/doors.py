"""What all four audits share: what may come out of one, and the state of the process after it.

An audit comes in, a function of the audited function; the same audit goes out, which answers or raises one of three
errors. Example: code that cannot be read is answered UNKNOWN, with the reason and the line. A user's mistake is an
`InputError`, what their code raises a `UserCodeError`; anything else that is raised is a defect of vaelid's, and
becomes an `InternalError`.
"""

import functools
import inspect
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from vaelid.auditor.findings.report import Report
from vaelid.auditor.formula.errors import UNREAD, Unread
from vaelid.auditor.recording.calls import source_of
from vaelid.auditor.recording.switches import GENERATORS, SWITCHES, Kept
from vaelid.spec.errors import InputError, InternalError, VaelidError, words_of

__all__ = ["door", "name_of"]


_TOO_MUCH = {
    RecursionError: "its formula is nested too deeply to be read",
    MemoryError: "its formula needs more memory than there is",
    OverflowError: "a number in it is too large to be read",
    ZeroDivisionError: "a division by zero is in it",
}
"""What Python may raise while a very large formula is read: the code is not at fault, and neither is vaelid."""
_Answer = TypeVar("_Answer")
_Function = Callable[..., _Answer]


def name_of(function: Any) -> str:
    """The name of an audited function; that of its class, for an object with a `__call__`."""
    return getattr(function, "__qualname__", type(function).__name__)


def door(unknown: Callable[[Any, Exception], _Answer]) -> Callable[[_Function[_Answer]], _Function[_Answer]]:
    """A decorator of an audit. `unknown` makes the answer UNKNOWN, from the audited function and the reason.

    A report is given the time that the audit took, and the line of the audited function.
    """

    def decorate(audit: _Function[_Answer]) -> _Function[_Answer]:
        signature = inspect.signature(audit)

        @functools.wraps(audit)
        def answered(*args: Any, **options: Any) -> _Answer:
            __tracebackhide__ = True
            started = time.perf_counter()
            bound = signature.bind(*args, **options)  # a wrong call is Python's to complain of
            audited = next(iter(bound.arguments.values()))
            if not callable(audited):
                raise InputError(f"{type(audited).__name__} is no function: expected one to audit.")
            process = Kept((*SWITCHES, *GENERATORS))
            try:
                return _dated(audit(*args, **options), audited, started)
            except UNREAD as reason:
                return _dated(unknown(audited, reason), audited, started)
            except VaelidError:
                raise
            except tuple(_TOO_MUCH) as error:
                said = next(words for kind, words in _TOO_MUCH.items() if isinstance(error, kind))
                return _dated(unknown(audited, Unread(said, None)), audited, started)
            except Exception as cause:
                raise InternalError(_defect(cause)) from cause
            finally:
                process.restore()

        return answered

    return decorate


def _dated(answer: _Answer, audited: Any, started: float) -> _Answer:
    if isinstance(answer, Report):
        return replace(answer, seconds=time.perf_counter() - started, source=source_of(audited))
    return answer


def _defect(cause: Exception) -> str:
    where = cause.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    file = "" if where is None else f" ({where.tb_frame.f_code.co_filename}:{where.tb_lineno})"
    return (
        f"vaelid itself failed, {words_of(cause)}{file}. This says nothing of your code: please report it, with the "
        "code that was audited."
    )
