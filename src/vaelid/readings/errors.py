"""What a reading refuses."""

from vaelid.spec.errors import VaelidError

__all__ = ["ReadingError"]


class ReadingError(VaelidError):
    """A function of the spec does something that a reading has no meaning for; the message names the operation."""
