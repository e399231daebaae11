"""What a report says of the whole, in sentences: the finding, a word of advice, and what it rests on.

In come the verdict, the claims and the numbers of a loss; out go sentences. For a textbook loss the finding is "This
loss is the negative ELBO: Gaussian, variance 1, prior N(0, I)."
"""

import math
from collections.abc import Iterable

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim, Verdict
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.names import Names
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.recognition.quantities import Found

__all__ = ["advice_for", "assumptions", "finding", "proved_finding", "way_to_settle"]


_FOUND = {
    "REFUTED": "This loss is not the ELBO",
    "UNKNOWN": "No verdict",
    "OTHER": "This loss is another objective",
}


def proved_finding(name: str, beta: float, likelihood: str | None, prior: str | None) -> str:
    """The finding on a loss that is proved."""
    weighted = "the negative ELBO" if name == "ELBO" else f"a beta-ELBO with beta = {beta:.6g}"
    weighted = f"the negative {name}" if name.startswith("importance") else weighted
    return f"This loss is {weighted}: {likelihood}, prior {prior}."


def finding(verdict: Verdict, claims: Iterable[Claim]) -> str:
    """The finding on a loss that is not proved: the reason of the first claim that has the verdict."""
    wrong = next((claim for claim in claims if claim.verdict == verdict), None)
    return f"{_FOUND[verdict]}: {wrong.reason if wrong is not None else 'nothing was found.'}"


def assumptions(assessed: Assessed, posteriors: Iterable[Posterior], names: Names) -> tuple[str, ...]:
    """What the verdict rests on besides the theorems."""
    read = dict.fromkeys(assessed.run.reading.decided)
    positive = [names.text(p.positive) for p in posteriors if p.positive is not None]
    noise = "the noise has mean 0 and variance 1, independent of everything else"
    return (
        *(f"{line} reads a value: the verdict is of the way taken" for line in read),
        *assessed.run.assumptions,
        *(f"{term} is positive" for term in positive),
        *([noise] if assessed.samplers else []),
        "real numbers: rounding, overflow and NaN are not counted",
    )


def advice_for(beta: float | None, declared: float | None, found: Found | None, variance: float | None) -> str | None:
    """What to do about a beta that is not the one wanted, in one sentence.

    `found`: the likelihood. `variance`: of it (a Laplace's scale), at which beta would be 1.
    """
    wanted = declared if declared is not None else 1.0
    # Fitted in floats: a beta nearer than a millionth is the one wanted, and one of 0 cannot be mended by a factor.
    if beta is None or math.isclose(beta, wanted, rel_tol=1e-6) or beta <= 0:
        return None
    accept = f"accept beta = {beta:.4g}"
    if variance is not None and found is not None:
        scale = f"sigma = {math.sqrt(variance):.3g}" if found.target.family == "gaussian" else f"scale {variance:.3g}"
        accept += f": your decoder's noise is then {scale}"
    factor = wanted / beta
    change = f"Divide the KL by {1 / factor:.6g}" if factor < 1 else f"Multiply the KL by {factor:.6g}"
    learn = "; a learned variance settles it from data" if variance is not None else ""
    return f"{change} for beta = {wanted:g}, or {accept}{learn}."


def way_to_settle(declared: Declared) -> str:
    """What may settle a loss that is UNKNOWN."""
    apart = "audit_kl and audit_sampler settle these parts apart"
    if declared.anything:
        return f"No point was found at which it is not what was declared; {apart}."
    example = "beta=1, likelihood='gaussian', prior='N(0, I)'"
    return f"Declare what it is meant to be ({example}): then points are looked for that refute it; {apart}."
