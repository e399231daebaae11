"""Why a recording is not read as a formula."""

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
