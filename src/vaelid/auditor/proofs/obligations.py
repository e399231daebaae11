"""One way to ask the solvers: every proof of the auditor that is not found by rewriting goes through `proved`.

A goal comes in (an equation between terms, maybe under hypotheses) with the theorems it may use; the kernel's theorem
goes out, or `NoProof` is raised with the solvers' answers. Example: the goal ``0 < N -> x * (N / N) = x``.
"""

from collections.abc import Iterable

from vaelid.readings.terms.syntax import Term
from vaelid.theory.kernel import NotProved, Theorem
from vaelid.theory.tactics import prove

__all__ = ["NoProof", "proved"]


class NoProof(NotProved):
    """The solvers do not both accept a goal, or a term does not have the form that a proof step needs."""


def proved(goal: Term, premises: Iterable[Theorem] = (), *, unfold: bool = False) -> Theorem:
    """The theorem `goal`, by z3 and cvc5. Raises `NoProof` with their answers.

    `unfold`: definitions such as `coordinate_kl` are replaced by their bodies first. Off by default: most goals hold
    for any value of a defined function, and a solver is much faster on a variable than on a body with exponentials.
    """
    try:
        return prove(goal, list(premises), unfolding=None if unfold else ())
    except NoProof:
        raise
    except NotProved as failure:
        said = ", ".join(f"{answer.solver} answers {answer.verdict}" for answer in failure.answers)
        raise NoProof(f"the solvers do not agree that the formula is right ({said})", failure.answers) from None
