"""How often one audit goes from room to room of the auditor: python benchmarks/audit_trace.py [CASE ...]

`sys.setprofile` reports every call of a Python function while a case of `tests/audit/cases` is audited. A call counts
where the function called is in one room and the nearest function of the auditor below it on the stack is in another
(functions of torch, of `theory` and of the user's own code between them are passed over). Going on with a generator
that has begun is no call. Calls into `formula` and `findings` are printed apart and do not count: those rooms hold the
vocabulary that every other one speaks (terms, axes, reports), as numbers and strings do. Nor do those by which
`examination` has `recording` run the user's code and `formula` compute a term of it, and is asked for numbers by these:
there are some hundred runs, each to itself.

A table follows: how many calls go from each room to each other, then the functions that are called most often so.
"""

import inspect
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import torch

import vaelid.auditor

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # the cases are in tests/
AUDITOR = str(Path(vaelid.auditor.__file__).parent) + "/"
HELPERS = ("formula", "findings")
OF_RUNS = {("examination", "recording"), ("recording", "examination"), ("formula", "examination")}
DEFAULT = ("losses.sums", "steps.functional")
MOST_SHOWN = 25


def room_of(file: str) -> str | None:
    """The room that a file of the auditor lies in, or its own name where it lies beside the rooms; else None."""
    if not file.startswith(AUDITOR):
        return None
    return file.removeprefix(AUDITOR).split("/")[0].removesuffix(".py")


class Trace:
    """The calls from room to room while this is entered.

    Attributes:
        between: how often a function of the second room was called from the first.
        functions: the same by room of the caller, and file and name of what it called.
        files: how often a function of another file was called, in the same room or not.
    """

    def __init__(self) -> None:
        self.between: Counter[tuple[str, str]] = Counter()
        self.functions: Counter[tuple[str, str]] = Counter()
        self.files = 0
        self._rooms: dict[str, str | None] = {}

    def __enter__(self) -> "Trace":
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *_: Any) -> None:
        sys.setprofile(None)

    def _room(self, frame: FrameType) -> str | None:
        file = frame.f_code.co_filename
        if file not in self._rooms:
            self._rooms[file] = room_of(file)
        return self._rooms[file]

    def _seen(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or (here := self._room(frame)) is None:
            return
        if frame.f_code.co_flags & inspect.CO_GENERATOR and frame.f_lasti > 2:
            return  # it goes on where it yielded
        caller = frame.f_back
        while caller is not None and self._room(caller) is None:
            caller = caller.f_back
        if caller is None:
            return
        self.files += caller.f_code.co_filename != frame.f_code.co_filename
        there = self._room(caller)
        if there is None or there == here:
            return
        self.between[there, here] += 1
        file = frame.f_code.co_filename.removeprefix(AUDITOR)
        self.functions[there, f"{file}:{frame.f_code.co_qualname}"] += 1

    @property
    def counted(self) -> int:
        """How many calls count: all but those into the rooms of helpers, and those by which code is run again."""
        return sum(n for pair, n in self.between.items() if pair[1] not in HELPERS and pair not in OF_RUNS)


def traced(name: str) -> Trace:
    """The trace of the second audit of a case: the first one proves what is kept for all later ones."""
    from tests.audit.test_cases import audited

    audited.__wrapped__(name)
    with Trace() as found:
        audited.__wrapped__(name)
    return found


def table(found: Trace) -> str:
    """The trace as text."""
    lines = [f"{count:7}  {here:12} -> {there}" for (here, there), count in found.between.most_common()]
    lines += ["", "the functions called most often from another room:"]
    shown = [(key, n) for key, n in found.functions.most_common() if key[1].split("/")[0] not in HELPERS]
    lines += [f"{count:7}  {here:12} -> {there}" for (here, there), count in shown[:MOST_SHOWN]]
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    for name in sys.argv[1:] or DEFAULT:
        found = traced(name)
        helpers = sum(found.between.values()) - found.counted
        print(f"{name}: {found.counted} calls from room to room, {helpers} of helpers, {found.files} from file to file")
        print(f"{table(found)}\n")


if __name__ == "__main__":
    main()
