"""What all four audits share: what may come out of one, and the state of the process after it.

An audit comes in, a function of the audited function; the same audit goes out, which answers or raises one of three
errors. Example: code that cannot be read is answered UNKNOWN, with the reason and the line. A user's mistake is an
`InputError`, what their code raises a `UserCodeError`; anything else that is raised is a defect of vaelid's, and
becomes an `InternalError`.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from vaelid.auditor.findings.audited import Audited
from vaelid.auditor.formula.errors import UNREAD, Unread
from vaelid.auditor.recording.calls import source_of
from vaelid.auditor.recording.switches import GENERATORS, SWITCHES, Snapshot
from vaelid.spec.errors import InputError, InternalError, VaelidError, words_of

__all__ = ["audited_now", "door"]


_TOO_MUCH = {
    RecursionError: "its formula is nested too deeply to be read",
    MemoryError: "its formula needs more memory than there is",
    OverflowError: "a number in it is too large to be read",
    ZeroDivisionError: "a division by zero is in it",
}
"""What Python may raise while a very large formula is read: the code is not at fault, and neither is vaelid."""
_Answer = TypeVar("_Answer")
_Function = Callable[..., _Answer]


def audited_now(function: Any) -> Audited:
    """A function whose audit begins: its name (that of its class, for an object with a `__call__`) and its line."""
    return Audited(getattr(function, "__qualname__", type(function).__name__), source_of(function))


def door(unknown: Callable[[Audited, Exception], _Answer]) -> Callable[[_Function[_Answer]], _Function[_Answer]]:
    """A decorator of an audit. `unknown` makes the answer UNKNOWN, of what is audited and for this reason."""

    def decorate(audit: _Function[_Answer]) -> _Function[_Answer]:
        signature = inspect.signature(audit)

        @functools.wraps(audit)
        def answered(*args: Any, **options: Any) -> _Answer:
            __tracebackhide__ = True
            bound = signature.bind(*args, **options)  # a wrong call is Python's to complain of
            function = next(iter(bound.arguments.values()))
            if not callable(function):
                raise InputError(f"{type(function).__name__} is no function: expected one to audit.")
            process = Snapshot((*SWITCHES, *GENERATORS))
            try:
                audited = audited_now(function)
                try:
                    return audit(*args, **options)
                except UNREAD as reason:
                    return unknown(audited, reason)
                except VaelidError:
                    raise
                except tuple(_TOO_MUCH) as error:
                    said = next(words for kind, words in _TOO_MUCH.items() if isinstance(error, kind))
                    return unknown(audited, Unread(said, None))
            except VaelidError:
                raise
            except Exception as cause:
                raise InternalError(_defect(cause)) from cause
            finally:
                process.restore()

        return answered

    return decorate


def _defect(cause: Exception) -> str:
    where = cause.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    file = "" if where is None else f" ({where.tb_frame.f_code.co_filename}:{where.tb_lineno})"
    return (
        f"vaelid itself failed, {words_of(cause)}{file}. This says nothing of your code: please report it, with the "
        "code that was audited."
    )
