"""The whole library, proved anew: what `vaelid theorems --check` runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from vaelid.theory.kernel import NotProved, Theorem
from vaelid.theory.library import LIBRARY
from vaelid.theory.result import Result
from vaelid.theory.solvers import forget_answers

__all__ = ["Checked", "check_library", "obligations", "steps"]


@dataclass(frozen=True)
class Checked:
    """One result after a check: its theorem, or why there is none, and the seconds it took."""

    result: Result
    theorem: Theorem | None
    failure: str | None
    seconds: float


def check_library() -> Iterator[Checked]:
    """Prove every result of the library that has a proof here, asking both solvers anew."""
    forget_answers()
    for result in LIBRARY.values():
        result.forget()
    for result in LIBRARY.values():
        if result.prove is None:
            continue
        start, theorem, failure = perf_counter(), None, None
        try:
            theorem = result.theorem
        except NotProved as error:
            failure = str(error)
        yield Checked(result, theorem, failure, perf_counter() - start)


def steps(theorem: Theorem) -> list[Theorem]:
    """Every kernel theorem that a proof is made of, each once, the theorem itself last."""
    found: dict[int, Theorem] = {}
    waiting = [theorem]
    while waiting:
        step = waiting.pop()
        if id(step) not in found:
            found[id(step)] = step
            waiting += step.premises
    return list(reversed(found.values()))


def obligations(theorem: Theorem) -> int:
    """How many statements of the proof the solvers were asked about."""
    return sum(step.rule == "smt" for step in steps(theorem))
