"""From a program with a wrong verdict to a plainer one with the same wrong verdict.

Each choice is replaced by the plainest of its axis, one axis after the other, as long as the audit says the same. Which
choices stay is then what the verdict hangs on, mostly.
"""

import re

from .audits import Audited, audited, judged
from .draft import AXES
from .program import RIGHT, Program
from .selection import ORDER, possible

PLAINEST = {
    "frame": "function",
    "twist": "no_twist",
    "mask": "none",
    "declared": "nothing",
    "weight": "one",
    "reduction": "sums_of_rows",
    "likelihood": "half_squares",
    "prior": "standard",
    "kl": "half",
    "head": "chunked",
    "sampler": "by_hand",
    "spread": "exp_half",
}


def shrunk(program: Program) -> tuple[Program, Audited]:
    """The plainest program found, and what the audit says of it."""
    found = audited(program)
    wanted = signature(program, found)
    for axis, plainest in PLAINEST.items():
        if program.names[axis] == plainest:
            continue
        plainer = Program(program.index, {**program.names, axis: plainest})
        if fits(plainer):
            again = audited(plainer)
            if signature(plainer, again) == wanted:
                program, found = plainer, again
    return program, found


def signature(program: Program, found: Audited) -> tuple[str, str]:
    """The kind of disagreement, and the words without names, numbers and lines."""
    line = re.sub(r"\(?/\S+|\[.*?\]|[a-z]+_?\d+|[-\d.]+(e-?\d+)?", "", found.line)
    return judged(program, found), " ".join(line.split())[:90]


def fits(program: Program) -> bool:
    """Whether these choices can stand beside each other."""
    names: dict[str, str] = {}
    for axis in ORDER:
        names[axis] = program.names[axis]
        if not possible(names, axis, names[axis]):
            return False
    return program.names["change"] == RIGHT or program.change.fits(names)


def kept(program: Program) -> str:
    """The choices that are not the plainest."""
    named = [f"{axis} {program.names[axis]}" for axis in ORDER if program.names[axis] != PLAINEST[axis]]
    return ", ".join([program.names["change"], *named])


assert set(PLAINEST) == set(ORDER) <= set(AXES)
