"""The audit of one program, within a time limit, and whether its verdict is right."""

import math
import re
import time
import warnings
from dataclasses import asdict, dataclass
from typing import Any

import torch
from tests.time_limit import TimeUp, time_limit

import vaelid

from .load import load
from .program import Program

LIMIT = 60  # seconds of the processor's time, so that other work on the machine does not matter
RIGHT, UNDECIDED = ("agrees", "another right name"), "undecided"


@dataclass(frozen=True)
class Audited:
    """What an audit gave.

    Attributes:
        verdict: or RAISED, or TIMEOUT.
        beta: the effective one.
        objective: the name of the objective.
        line: the first line of the report, or the reason why it is undecided.
        seconds: that it took, without import.
    """

    verdict: str
    beta: float | None
    objective: str
    line: str
    seconds: float


def audited(program: Program) -> Audited:
    """One audit. What it raises is a result, too."""
    torch.set_num_threads(1)
    start = time.process_time()
    try:
        with time_limit(LIMIT), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = load(program)
            start = time.process_time()
            report = vaelid.audit(module.step, module.batch, **program.draft.declared)
            beta = None if report.beta_effective is None else float(report.beta_effective)
            found = report.verdict, beta, report.objective_name or "", _line(report)
    except TimeUp:
        found = "TIMEOUT", None, "", f"not ready after {LIMIT} s"
    except Exception as error:
        found = "RAISED", None, "", f"{type(error).__name__}: {error}".splitlines()[0]
    return Audited(*found, time.process_time() - start)


def as_record(program: Program) -> dict[str, Any]:
    """The audit as plain data, for a file."""
    return asdict(audited(program))


def _line(report) -> str:
    """The first line; of an undecided report, the first reason."""
    lines = [line.strip() for line in str(report).splitlines() if line.strip()]
    claims = [line for line in lines[1:] if line.startswith("UNKNOWN")] if report.verdict == "UNKNOWN" else []
    return " | ".join([lines[0], *claims[:1]])


def judged(program: Program, found: Audited) -> str:
    """``agrees``, ``undecided``, ``raised``, ``timeout``, or what is wrong: ``wrong PROVED``, ``wrong beta``, ..."""
    if found.verdict in ("RAISED", "TIMEOUT"):
        return found.verdict.lower()
    if found.verdict == "UNKNOWN":
        return UNDECIDED
    if found.verdict not in program.allowed:
        return f"wrong {found.verdict}"
    if found.verdict == "PROVED" and not _beta_agrees(program, found.beta):
        return "wrong beta"
    if found.verdict == "OTHER" and not re.search(program.change.objective or "", found.objective + found.line):
        return "wrong name"
    return "agrees"


def _beta_agrees(program: Program, beta: float | None) -> bool:
    return beta is not None and any(math.isclose(beta, right, rel_tol=1e-4) for right in program.betas)
