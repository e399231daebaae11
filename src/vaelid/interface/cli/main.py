"""The entry of the command `vaelid`. Whatever happens, it ends with one message and a status of `EXIT_STATUS`.

Python itself ends with 1 after an error that nobody caught, which here means REFUTED. So all else is imported inside,
and nothing is raised out of it but `SystemExit`.
"""

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

__all__ = ["main"]

_INTERNAL = 71
"""`status.INTERNAL`: not imported, as what is imported may be what fails."""


def main(
    arguments: Sequence[str] | None = None, *, interrupted: Callable[..., Any] = signal.default_int_handler
) -> NoReturn:
    """Run the command and exit with its status.

    `interrupted` is the handler of Ctrl-C that stands before and after; with any other, Ctrl-C is left to that.
    """
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    with _interruptions(interrupted) as interruptions:
        try:
            status = _run([argument for argument in given if argument != "--debug"])
        except BaseException as error:
            # what is interrupted while it is being imported may raise an ImportError of its own
            status = _said(KeyboardInterrupt() if interruptions else error, debug="--debug" in given)
    _discard_what_cannot_be_written()
    sys.exit(status)


@contextmanager
def _interruptions(outside: Callable[..., Any]) -> Iterator[list[int]]:
    """A list of the interruptions that came. Each raises `KeyboardInterrupt`, unless `outside` is not the handler."""
    came = list[int]()

    def note(number: int, frame: FrameType | None) -> NoReturn:
        came.append(number)
        raise KeyboardInterrupt

    in_main = threading.current_thread() is threading.main_thread()
    heard = in_main and signal.getsignal(signal.SIGINT) is outside
    if heard:
        signal.signal(signal.SIGINT, note)
    try:
        yield came
    finally:
        if heard:
            signal.signal(signal.SIGINT, outside)


def _run(arguments: list[str]) -> int:
    from vaelid.interface.cli.group import vaelid

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Greek, a file name that is no text
    status = vaelid.main(args=list(arguments), prog_name="vaelid", standalone_mode=False, obj=tuple(arguments))
    sys.stdout.flush()  # a full disk or a closed pipe shows here, and not after the status is decided
    return status or 0


def _said(error: BaseException, *, debug: bool) -> int:
    """Say what happened, as far as that can be said, and give the status."""
    kind = type.__dict__["__name__"].__get__(type(error))  # which no metaclass of the user's can keep from being said
    message: str | None = f"vaelid itself failed ({kind}): please report it; --debug shows where."
    status = _INTERNAL
    try:
        from vaelid.interface.cli.status import ending

        message, status = ending(error)
    except BaseException:  # little memory or little stack is left, or an import fails: the plain message has to do
        pass
    try:
        if debug:
            import traceback

            traceback.print_exception(error)
        if message is not None:
            # names that were typed may hold what a terminal obeys
            message = "".join(mark if mark.isprintable() or mark == "\n" else repr(mark)[1:-1] for mark in message)
            encoding = sys.stderr.encoding or "utf-8"
            sys.stderr.write(f"vaelid: {message}\n".encode(encoding, "backslashreplace").decode(encoding))
            sys.stderr.flush()
    except BaseException:  # nobody can be told: the status stays
        pass
    return status


def _discard_what_cannot_be_written() -> None:
    """Python would end with 120 if standard output could not be flushed at the very end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            try:
                nothing = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nothing, stream.fileno())
                os.close(nothing)
            except BaseException:
                pass
