"""Audit a training step: a callable from a batch to a loss.

The step, a batch and what the loss is meant to be come in; a `Report` goes out. Example: ``audit(lambda x: loss(model,
x), batch, beta=1)``.
"""

from collections.abc import Callable
from typing import Any

from vaelid.auditor.doors import audited_now, door
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Report
from vaelid.auditor.judgement.verdict import unread
from vaelid.auditor.pipeline import report_on_step

__all__ = ["audit"]


@door(unread)
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
    return report_on_step(step, batch, Declared(beta, likelihood, variance, prior), audited_now(step), evaluation)
