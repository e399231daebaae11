"""Words that the terminal and the page share: what is expected of each claim, where, and at which values."""

import re
from collections.abc import Mapping

from vaelid.auditor import Claim, Report
from vaelid.auditor.findings.bugs import BUGS
from vaelid.interface.audit.places import file_and_line, relative_path
from vaelid.interface.html.numbers import minus, power_of_ten

__all__ = ["EXPECTED", "at_point", "deciding", "interval", "mend", "place", "sized", "with_intervals"]

EXPECTED: Mapping[str, tuple[str, str]] = {
    "sampler": ("a sampler of the posterior draws", "z = μ + σ · ε,  ε ~ N(0, 1), fresh for each row and coordinate"),
    "divergence": ("the KL to N(0, I) is", "½ Σ (σ² + μ² − 1 − log σ²)"),
    "reconstruction": ("the reconstruction term is", "−log p(x|z) of a normalised likelihood, and a constant"),
    "objective": ("an ELBO, as it is minimised, is", "c · (NLL + β · KL) + constant,  c > 0"),
    "evaluation": ("evaluation measures", "the objective that is trained, with z sampled"),
}
"""What each claim is about: in words, and as a formula."""


def deciding(report: Report) -> Claim | None:
    """The claim that the verdict rests on: the first with its verdict, where it is not PROVED."""
    if report.verdict == "PROVED":
        return None
    return next((claim for claim in report.claims if claim.verdict == report.verdict), None)


def mend(claim: Claim) -> str | None:
    """What to do about the bug, where it was recognised."""
    return BUGS[claim.bug].mend if claim.bug in BUGS else None


def place(source: str | None) -> str:
    """As in "model.py, line 20"; empty where it is not known."""
    found = file_and_line(source)
    return f"{relative_path(found[0])}, line {found[1]}" if found else ""


def interval(ball: str) -> str:
    """The value of a ball and its error, as people write it: "0.359141 ± 3.6 × 10⁻⁷"."""
    found = re.fullmatch(r"\[(\S+) \+/- (\S+)\]", ball)
    if not found:
        return minus(ball)
    middle, radius = found.groups()
    mantissa, e, power = radius.partition("e")
    if e:
        radius = f"{mantissa} × {power_of_ten(int(power))}"
    return f"{minus(middle)} ± {radius}"


def with_intervals(text: str) -> str:
    """The text, with each ball in it as people write it."""
    return re.sub(r"\[-?[\d.e+-]+ \+/- [\d.e+-]+\]", lambda ball: interval(ball.group()), text)


def at_point(point: Mapping[str, str]) -> str:
    """As in "mu = 0, logvar = 1"; "any values" where it holds at all."""
    return "any values" if not point else ", ".join(minus(f"{name} = {value}") for name, value in point.items())


def sized(report: Report) -> str:
    """The recorded sizes: "B = 13, D = 64, L = 8"."""
    return ", ".join(f"{name} = {length}" for name, length in report.sizes.items())
