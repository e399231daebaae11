"""How a command ended, as an exit status and one message. The statuses are those of `EXIT_STATUS`, and no other."""

import errno

__all__ = ["EXIT_STATUS", "FAILED", "INTERNAL", "INTERRUPTED", "UNDECIDED", "USAGE", "USER_CODE", "ending"]

FAILED, UNDECIDED, USAGE, USER_CODE, INTERNAL, INTERRUPTED = 1, 2, 64, 70, 71, 130

EXIT_STATUS = {
    0: "done, or PROVED",
    FAILED: "a check failed: REFUTED, or training diverged",
    UNDECIDED: "undecided",
    3: "another objective (audit)",
    USAGE: "wrong usage or bad input",
    USER_CODE: "the user's own code raised",
    INTERNAL: "vaelid itself failed, or there was too little memory",
    INTERRUPTED: "interrupted; 128 and its number for another signal",
}
"""Every status that a command ends with. A defect of vaelid's is never 1, which says something of what was checked."""


def ending(error: BaseException) -> tuple[str | None, int]:
    """The message, None where there is nothing to say, and the exit status."""
    known = _raised_on_purpose(error)
    if known is not None:
        return known
    if isinstance(error, MemoryError) or "allocate memory" in _text(error) or "out of memory" in _text(error):
        reason = _text(error).partition("\n")[0] or "MemoryError"
        return f"out of memory ({reason}): take smaller batches, widths, or fewer latents.", INTERNAL
    return f"vaelid itself failed ({_shown(error)}): please report it; --debug shows where.", INTERNAL


def _raised_on_purpose(error: BaseException) -> tuple[str | None, int] | None:
    import click

    from vaelid.interface.audit.failures import Stopped, TimedOut
    from vaelid.spec.errors import DivergenceError, InternalError, UserCodeError, VaelidError

    match error:
        case BrokenPipeError():
            return None, INTERRUPTED
        case KeyboardInterrupt() | click.Abort():
            return "interrupted.", INTERRUPTED
        case Stopped():
            return str(error), 128 + error.number
        case click.ClickException():
            place = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "vaelid"
            return f"{error.format_message()} See: {place} --help", USAGE
        case UserCodeError():
            return f"{error} (--debug shows where)", USER_CODE
        case DivergenceError():
            return str(error), FAILED
        case TimedOut():
            return str(error), UNDECIDED
        case InternalError() if str(error).startswith("vaelid itself failed"):  # the auditor's, which says all of it
            return f"{error} (--debug shows where)", INTERNAL
        case InternalError():
            return f"vaelid itself failed ({error}): please report it; --debug shows where.", INTERNAL
        case VaelidError():
            return str(error), USAGE
        case OSError(filename=str(name), strerror=str(reason)):
            return f"cannot use {name}: {reason.lower()}.", USAGE
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EFBIG | errno.EIO, strerror=str(reason)):
            return f"the output could not be written: {reason.lower()}.", USAGE
        case OSError(errno=errno.EMFILE | errno.ENFILE | errno.EAGAIN, strerror=str(reason)):
            return f"the system gives this process no more: {reason.lower()}. Raise the limit (ulimit -a).", USAGE
    return None


def _shown(error: BaseException) -> str:
    from vaelid.spec.errors import kind_of

    text = _text(error).partition("\n")[0][:300]
    return f"{kind_of(error)}: {text}" if text else kind_of(error)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return ""
