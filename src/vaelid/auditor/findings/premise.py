"""The premises of a verdict, each with the evidence for it: what has to hold besides algebra.

In comes what was found of one premise; out goes a `Premise`. For a loss with a standard prior the premise ``prior`` has
the evidence ``theorem``; that rows are apart was ``examined`` in 8 runs, or is ``assumed`` where a batch norm is.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Evidence", "Premise"]

Evidence = Literal["theorem", "data flow", "examined", "declared", "assumed", "missing"]


@dataclass(frozen=True)
class Premise:
    """One premise.

    Attributes:
        name: ``law``, ``prior``, ``decoder``, ``density``, ``mask``, ``rows``, ``gradient``, ``state``, ``sizes`` or
            ``twins``, which only a loss with fused kernels has.
        evidence: why it is taken to hold; ``missing`` where nobody looked, which keeps a loss from being PROVED.
        words: the premise and its evidence, one sentence.
    """

    name: str
    evidence: Evidence
    words: str

    def __str__(self) -> str:
        return f"{self.name}: {self.words} ({self.evidence})"
