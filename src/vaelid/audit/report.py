"""What an audit finds, as data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from vaelid.readings.terms.text import text
from vaelid.theory.kernel import Theorem

__all__ = ["Claim", "Verdict", "Witness"]

Verdict = Literal["PROVED", "REFUTED", "UNKNOWN"]


@dataclass(frozen=True)
class Witness:
    """A point at which the code differs from every multiple of what it is taken for, by ball arithmetic.

    Attributes:
        point: the value of each argument, the same in every coordinate.
        computed: what the code gives there, with a rigorous bound.
        expected: what it would have to give, with a rigorous bound.
        meaning: in words, what the two numbers are.
    """

    point: Mapping[str, str]
    computed: str
    expected: str
    meaning: str


@dataclass(frozen=True)
class Claim:
    """A verdict on one claim, and what carries it.

    Attributes:
        name: the claim, for instance ``divergence``.
        verdict: PROVED (by a theorem of the kernel), REFUTED (by a witness), UNKNOWN (`reason` says what stopped it).
        reason: one sentence.
        weight: the factor on the KL in nats, as a formula in the sizes; None unless proved.
        theorem: the kernel's theorem; None unless proved.
        witness: where the code is wrong; None unless refuted.
        assumptions: what the theorem takes for granted.
        source: file and line of the operation that the reason speaks of.
    """

    name: str
    verdict: Verdict
    reason: str
    weight: str | None = None
    theorem: Theorem | None = None
    witness: Witness | None = None
    assumptions: tuple[str, ...] = ()
    source: str | None = None

    def __str__(self) -> str:
        return f"{self.verdict}  {self.name}: {self.reason}{f' ({self.source})' if self.source else ''}"

    def as_data(self) -> dict[str, Any]:
        """The claim as plain data, for JSON; the theorem as its text."""
        theorem = text(self.theorem.statement) if self.theorem else None
        witness = asdict(self.witness) if self.witness else None
        return {
            "name": self.name,
            "verdict": self.verdict,
            "reason": self.reason,
            "weight": self.weight,
            "theorem": theorem,
            "witness": witness,
            "assumptions": list(self.assumptions),
            "source": self.source,
        }
