"""Why a recording, or one operation of it, is not read as a formula.

`Unread` ends an audit as UNKNOWN, with the user's line; `Mixed` ends the reading of one operation, whose results then
become leaves. For example, `x.reshape(-1)[::2]` mixes axes; a tensor on the device meta cannot be read at all.
"""

from vaelid.spec.errors import VaelidError

__all__ = ["Mixed", "Unread"]


class Unread(VaelidError):
    """An operation that has no reading as a term; `source` is the user's line."""

    def __init__(self, message: str, source: str | None) -> None:
        super().__init__(message)
        self.source = source


class Mixed(ValueError):
    """Dimensions that do not fit together axis by axis."""

    source: str | None = None
