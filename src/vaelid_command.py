"""The entry of the command `vaelid`: from here on Ctrl-C is one line, also while modules load.

It stands beside the package, since Python runs `vaelid/__init__.py` before any file in it. What comes before `main` is
Python's own start, in which an interruption is Python's too: a traceback of `KeyboardInterrupt`.
"""

import atexit
import os
import signal

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> None:
    """Import the command line, and run it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # the shell may have it ignored, as after `&`
        signal.signal(signal.SIGINT, _end)
        atexit.register(_is_over)  # the first to be registered is the last to be called
    from vaelid.interface.cli import main as command

    command(interrupted=_end)


def _end(*_: object) -> None:
    # at once: an exception raised inside an import may be turned into an ImportError by what is being imported
    os.write(2, b"vaelid: interrupted.\n")
    os._exit(_INTERRUPTED)


def _is_over() -> None:
    # the status is decided: without this, Python would take its handlers away, and a signal end the process by itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
