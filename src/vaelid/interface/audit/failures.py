"""What the user's code raised, as one message: what was done, where it stopped, and how to mend it."""

from collections.abc import Callable
from typing import Any

from vaelid.interface.audit.places import raised_at, shown
from vaelid.spec.errors import UserCodeError, VaelidError

__all__ = ["Undecided", "explained", "run"]

_NO_GPU = ("not compiled with CUDA", "NVIDIA driver", "No CUDA GPUs", "CUDA error", "no CUDA-capable device")
_MEND_GPU = "This machine has no GPU that torch can use: let the device be a setting, and audit on the CPU."


class Undecided(VaelidError):
    """The audit itself came to no verdict: it took too long, or failed."""


def run(doing: str, call: Callable[[], Any]) -> Any:
    """`call()`; what the user's code raises becomes a `UserCodeError` that says what was done and where it stopped."""
    try:
        return call()
    except SyntaxError as cause:
        place = f"{shown(cause.filename)}, line {cause.lineno}" if cause.filename else doing
        raise UserCodeError(f"{place} is not Python: {cause.msg}. Mend that line.") from cause
    except ModuleNotFoundError as cause:
        raise UserCodeError(
            f"{doing} needs the module {cause.name!r}{raised_at(cause)}, which cannot be imported: install it in this "
            "environment, or run from the folder that holds it."
        ) from cause
    except (Exception, SystemExit) as cause:
        raise UserCodeError(f"{doing} raised {type(cause).__name__}{raised_at(cause)}: {cause}") from cause


def explained(error: UserCodeError) -> str:
    """The error's message, with the user's line, and with what to do where that is known."""
    message, cause = str(error).rstrip(), error.__cause__
    place = raised_at(cause) if cause else ""
    if place and place not in message:
        message = f"{message.rstrip('.')}, raised{place}."
    if any(words in message for words in _NO_GPU):
        message = f"{message.rstrip('.')}. {_MEND_GPU}"
    return message
