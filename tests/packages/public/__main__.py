"""`python -m tests.packages.public FOLDER`: audit public implementations, which stay outside, and write a page.

FOLDER holds foreign code and, for each project, an adapter of our own; neither is committed. Its `cases.json` is a list
of objects: `project`, `version`, `file`, `object`, `adapter` (a Python file, relative to FOLDER), `function` (in it),
and what was derived by hand before any audit: `verdict`, `accept` (verdicts that are right too), `beta`, `derivation`.
The function returns a dictionary: `step`, `batch` and perhaps `evaluation`, or `loss`, `roles` and `inputs`
(a callable that returns the arguments by name, in the order of the function's parameters).

Each project is audited in a process of its own, one at a time. Exit status: 0 when no verdict contradicts the hand
derivation (UNKNOWN contradicts none), 1 otherwise, 64 for wrong usage.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from math import isclose
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from vaelid.auditor import audit, audit_loss

PAGE = Path("docs/audit-of-public-code.md")
MARK = "found: "  # foreign code prints too


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = _options(arguments)
    listed = options.folder / "cases.json"
    if not listed.exists():
        print(f"{listed} is not there", file=sys.stderr)
        return 64
    cases = [case for case in json.loads(listed.read_text()) if options.only in f"{case['project']} {case['object']}"]
    if options.here:
        for case in cases:
            print(MARK + json.dumps(examine(options.folder, case)), flush=True)
        return 0
    found = []
    for project, group in groupby(cases, key=lambda case: case["project"]):
        results = _elsewhere(options.folder, project, options.time_limit * len(members := list(group)))
        found += [
            case | results.get(case["object"], _failed("out of time, or the process ended early")) for case in members
        ]
        for case in found[-len(members) :]:
            print(
                f"{outcome(case):9} {case['found']:8} {case['project']} | {case['object']} | {case['reason']}",
                flush=True,
            )
    (options.folder / "found.json").write_text(json.dumps(found, indent=1))
    if not options.only:
        options.page.write_text(page(found))
    return int(any(outcome(case) == "differs" for case in found))


def examine(folder: Path, case: Mapping[str, Any]) -> dict[str, Any]:
    """The audit of one case, in this process."""
    warnings.simplefilter("ignore")  # the foreign code's own
    torch.set_num_threads(1)
    torch.manual_seed(0)
    start = perf_counter()
    try:
        made = _function(folder, case)()
        start = perf_counter()
        if "step" in made:
            report = audit(made["step"], made["batch"], evaluation=made.get("evaluation"))
        else:
            report = audit_loss(made["loss"], inputs=lambda: tuple(made["inputs"]().values()), **made["roles"])
    except Exception as error:
        return {"object": case["object"], **_failed(f"{type(error).__name__}: {error}"[:300])}
    return {
        "object": case["object"],
        "found": report.verdict,
        "found_beta": report.beta_effective,
        "name": report.objective_name,
        "reason": report.summary,
        "claims": {claim.name: claim.verdict for claim in report.claims},
        "seconds": perf_counter() - start,
    }


def outcome(case: Mapping[str, Any]) -> str:
    """Whether an audit's verdict is the one derived by hand: agrees, differs, unknown, or raised."""
    if case["found"] in ("UNKNOWN", "RAISED"):
        return case["found"].lower()
    expected, found = case["beta"], case["found_beta"]
    if case["found"] not in (case["verdict"], *case["accept"]):
        return "differs"
    wrong_beta = case["found"] == "PROVED" and expected is not None and not isclose(found or 0, expected, rel_tol=1e-5)
    return "differs" if wrong_beta else "agrees"


def page(found: Sequence[Mapping[str, Any]]) -> str:
    """The page, in Markdown."""
    counts = Counter(outcome(case) for case in found)
    verdicts = Counter(case["found"] for case in found)
    projects = len({case["project"] for case in found})
    seconds = sorted(case["seconds"] for case in found)
    return INTRODUCTION.format(
        objects=len(found),
        projects=projects,
        checked=sum(bool(case.get("checked")) for case in found),
        verdicts=", ".join(f"{count} {name}" for name, count in verdicts.most_common()),
        agrees=counts["agrees"],
        differs=counts["differs"],
        undecided=counts["unknown"] + counts["raised"],
        share=f"{(counts['unknown'] + counts['raised']) / len(found):.0%}",
        median=f"{seconds[len(seconds) // 2]:.1f}",
        longest=f"{seconds[-1]:.1f}",
        torch=torch.__version__.partition("+")[0],
        rows="\n".join(map(_row, found)),
    )


INTRODUCTION = """# Audits of public code

{objects} losses and training steps of {projects} public projects, each run by its own source and audited by
`vaelid.audit` or `vaelid.audit_loss`. This page is written by `python -m tests.packages.public`; no foreign code is
part of this repository.

**How they were chosen.** Well-known implementations, listed before any of them was read, and popular packages that hold
a variational autoencoder; of each, one or more of its losses. None was dropped for what an audit said of it. Code that
could not be run at all was left out.

**How they were run.** Their source unchanged, on small random data, with small networks where a class allows it, in
torch {torch}. Data loading and missing packages were replaced by stand-ins, the lines of a training loop were run
without the loop, and where a network is fixed and large a linear layer took its place: what is audited is sampler and
loss.

**Derived by hand, first.** Verdict and effective beta of each were derived by reading, before it was audited; a squared
error is taken as a Gaussian of variance 1, an absolute error as a Laplace of scale 1. {checked} of the derivations were
checked by numbers too: at 12 random batches the loss is c (NLL + beta KL) + constant, or is not where it should not be,
with NLL and KL by `torch.distributions`. An effective beta that is not 1 is no defect in itself: many of
these projects mean it.

**What came out.** {verdicts}. Verdict and beta are those derived by hand for {agrees}, and differ for {differs};
{undecided} are not decided ({share}). An audit takes {median} s at the median, {longest} s at most.

| project | version | object | verdict | beta | derived by hand | |
|---|---|---|---|---|---|---|
{rows}
"""


def _row(case: Mapping[str, Any]) -> str:
    derived = f"{case['verdict']}{_expected(case)}: {case['derivation']}".replace("|", "\\|")
    cells = case["project"], case["version"][:7], case["object"], case["found"], _number(case["found_beta"]), derived
    return f"| {' | '.join(cells)} | {outcome(case)} |"


def _expected(case: Mapping[str, Any]) -> str:
    return f", beta = {_number(case['beta'])}" if case["beta"] is not None else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _failed(reason: str) -> dict[str, Any]:
    return {"found": "RAISED", "found_beta": None, "name": "", "reason": reason, "claims": {}, "seconds": 0.0}


def _function(folder: Path, case: Mapping[str, Any]) -> Any:
    name = f"adapter_{case['project']}"
    if name not in sys.modules:
        sys.path.insert(0, str(folder.resolve()))
        spec = importlib.util.spec_from_file_location(name, folder / case["adapter"])
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return getattr(sys.modules[name], case["function"])


def _elsewhere(folder: Path, project: str, limit: float) -> dict[str, dict[str, Any]]:
    """What a process of its own finds, by object; what it had not said when it ended is missing."""
    command = [sys.executable, "-m", "tests.packages.public", str(folder), "--only", f"{project} ", "--here"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=limit).stdout
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode()
    results = [json.loads(line.removeprefix(MARK)) for line in said.splitlines() if line.startswith(MARK)]
    return {result["object"]: result for result in results}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.packages.public", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", metavar="TEXT", default="", help="only cases whose project and object hold it")
    parser.add_argument("--here", action="store_true", help="in this process; prints JSON")
    parser.add_argument("--page", type=Path, default=PAGE, help=f"where to write the page (default: {PAGE})")
    parser.add_argument("--time-limit", type=float, default=60, metavar="SECONDS", help="for each object (default: 60)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
