"""What an audit finds, as data. How it is shown is the interface's subject.

In come verdicts, sentences, theorems and witnesses; out go a `Claim` on each part of a loss and a `Report` on the
whole, both of which are plain data for JSON (`as_data`) and a few lines of text (`str`). For a loss without a KL the
report is REFUTED, and so is its claim ``divergence``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from vaelid.auditor.findings.premise import Premise
from vaelid.readings.terms.text import text
from vaelid.theory.kernel import Theorem

__all__ = ["Claim", "Report", "Verdict", "Witness"]


Verdict = Literal["PROVED", "REFUTED", "UNKNOWN", "OTHER"]


@dataclass(frozen=True)
class Witness:
    """A point at which the code differs from what it is taken for, by ball arithmetic.

    Attributes:
        point: the value of each argument, the same in every coordinate; none where the numbers are the same at any.
        computed: what the code gives there, with a rigorous bound.
        expected: what it would have to give, with a rigorous bound.
        meaning: in words, what the two numbers are.
    """

    point: Mapping[str, str]
    computed: str
    expected: str
    meaning: str

    def where(self, values: Mapping[str, str]) -> "Witness":
        """The same, where further arguments have these values."""
        return replace(self, point={**values, **self.point})


@dataclass(frozen=True)
class Claim:
    """A verdict on one claim, and what carries it.

    Attributes:
        name: ``sampler``, ``divergence``, ``reconstruction``, ``objective``, ``examination`` or ``evaluation``.
        verdict: PROVED (by theorems of the kernel), REFUTED (by a witness, or the gradient), UNKNOWN (`reason` says
            what stopped it), OTHER (something else than what the claim speaks of, named).
        reason: one sentence.
        formula: what the code computes there, as text, where it was read.
        weight: the factor on the quantity in nats, as a formula in the sizes; None unless proved.
        theorems: the kernel's theorems; none unless proved.
        witness: where the code is wrong; None unless refuted by one.
        bug: the name of the bug in `vaelid.auditor.bugs.BUGS`, where it was recognised.
        assumptions: what the theorems take for granted.
        source: ``file:line`` of the operation that the reason speaks of.
    """

    name: str
    verdict: Verdict
    reason: str
    formula: str | None = None
    weight: str | None = None
    theorems: tuple[Theorem, ...] = ()
    witness: Witness | None = None
    bug: str | None = None
    assumptions: tuple[str, ...] = ()
    source: str | None = None

    def __str__(self) -> str:
        return f"{self.verdict}  {self.name}: {self.reason}{f' ({self.source})' if self.source else ''}"

    def adding(self, sentence: str) -> "Claim":
        """The same claim, with a further sentence after its reason."""
        return replace(self, reason=f"{self.reason} {sentence}")

    def doubted(self, reason: str) -> "Claim":
        """UNKNOWN, for this reason; the formula and its line stay."""
        return Claim(self.name, "UNKNOWN", reason, self.formula, source=self.source)

    def assuming(self, assumptions: Iterable[str]) -> "Claim":
        """The same claim, with further assumptions."""
        return replace(self, assumptions=(*self.assumptions, *assumptions))

    def as_data(self) -> dict[str, Any]:
        """The claim as plain data, for JSON; theorems as their text."""
        return {
            **{name: getattr(self, name) for name in ("name", "verdict", "reason", "formula", "weight")},
            "theorems": [text(theorem.statement) for theorem in self.theorems],
            "witness": asdict(self.witness) if self.witness else None,
            "bug": self.bug,
            "assumptions": list(self.assumptions),
            "source": self.source,
        }


@dataclass(frozen=True)
class Report:
    """What a loss is: the verdict on the whole, and on each claim.

    Attributes:
        target: what was audited, as the user names it.
        verdict: PROVED: an ELBO, a beta-ELBO or an importance-weighted bound. OTHER: another objective, named.
        objective_name: what it is, for instance ``ELBO``, ``beta-ELBO``, ``free bits``.
        summary: the finding, one sentence.
        formula: the whole loss as it was read, as text.
        beta_effective: the weight of the KL against the negative log-likelihood, both in nats, at the recorded sizes.
        beta_formula: the same, in B, D and L where these were told apart.
        observation_variance: the variance (for an absolute error the scale) at which beta would be 1.
        likelihood: its name, with what is fixed.
        prior: for instance ``N(0, I)``.
        claims: in the order sampler, divergence, reconstruction, objective, examination, evaluation; those made.
        advice: one sentence, where there is one to give.
        notes: what a user should know and is no defect of the objective.
        assumptions: what the verdict takes for granted.
        premises: what has to hold besides algebra, each with its evidence; none where nothing is PROVED.
        sizes: the recorded length of each axis, by its name.
        source: ``file:line`` of the audited function.
        seconds: how long the audit took.
    """

    target: str
    verdict: Verdict
    objective_name: str
    summary: str
    formula: str | None = None
    beta_effective: float | None = None
    beta_formula: str | None = None
    observation_variance: float | None = None
    likelihood: str | None = None
    prior: str | None = None
    claims: tuple[Claim, ...] = ()
    advice: str | None = None
    notes: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    premises: tuple[Premise, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    source: str | None = None
    seconds: float = 0.0

    @property
    def beta_moves(self) -> bool:
        """Whether `beta_effective` is of the recorded number of rows alone."""
        return self.beta_formula is not None and re.search(r"\bB\b", self.beta_formula) is not None

    def claim(self, name: str) -> Claim:
        """The claim of this name; KeyError if it was not examined."""
        return {claim.name: claim for claim in self.claims}[name]

    def noting(self, *notes: str) -> "Report":
        """The same report, with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def resting_on(self, premises: Iterable[Premise], assumptions: Iterable[str] = ()) -> "Report":
        """The same report, with the premises of its verdict, and further assumptions."""
        return replace(self, premises=tuple(premises), assumptions=(*self.assumptions, *assumptions))

    def overruled(self, claim: Claim, summary: str) -> "Report":
        """Another verdict: that of a further claim."""
        return replace(self, verdict=claim.verdict, summary=summary, claims=(*self.claims, claim), advice=None)

    def proved_instead(self, objective_name: str, summary: str, claim: Claim) -> "Report":
        """PROVED, with this claim in the place of the one of its name."""
        claims = tuple(claim if one.name == claim.name else one for one in self.claims)
        return replace(
            self, verdict="PROVED", objective_name=objective_name, summary=summary, claims=claims, advice=None
        )

    def as_data(self) -> dict[str, Any]:
        """The report as plain data, for JSON."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            **plain,
            "claims": [claim.as_data() for claim in self.claims],
            "notes": list(self.notes),
            "assumptions": list(self.assumptions),
            "premises": [asdict(premise) for premise in self.premises],
            "sizes": dict(self.sizes),
        }

    def __str__(self) -> str:
        lines = [f"{self.verdict}  {self.summary}", *(f"  {claim}" for claim in self.claims)]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join([*lines, *([f"  advice: {self.advice}"] if self.advice else [])])
