"""`python -m tests.packages`: audit the losses of published packages, and compare with the verdicts derived by hand.

The packages are not dependencies: `make audit-packages` installs them in an environment of their own. Exit status: 0
when every audit finds what it must, 1 otherwise, 64 for wrong usage.
"""

import argparse
import json
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import isclose
from time import perf_counter

import torch
from tests.audit.witnessed import unwitnessed

from vaelid.auditor import audit, audit_kl

from .cases import CASES, Case, Function


@dataclass(frozen=True)
class Found:
    """What an audit of a case found, and in what it differs from what it must find."""

    case: Case
    verdict: str
    beta: float | None
    reason: str
    seconds: float
    complaints: tuple[str, ...]

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        beta = "" if self.beta is None else f"{self.beta:.6g}"
        mark = "; ".join(self.complaints) or "as derived"
        package = f"{self.case.package} {version(self.case.package)}"
        return package, self.case.object, self.verdict, beta, f"{self.seconds:.2f}", mark, self.reason


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = _options(arguments)
    chosen = [case for case in CASES if re.search(options.only, f"{case.package} {case.object}")]
    if not chosen:
        print(f"no case matches {options.only!r}", file=sys.stderr)
        return 64
    warnings.simplefilter("ignore")  # the packages' own
    found = [examine(case) for case in chosen]
    rows = [
        ("package", "object", "verdict", "beta", "seconds", "expected", "reason"),
        *(each.cells() for each in found),
    ]
    if options.json:
        print(json.dumps([dict(zip(rows[0], row, strict=True)) for row in rows[1:]], indent=2))
    else:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    wrong = sum(bool(each.complaints) for each in found)
    print(f"{len(found)} objects, {len(found) - wrong} as derived by hand, {wrong} not", file=sys.stderr)
    return int(wrong > 0)


def examine(case: Case) -> Found:
    """The audit of one case. What the foreign code raises is a finding too."""
    torch.manual_seed(0)
    subject = case.make()
    start = perf_counter()
    missing: list[str] = []
    try:
        if isinstance(subject, Function):
            claim = audit_kl(subject.run, roles=subject.roles)
            verdict, beta, reason, claims = claim.verdict, None, claim.reason, {}
        else:
            report = audit(subject.run, subject.batch, evaluation=subject.evaluation)
            verdict, beta, reason = report.verdict, report.beta_effective, report.summary
            claims = {each.name: each.verdict for each in report.claims}
            missing = unwitnessed(report)
    except Exception as error:
        verdict, beta, reason, claims = "RAISED", None, f"{type(error).__name__}: {error}", {}
    complaints = (*_complaints(case, verdict, beta, claims), *(f"no witness of {claim}" for claim in missing))
    return Found(case, verdict, beta, reason, perf_counter() - start, complaints)


def _complaints(case: Case, verdict: str, beta: float | None, claims: dict[str, str]) -> tuple[str, ...]:
    complaints = [
        f"{name} must be {wanted}, is {claims.get(name, 'not examined')}"
        for name, wanted in case.claims.items()
        if claims.get(name) != wanted
    ]
    if case.verdict and verdict != case.verdict:
        complaints.append(f"must be {case.verdict}")
    if case.beta is not None and (beta is None or not isclose(beta, case.beta, rel_tol=1e-9)):
        complaints.append(f"beta must be {case.beta:g}")
    return tuple(complaints)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.packages", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only", metavar="PATTERN", default="", help="only cases whose name matches, as a regular expression"
    )
    parser.add_argument("--json", action="store_true", help="the whole result as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
