"""`python -m tests.packages.public FOLDER`: audit public implementations, which stay outside, and write a page.

FOLDER holds a checkout of each project of `adapters/`, under `owner+name`, at the version that its adapter names
(`git clone`, `git checkout`); packages are installed. No foreign code is part of this repository. Each project is
audited in a process of its own, one at a time; foreign code is run. Exit status: 0 when no verdict contradicts the hand
derivation (UNKNOWN contradicts none), 1 otherwise, 64 for wrong usage.
"""

import argparse
import importlib
import json
import pkgutil
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isclose
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from tests.audit.witnessed import unwitnessed

from vaelid.auditor import audit, audit_loss

from . import adapters
from .project import Case, Project, Step

PAGE = Path("docs/audit-of-public-code.md")
MARK = "found: "  # foreign code prints too


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = _options(arguments)
    names = [module.name for module in pkgutil.iter_modules(adapters.__path__) if options.only in module.name]
    if not options.folder.is_dir() or not names:
        said = f"{options.folder} is no folder" if names else f"no adapter has {options.only!r} in its name"
        print(f"{said}: give the folder of the checkouts, and part of an adapter's name", file=sys.stderr)
        return 64
    if options.here:
        for name in names:
            for case in _project(name).cases:
                print(MARK + json.dumps(examine(options.folder, _project(name), case)), flush=True)
        return 0
    found = [result for name in names for result in _elsewhere(options.folder, name, options.time_limit)]
    found.sort(key=lambda result: (result["project"].lower(), result["project"]))
    if not options.only:
        options.page.write_text(page(found))
    return int(any(outcome(result) == "differs" for result in found))


def examine(folder: Path, project: Project, case: Case) -> dict[str, Any]:
    """The audit of one case, in this process."""
    warnings.simplefilter("ignore")  # the foreign code's own
    torch.set_num_threads(1)
    torch.manual_seed(0)
    start = perf_counter()
    try:
        made = case.make(folder / project.name.replace("/", "+"))
        start = perf_counter()
        if isinstance(made, Step):
            report = audit(made.run, made.batch, evaluation=made.evaluation)
        else:
            report = audit_loss(made.run, inputs=made.inputs, **(made.roles or {}))
        if missing := unwitnessed(report):
            raise ValueError(f"refuted without a witness: {'; '.join(missing)}")
    except Exception as error:
        return _result(project, case) | {"reason": f"{type(error).__name__}: {error}"[:300]}
    return _result(project, case) | {
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


def _result(project: Project, case: Case) -> dict[str, Any]:
    """What is known before an audit; of one that gives no verdict."""
    return {
        "project": project.name,
        "version": project.version,
        "object": case.object,
        "verdict": case.verdict,
        "accept": list(case.accept),
        "beta": case.beta,
        "derivation": case.derivation,
        "checked": case.checked,
        "found": "RAISED",
        "found_beta": None,
        "reason": "",
        "seconds": 0.0,
    }


def _project(name: str) -> Project:
    return importlib.import_module(f"{adapters.__name__}.{name}").PROJECT


def _elsewhere(folder: Path, name: str, limit: float) -> list[dict[str, Any]]:
    """What a process of its own finds of a project; what it had not said when it ended is missing."""
    command = [sys.executable, "-m", __package__, str(folder), "--only", name, "--here"]
    project = _project(name)
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=limit * len(project.cases)).stdout
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode()
    lines = [json.loads(line.partition(MARK)[2]) for line in said.splitlines() if MARK in line]
    known = {result["object"]: result for result in lines if result["project"] == project.name}
    missing = {"reason": "out of time, or the process ended early"}
    found = [known.get(case.object, _result(project, case) | missing) for case in project.cases]
    for result in found:
        verdict = f"{outcome(result):9} {result['found']:8} {result['seconds']:5.1f} s"
        print(f"{verdict} {project.name} | {result['object']} | {result['reason']}", flush=True)
    return found


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.packages.public", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", metavar="TEXT", default="", help="only adapters whose name holds it")
    parser.add_argument("--here", action="store_true", help="in this process; prints JSON")
    parser.add_argument("--page", type=Path, default=PAGE, help=f"where to write the page (default: {PAGE})")
    parser.add_argument("--time-limit", type=float, default=60, metavar="SECONDS", help="for each object (default: 60)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
