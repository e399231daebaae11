"""Checks made one after the other: one that cannot be made keeps none of the others from being made.

In: checks by their names, and what they are made of. Out: the reason for each that could not be made. For a step that
draws by rejection it is that `gradient` was left, since a draw by rejection has no slope at a seed.
"""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from vaelid.readings.errors import ReadingError
from vaelid.spec.errors import UserCodeError, kind_of

__all__ = ["make_checks"]

_Subject = TypeVar("_Subject")


def make_checks(
    subject: _Subject, checks: Mapping[str, Callable[[_Subject], None]], left: dict[str, str], seconds: float
) -> None:
    """Make each check of the subject, and note in `left` why one was not made; none begins after so many seconds."""
    started = time.monotonic()
    for name, check in checks.items():
        if time.monotonic() - started > seconds:
            left[name] = f"the runs before it took {seconds:g} s"
            continue
        try:
            check(subject)
        except (ReadingError, UserCodeError) as reason:
            left[name] = str(reason)
        except Exception as error:
            left[name] = f"it could not be made ({kind_of(error)})"
