"""What came of many audits, in a table: by truth and class of change, by verdict."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping

from .audits import Audited, judged
from .changes import CHANGES
from .program import RIGHT, Program
from .selection import pairs

VERDICTS = ("PROVED", "REFUTED", "OTHER", "UNKNOWN", "RAISED", "TIMEOUT")
ENOUGH = 20  # times that a pair of choices should occur
FORBIDDEN = ("wrong PROVED", "wrong REFUTED", "wrong beta")


def table(programs: list[Program], found: Mapping[int, Audited]) -> str:
    """Counts of verdicts for right programs and for each class of wrong ones, and three shares."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    kinds: Counter[str] = Counter()
    for program in programs:
        counts[program.names["change"]][found[program.index].verdict] += 1
        side = RIGHT if program.change is None else "wrong"
        kinds[f"{side}: {judged(program, found[program.index])}"] += 1
    head = f"{'class':34}" + "".join(f"{verdict:>9}" for verdict in VERDICTS)
    lines = [head]
    for name in (RIGHT, *CHANGES):
        if name in counts:
            lines.append(f"{name:34}" + "".join(f"{counts[name][verdict] or '':>9}" for verdict in VERDICTS))
    lines += ["", *(f"{number:6} {kind}" for kind, number in sorted(kinds.items()))]
    return "\n".join([*lines, "", *_shares(programs, found)])


def _shares(programs: list[Program], found: Mapping[int, Audited]) -> list[str]:
    right = [judged(program, found[program.index]) for program in programs if program.change is None]
    wrong = [judged(program, found[program.index]) for program in programs if program.change is not None]
    seconds = [found[program.index].seconds for program in programs]
    undecided = sum(kind in ("undecided", "timeout", "raised") for kind in right)
    caught = sum(kind == "agrees" for kind in wrong)
    return [
        f"right ones undecided: {_share(undecided, len(right))}; at most 5 % is wanted",
        f"wrong ones refuted or rightly named: {_share(caught, len(wrong))}; at least 97 % is wanted",
        f"seconds: median {statistics.median(seconds):.2f}, largest {max(seconds):.1f}, in all {sum(seconds):.0f}",
    ]


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / max(1, whole):.1%})"


def disagreements(programs: list[Program], found: Mapping[int, Audited]) -> list[str]:
    """A line for each program whose verdict is not the truth."""
    lines = []
    for program in programs:
        result = found[program.index]
        kind = judged(program, result)
        if kind != "agrees":
            lines.append(f"{kind:14} {program.index:6} {program.names['change']:24} {result.line}")
    return sorted(lines)


def forbidden(programs: list[Program], found: Mapping[int, Audited]) -> bool:
    """Whether anything is wrongly PROVED or wrongly REFUTED, or PROVED with another beta."""
    return any(judged(program, found[program.index]) in FORBIDDEN for program in programs)


def pair_table(programs: list[Program]) -> str:
    """For each two axes, how often their rarest pair of choices occurs, and which it is. Compiled ones are left out."""
    counts: dict[tuple[str, str], Counter] = defaultdict(Counter)
    for program in programs:
        for (axis, one), (other_axis, other) in pairs(program.names) if program.names["frame"] != "compiled" else ():
            counts[axis, other_axis][one, other] += 1
    lines = [f"{'axes':28}{'pairs':>7}{'fewest':>8}{'most':>7}{'below 20':>10}  rarest"]
    for (axis, other_axis), seen in counts.items():
        (pair, fewest), most = min(seen.items(), key=lambda item: item[1]), max(seen.values())
        below = sum(number < ENOUGH for number in seen.values())
        names = f"{pair[0]} x {pair[1]}"
        lines.append(f"{axis + ' x ' + other_axis:28}{len(seen):7}{fewest:8}{most:7}{below:10}  {names}")
    changed = Counter(program.names["change"] for program in programs)
    lines += ["", "changes: " + ", ".join(f"{name} {number}" for name, number in changed.most_common())]
    return "\n".join(lines)
