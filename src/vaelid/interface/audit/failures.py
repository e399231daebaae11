"""What the user's code raised, as one message: what was done, where it stopped, and how to mend it."""

import os
import re
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from vaelid.interface.audit.places import is_ours, is_users, raised_at, relative_path
from vaelid.spec.errors import UserCodeError, VaelidError, kind_of

__all__ = ["Stopped", "TimedOut", "explained", "is_theirs", "named", "raised", "run_users_code", "shortened", "text_of"]

_NO_GPU = ("not compiled with CUDA", "NVIDIA driver", "No CUDA GPUs", "CUDA error", "no CUDA-capable device")
_MEND_GPU = "This machine has no GPU that torch can use: let the device be a setting, and audit on the CPU."
_MOST = 2000
"""Characters shown of the text of an error."""


class TimedOut(VaelidError):
    """The audit itself came to no verdict: it took too long."""


class Stopped(VaelidError):
    """The audit was told to end by a signal."""

    def __init__(self, number: int, target: str) -> None:
        name = signal.Signals(number).name
        super().__init__(f"no verdict: the audit of {target} was stopped by {name}, and all that it started was ended.")
        self.number = number


def run_users_code(doing: str, call: Callable[[], Any]) -> Any:
    """`call()`; what the user's code raises becomes a `UserCodeError` that says what was done and where it stopped."""
    folder = ""
    with suppress(OSError):  # the folder may be gone
        folder = os.getcwd()
    try:
        return call()
    except BaseException as cause:
        with suppress(OSError):
            os.chdir(folder)  # places are shown as seen from here
        raise _of_user(doing, cause) from cause


def _of_user(doing: str, cause: BaseException) -> UserCodeError:
    match cause:
        case SyntaxError():
            place = f"{relative_path(cause.filename)}, line {cause.lineno}" if cause.filename else doing
            return UserCodeError(f"{place} is not Python: {shortened(str(cause.msg))}. Mend that line.")
        case ModuleNotFoundError():
            return UserCodeError(
                f"{doing} needs the module {cause.name!r}{raised_at(cause)}, which cannot be imported: install it in "
                "this environment, or run from the folder that holds it."
            )
    return UserCodeError(raised(doing, cause))


def raised(doing: str, error: BaseException) -> str:
    """As in "model.py raised ValueError at model.py, line 3: no such layer"."""
    said = text_of(error)
    return f"{doing} raised {_name(error)}{raised_at(error)}" + (f": {said}" if said else "")


def named(error: BaseException) -> str:
    """As in "ValueError: no such layer"."""
    said = text_of(error)
    return f"{_name(error)}: {said}" if said else _name(error)


def _name(error: BaseException) -> str:
    return shortened(kind_of(error), 100)


def text_of(error: BaseException) -> str:
    """`str(error)` in a length that can be read, without codes that a terminal obeys; also where `str` raises."""
    try:
        return shortened(str(error))
    except BaseException as other:
        return f"(its text cannot be shown: __str__ raised {_name(other)})"


def shortened(text: str, most: int = _MOST) -> str:
    """The text, or its beginning and its end; control characters and lone surrogates are written as escapes."""
    if len(text) > most:
        text = f"{text[: most - most // 4]} ... ({len(text):,} characters) ... {text[-most // 4 :]}"
    return re.sub(r"[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", lambda c: ascii(c.group())[1:-1], text)


def is_theirs(error: BaseException) -> bool:
    """Whether it was raised by the user's code: whose line is the innermost, apart from those of installed packages.

    Both call packages: an error in z3 is vaelid's, one in a package of layers the user's.
    """
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    decisive = [file for file in files if is_ours(file) or (is_users(file) and "site-packages" not in Path(file).parts)]
    return bool(decisive) and not is_ours(decisive[-1])


def explained(error: UserCodeError) -> str:
    """The error's message, with the user's line, and with what to do where that is known."""
    message, cause = text_of(error).rstrip(), error.__cause__
    place = raised_at(cause) if cause else ""
    if place and place not in message:
        message = f"{message.rstrip('.')}, raised{place}."
    if any(words in message for words in _NO_GPU):
        message = f"{message.rstrip('.')}. {_MEND_GPU}"
    return message
