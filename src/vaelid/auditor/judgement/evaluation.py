"""The claim that a step for evaluation has the same objective as the step for training.

What was found of training and the report on evaluation come in; a claim goes out, and what to note of it. Example: if
evaluation decodes the posterior's mean, the claim is REFUTED, as nothing is sampled there. The verdict on the whole
stays that on training.
"""

from dataclasses import dataclass

from vaelid.auditor.findings.report import Claim, Report, Verdict
from vaelid.auditor.findings.witnesses import without_noise

__all__ = ["TrainedObjective", "evaluation_claim", "warnings_of"]


@dataclass(frozen=True)
class TrainedObjective:
    """What training was found to minimise, as far as evaluation is compared with it.

    Attributes:
        verdict: on the loss.
        beta: its weight of the KL, in sizes.
        likelihood: its name, with what is fixed.
        prior: its name.
    """

    verdict: Verdict
    beta: str | None
    likelihood: str | None
    prior: str | None


def warnings_of(claim: Claim) -> tuple[str, ...]:
    """What to note of a claim on evaluation: that it is refuted, as the verdict does not show that."""
    return (f"warning: {claim.reason}",) if claim.verdict == "REFUTED" else ()


def evaluation_claim(training: TrainedObjective, other: Report) -> Claim:
    """The claim on evaluation, whose own report is `other`."""
    name = "evaluation"
    samplers = [claim for claim in other.claims if claim.name == "sampler"]
    if other.verdict in ("UNKNOWN", "OTHER") and not samplers:
        return Claim(name, "UNKNOWN", f"what evaluates is not known: {other.summary}")
    if not any(claim.verdict == "PROVED" for claim in samplers):
        reason = "what evaluates does not sample z: it decodes the mean, and is no bound."
        return Claim(name, "REFUTED", reason, witness=without_noise(), bug="evaluation")
    if (other.beta_formula, other.likelihood, other.prior) != (training.beta, training.likelihood, training.prior):
        reason = (
            f"evaluation has beta = {other.beta_formula}, {other.likelihood}, training beta = {training.beta}, "
            f"{training.likelihood}."
        )
        return Claim(name, "REFUTED", reason, bug="evaluation")
    if other.verdict == training.verdict == "PROVED":
        theorems = tuple(t for c in other.claims if c.name == "objective" for t in c.theorems)
        return Claim(name, "PROVED", "evaluation is the same objective.", theorems=theorems)
    return Claim(name, "UNKNOWN", f"training or evaluation is not proved: {other.summary}")
