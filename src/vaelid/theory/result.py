"""A named theorem of the library: what it says, where it comes from, and how it is proved."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from vaelid.readings.terms.syntax import Symbol, Term, subterms
from vaelid.readings.terms.trace import Definition
from vaelid.theory.kernel import NotProved, Theorem, is_theorem
from vaelid.theory.statement import split
from vaelid.theory.tactics import prove

__all__ = ["Result", "Status", "solved"]

Status = Literal["proved", "rocq", "open"]


@dataclass(frozen=True, eq=False)
class Result:
    """A theorem by its name. `theorem` is proved by the kernel when it is first asked for.

    Attributes:
        name: as in the documents, the Rocq development and TorchLean (in its own case).
        says: the statement in words.
        statement: the formula, over functions of the spec; None where the kernel has no words for it (an
            integral, a law), and the statement is the one of the Rocq theorem.
        prove: the proof; None where there is none here.
        source: TorchLean's name for it.
        references: papers.
        meaning: what it means for a loss that somebody trains with, where that is not plain.
        rocq: its name in `proofs/Theorems.v`; with neither it nor a proof here, it is open.
    """

    name: str
    says: str
    statement: Term | None = None
    prove: Callable[[], Theorem] | None = field(default=None, repr=False)
    source: str | None = None
    references: tuple[str, ...] = ()
    rocq: str | None = None
    meaning: str = ""

    @cached_property
    def _made(self) -> Any:
        if self.prove is None or self.statement is None:
            raise NotProved(f"{self.name} is not proved by this kernel; see its Rocq theorem")
        return self.prove()

    @property
    def theorem(self) -> Theorem:
        """The kernel's theorem. Raises `NotProved` when a solver does not agree."""
        theorem = self._made  # looked at each time: what a cache holds can be put there
        if not is_theorem(theorem):
            raise NotProved(f"{self.name}: the proof gives no theorem of the kernel")
        if theorem.statement is not self.statement:
            raise NotProved(f"{self.name}: the proof is of another statement")
        return theorem

    def forget(self) -> None:
        """Drop the theorem, so that it is proved anew when it is next asked for."""
        self.__dict__.pop("_made", None)

    @property
    def status(self) -> Status:
        """`proved` when the kernel has proved it, `rocq` where the Rocq development does, `open` where nobody has."""
        if self.prove is None:
            return "open" if self.rocq is None else "rocq"
        try:
            return "proved" if self.theorem else "open"
        except NotProved:
            return "open"

    @property
    def hypotheses(self) -> tuple[Term, ...]:
        """What the statement assumes."""
        return split(self.statement)[0] if self.statement is not None else ()

    @property
    def conclusion(self) -> Term | None:
        """What it concludes."""
        return split(self.statement)[1] if self.statement is not None else None

    @property
    def functions(self) -> tuple[Symbol, ...]:
        """The defined functions it is about."""
        if self.statement is None:
            return ()
        return tuple(dict.fromkeys(t.head for t in subterms(self.statement) if isinstance(t.head, Symbol)))


def solved(
    name: str,
    says: str,
    statement: Term,
    by: Callable[[], Iterable[Theorem]] = tuple,
    *,
    unfolding: Iterable[Definition] | None = None,
    **about: Any,
) -> Result:
    """A result that the solvers prove from these theorems and from the definitions (those named, or all)."""
    return Result(name, says, statement, lambda: prove(statement, by(), unfolding=unfolding), **about)
