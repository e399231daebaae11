"""Audit a training step: a callable from a batch to a loss."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vaelid.auditor.doors import UNREAD, door
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim, Report
from vaelid.auditor.findings.witnesses import without_noise
from vaelid.auditor.judgement.verdict import unread, verdict
from vaelid.auditor.pipeline import assess
from vaelid.auditor.recording.calls import Call, call_of, smaller, source_of

__all__ = ["audit"]


def _unknown(step: Any, reason: Exception) -> Report:
    return replace(unread(_name_of(step), reason), source=source_of(step))


def _name_of(function: Any) -> str:
    return getattr(function, "__qualname__", type(function).__name__)


@door(_unknown)
def audit(
    step: Callable[[Any], Any],
    batch: Any,
    *,
    beta: float | None = None,
    likelihood: str | None = None,
    variance: float | None = None,
    prior: str | None = None,
    evaluation: Callable[[Any], Any] | None = None,
) -> Report:
    """What does `step(batch)` minimise: is it -ELBO, and with which beta?"""
    declared = Declared(beta, likelihood, variance, prior)
    started = time.perf_counter()
    target = _name_of(step)
    calls = [call_of(batch)]
    if (fewer := smaller(batch)) is not None:
        calls.append(call_of(fewer))
    try:
        assessed = assess(step, calls)
        report = verdict(assessed, declared, target=target)
        if evaluation is not None:
            report = with_evaluation(report, _evaluated(evaluation, calls, declared))
    except UNREAD as reason:
        report = unread(target, reason)
    return replace(report, seconds=time.perf_counter() - started, source=source_of(step))


def _evaluated(evaluation: Callable[[Any], Any], calls: list[Call], declared: Declared) -> Report:
    """The report on what evaluates: the same questions."""
    try:
        assessed = assess(evaluation, calls, gradients=False)
        return verdict(assessed, declared, target="evaluation")
    except UNREAD as reason:
        return unread("evaluation", reason)


def with_evaluation(report: Report, other: Report) -> Report:
    """The report with the claim that evaluation is the same objective as training; the verdict is about training."""
    name = "evaluation"
    if other.verdict in ("UNKNOWN", "OTHER") and not any(c.name == "sampler" for c in other.claims):
        claim = Claim(name, "UNKNOWN", f"what evaluates is not known: {other.summary}")
    elif not any(c.name == "sampler" and c.verdict == "PROVED" for c in other.claims):
        reason = "what evaluates does not sample z: it decodes the mean, and is no bound."
        claim = Claim(name, "REFUTED", reason, witness=without_noise(), bug="evaluation")
    elif (other.beta_formula, other.likelihood, other.prior) != (report.beta_formula, report.likelihood, report.prior):
        training, evaluating = (f"beta = {r.beta_formula}, {r.likelihood}" for r in (report, other))
        reason = f"evaluation has {evaluating}, training {training}."
        claim = Claim(name, "REFUTED", reason, bug="evaluation")
    elif other.verdict == report.verdict == "PROVED":
        theorems = tuple(t for c in other.claims if c.name == "objective" for t in c.theorems)
        claim = Claim(name, "PROVED", "evaluation is the same objective.", theorems=theorems)
    else:
        claim = Claim(name, "UNKNOWN", f"training or evaluation is not proved: {other.summary}")
    notes = report.notes
    if claim.verdict == "REFUTED":
        notes = (*notes, f"warning: {claim.reason}")
    return replace(report, claims=(*report.claims, claim), notes=notes)
