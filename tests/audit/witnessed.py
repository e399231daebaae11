"""Whether what is refuted carries two numbers that exclude each other."""

from fractions import Fraction

from flint import arb, ctx, fmpq

from vaelid.auditor import Claim, Report

__all__ = ["ball", "unwitnessed"]


def ball(shown: str) -> arb:
    """The number that a witness shows: a ball, or a decimal as it is."""
    if "+/-" in shown:
        return arb(shown)
    exact = Fraction(shown)
    return arb(fmpq(exact.numerator, exact.denominator))


def unwitnessed(report: Report) -> list[str]:
    """The refuted claims without two such numbers: of the objective only where it says what is refuted, and why."""
    refuted = [claim for claim in report.claims if claim.verdict == "REFUTED" and claim.name != "evaluation"]
    own = [claim for claim in refuted if not (claim.name == "objective" and len(refuted) > 1)]
    missing = [f"{claim.name}: {claim.reason}" for claim in own if not _witnessed(claim)]
    return missing + ([] if own or report.verdict != "REFUTED" else ["nothing is refuted by itself"])


def _witnessed(claim: Claim) -> bool:
    if claim.witness is None:
        return False
    with ctx.workprec(256):
        return not ball(claim.witness.computed).overlaps(ball(claim.witness.expected))
