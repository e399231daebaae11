"""The program in which cvc5 runs: it reads scripts from its input, one JSON string a line, and answers each in a line:
the script, so that no answer is taken for another's, and the verdict.

Run by `vaelid.theory.solvers`, by its path, so that it imports cvc5 and nothing else.
"""

import json
import signal
import sys
from importlib import import_module
from typing import Any

__all__ = ["answer", "main"]


def answer(script: str, *, resources: str, milliseconds: str) -> str:
    """What cvc5 says of a script: `unsat`, `sat`, `unknown ...`, or why it could not read it."""
    cvc5: Any = import_module("cvc5")  # it has no stubs
    solver = cvc5.Solver(cvc5.TermManager())
    # polynomial arithmetic by cylindrical coverings; cvc5's default, linearization, times out on a (p / k) = a p / k
    solver.setOption("nl-ext", "none")
    solver.setOption("nl-cov", "true")
    solver.setOption("rlimit-per", resources)
    solver.setOption("tlimit-per", milliseconds)
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


def main() -> None:
    """Answer until the input ends."""
    resources, milliseconds = sys.argv[1:]
    for line in sys.stdin:
        # the system ends this process when cvc5 forgets its limit, whether or not somebody still waits
        _end_after(int(milliseconds) // 1000 + 2)
        script = json.loads(line)
        verdict = answer(script, resources=resources, milliseconds=milliseconds)
        _end_after(0)
        print(json.dumps([script, verdict]), flush=True)


def _end_after(seconds: int) -> None:
    """Let the system end this process after so many seconds; after 0, not at all."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


if __name__ == "__main__":
    main()
