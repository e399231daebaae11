"""The two solvers, each reading the same SMT-LIB text."""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from time import perf_counter
from typing import Any

__all__ = ["Answer", "ask", "solver_versions"]

Z3_RESOURCES = 40_000_000
CVC5_RESOURCES = 400_000
SECONDS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What one solver said of a script: `unsat`, `sat`, `unknown`, or why it could not read it."""

    solver: str
    verdict: str
    seconds: float


@lru_cache(maxsize=4096)
def ask(script: str) -> tuple[Answer, Answer]:
    """The answers of z3 and cvc5, in this order. Equal texts are asked once a process.

    Both are bounded by a count of their own steps, so that the answer does not depend on how busy the machine is;
    20 seconds are a last resort, and an answer of `unknown`.
    """
    return _timed("z3", _z3, script), _timed("cvc5", _cvc5, script)


def _timed(name: str, run: "object", script: str) -> Answer:
    start = perf_counter()
    verdict = run(script)  # pyright: ignore[reportCallIssue]
    return Answer(name, verdict, perf_counter() - start)


@cache
def _z3_context() -> Any:
    """One for all scripts, apart from the user's own: to make one takes longer than most answers."""
    import z3

    return z3.Context()


def _z3(script: str) -> str:
    import z3

    solver = z3.Solver(ctx=_z3_context())
    solver.set("random_seed", 0)
    solver.set("ctrl_c", False)  # else z3 takes an interrupt for itself, and answers unknown
    solver.set("rlimit", Z3_RESOURCES)
    solver.set("timeout", 1000 * SECONDS)
    try:
        solver.from_string(script)
    except z3.Z3Exception as error:
        return f"cannot read the script ({error})"
    return str(solver.check())


def _cvc5(script: str) -> str:
    cvc5: Any = import_module("cvc5")  # it has no stubs
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    # polynomial arithmetic by cylindrical coverings; cvc5's default, linearization, times out on a (p / k) = a p / k
    solver.setOption("nl-ext", "none")
    solver.setOption("nl-cov", "true")
    solver.setOption("rlimit-per", str(CVC5_RESOURCES))
    solver.setOption("tlimit-per", str(1000 * SECONDS))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "vaelid")
    symbols = parser.getSymbolManager()
    verdicts = []
    try:
        while not (command := parser.nextCommand()).isNull():
            said = str(command.invoke(solver, symbols)).strip()
            verdicts += [said] if said else []
    except RuntimeError as error:
        return f"cannot read the script ({error})"
    return verdicts[0] if len(verdicts) == 1 else f"answered {verdicts}"


def solver_versions() -> dict[str, str]:
    """The versions of both solvers."""
    import cvc5
    import z3

    return {"z3": z3.get_version_string(), "cvc5": cvc5.__version__}
