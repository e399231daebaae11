"""From what was found out about a loss to a verdict on it, a sentence, and a word of advice."""

import math
from collections.abc import Iterable

from vaelid.auditor.assessed import Assessed
from vaelid.auditor.claims import divergence_claim, reconstruction_claim
from vaelid.auditor.names import Monomial
from vaelid.auditor.report import Claim, Report, Verdict

__all__ = ["verdict"]

_LIKELIHOODS = {
    "gaussian": "Gaussian",
    "bernoulli": "Bernoulli",
    "laplace": "Laplace",
    "poisson": "Poisson",
    "categorical": "categorical",
    "negative_binomial": "negative binomial",
}


def verdict(
    assessed: Assessed,
    *,
    target: str,
    beta: float | None = None,
    likelihood: str | None = None,
    variance: float | None = None,
    sampled: bool = True,
) -> Report:
    """The report on a loss. `sampled` False: of a function of tensors, which does not sample."""
    judge = _Judge(assessed, beta, likelihood, variance, sampled)
    return judge.report(target)


class _Judge:
    def __init__(
        self, assessed: Assessed, beta: float | None, likelihood: str | None, variance: float | None, sampled: bool
    ) -> None:
        self.assessed = assessed
        self.declared_beta = beta
        self.declared_likelihood = likelihood
        self.variance = variance
        self.sampled = sampled
        self.notes: list[str] = list(assessed.run.notes)
        self.objective = assessed.objective
        self.names = assessed.names
        self.reconstruction = self.objective.group("reconstruction")
        self.scale = 1.0
        self.advice: str | None = None

    def report(self, target: str) -> Report:
        divergences = self.divergence_claims()
        reconstruction = self.reconstruction_claims()
        samplers = self.sampler_claims(divergences)
        name, objective = self.objective_claim([*samplers, *divergences, *reconstruction])
        claims = (*samplers, *divergences, *reconstruction, objective)
        overall = _overall(claims)
        beta = self.beta()
        return Report(
            target,
            overall,
            name,
            self.summary(overall, name, claims, beta),
            formula=self.names.text(self.assessed.run.term),
            beta_effective=None if beta is None else beta.at(self.names.sizes),
            beta_formula=None if beta is None else str(beta),
            observation_variance=self.observation_variance(beta),
            likelihood=self.likelihood_name(),
            prior=self.prior_name(),
            claims=claims,
            advice=self.advice_for(beta) if overall in ("PROVED", "REFUTED") else None,
            notes=tuple(dict.fromkeys(self.notes)),
            assumptions=self.assumptions(),
            sizes={k: v for k, v in self.names.sizes.items() if k in "BLDK"},
        )

    # the claims

    def sampler_claims(self, divergences: list[Claim]) -> list[Claim]:
        if not self.sampled:
            return []
        found = list(self.assessed.samplers)
        if found:
            return found
        if divergences:
            reason = "no noise from torch reaches the decoder: z is not sampled, or the noise comes from elsewhere."
            return [Claim("sampler", "REFUTED", reason, bug="missing-noise")]
        return [Claim("sampler", "OTHER", "nothing is sampled.")]

    def divergence_claims(self) -> list[Claim]:
        claims = []
        for group, posterior in self.assessed.divergences():
            weight = self.assessed.weights.get(group.kind)
            claim = divergence_claim(self.objective, group, posterior, self.names, weight)
            if group.found is not None and group.found.target.name != "N(0, I)" and claim.verdict == "PROVED":
                self.notes.append(f"the prior is {group.found.target.name}, inferred from the loss")
            claims.append(claim)
        if not claims and self.assessed.samplers:
            reason = "no term of the loss depends on the posterior alone: there is no KL."
            claims.append(Claim("divergence", "REFUTED", reason, bug="kl-zero"))
        return claims

    def reconstruction_claims(self) -> list[Claim]:
        group = self.reconstruction
        if group is None:
            reason = "no term of the loss depends on what the decoder puts out."
            return [Claim("reconstruction", "UNKNOWN", reason)]
        claim = reconstruction_claim(self.objective, group, self.names, self.assessed.weights.get(group.kind))
        if group.found is not None and self.declared_likelihood not in (None, group.found.target.family):
            reason = f"it is a {group.found.target.name} likelihood, where {self.declared_likelihood} was declared."
            return [Claim("reconstruction", "REFUTED", reason, claim.formula, bug="likelihood-wrong")]
        return [claim]

    def objective_claim(self, others: list[Claim]) -> tuple[str, Claim]:
        bad = [claim for claim in others if claim.verdict in ("REFUTED", "UNKNOWN")]
        stray = [g for g in self.objective.groups if g.kind in ("mixed", "parameter")]
        if any(claim.verdict == "OTHER" for claim in others) and not self.assessed.divergences():
            return "plain autoencoder", Claim("objective", "OTHER", "a plain autoencoder: no posterior, and no KL.")
        if stray:
            kinds = "the posterior and the decoder together" if stray[0].kind == "mixed" else "parameters only"
            formula = self.names.text(stray[0].body)
            return "unknown", Claim("objective", "UNKNOWN", f"a term speaks of {kinds}: {formula}.", formula)
        if stops := self.assessed.run.reading.result.stops - {"the result"}:
            mine = {line for claim in others if claim.bug == "detached" and (line := claim.source)}
            if stops - mine:
                line = min(stops - mine)
                reason = "its value is right, but a gradient is cut off."
                return "unknown", Claim("objective", "REFUTED", reason, bug="detached", source=line)
        if bad:
            verdict: Verdict = "REFUTED" if any(c.verdict == "REFUTED" for c in bad) else "UNKNOWN"
            reason = f"its {bad[0].name} is {'wrong' if verdict == 'REFUTED' else 'not known'}."
            return "no ELBO" if verdict == "REFUTED" else "unknown", Claim("objective", verdict, reason)
        beta = self.beta()
        if beta is None or self.objective.theorem is None:
            return "unknown", Claim("objective", "UNKNOWN", self.objective.failure or "its terms have several weights.")
        return self.weighed(beta)

    def weighed(self, beta: Monomial) -> tuple[str, Claim]:
        theorem = self.objective.theorem
        assert theorem is not None
        value = beta.at(self.names.sizes)
        weight = self.assessed.weights["reconstruction"]
        reason = f"it is {weight} * (NLL + beta * KL) and a constant, with beta = {beta}"
        reason += "" if not beta.powers else f" = {value:.6g} at these sizes"
        if self.declared_beta is not None and not math.isclose(value, self.declared_beta, rel_tol=1e-6):
            reason += f": not {self.declared_beta:g}. Multiply the KL by {self.declared_beta / value:.6g}."
            bug = "batch-beta" if "B" in beta.powers else "hidden-beta"
            return "beta-ELBO", Claim("objective", "REFUTED", reason, bug=bug, theorems=(theorem,))
        name = "ELBO" if math.isclose(value, 1, rel_tol=1e-6) else "beta-ELBO"
        if self.declared_beta is not None and "B" in beta.powers:
            reason += ": it moves with the batch size."
            return name, Claim("objective", "REFUTED", reason, bug="batch-beta", theorems=(theorem,))
        bug = "batch-beta" if "B" in beta.powers else "hidden-beta" if beta.powers else None
        return name, Claim("objective", "PROVED", f"{reason}.", weight=str(weight), theorems=(theorem,), bug=bug)

    # what is stated

    def beta(self) -> Monomial | None:
        """The weight of the KL against the likelihood of the variance that is stated, or 1."""
        if self.reconstruction is None or self.reconstruction.found is None:
            return None
        own = self.assessed.weights.get("reconstruction")
        weights = [self.assessed.weights.get(group.kind) for group, _ in self.assessed.divergences()]
        if own is None or not own.number or not weights or any(w is None for w in weights):
            return None
        ratios = [weight / own for weight in weights if weight is not None]
        if any(ratio != ratios[0] for ratio in ratios):
            return None
        factor = self.variance_factor()
        return Monomial(ratios[0].number / factor, ratios[0].powers)

    def variance_factor(self) -> float:
        """The variance that the likelihood is taken to have: that of the squared error alone is 1."""
        found = self.reconstruction.found if self.reconstruction else None
        if found is None or found.target.learned or found.target.family not in ("gaussian", "laplace"):
            return 1.0
        return self.variance or 1.0

    def observation_variance(self, beta: Monomial | None) -> float | None:
        found = self.reconstruction.found if self.reconstruction else None
        if found is None or beta is None or found.target.family not in ("gaussian", "laplace") or found.target.learned:
            return None
        return beta.at(self.names.sizes) * self.variance_factor()

    def likelihood_name(self) -> str | None:
        found = self.reconstruction.found if self.reconstruction else None
        if found is None:
            return None
        fixed = found.target.family in ("gaussian", "laplace") and not found.target.learned
        scale = {"gaussian": "variance", "laplace": "scale"}.get(found.target.family)
        return f"{found.target.name}, {scale} {self.variance or 1:g}" if fixed else found.target.name

    def prior_name(self) -> str | None:
        names = [group.found.target.name for group, _ in self.assessed.divergences() if group.found]
        return ", ".join(dict.fromkeys(names)) or None

    def assumptions(self) -> tuple[str, ...]:
        recording = self.assessed.run.recording
        posteriors = self.objective.question.posteriors
        positive = [self.names.text(p.positive) for p in posteriors if p.positive is not None]
        return (
            *(
                f"{line} reads a value: the verdict is of the way taken"
                for line in dict.fromkeys(recording.decided_by_value)
            ),
            *(f"{term} is positive" for term in positive),
            *(
                ["the noise has mean 0 and variance 1, independent of everything else"]
                if self.assessed.samplers
                else []
            ),
            "real numbers: rounding, overflow and NaN are not counted",
        )

    # words

    def summary(self, overall: Verdict, name: str, claims: Iterable[Claim], beta: Monomial | None) -> str:
        if overall == "PROVED":
            assert beta is not None
            value = beta.at(self.names.sizes)
            weighted = "the negative ELBO" if name == "ELBO" else f"a beta-ELBO with beta = {value:.6g}"
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
        if beta is None:
            return None
        value = beta.at(self.names.sizes)
        wanted = self.declared_beta if self.declared_beta is not None else 1.0
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


def _overall(claims: Iterable[Claim]) -> Verdict:
    verdicts = [claim.verdict for claim in claims]
    for found in ("REFUTED", "UNKNOWN", "OTHER"):
        if found in verdicts:
            return found
    return "PROVED"


_ = _LIKELIHOODS
