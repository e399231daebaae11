"""The program in which a solver runs: it reads scripts from its input, one JSON string a line, and answers each in a
line: the script, so that no answer is taken for another's, and the verdict.

Run by `vaelid.theory.solvers`, by its path, so that it imports the one solver that it is asked for and nothing else.
"""

import json
import signal
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["SOLVERS", "main"]


def _cvc5(script: str, resources: int, milliseconds: int) -> str:
    """What cvc5 says of a script: `unsat`, `sat`, `unknown ...`, or why it could not read it."""
    cvc5: Any = import_module("cvc5")  # it has no stubs
    solver = cvc5.Solver(cvc5.TermManager())
    # polynomial arithmetic by cylindrical coverings; cvc5's default, linearization, times out on a (p / k) = a p / k
    solver.setOption("nl-ext", "none")
    solver.setOption("nl-cov", "true")
    solver.setOption("rlimit-per", str(resources))
    solver.setOption("tlimit-per", str(milliseconds))
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


@cache
def _z3_context() -> Any:
    """One for all scripts: to make one takes longer than most answers."""
    z3: Any = import_module("z3")
    return z3.Context()


def _z3(script: str, resources: int, milliseconds: int) -> str:
    """What z3 says of a script."""
    z3: Any = import_module("z3")
    solver = z3.Solver(ctx=_z3_context())
    solver.set("random_seed", 0)
    solver.set("rlimit", resources)
    solver.set("timeout", milliseconds)
    try:
        solver.from_string(script)
    except z3.Z3Exception as error:
        return f"cannot read the script ({error})"
    return str(solver.check())


SOLVERS: dict[str, Callable[[str, int, int], str]] = {"z3": _z3, "cvc5": _cvc5}


def main() -> None:
    """Answer until the input ends."""
    name, resources, milliseconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for line in sys.stdin:
        # the system ends this process when the solver forgets its limit, whether or not somebody still waits
        _end_after(milliseconds // 1000 + 2)
        script = json.loads(line)
        verdict = SOLVERS[name](script, resources, milliseconds)
        _end_after(0)
        print(json.dumps([script, verdict]), flush=True)


def _end_after(seconds: int) -> None:
    """Let the system end this process after so many seconds; after 0, not at all."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


if __name__ == "__main__":
    main()
