"""What a search for a point at which a loss is wrong hands back, where it has found one.

In come the numbers that exclude each other, as a `Witness`, and the sentence that says what they show; out goes one
value that a claim is made of. For a loss without data in it the witness is "slope 0, and not 1" and the sentence is
"no data stand in the loss."
"""

from dataclasses import dataclass

from vaelid.auditor.findings.report import Witness

__all__ = ["Refutation"]


@dataclass(frozen=True)
class Refutation:
    """A proof that code is not what it is taken for.

    Attributes:
        witness: two numbers that exclude each other, by ball arithmetic.
        sentence: what they show, for a reader.
        bug: the name of the bug in `vaelid.auditor.findings.bugs.BUGS`, where it was recognised.
    """

    witness: Witness
    sentence: str
    bug: str | None = None
