"""What a reading refuses."""

from vaelid.spec.errors import VaelidError

__all__ = ["ReadingError", "UnknownOperation"]


class ReadingError(VaelidError):
    """A function of the spec does something that a reading has no meaning for; the message names the operation."""


class UnknownOperation(ReadingError, AttributeError):
    """The reading has no rule of this name. An `AttributeError` too, so that `hasattr` answers."""
