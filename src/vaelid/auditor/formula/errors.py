"""Why a recording, or one operation of it, is not read as a formula.

`Unread` ends an audit as UNKNOWN, with the user's line; `Mixed` ends the reading of one operation, whose results then
become leaves. For example, `x.reshape(-1)[::2]` mixes axes; a tensor on the device meta cannot be read at all.
"""

from vaelid.readings.errors import ReadingError
from vaelid.spec.errors import VaelidError
from vaelid.theory.kernel import NotProved

__all__ = ["UNREAD", "Mixed", "Unread"]


class Unread(VaelidError):
    """An operation that has no reading as a term; `source` is the user's line."""

    def __init__(self, message: str, source: str | None) -> None:
        super().__init__(message)
        self.source = source


class Mixed(ValueError):
    """Dimensions that do not fit together axis by axis."""

    source: str | None = None


UNREAD = (Unread, NotProved, ReadingError, Mixed)
"""The errors after which the answer is UNKNOWN: the code cannot be read, or its formula is not proved."""
