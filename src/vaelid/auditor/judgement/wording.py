"""What a report says in words and numbers: the beta, the variance, the likelihood, the prior, a sentence, an advice."""

import math
from collections.abc import Iterable
from fractions import Fraction

from flint import arb

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim, Verdict
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.axes_of_terms import axes_in, count
from vaelid.auditor.formula.in_balls import in_ball
from vaelid.auditor.formula.kinds import Reconstruction
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.quantities import Found, Quantity
from vaelid.auditor.recognition.stated_variance import stated_scale
from vaelid.readings.terms.arrays import TermArray
from vaelid.spec.digits import apart

__all__ = ["Statements"]


class Statements:
    """What can be stated of an assessed loss, whatever the verdict."""

    def __init__(self, assessed: Assessed, declared: Declared) -> None:
        self.assessed = assessed
        self.declared = declared
        self.objective = assessed.objective
        self.names = assessed.names
        self.reconstruction = self.objective.group(Reconstruction())

    def beta(self) -> Monomial | None:
        """The weight of the KL against the likelihood of the variance that is stated, or 1."""
        if self.reconstruction is None or self.reconstruction.found is None:
            return None
        own = self.assessed.weights.get(Reconstruction())
        weights = [self.assessed.weights.get(group.kind) for group, _ in self.assessed.divergences()]
        if own is None or not own.number or not weights or any(w is None for w in weights):
            return None
        ratios = [weight / own for weight in weights if weight is not None]
        if any(ratio != ratios[0] for ratio in ratios):
            return None
        factor = self.variance_factor()
        return Monomial(ratios[0].number / factor, ratios[0].powers)

    def beta_in_ball(self, batches: int = 1) -> arb | None:
        """The same number with a rigorous bound, at the recorded sizes, or with so many times the rows."""
        rows = {f"N{axis}" for axis in self.names.groups.get("B", ())}
        lengths = {n: k * (batches if n in rows else 1) for n, k in self.objective.question.values.lengths.items()}

        def weight(group: Group) -> arb | None:
            if group.found is None:
                return None
            (one,) = group.found.fit.weights
            draws = self.assessed.draws_of(group)
            return in_ball(one * count(sorted(draws)) if draws else one, lengths)

        several = self.objective.reconstructions if self.objective.over_draws else self.objective.reconstructions[:1]
        own = [found for group in several if (found := weight(group)) is not None]
        its = next((weight(group) for group, _ in self.assessed.divergences()), None)
        if its is None or not own or len(own) < len(several) or (whole := sum(own, arb(0))).contains(0):
            return None
        return its / whole / arb(self.variance_factor())

    def variance_factor(self) -> float:
        """The variance that the likelihood is taken to have: that of the squared error alone is 1."""
        found = self.reconstruction.found if self.reconstruction else None
        if found is None or found.target.learned or found.target.family not in ("gaussian", "laplace"):
            return 1.0
        if self.declared.variance is None and self.stated is not None:
            return float(self.stated)
        return self.declared.variance or 1.0

    @property
    def stated(self) -> Fraction | None:
        """The variance that the loss itself states."""
        found = self.reconstruction.found if self.reconstruction else None
        return None if found is None else stated_scale(found, self.objective.question.values)

    def observation_variance(self, beta: Monomial | None) -> float | None:
        """The variance (a Laplace's scale) of the likelihood at which beta would be 1."""
        found = self.reconstruction.found if self.reconstruction else None
        if found is None or beta is None or found.target.family not in ("gaussian", "laplace") or found.target.learned:
            return None
        return beta.at(self.names.sizes) * self.variance_factor()

    def likelihood_name(self) -> str | None:
        """The likelihood, with the variance it is taken to have; of several kinds of data, each."""
        found = [group.found for group in self.objective.reconstructions if group.found is not None]
        return " and ".join(dict.fromkeys(map(self.name_of, found))) or None

    def name_of(self, found: Found) -> str:
        """One likelihood's name."""
        fixed = found.target.family in ("gaussian", "laplace") and not found.target.learned
        scale = {"gaussian": "variance", "laplace": "scale"}.get(found.target.family)
        name = f"{found.target.name}, {scale} {self.variance_factor():g}" if fixed else found.target.name
        return name if found.target.mask is None else f"{name}, where a mask is not 0"

    def prior_name(self) -> str | None:
        """The prior of each KL."""
        found = [group.found.target for group, _ in self.assessed.divergences() if group.found]
        names = [t.name if t.mask is None else f"{t.name}, where a mask is not 0" for t in found]
        return ", ".join(dict.fromkeys(names)) or None

    def assumptions(self) -> tuple[str, ...]:
        """What the verdict rests on besides the theorems."""
        posteriors = self.objective.question.posteriors
        positive = [self.names.text(p.positive) for p in posteriors if p.positive is not None]
        return (
            *(
                f"{line} reads a value: the verdict is of the way taken"
                for line in dict.fromkeys(self.assessed.run.reading.decided)
            ),
            *self.assessed.run.assumptions,
            *(f"{term} is positive" for term in positive),
            *(
                ["the noise has mean 0 and variance 1, independent of everything else"]
                if self.assessed.samplers
                else []
            ),
            "real numbers: rounding, overflow and NaN are not counted",
        )

    # masks

    def kept_or_left_out(self, target: Quantity) -> bool:
        """Whether places of the data are taken as they are, or left out: not given weights."""
        if (mask := target.mask) is None:
            return True
        own = set(axes_in(target.parameters[0].term)) if target.parameters else set()
        return set(axes_in(mask.term)) <= own and self.is_mask(mask)

    def is_mask(self, weights: TermArray) -> bool:
        """Whether weights of places are 0 and 1, or 0 and another number, which is the same for all."""
        values = self.objective.question.values.of(weights, axes_in(weights.term))
        return bool(((values == 0) | (values == values.max())).all())

    # words

    def summary(self, overall: Verdict, name: str, claims: Iterable[Claim], beta: Monomial | None) -> str:
        """The verdict in one sentence."""
        if overall == "PROVED":
            assert beta is not None
            value = beta.at(self.names.sizes)
            weighted = "the negative ELBO" if name == "ELBO" else f"a beta-ELBO with beta = {value:.6g}"
            weighted = f"the negative {name}" if name.startswith("importance") else weighted
            return f"This loss is {weighted}: {self.likelihood_name()}, prior {self.prior_name()}."
        wrong = next((claim for claim in claims if claim.verdict == overall), None)
        said = wrong.reason if wrong is not None else "nothing was found."
        words = {
            "REFUTED": "This loss is not the ELBO",
            "UNKNOWN": "No verdict",
            "OTHER": "This loss is another objective",
        }
        return f"{words[overall]}: {said}"

    def advice_for(self, beta: Monomial | None) -> str | None:
        """What to do about a beta that is not the one wanted, in one sentence."""
        if beta is None:
            return None
        value = beta.at(self.names.sizes)
        wanted = self.declared.beta if self.declared.beta is not None else 1.0
        if math.isclose(value, wanted, rel_tol=1e-6) or value <= 0:
            return None
        found = self.reconstruction.found if self.reconstruction else None
        variance = self.observation_variance(beta)
        accept = f"accept beta = {value:.4g}"
        if variance is not None and found is not None:
            scale = (
                f"sigma = {math.sqrt(variance):.3g}" if found.target.family == "gaussian" else f"scale {variance:.3g}"
            )
            accept += f": your decoder's noise is then {scale}"
        factor = wanted / value
        change = f"Divide the KL by {1 / factor:.6g}" if factor < 1 else f"Multiply the KL by {factor:.6g}"
        learn = "; a learned variance settles it from data" if variance is not None else ""
        return f"{change} for beta = {wanted:g}, or {accept}{learn}."

    def way_to_settle(self) -> str:
        """What may settle a loss that is UNKNOWN."""
        apart = "audit_kl and audit_sampler settle these parts apart"
        if self.declared.anything:
            return f"No point was found at which it is not what was declared; {apart}."
        example = "beta=1, likelihood='gaussian', prior='N(0, I)'"
        return f"Declare what it is meant to be ({example}): then points are looked for that refute it; {apart}."

    def weighed(self, beta: Monomial) -> tuple[str, Claim]:
        """The name of a loss that is an ELBO but for its beta, and what that is beside the one declared."""
        theorem = self.objective.theorem
        assert theorem is not None
        value = beta.at(self.names.sizes)
        weight = self.assessed.weights[Reconstruction()]
        reason = f"it is {weight} * (NLL + beta * KL) and a constant, with beta = {beta}"
        shown, declared = apart(value, value if self.declared.beta is None else self.declared.beta)
        reason += "" if not beta.powers else f" = {shown} at these sizes"
        if self.declared.beta is not None and not math.isclose(value, self.declared.beta, rel_tol=1e-6):
            reason += f": not {declared}. Multiply the KL by {self.declared.beta / value:.6g}."
            bug = "batch-beta" if "B" in beta.powers else "hidden-beta" if beta.powers else "hidden-scale"
            bug = "beta-ignored" if bug == "hidden-scale" and math.isclose(value, 1) else bug
            bug = "kl-doubled" if not beta.powers and math.isclose(value, 2 * self.declared.beta) else bug
            return "beta-ELBO", self.of_beta(reason, bug, self.declared.beta)
        name = "ELBO" if math.isclose(value, 1, rel_tol=1e-6) else "beta-ELBO"
        if self.declared.beta is not None and "B" in beta.powers:
            reason += ": it moves with the batch size."
            return name, self.of_beta(reason, "batch-beta", self.declared.beta, batches=2)
        bug = "batch-beta" if "B" in beta.powers else "hidden-beta" if beta.powers else None
        return name, Claim("objective", "PROVED", f"{reason}.", weight=str(weight), theorems=(theorem,), bug=bug)

    def of_beta(self, reason: str, bug: str, wanted: float, batches: int = 1) -> Claim:
        """The claim on a loss whose beta is not the declared one, or not for all numbers of rows."""
        theorem = self.objective.theorem
        assert theorem is not None
        found = self.beta_in_ball(batches)
        at = {n: self.names.sizes[n] * (batches if n == "B" else 1) for n in "BDL" if n in self.names.sizes}
        meaning = "the weight of the KL beside -log p(x|z), both in nats; the beta that was declared"
        witness = None
        if found is not None and not found.overlaps(arb(wanted)):
            witness = separated({name: str(size) for name, size in at.items()}, found, Fraction(wanted), meaning)
        verdict: Verdict = "REFUTED" if witness else "UNKNOWN"
        named = bug if witness else None
        return Claim("objective", verdict, reason, theorems=(theorem,), witness=witness, bug=named)
