"""What the auditor says of changed losses, beside what they are."""

import inspect
import signal
import textwrap
import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import torch
from tests.audit.witnessed import unwitnessed

from vaelid.auditor import audit, audit_loss

from .mutation import Mutant, mutants
from .originals import LOSSES, STEPS
from .truth import BERNOULLI, compiled, data, is_step, kind, nets

SECONDS = 60
ENOUGH, REFUTED_SHARE = 200, 0.95
RAISED = "raised UserCodeError"
"""What does not run, or gives no number, on the audit's data: it has no verdict."""
UNWITNESSED = "REFUTED without two numbers"
FAMILY = {**dict.fromkeys(BERNOULLI, "bernoulli"), "absolute_error": "laplace"}
"""The likelihood, where it is not Gaussian."""


def declared(original: str) -> dict[str, Any]:
    """What the audit is told that a loss is meant to be: what its original is."""
    family = FAMILY.get(original, "gaussian")
    fixed = family in ("gaussian", "laplace") and original != "learned_variance"
    prior = None if original == "step_two_levels" else "N(0, I)"  # there one of the two priors is a network's
    return {"beta": 1.0, "likelihood": family, "variance": 1.0 if fixed else None, "prior": prior}


@dataclass(frozen=True)
class Finding:
    """A mutant, judged twice.

    Attributes:
        original: the name of the function that was changed.
        change: the line before and after.
        kind: what it is, by numbers.
        verdict: the audit's.
        objective: likelihood, prior and beta, as the audit has them; of what is proved.
    """

    original: str
    change: str
    kind: str
    verdict: str
    objective: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """For a file."""
        return {**asdict(self), "objective": list(self.objective)}


def originals() -> list[Mutant]:
    """The functions as they are."""
    return [Mutant(f.__name__, "unchanged", textwrap.dedent(inspect.getsource(f))) for f in (*LOSSES, *STEPS)]


@cache
def all_mutants() -> list[Mutant]:
    """Every change of every one."""
    return [mutant for function in (*LOSSES, *STEPS) for mutant in mutants(function)]


def finding(mutant: Mutant) -> Finding:
    """What it is, and what an audit says that is told what the original is."""
    warnings.simplefilter("ignore")  # mutants divide by zero and broadcast
    torch.set_num_threads(1)
    truth = kind(mutant.original, mutant.source)
    if truth == "changed" and mutant.of_data:
        truth = "ambiguous"
    if truth == "no loss":
        return Finding(mutant.original, mutant.change, truth, "")
    return Finding(mutant.original, mutant.change, truth, *_audited(mutant))


def _audited(mutant: Mutant) -> tuple[str, tuple[str, ...]]:
    def late(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        report = _report(mutant)
    except TimeoutError:
        return "late", ()
    except Exception as error:
        return f"raised {type(error).__name__}", ()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if report.verdict == "REFUTED" and unwitnessed(report):
        return UNWITNESSED, ()
    if report.verdict != "PROVED":
        return report.verdict, ()
    beta = "none" if report.beta_effective is None else f"{report.beta_effective:.9g}"
    return "PROVED", (report.likelihood or "", report.prior or "", beta)


def _report(mutant: Mutant):
    torch.manual_seed(0)
    function = compiled(mutant.original, mutant.source)
    if not is_step(mutant.original):
        return audit_loss(function, **declared(mutant.original))
    encoder, decoder = nets(mutant.original)
    batch = data(mutant.original, mutant.original in BERNOULLI)
    return audit(lambda x: function(encoder, decoder, x), batch, **declared(mutant.original))


def complaints(found: Iterable[Finding], as_they_were: Iterable[Finding]) -> list[str]:
    """What is not as it must be."""
    before = {finding.original: finding for finding in as_they_were}
    said = [
        f"the original is {f.verdict} ({f.kind}): {f.original}"
        for f in before.values()
        if (f.verdict, f.kind) != ("PROVED", "same")
    ]
    for f in found:
        if f.kind == "changed" and proved_as(f, before[f.original]):
            said.append(f"PROVED, though it is changed: {f.original}: {f.change}")
        if f.kind == "same" and f.verdict in ("REFUTED", UNWITNESSED):
            said.append(f"REFUTED, though it is the same: {f.original}: {f.change}")
    said += [f"refuted without a witness: {f.original}: {f.change}" for f in found if f.verdict == UNWITNESSED]
    judged = [f for f in found if f.kind == "changed" and f.verdict != RAISED]
    refuted = sum(f.verdict == "REFUTED" for f in judged)
    if len(judged) >= ENOUGH and refuted < REFUTED_SHARE * len(judged):
        said.append(f"of {len(judged)} mutants that are changed only {refuted} are refuted")
    return said


def proved_as(found: Finding, original: Finding) -> bool:
    """Whether it is proved to be the original's objective: not another likelihood's, or of another prior."""
    return found.verdict == "PROVED" and found.objective == original.objective


def table(found: Iterable[Finding]) -> str:
    """Counts, by what the mutants are and what the audit says."""
    found = list(found)
    lines = [f"{len(found):6}  mutants"]
    for kind_ in ("changed", "same", "ambiguous", "no loss"):
        verdicts = [f.verdict for f in found if f.kind == kind_]
        counts = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts)) if verdict}
        shown = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        lines.append(f"{len(verdicts):6}  {kind_}{f': {shown}' if shown else ''}")
    return "\n".join(lines)
