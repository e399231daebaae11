"""Audit programs whose truths are known by construction: `python -m tests.programs --count 300`.

`--show I` prints program I, `--only I` audits it and prints the report. `--shrink I` looks
for a plainer program with the same verdict. `--oracle` checks the truths by numbers,
without vaelid. `--pairs` counts the pairs of features. `--resume` goes on with what an interrupted run has audited. The
exit status is 1 if anything is wrongly PROVED, or wrongly REFUTED, or PROVED with another beta.
"""

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

import vaelid

from ..mutants.losses.resumed import run
from .program import Program
from .selection import programs


def main() -> int:
    """Read the options, and do what they say."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--show", type=int, metavar="I")
    parser.add_argument("--only", type=int, metavar="I")
    parser.add_argument("--oracle", action="store_true")
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--shrink", type=int, metavar="I")
    options = parser.parse_args()
    if options.shrink is not None:
        return shrink(programs(options.shrink + 1, options.seed)[-1])
    number = options.show if options.show is not None else options.only
    if number is not None:
        return one(programs(number + 1, options.seed)[number], audit=options.only is not None)
    chosen = programs(options.count, options.seed)
    if options.pairs:
        from .table import pair_table

        print(pair_table(chosen))
        return 0
    return oracle(chosen) if options.oracle else many(chosen, options)


def one(program: Program, audit: bool) -> int:
    """Its choices, its text, the truth; and the report of an audit."""
    print("#", ", ".join(f"{axis} {value}" for axis, value in program.names.items()))
    truth = f"PROVED, beta {program.betas[0]:.6g}" if program.change is None else " or ".join(program.allowed)
    print("# truth:", truth, "" if program.change is None else f"({program.change.why})")
    print("# declared:", program.draft.declared or "nothing")
    print(program.source())
    if audit:
        from .audits import LIMIT, audited, judged
        from .load import load

        result = audited(program)
        print(result.line, f"\n{judged(program, result)}, {result.seconds:.2f} s of {LIMIT}")
        module = load(program)
        if result.verdict not in ("RAISED", "TIMEOUT"):
            print(vaelid.audit(module.step, module.batch, **program.draft.declared))
    return 0


def shrink(program: Program) -> int:
    """A plainer program with the same wrong verdict."""
    from .shrink import kept, shrunk

    plainer, found = shrunk(program)
    print(f"# {program.index}: {kept(plainer)}\n# declared: {plainer.draft.declared or 'nothing'}\n# {found.line}")
    print(plainer.source())
    return 0


def oracle(chosen: list[Program]) -> int:
    """The truths by numbers."""
    from tqdm import tqdm

    from .oracle import check

    against = 0
    for program in tqdm(chosen, disable=not sys.stderr.isatty(), file=sys.stderr):
        checked = check(program)
        against += checked.agrees is False
        if checked.agrees is not True:
            said = "AGAINST" if checked.agrees is False else "argued"
            print(f"{said:8} {program.index:6} {program.names['change']:24} {checked.words}", flush=True)
    print(f"{len(chosen)} programs, {against} against their truth")
    return int(against > 0)


def many(chosen: list[Program], options: argparse.Namespace) -> int:
    """Audit them all, and print tables."""
    from .audits import Audited, as_record
    from .table import disagreements, forbidden, table

    state = state_file(options.seed)
    if not options.resume:
        state.unlink(missing_ok=True)
    records = run(as_record, [(str(program.index), program) for program in chosen], state, options.jobs)
    found = {int(index): Audited(**record) for index, record in records.items()}
    print("\n".join(disagreements(chosen, found)))
    print()
    print(table(chosen, found))
    return int(forbidden(chosen, found))


def state_file(seed: int) -> Path:
    """Where results are kept: another file when the library or the grammar changes."""
    digest = hashlib.sha256(str(seed).encode())
    for folder in (Path(vaelid.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return Path(tempfile.gettempdir()) / f"vaelid-programs-{digest.hexdigest()[:16]}.jsonl"


if __name__ == "__main__":
    sys.exit(main())
