"""Audit each unseen case: `python -m tests.audit.unseen [NAME ...]` prints truth beside verdict.

`--oracle` checks the truths by numbers and audits nothing. `--write` stores the table as first.py, which is done once:
the verdicts before anybody mended anything. The exit status is 1 if anything is wrongly PROVED or REFUTED, or raised.
"""

import argparse
import math
import re
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from tests.time_limit import TimeUp, time_limit

import vaelid

from .bank import CASES
from .case import Unseen
from .oracle import check

LIMIT = 60


@dataclass(frozen=True)
class Found:
    """What an audit gave: verdict or RAISED or TIMEOUT, beta, name of the objective, first line, seconds."""

    verdict: str
    beta: float | None
    objective: str
    line: str
    seconds: float


def audit(case: Unseen) -> Found:
    """One audit, with its time limit."""
    start = time.perf_counter()
    try:
        with time_limit(LIMIT):
            built = case.build()
            given = (built.target, built.batch) if case.door == "audit" else (built.target,)
            found = getattr(vaelid, case.door)(*given, **case.declare)
        verdict, beta = found.verdict, getattr(found, "beta_effective", None)
        objective = getattr(found, "objective_name", "") or ""
        lines = [line for line in str(found).splitlines() if line.strip()]
        line = lines[0] if verdict != "UNKNOWN" else _reason(lines)
    except TimeUp:
        verdict, beta, objective, line = "TIMEOUT", None, "", f"not ready after {LIMIT} s"
    except Exception as error:
        verdict, beta, objective, line = "RAISED", None, "", f"{type(error).__name__}: {error}".splitlines()[0]
    return Found(verdict, None if beta is None else float(beta), objective, line, time.perf_counter() - start)


def _reason(lines: list[str]) -> str:
    """The first line of an undecided report, and the first claim that is undecided."""
    claims = [line.strip() for line in lines[1:] if line.strip().startswith("UNKNOWN")]
    return " | ".join([lines[0], *claims[:1]])


def judged(case: Unseen, found: Found) -> str:
    """The kind of agreement or fault."""
    if found.verdict in ("RAISED", "TIMEOUT"):
        return found.verdict.lower()
    if found.verdict == "UNKNOWN":
        return "undecided"
    if found.verdict != case.truth and found.verdict not in case.also:
        return f"wrong {found.verdict}"
    has_beta = found.verdict == "PROVED" and None not in (case.beta, found.beta) and case.door != "audit_kl"
    if has_beta and not math.isclose(found.beta, case.beta, rel_tol=1e-4):
        return "wrong beta"
    if found.verdict == "OTHER" and case.objective and not re.search(case.objective, found.objective + found.line):
        return "wrong name"
    return "agrees" if found.verdict == case.truth else "agrees (allowed)"


def main() -> int:
    """Audit, print, count."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit.unseen")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--oracle", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    cases = [case for case in CASES.values() if not options.names or case.name in options.names]
    if options.oracle:
        return oracle(cases)
    table, counts, slow = {}, Counter(), []
    for case in cases:
        found = audit(case)
        kind = judged(case, found)
        table[case.name] = found
        counts[kind] += 1
        slow.append((found.seconds, case.name))
        beta = "" if found.beta is None else f"{found.beta:.6g}"
        print(f"{case.truth:8} {found.verdict:8} {kind:17} {beta:10} {found.seconds:5.1f}s {case.name}: {found.line}")
        sys.stdout.flush()
    print("\n" + ", ".join(f"{kind}: {number}" for kind, number in sorted(counts.items())))
    print("slowest: " + ", ".join(f"{name} {seconds:.1f} s" for seconds, name in sorted(slow)[:-6:-1]))
    if options.write:
        write(table)
    return int(any(kind.startswith("wrong P") or kind.startswith("wrong R") or kind == "raised" for kind in counts))


def oracle(cases: list[Unseen]) -> int:
    """The truths by numbers."""
    bad = 0
    for case in cases:
        result = check(case)
        bad += result.agrees is False
        said = {True: "checked", False: "AGAINST", None: "argued"}[result.agrees]
        print(f"{said:8} {case.truth:8} {case.name}: {result.words}")
    return int(bad > 0)


def write(table: dict[str, Found]) -> None:
    """first.py, from an audit of all cases, with what the oracle says of each truth."""
    lines = [
        '"""The first verdict on each unseen case, before anything was mended, and how its truth was checked.',
        "",
        "name -> (verdict, beta, kind of agreement, first line without paths and cut at 260 letters, and of the truth",
        "whether the numbers agree, None where it is argued only, and what they say).",
        '"""',
        "# ruff: noqa: E501",
        "# fmt: off",
        "",
        "FIRST = {",
    ]
    root = str(Path(__file__).parents[3]) + "/"
    for name, found in table.items():
        beta = None if found.beta is None else float(f"{found.beta:.9g}")
        line = found.line.replace(root, "")[:260]
        numbers = check(CASES[name])
        row = (found.verdict, beta, judged(CASES[name], found), line, numbers.agrees, numbers.words)
        lines.append(f"    {name!r}: {row!r},")
    Path(__file__).with_name("first.py").write_text("\n".join([*lines, "}", ""]))


sys.exit(main())
