"""`assert_elbo`: a test of a user's suite that fails unless the loss is proved to be an ELBO."""

from collections.abc import Callable
from typing import Any

from vaelid import auditor
from vaelid.auditor import Report
from vaelid.interface.audit.plain import lines

__all__ = ["NotElbo", "assert_elbo"]


class NotElbo(AssertionError):
    """The loss is not proved to be an ELBO; `report` is what the audit found."""

    def __init__(self, report: Report) -> None:
        super().__init__("\n".join(lines(report)))
        self.report = report


def assert_elbo(
    step: Callable[[Any], Any],
    batch: Any,
    *,
    beta: float | None = None,
    likelihood: str | None = None,
    variance: float | None = None,
    prior: str | None = None,
    evaluation: Callable[[Any], Any] | None = None,
) -> Report:
    """Fail, with the report as text, unless `step` is PROVED to compute an ELBO of the batch; give the report.

    Args:
        step: from a batch to the loss: a scalar tensor, a dict with ``loss``, or an object with ``.loss``.
        batch: what the training loop gives it.
        beta: the beta that is meant; any other fails. Without it a beta-ELBO of any beta passes: give ``beta=1`` to
            insist on the ELBO.
        likelihood: as for `audit`.
        variance: as for `audit`.
        prior: as for `audit`.
        evaluation: the same kind of callable, as it is used for evaluation.

    Raises `NotElbo`, an `AssertionError`, for every other verdict; `UserCodeError` when the step raises.
    """
    __tracebackhide__ = True
    report = auditor.audit(
        step, batch, beta=beta, likelihood=likelihood, variance=variance, prior=prior, evaluation=evaluation
    )
    if report.verdict != "PROVED":
        raise NotElbo(report)
    return report
