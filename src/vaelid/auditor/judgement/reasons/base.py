"""What all reasons are, and the one whose words come from elsewhere.

In comes a sentence of the prover's, of a refutation or of an exception; out goes a reason that repeats it, as
`Told("the solvers did not decide it.")`.
"""

from dataclasses import dataclass

__all__ = ["IsOther", "Reason", "Told"]


class Reason:
    """Why something was decided: an abstract class, whose subclasses have the facts as their fields."""


@dataclass(frozen=True)
class Told(Reason):
    """A sentence that was made where the facts are: by a prover, a refuter, or an exception."""

    sentence: str


@dataclass(frozen=True)
class IsOther(Reason):
    """It is something else, which has this name in the literature: free bits, a term over pairs of rows."""

    name: str
