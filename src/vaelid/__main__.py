"""`python -m vaelid`, and the entry of the command: an interruption while modules load is one line, too."""

import os
import signal
from typing import Any

__all__ = ["main"]

INTERRUPTED = 130


def _end(*_: Any) -> None:
    # at once: an exception raised inside an import may be turned into an ImportError by what is being imported
    os.write(2, b"vaelid: interrupted.\n")
    os._exit(INTERRUPTED)


def main() -> None:
    """Import the command line, and run it."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # not where the shell has it ignored, as for a job in the background
        signal.signal(signal.SIGINT, _end)
    from vaelid.interface.cli import main as command

    signal.signal(signal.SIGINT, before)
    command()


if __name__ == "__main__":
    main()
