"""What may come out of an audit, whichever it is: an answer, an error of the user's, or a defect of vaelid's.

Code that cannot be read is answered UNKNOWN, with the reason and the line. A user's mistake is an `InputError`, what
their code raises a `UserCodeError`. Anything else that is raised is a defect, and becomes an `InternalError`.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from vaelid.auditor.axes import Mixed
from vaelid.auditor.switches import GENERATORS, SWITCHES, Kept
from vaelid.auditor.tensors import Unread
from vaelid.readings.errors import ReadingError
from vaelid.spec.errors import InputError, InternalError, UserCodeError, VaelidError, words_of
from vaelid.theory.kernel import NotProved

__all__ = ["UNREAD", "door", "users_code"]

UNREAD = (Unread, NotProved, ReadingError, Mixed)
"""What says that code cannot be read, or a formula not proved."""
_TOO_MUCH = {
    RecursionError: "its formula is nested too deeply to be read",
    MemoryError: "its formula needs more memory than there is",
    OverflowError: "a number in it is too large to be read",
    ZeroDivisionError: "a division by zero is in it",
}
"""What reading a formula of any size may end in."""
_Answer = TypeVar("_Answer")
_Function = Callable[..., _Answer]


def door(unknown: Callable[[Any, Exception], _Answer]) -> Callable[[_Function[_Answer]], _Function[_Answer]]:
    """A decorator of an audit. `unknown` makes the answer UNKNOWN, from the audited function and the reason."""

    def decorate(audit: _Function[_Answer]) -> _Function[_Answer]:
        signature = inspect.signature(audit)

        @functools.wraps(audit)
        def answered(*args: Any, **options: Any) -> _Answer:
            __tracebackhide__ = True
            given = signature.bind(*args, **options)  # a wrong call is Python's to complain of
            audited = next(iter(given.arguments.values()))
            if not callable(audited):
                raise InputError(f"{type(audited).__name__} is no function: expected one to audit.")
            process = Kept((*SWITCHES, *GENERATORS))
            try:
                return audit(*args, **options)
            except UNREAD as reason:
                return unknown(audited, reason)
            except VaelidError:
                raise
            except tuple(_TOO_MUCH) as error:
                said = next(words for kind, words in _TOO_MUCH.items() if isinstance(error, kind))
                return unknown(audited, Unread(said, None))
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


@contextmanager
def users_code() -> Iterator[None]:
    """The user's code runs here: what it raises is theirs. Ctrl-C stays what it is."""
    try:
        yield
    except (InputError, Unread, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise UserCodeError(f"the audited function raised {words_of(error)}") from error
