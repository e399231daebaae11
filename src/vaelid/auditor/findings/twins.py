"""What a comparison of a fused kernel with its slow side found: that they agree, how closely; or two numbers.

In come the calls of a twin; out goes a `TwinAgreement` or a `TwinDifference`. For a kernel that left out a term it is a
difference: fused_kl gave 3.1 where plain_kl gives 4.6.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = ["TwinAgreement", "TwinDifference", "of_all_calls"]


@dataclass(frozen=True)
class TwinAgreement:
    """A twin whose sides agree within its bound, in all calls that were compared.

    Attributes:
        name: of the fast side.
        slow: the name of the slow side.
        bound: how far they may be apart.
        calls: how many were compared.
        value: the largest distance of the values, relative to the magnitudes that the slow side adds up.
        gradient: the same of the gradients; None where no call had any.
    """

    name: str
    slow: str
    bound: float
    calls: int
    value: float
    gradient: float | None

    def and_of(self, other: "TwinAgreement") -> "TwinAgreement":
        """Of the calls of both, with the larger distances."""
        slopes = [g for g in (self.gradient, other.gradient) if g is not None]
        value, gradient = max(self.value, other.value), max(slopes, default=None)
        return replace(self, calls=self.calls + other.calls, value=value, gradient=gradient)

    def __str__(self) -> str:
        sides = f"the two sides of {self.name}" if self.name == self.slow else f"{self.name} and {self.slow}"
        slopes = "" if self.gradient is None else f", their gradients by {self.gradient:.1g}"
        calls = f"{self.calls} call{'s' * (self.calls != 1)}"
        return f"{sides} differ by at most {self.value:.1g} of their terms{slopes}, in {calls} (bound {self.bound:g})"


@dataclass(frozen=True)
class TwinDifference:
    """A call in which the two sides of a twin are further apart than its bound.

    Attributes:
        name: of the fast side.
        slow: the name of the slow side.
        computed: what the fast side gave.
        expected: what the slow side gave.
        meaning: in words, what the two are.
    """

    name: str
    slow: str
    computed: str
    expected: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.meaning}: {self.computed} where {self.slow} has {self.expected}"


def of_all_calls(found: Iterable[TwinAgreement]) -> tuple[TwinAgreement, ...]:
    """One agreement for each twin: of all its calls, with the largest distances."""
    of: dict[tuple[str, str, float], TwinAgreement] = {}
    for one in found:
        at = (one.name, one.slow, one.bound)
        of[at] = of[at].and_of(one) if at in of else one
    return tuple(of.values())
