"""`python -m tests.fuzz`: edits of run folders under every command that reads one, and a table of what came of them."""

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import torch
from tests.fuzz.folders import make
from tests.fuzz.outcomes import COMMANDS, VERDICTS
from tests.fuzz.workers import cases
from tqdm import tqdm

FAULTS = ("wrong", "traceback", "hang", "memory")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--edits", type=int, default=10_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the first case: what to go on from")
    parser.add_argument("--kind", choices=["structure", "bytes"], help="one kind only")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    failed = False
    with tempfile.TemporaryDirectory() as place:
        pristine = make(Path(place, "pristine"))
        for kind in [options.kind] if options.kind else ["structure", "bytes"]:
            table: Counter[tuple[str, str]] = Counter()
            with tqdm(total=options.edits, unit=" edits", desc=kind, mininterval=1) as bar:
                for case in cases(
                    pristine,
                    seed=options.seed,
                    kind=kind,
                    start=options.start,
                    count=options.edits,
                    workers=options.workers,
                ):
                    table[case.command, case.verdict] += 1
                    bar.update()
                    if case.verdict in FAULTS:
                        failed = True
                        bar.write(f"{kind} {case.number}, {case.command}, {case.edit}: {case.verdict}\n{case.detail}\n")
            print(f"\n{kind}, seed {options.seed}, cases {options.start} to {options.start + options.edits - 1}")
            print(f"{'':12}" + "".join(f"{verdict:>11}" for verdict in VERDICTS))
            for command in (*COMMANDS, *({c for c, _ in table} - set(COMMANDS))):
                print(f"{command:12}" + "".join(f"{table[command, verdict]:11,}" for verdict in VERDICTS))
            print(f"{'all':12}" + "".join(f"{sum(n for (_, v), n in table.items() if v == x):11,}" for x in VERDICTS))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
