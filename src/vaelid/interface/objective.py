"""What an audit says of the loss that a run minimised: one finding, which the terminal and the page both show."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vaelid.auditor import audit
from vaelid.spec.errors import VaelidError
from vaelid.train.model import VAE, Expectation
from vaelid.train.twins import TWINS

__all__ = ["AUDITED_ROWS", "AuditedLoss", "audit_of_model"]

AUDITED_ROWS = 5
"""The theorem is for every batch size; an audit takes longer with more rows."""

NLL_TWINS = {
    "bernoulli": "logistic_nll",
    "binomial": "logistic_nll",
    "continuous_bernoulli": "continuous_bernoulli_nll",
    "gaussian": "gaussian_nll",
}
"""The likelihood families whose NLL is trained by a twin of its definition; the others by the definition."""


@dataclass(frozen=True)
class AuditedLoss:
    """What was found out about the loss.

    Attributes:
        verdict: ``PROVED``, ``REFUTED``, ``OTHER`` or ``UNKNOWN``.
        finding: which objective it is, without a full stop; where it is not proved, what the audit says.
    """

    verdict: str
    finding: str

    @property
    def sentence(self) -> str:
        """For the terminal."""
        return f"The loss it minimised: {self.verdict}, {self.finding}."


def audit_of_model(model: VAE, x: Tensor, *, beta: float = 1.0, expectation: Expectation = "sampled") -> AuditedLoss:
    """Audit the loss of the model at this beta, on some rows.

    Its fused kernels are read by their slow sides, the spec's definitions. The audit compares both at the numbers that
    it meets, and `tests/twins` ties each to its bound.
    """

    def step(batch: Tensor) -> Tensor:
        return model.loss(batch, beta=beta, expectation=expectation)

    try:
        report = audit(step, x.to(torch.float32), beta=beta)
    except VaelidError as error:
        return AuditedLoss("UNKNOWN", f"the audit could not read it: {error}".rstrip("."))
    if report.verdict != "PROVED":
        return AuditedLoss(report.verdict, report.summary.rstrip("."))
    used = ("kl_sum", NLL_TWINS.get(model.likelihood.family))
    bounds = ", ".join(f"{name} to {twin.relative:g}" for name, twin in TWINS.items() if name in used)
    kind = "the negative ELBO" if report.objective_name == "ELBO" else report.objective_name
    return AuditedLoss(
        "PROVED",
        f"{kind} ({report.likelihood}, prior {report.prior}), for every batch size; its fused kernels are twins of the "
        f"formula proved ({bounds})",
    )
