"""`python -m tests.mutants`: make every mutant of the spec, check the library against each, and report.

Exit status: 0 when each is killed or proved equivalent, and the list of equivalents is exact; 1 otherwise; 64 for wrong
usage; 130 when interrupted.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from functools import partial
from time import perf_counter

from tqdm import tqdm

from vaelid.theory.kernel import NotProved
from vaelid.theory.library import LIBRARY

from .check import Verdict, control, proved_statements, verdict
from .equivalents import REASONS
from .forks import forked
from .generation import BESIDES, FILES, Mutant, mutants
from .report import as_json, complaints, summary, tables


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = _options(arguments)
    chosen = [mutant for mutant in _all() if re.search(options.only, mutant.name)]
    if not chosen:
        return _wrong(f"no mutant's name matches {options.only!r}: --list shows them")
    if unknown := set(options.without) - set(LIBRARY):
        return _wrong(f"no theorem is named {', '.join(sorted(unknown))}")
    if options.list:
        print(*chosen, sep="\n")
        return 0
    try:
        return _check(chosen, options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--only", metavar="PATTERN", default="", help="only mutants whose name matches, as a regular expression"
    )
    parser.add_argument("--without", metavar="THEOREM", action="append", default=[], help="leave a theorem out")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--list", action="store_true", help="show the mutants, check nothing")
    parser.add_argument("--json", action="store_true", help="the whole result as JSON")
    return parser.parse_args(arguments)


def _wrong(message: str) -> int:
    print(message, file=sys.stderr)
    return 64


def _all() -> list[Mutant]:
    chosen = {**dict.fromkeys(FILES, ()), **BESIDES}
    return [mutant for module, functions in chosen.items() for mutant in mutants(module, functions)]


def _check(chosen: list[Mutant], options: argparse.Namespace) -> int:
    start = perf_counter()
    try:
        statements = proved_statements(options.without)
    except NotProved as error:
        print(f"the library is not proved as it is: {error}", file=sys.stderr)
        return 1
    ((_, unchanged),) = forked(control, [statements], 1)
    if unchanged is None or unchanged.fate != "alive":
        print(f"the unchanged spec fails in a process of its own, so nothing can be said: {unchanged}", file=sys.stderr)
        return 1
    tqdm.monitor_interval = 0  # no thread beside the forks
    judged = forked(partial(verdict, statements=statements), chosen, options.jobs)
    shown = tqdm(judged, total=len(chosen), unit="mutant", disable=None, leave=False)
    broken = Verdict("alive", "", "its check broke off")
    found = {mutant: became or broken for mutant, became in shown}
    verdicts = {mutant: found[mutant] for mutant in chosen}
    listed = {name: reason for name, reason in REASONS.items() if re.search(options.only, name)}
    wrong = complaints(verdicts, listed)
    if options.json:
        print(json.dumps(as_json(verdicts, wrong), indent=1, ensure_ascii=False))
    else:
        print(tables(verdicts), *wrong, f"{summary(verdicts)}  ({perf_counter() - start:.0f} s)", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
