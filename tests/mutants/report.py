"""What became of the mutants, as tables and as JSON, and what is wrong with it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from .check import KILLED, Verdict
from .equivalents import REASONS
from .generation import FILES, Mutant

__all__ = ["as_json", "complaints", "summary", "tables"]

Verdicts = Mapping[Mutant, Verdict]
COLUMNS = ("mutants", *KILLED, "equivalent", "alive")
LEGEND = """\
false       a theorem is not proved, and is false at a point that was computed exactly or in rigorous balls
unproved    a theorem is not proved; no point was found (the two may differ where a logarithm has no value, say)
no formula  the changed function cannot be read, or no statement can be formed about what it returns
equivalent  the kernel proves that the function is the one that it was; the reason is given below"""


def complaints(verdicts: Verdicts, reasons: Mapping[str, str] = REASONS) -> list[str]:
    """What is wrong: mutants alive, and differences between those proved equivalent and those that have a reason."""
    wrong = []
    for mutant, became in verdicts.items():
        if became.fate == "alive":
            wrong.append(f"ALIVE: {mutant}\n  {became.why}")
        elif became.fate == "equivalent" and mutant.name not in reasons:
            wrong.append(f"NO REASON: {mutant}\n  it is proved equivalent: say why in equivalents.py")
        elif became.fate != "equivalent" and mutant.name in reasons:
            wrong.append(f"STALE: {mutant}\n  it is listed as equivalent, but killed by {became.by}: {became.why}")
    gone = reasons.keys() - {mutant.name for mutant in verdicts}
    return [
        *wrong,
        *(f"STALE: {name}\n  it is listed as equivalent, but there is no such mutant" for name in sorted(gone)),
    ]


def summary(verdicts: Verdicts) -> str:
    """187 mutants: 171 killed, 16 proved equivalent, 0 alive."""
    fates = _counts(verdicts.values())
    killed = sum(fates[fate] for fate in KILLED)
    return f"{len(verdicts)} mutants: {killed} killed, {fates['equivalent']} proved equivalent, {fates['alive']} alive"


def tables(verdicts: Verdicts) -> str:
    """Numbers by file and by theorem, and the equivalents with their reasons."""
    by_file: dict[str, list[Verdict]] = {}
    for mutant, became in verdicts.items():
        by_file.setdefault(mutant.file, []).append(became)
    own = {file: group for file, group in by_file.items() if file.removesuffix(".py") in FILES}
    beside = {file: group for file, group in by_file.items() if file not in own}
    lines = [_row("", COLUMNS), *(_numbers(file, group) for file, group in own.items())]
    if len(own) > 1:
        lines.append(_numbers("together", [became for group in own.values() for became in group]))
    if beside:
        lines += ["", "besides, functions that theorems speak of in", *(_numbers(*item) for item in beside.items())]
    lines += ["", LEGEND, "", "Killed by"]
    killers = Counter(became.by for became in verdicts.values() if became.fate in KILLED)
    lines += [f"{count:6}  {name}" for name, count in killers.most_common()]
    lines += ["", "Equivalent, by proof"]
    equivalent = [mutant for mutant, became in verdicts.items() if became.fate == "equivalent"]
    lines += [f"  {mutant}\n      {REASONS.get(mutant.name, 'no reason is given')}" for mutant in equivalent]
    return "\n".join([*lines, ""])


def _counts(group: Iterable[Verdict]) -> Counter[str]:
    return Counter(became.fate for became in group)


def _numbers(file: str, group: list[Verdict]) -> str:
    fates = _counts(group)
    return _row(file, (len(group), *(fates[fate] for fate in COLUMNS[1:])))


def _row(name: str, cells: Iterable[object]) -> str:
    return f"{name:25}" + "".join(f"{cell!s:>12}" for cell in cells)


def as_json(verdicts: Verdicts, wrong: list[str]) -> dict[str, Any]:
    """Everything, for programs."""
    fates = _counts(verdicts.values())
    return {
        "mutants": len(verdicts),
        "killed": sum(fates[fate] for fate in KILLED),
        "equivalent": fates["equivalent"],
        "alive": fates["alive"],
        "complaints": wrong,
        "verdicts": [
            {
                "name": mutant.name,
                "file": mutant.file,
                "line": mutant.line,
                "function": mutant.function,
                "kind": mutant.kind,
                "fate": became.fate,
                "by": became.by,
                "why": became.why,
                "reason": REASONS.get(mutant.name),
            }
            for mutant, became in verdicts.items()
        ],
    }
