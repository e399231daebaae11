"""What this export refuses."""

from vaelid.spec.errors import VaelidError

__all__ = ["NotExported"]


class NotExported(VaelidError):
    """A theorem that has no proof here for Rocq."""
