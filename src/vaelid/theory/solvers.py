"""The two solvers, each reading the same SMT-LIB text."""

import json
import os
import select
import subprocess
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import RLock
from time import perf_counter
from typing import NamedTuple

__all__ = ["Answer", "ask", "forget_answers", "solver_versions"]

Z3_RESOURCES = 40_000_000
CVC5_RESOURCES = 400_000
SECONDS = 20

_ONE_AT_A_TIME = RLock()  # a conversation with a solver is one thread's
_ASKING: list[str] = []
"""The script that is being asked, if any."""


class Answer(NamedTuple):
    """What one solver said of a script: `unsat`, `sat`, `unknown`, or why it could not read it."""

    solver: str
    verdict: str
    seconds: float


def ask(script: str) -> tuple[Answer, Answer]:
    """The answers of z3 and cvc5, in this order. Equal texts are asked once a process.

    Both are bounded by a count of their own steps, so that the answer does not depend on how busy the machine is;
    20 seconds are a last resort, and an answer of `unknown`.
    """
    if type(script) is not str:
        raise TypeError("a script is a str")
    z3, cvc5 = _asked(script)
    return Answer(*z3), Answer(*cvc5)


def forget_answers() -> None:
    """Let every script be asked anew."""
    _asked.cache_clear()


_Said = tuple[str, str, float]


@lru_cache(maxsize=4096)
def _asked(script: str) -> tuple[_Said, _Said]:
    """What is kept is never handed out, and plain tuples: no way of Python changes one, nor its class."""
    with _ONE_AT_A_TIME:
        if _ASKING:  # by the handler of a signal, in the middle of a conversation with the running solvers
            return _timed("z3", _SolverProcess("z3").answer, script), _timed(
                "cvc5", _SolverProcess("cvc5").answer, script
            )
        _ASKING.append(script)
        try:
            for name in ("z3", "cvc5"):  # each works while the other does; what fails here is asked again below
                with suppress(OSError, TimeoutError, ValueError):
                    _running(name).submit(script)
            return _timed("z3", _z3, script), _timed("cvc5", _cvc5, script)
        finally:
            _ASKING.clear()


def _timed(name: str, run: Callable[[str], str], script: str) -> _Said:
    start = perf_counter()
    return name, run(script), perf_counter() - start


def _z3(script: str) -> str:
    return _running("z3").answer(script)


def _cvc5(script: str) -> str:
    return _running("cvc5").answer(script)


class _SolverProcess:
    """A solver in a process of its own: neither always looks at the clock, so it is ended from outside."""

    def __init__(self, name: str) -> None:
        program = Path(__file__).with_name("solver_process.py")
        resources = {"z3": Z3_RESOURCES, "cvc5": CVC5_RESOURCES}[name]
        self.pending: str | None = None
        self.unread = b""  # what came after a line: two answers may come at once
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(program), name, str(resources), str(1000 * SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interrupt is the caller's
        )
        weakref.finalize(self, _end, self.process, os.getpid())

    def submit(self, script: str) -> None:
        """Ask, without waiting."""
        if self.pending is not None:  # an answer that nobody waited for
            self.receive()
        assert self.process.stdin is not None
        self.process.stdin.write(f"{json.dumps(script)}\n".encode())
        self.process.stdin.flush()
        self.pending = script

    def receive(self) -> tuple[str, str]:
        """The next script that was answered, and the answer: after an interrupt it may be one asked before."""
        assert self.process.stdout is not None
        while b"\n" not in self.unread:
            if not select.select([self.process.stdout], [], [], 2 * SECONDS)[0]:
                raise TimeoutError
            if not (come := os.read(self.process.stdout.fileno(), 1 << 16)):
                raise ValueError("it has ended")
            self.unread += come
        line, _, self.unread = self.unread.partition(b"\n")
        self.pending = None
        script, verdict = json.loads(line)
        return script, verdict

    def answer(self, script: str) -> str:
        """The answer, to a script that was submitted or is now. A process that gives none is left to its end."""
        try:
            if self.pending != script:
                self.submit(script)
            answered, verdict = self.receive()
            while answered != script:
                answered, verdict = self.receive()
            return verdict
        except (OSError, ValueError):  # it has ended, or is still busy
            self._forget()
            return "unknown (no answer in time)"
        except BaseException:  # an interrupt, perhaps in the middle of a line
            self._forget()
            raise

    def _forget(self) -> None:
        """Let the next question go to a new process, and this one to its end."""
        for key in [key for key, process in _PROCESSES.items() if process is self]:
            del _PROCESSES[key]


def _end(process: "subprocess.Popen[bytes]", owner: int) -> None:
    """End the process and let its pipes go; a fork of the owner lets the pipes go only."""
    if os.getpid() == owner:
        process.kill()
        process.wait()
    else:
        process.returncode = 0  # it is not this process's child
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


_PROCESSES: dict[tuple[int, str], _SolverProcess] = {}
"""Those that run, by the process that asks them, since a fork has its own, and by name."""


def _running(name: str) -> _SolverProcess:
    """The solver of this name, started anew if it has ended."""
    key = os.getpid(), name
    if key not in _PROCESSES or _PROCESSES[key].process.poll() is not None:
        _PROCESSES[key] = _SolverProcess(name)
    return _PROCESSES[key]


def solver_versions() -> dict[str, str]:
    """The versions of both solvers."""
    import cvc5
    import z3

    return {"z3": z3.get_version_string(), "cvc5": cvc5.__version__}
