"""The command `vaelid`: its group, and how every failure becomes one message and an exit status.

0 done, or PROVED; 1 a check failed, REFUTED, or training diverged; 2 undecided; 3 another objective (audit); 64 wrong
usage or bad input; 70 the user's own code raised; 130 interrupted.
"""

import sys
from collections.abc import Sequence

import click

from vaelid.interface.cli.audit import audit
from vaelid.interface.cli.results import encode, evaluate, reconstruct, report, sample
from vaelid.interface.cli.theory import theorems
from vaelid.interface.cli.training import demo, train

__all__ = ["main"]

FAILED, UNDECIDED, USAGE, USER_CODE, INTERRUPTED = 1, 2, 64, 70, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vaelid", prog_name="vaelid")
def vaelid() -> None:
    """Train, examine and audit variational autoencoders, in nats.

    DATA is one of: digits (bundled), a .npy, .npz, .csv or .parquet file, a folder of images, module:callable.
    RUN is a folder that `vaelid train` made.
    """


for command in (demo, train, evaluate, encode, reconstruct, sample, report, audit, theorems):
    vaelid.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its status."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    debug = "--debug" in given
    try:
        status = vaelid.main(args=[a for a in given if a != "--debug"], prog_name="vaelid", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        if debug:
            raise
        place = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "vaelid"
        _complain(f"{error.format_message()} See: {place} --help")
        sys.exit(USAGE)
    except Exception as error:
        message, status = _expected(error)
        if debug or message is None:
            raise
        _complain(message)
        sys.exit(status)
    sys.exit(status or 0)


def _expected(error: Exception) -> tuple[str | None, int]:
    """The message and status of an error that vaelid raises on purpose; no message for a defect of its own."""
    from vaelid.interface.audit.failures import Undecided
    from vaelid.spec.errors import DivergenceError, UserCodeError, VaelidError

    match error:
        case UserCodeError():
            return f"{error} (--debug shows where)", USER_CODE
        case DivergenceError():
            return str(error), FAILED
        case Undecided():
            return str(error), UNDECIDED
        case VaelidError():
            return str(error), USAGE
        case OSError(filename=str(name), strerror=str(reason)):
            return f"cannot use {name}: {reason.lower()}.", USAGE
    if isinstance(error, MemoryError) or "allocate memory" in str(error) or "out of memory" in str(error):
        reason = str(error).partition("\n")[0]
        return f"out of memory ({reason}): take smaller batches, widths, or fewer latents.", FAILED
    return None, FAILED


def _complain(message: str) -> None:
    click.echo(f"vaelid: {message}", err=True)
