"""What a part of a loss speaks of.

A term of a loss comes in, by the names of its arrays, and one of these goes out (`model.question.Question.kind`): for
x, mu, logvar and a decoder's x_hat, (x - x_hat)^2 is a `Reconstruction()`, mu^2 a `Divergence(0)`, mu * x_hat `MIXED`.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

__all__ = ["CONSTANT", "MIXED", "PARAMETER", "Divergence", "Kind", "Other", "Reconstruction"]


@dataclass(frozen=True)
class Divergence:
    """It speaks of the posterior of this number. Of several parts on coordinates of their own, the first is 1."""

    posterior: int
    part: int = 1

    def in_part(self, number: int) -> "Divergence":
        """The part of this number."""
        return replace(self, part=number)


@dataclass(frozen=True)
class Reconstruction:
    """It speaks of what a decoder put out. Of several parts on data of their own, the first is 1."""

    part: int = 1

    def in_part(self, number: int) -> "Reconstruction":
        """The part of this number."""
        return replace(self, part=number)


class Other(Enum):
    """It speaks of data and numbers, of parameters alone, or of several things together."""

    CONSTANT = "constant"
    PARAMETER = "parameter"
    MIXED = "mixed"


CONSTANT: Final = Other.CONSTANT
PARAMETER: Final = Other.PARAMETER
MIXED: Final = Other.MIXED

Kind = Divergence | Reconstruction | Other
