"""The claim that a step for evaluation has the same objective as the step for training.

Two reports come in; the report on training goes out, with one claim more. Example: if evaluation decodes the
posterior's mean, the claim is REFUTED, as nothing is sampled there. The verdict stays that on training.
"""

from dataclasses import replace

from vaelid.auditor.findings.report import Claim, Report
from vaelid.auditor.findings.witnesses import without_noise

__all__ = ["with_evaluation"]


def with_evaluation(report: Report, other: Report) -> Report:
    """The report on training, with the claim on evaluation, whose own report is `other`."""
    claim = _claim(report, other)
    notes = (*report.notes, f"warning: {claim.reason}") if claim.verdict == "REFUTED" else report.notes
    return replace(report, claims=(*report.claims, claim), notes=notes)


def _claim(report: Report, other: Report) -> Claim:
    name = "evaluation"
    samplers = [claim for claim in other.claims if claim.name == "sampler"]
    if other.verdict in ("UNKNOWN", "OTHER") and not samplers:
        return Claim(name, "UNKNOWN", f"what evaluates is not known: {other.summary}")
    if not any(claim.verdict == "PROVED" for claim in samplers):
        reason = "what evaluates does not sample z: it decodes the mean, and is no bound."
        return Claim(name, "REFUTED", reason, witness=without_noise(), bug="evaluation")
    if (other.beta_formula, other.likelihood, other.prior) != (report.beta_formula, report.likelihood, report.prior):
        training, evaluating = (f"beta = {r.beta_formula}, {r.likelihood}" for r in (report, other))
        reason = f"evaluation has {evaluating}, training {training}."
        return Claim(name, "REFUTED", reason, bug="evaluation")
    if other.verdict == report.verdict == "PROVED":
        theorems = tuple(t for c in other.claims if c.name == "objective" for t in c.theorems)
        return Claim(name, "PROVED", "evaluation is the same objective.", theorems=theorems)
    return Claim(name, "UNKNOWN", f"training or evaluation is not proved: {other.summary}")
