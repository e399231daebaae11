"""From what was found out about a loss to a verdict on it, a sentence, and a word of advice."""

from collections.abc import Iterable
from dataclasses import replace

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim, Report, Verdict, Witness
from vaelid.auditor.findings.witnesses import (
    no_slope_of_divergence,
    no_slope_of_likelihood,
    no_slope_through,
    too_few,
    without_noise,
)
from vaelid.auditor.formula.axes_of_terms import axes_in, names_in
from vaelid.auditor.formula.kinds import MIXED, PARAMETER, Reconstruction
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.coverage import (
    counted_twice,
    decoded_alike,
    kept_part,
    not_decoded,
    part_of_latents,
    seen_data,
)
from vaelid.auditor.judgement.data import notes_on_data, of_several_draws, shared_output, unlike_data
from vaelid.auditor.judgement.divergence import divergence_claim, no_divergence_claim, of_another_prior
from vaelid.auditor.judgement.names import Monomial, Shown
from vaelid.auditor.judgement.reconstruction import reconstruction_claim
from vaelid.auditor.judgement.sampler import Sampling
from vaelid.auditor.lifting.tensor import Stop
from vaelid.auditor.model.posterior import Posterior, ancestors
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.importance_weighted import Bound, bound_in
from vaelid.auditor.recognition.objective import prior_sees_sample
from vaelid.auditor.recognition.other_objectives import (
    PAIRS,
    PLAIN,
    QUANTISED,
    RELAXED,
    autoencoder,
    compares_rows,
    function_of_divergence,
    function_of_likelihood,
    is_constant,
    likelihood_and_more,
    mixture_prior,
)
from vaelid.auditor.recognition.targets import Target
from vaelid.auditor.refutation.against_declared import not_declared
from vaelid.auditor.refutation.another_likelihood import another_likelihood
from vaelid.auditor.refutation.no_likelihood import no_likelihood

__all__ = ["unread", "verdict"]


_OF_ONE_TRIAL = {"bernoulli": "binomial"}
"""A Bernoulli is the binomial of one trial."""


def verdict(
    assessed: Assessed,
    declared: Declared,
    *,
    target: str,
    sampled: bool = True,
) -> Report:
    """The report on a loss. `sampled` False: of a function of tensors, which does not sample."""
    judge = _Judge(assessed, declared, sampled)
    return judge.report(target)


class _Judge(Sampling):
    def __init__(self, assessed: Assessed, declared: Declared, sampled: bool) -> None:
        super().__init__(assessed, declared, sampled)
        self.notes: list[str] = list(assessed.run.notes)
        self.notes += [
            f"no gradient goes back beyond {line}: what is before it is not trained" for line in self.untrained()
        ]
        self.other: str | None = None

    def report(self, target: str) -> Report:
        if (bound := self.bound()) is not None:
            return self.bound_report(target, bound)
        divergences = self.divergence_claims()
        reconstruction = self.reconstruction_claims()
        samplers = self.sampler_claims(divergences)
        name, objective = self.objective_claim([*samplers, *divergences, *reconstruction])
        if self.may_be_refuted(name, objective) and (refuted := self.not_as_declared()) is not None:
            name, objective = "no ELBO", refuted
        claims = (*samplers, *divergences, *reconstruction, objective)
        if objective.verdict == "OTHER" and name in (PLAIN, QUANTISED, PAIRS, RELAXED):
            claims = tuple(claim for claim in claims if claim.verdict != "UNKNOWN")
        return self.reported(target, name, claims, self.beta())

    def may_be_refuted(self, name: str, objective: Claim) -> bool:
        """Whether what was declared is looked for: of what is unknown, and of what has no name in the literature."""
        named = name == PAIRS or name.startswith(("free bits", "capacity", "squared capacity"))
        return self.declared.anything and (
            objective.verdict == "UNKNOWN" or (objective.verdict == "OTHER" and not named)
        )

    def not_as_declared(self) -> Claim | None:
        """The claim on the objective, where a beta or a likelihood was declared and a point shows it to be another."""
        sampler = self.sampler_claims([])
        if any(claim.verdict == "OTHER" for claim in sampler) and not self.objective.question.posteriors:
            reason = "nothing is sampled: no noise enters the decoder, where an ELBO was declared."
            return Claim("objective", "REFUTED", reason, witness=without_noise(), bug="missing-noise")
        found = not_declared(self.objective.question, self.declared)
        if found is None:
            return None
        formula = self.names.text(self.assessed.run.term)
        return Claim("objective", "REFUTED", found.sentence, formula, witness=found.witness)

    def reported(self, target: str, name: str, claims: tuple[Claim, ...], beta: Monomial | None) -> Report:
        overall = _overall(claims)
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
            advice=self.way_to_settle()
            if overall == "UNKNOWN"
            else self.advice_for(beta)
            if overall != "OTHER"
            else None,
            notes=tuple(dict.fromkeys(self.notes)),
            assumptions=self.assumptions(),
            sizes={k: v for k, v in self.names.sizes.items() if k in "BLDK"},
        )

    def bound(self) -> Bound | None:
        question = self.objective.question
        if not question.posteriors or not any(group.kind is MIXED for group in self.objective.groups):
            return None
        return bound_in(question, self.assessed.run)

    def bound_report(self, target: str, bound: Bound) -> Report:
        """The report on a loss with the logarithm of a sum over draws in it."""
        name = "importance-weighted bound"
        samplers = self.sampler_claims([])
        if bound.theorem is None or bound.failure:
            bug = ("sign" if "sign" in bound.failure else "multi-sample") if bound.witness else None
            verdict: Verdict = "REFUTED" if bound.witness else "UNKNOWN"
            claim = Claim("objective", verdict, f"{bound.failure}.", witness=bound.witness, bug=bug)
            return self.reported(target, "no ELBO" if bug else "unknown", (*samplers, claim), None)
        if bound.note:
            self.notes.append(bound.note)
        if (cuts := self.cuts()) and not bound.note:
            claim = _cut_off(cuts[0])
            return self.reported(target, "no ELBO", (*samplers, claim), None)
        self.objective = bound.objective
        self.reconstruction = bound.objective.group(Reconstruction())
        theorems = tuple(t for t in (bound.objective.theorem, bound.theorem, bound.of_rows) if t is not None)
        reason = "it is -log of a sum over draws of p(x, z) / q(z|x), averaged over rows, and a constant."
        claims = (
            *samplers,
            Claim("divergence", "PROVED", "at each draw it is log q(z|x) - log p(z).", theorems=theorems[1:2]),
            Claim(
                "reconstruction",
                "PROVED",
                f"at each draw it is -log p(x|z), {self.likelihood_name()}.",
                theorems=theorems[:1],
            ),
            Claim("objective", "PROVED", reason, theorems=theorems),
        )
        return self.reported(target, name, claims, Monomial(1.0, {}))

    # the claims

    def divergence_claims(self) -> list[Claim]:
        found = self.assessed.divergences()
        claims = [self.at_line(self.claim_on_divergence(group, posterior), group) for group, posterior in found]
        samplers = self.assessed.samplers
        unknown = sum(len(p.draws) or 1 for p in self.objective.question.posteriors) < len(samplers)
        unknown = unknown or any(claim.verdict in ("UNKNOWN", "OTHER") for claim in samplers)
        unknown = unknown or self.passes_by_the_sample()
        stray = any(group.kind in (MIXED, PARAMETER) for group in self.objective.groups)
        if not claims and (samplers or not self.sampled):
            if unknown or stray or (not self.sampled and self.reaches(self.objective.question.posteriors[0].leaves)):
                claims.append(Claim("divergence", "UNKNOWN", "what speaks of the posterior was not recognised."))
            else:
                claims.append(no_divergence_claim(self.assessed.run.reading))
        missing = len(self.objective.question.posteriors) - len(self.with_divergences())
        if claims and missing > 0 and not unknown and not stray and self.assessed.divergences():
            reason = f"{missing} of the latents that are sampled have no KL in the loss."
            count = len(self.objective.question.posteriors)
            witness = too_few(count - missing, count, "latents' KLs")
            claims.append(Claim("divergence", "REFUTED", reason, witness=witness, bug="kl-partial"))
        return claims

    def claim_on_divergence(self, group: Group, posterior: Posterior) -> Claim:
        """What is known of a group that speaks of a posterior."""
        question = self.objective.question
        weight = self.assessed.weights.get(group.kind)
        if group.theorem is None and is_constant(question, group):
            reason = "what it does to the KL gives one number, whatever the posterior: there is no KL, nor a gradient."
            formula = self.names.text(group.body)
            witness = no_slope_of_divergence("this term")
            return Claim("divergence", "REFUTED", reason, formula, witness=witness, bug="kl-clamped")
        if group.theorem is None and (name := function_of_divergence(question, group)):
            self.other = name
            return Claim("divergence", "OTHER", f"it is {name}.", self.names.text(group.body))
        if group.theorem is None and compares_rows(self.assessed.run.reading.axes, group):
            self.other = PAIRS
            return Claim("divergence", "OTHER", f"it is {PAIRS}.", self.names.text(group.body))
        if group.theorem is None and (name := mixture_prior(question, group)):
            self.other = name
            return Claim("divergence", "OTHER", f"it is {name}.", self.names.text(group.body))
        claim = divergence_claim(self.objective, group, posterior, self.names, weight)
        target = group.found.target if group.found is not None else None
        if target and not target.at_draw and prior_sees_sample(question, posterior, target):
            reason = (
                "its prior is made from the sample itself: a closed form takes both for independent. Take "
                "log q(z) - log p(z) at the draw, or draw the upper latent first."
            )
            return replace(claim, verdict="UNKNOWN", reason=reason)
        if target and claim.verdict == "PROVED" and (why := self.prior_of_other_rows(target, posterior)):
            return replace(claim, verdict="UNKNOWN", reason=why)
        if claim.verdict == "PROVED" and (name := self.weights_of_places(group, posterior)):
            self.other = name
            return replace(claim, verdict="OTHER", reason=f"it is {name}.")
        if claim.verdict == "PROVED" and counted_twice(self.assessed, posterior):
            self.other = "a KL with a weight for each coordinate"
            return replace(claim, verdict="OTHER", reason=f"it is {self.other}.")
        if claim.verdict == "PROVED" and (part := part_of_latents(self.assessed, group, posterior)):
            reason = f"it is the KL of {part[0]} of the {part[1]} coordinates that are sampled."
            witness = too_few(*part, "coordinates")
            claim = replace(claim, verdict="REFUTED", reason=reason, witness=witness, bug="kl-partial")
        return self.with_prior(claim, group, posterior)

    def at_line(self, claim: Claim, group: Group) -> Claim:
        """The claim with the line that the group comes from, where it has none of its own."""
        names = self.objective.question.as_recorded(names_in(group.body))
        return replace(claim, source=claim.source or self.assessed.run.reading.line_of(names))

    def with_prior(self, claim: Claim, group: Group, posterior: Posterior) -> Claim:
        """The claim, where its prior is the one declared; noted where it is not N(0, I) and nothing was declared."""
        if group.found is None or claim.verdict != "PROVED":
            return claim
        target = group.found.target
        if self.declared.prior_name not in (None, target.name):
            reason = f"it is the KL to {target.name}, where {self.declared.prior} was declared as the prior."
            witness = of_another_prior(self.objective.question, group, posterior, self.declared, self.names)
            verdict: Verdict = "REFUTED" if witness else "UNKNOWN"
            return replace(
                claim, verdict=verdict, reason=reason, witness=witness, bug="kl-formula" if witness else None
            )
        if target.name != "N(0, I)":
            self.notes.append(
                f"the prior is {target.name}, {'as declared' if self.declared.prior else 'inferred from the loss'}"
            )
        return claim

    def prior_of_other_rows(self, target: Target, posterior: Posterior) -> str | None:
        """Why a learned prior is none of a row's own: made from a latent, and one for all rows."""
        question = self.objective.question
        rows = set(posterior.axes) & question.rows
        for parameter in target.parameters if target.learned else ():
            if question.noise_in(parameter) and not rows <= set(axes_in(parameter.term)):
                return "its prior is made from a latent and is one for all rows: another row's latent."
        return None

    def reaches(self, leaves: frozenset[str]) -> bool:
        """Whether the loss was made from these leaves, though through an operation that is not looked into."""
        reading = self.assessed.run.reading
        return bool(ancestors(reading, reading.result.leaves, detached=False) & leaves)

    def weights_of_places(self, group: Group, posterior: Posterior) -> str | None:
        """What the constants are that a KL is multiplied by, place by place; None for the mask of the data itself."""
        mask = group.found.target.mask if group.found is not None else None
        if mask is None:
            return None
        other = self.reconstruction.found.target.mask if self.reconstruction and self.reconstruction.found else None
        of_rows = set(axes_in(mask.term)) <= set(posterior.axes[:-1])  # and not of latent coordinates
        same = other is not None and other.term is mask.term
        return None if of_rows and same and self.is_mask(mask) else "a KL with a weight for each place"

    def reconstruction_claims(self) -> list[Claim]:
        group = self.reconstruction
        if group is None:
            mixed = any(group.kind is MIXED for group in self.objective.groups)
            reason = "no term of the loss depends on what the decoder puts out."
            unsure = mixed or self.reaches(self.objective.question.outputs)
            unsure = unsure or (self.sampled and not self.assessed.samplers)
            if unsure:
                return [Claim("reconstruction", "UNKNOWN", reason)]
            if line := min(self.assessed.run.reading.halted, default=None):
                reason = "no gradient goes back through what compares the decoder's output with data: it is detached."
                witness = no_slope_of_likelihood("x_hat")
                return [Claim("reconstruction", "REFUTED", reason, witness=witness, bug="detached", source=line)]
            witness = no_slope_of_likelihood("x_hat")
            return [Claim("reconstruction", "REFUTED", reason, witness=witness, bug="likelihood-wrong")]
        groups = self.objective.reconstructions
        claims = [self.at_line(claim, group) for group in groups for claim in self.claims_on(group)]
        if len(claims) == 1 or any(claim.verdict != "PROVED" for claim in claims):
            return [next((claim for claim in claims if claim.verdict != "PROVED"), claims[0])]
        weights = list(dict.fromkeys(claim.weight for claim in claims))
        if self.objective.over_draws and not decoded_alike(self.assessed):
            reason = "its draws are decoded by different networks: it is the likelihood of no one model."
            return [replace(claims[0], verdict="UNKNOWN", reason=reason, theorems=())]
        if len(weights) > 1:
            reason = f"its likelihoods of several data have different weights: {', '.join(map(str, weights))}."
            return [replace(claims[0], verdict="UNKNOWN", reason=reason, theorems=())]
        said = f"over {len(claims)} draws in all" if self.objective.over_draws else "each of data of its own"
        reason = f"it is {weights[0]} times -log p(x|z) in nats, {self.likelihood_name()}, {said}."
        return [replace(claims[0], reason=reason, theorems=tuple(t for claim in claims for t in claim.theorems))]

    def claims_on(self, group: Group) -> list[Claim]:
        """What is known of a group that compares data with what the decoder put out."""
        question = self.objective.question
        claim = reconstruction_claim(self.objective, group, self.names, self.assessed.weights.get(group.kind))
        if group.found is None:
            return [self.unlikely(group, claim)]
        if claim.verdict != "PROVED":
            return [claim]
        unused = sorted(self.objective.question.outputs - self.assessed.run.reading.result.leaves)
        if not self.sampled and (unused := [n for n in unused if n in self.assessed.run.reading.leaves]):
            reason = (
                f"it is {group.found.target.name}, but the decoder's output {unused[0]} does not stand in the loss."
            )
            return [_no_likelihood(claim, reason, no_slope_of_likelihood("x_hat", unused[0]))]
        if self.declared.likelihood not in (
            None,
            group.found.target.family,
            _OF_ONE_TRIAL.get(group.found.target.family),
        ):
            reason = f"it is a {group.found.target.name} likelihood, where {self.declared.likelihood} was declared."
            shown = Shown(None, self.names)
            if (witness := another_likelihood(question, group, group.found, self.declared.likelihood, shown)) is None:
                return [replace(claim, verdict="UNKNOWN", reason=reason)]
            return [_no_likelihood(claim, reason, witness)]
        if not self.kept_or_left_out(group.found.target):
            self.other = "a likelihood with a weight for each place"
            return [replace(claim, verdict="OTHER", reason=f"it is {self.other}.")]
        if (share := kept_part(self.assessed)) < 1:
            reason = (
                f"it is {group.found.target.name}, but of {float(share):.3g} of the data that the decoder puts out."
            )
            witness = too_few(share.numerator, share.denominator, f"in {share.denominator} places")
            return [_no_likelihood(claim, reason, witness)]
        if (what := unlike_data(self.assessed, group)) is not None:
            return [Claim("reconstruction", "UNKNOWN", what, claim.formula)]
        if (shared := shared_output(self.assessed, group)) is not None:
            axis, length = shared
            reason = f"one output of the decoder is compared with all the data along {axis}"
            if self.sampled:
                return [Claim("reconstruction", "UNKNOWN", f"{reason}, as if all shared one latent.", claim.formula)]
            witness = too_few(1, length, f"outputs along {axis}")
            return [_no_likelihood(claim, f"{reason}.", witness)]
        if self.sampled and question.posteriors:
            if of_several_draws(self.assessed, group):
                reason = "it is of what several draws of one latent were decoded to together, as their mean is."
                return [Claim("reconstruction", "UNKNOWN", reason, claim.formula)]
            observed = names_in(group.found.target.parameters[0])
            if (leaf := seen_data(self.assessed, group, observed)) is not None:
                reason = f"the decoder sees the data besides z ({leaf}): a likelihood only if it sees what came before."
                return [Claim("reconstruction", "UNKNOWN", reason, claim.formula)]
            if (latent := not_decoded(self.assessed)) is not None:
                reason = f"a latent is not decoded, nor the other one's prior: that drawn at {latent}."
                return [Claim("reconstruction", "UNKNOWN", reason, claim.formula)]
        self.notes += notes_on_data(self.assessed, group, self.sampled)
        return [claim]

    def unlikely(self, group: Group, claim: Claim) -> Claim:
        """A reconstruction that is no likelihood: another function of one, or refuted, or unknown."""
        question = self.objective.question
        leaves = self.assessed.run.reading.leaves
        if any("weight on the positive" in leaves[n].operation for n in names_in(group.body) if n in leaves):
            self.other = "a Bernoulli likelihood in which the ones have another weight (pos_weight)"
            return Claim("reconstruction", "OTHER", f"it is {self.other}.", claim.formula)
        if name := likelihood_and_more(question, group):
            self.other = name
            return Claim("reconstruction", "OTHER", f"it is {name}.", claim.formula)
        if name := function_of_likelihood(question, group):
            self.other = name
            return Claim("reconstruction", "OTHER", f"it is {name}, and no negative log-likelihood.", claim.formula)
        refuted = no_likelihood(question, group, self.declared.likelihood, Shown(None, self.names))
        if refuted is None:
            return claim
        return _no_likelihood(claim, refuted.sentence, refuted.witness)

    def objective_claim(self, others: list[Claim]) -> tuple[str, Claim]:
        bad = [claim for claim in others if claim.verdict in ("REFUTED", "UNKNOWN")]
        named = [claim for claim in others if claim.verdict == "OTHER"]
        stray = [g for g in self.objective.groups if g.kind in (MIXED, PARAMETER)]
        if any(claim.name == "sampler" for claim in named) and not self.assessed.divergences():
            return autoencoder(self.assessed.run)
        if self.other == PAIRS:
            return PAIRS, Claim("objective", "OTHER", f"it is {PAIRS}.")
        if any(claim.name == "sampler" for claim in named) and self.assessed.samplers:
            return RELAXED, Claim("objective", "OTHER", f"it has {RELAXED}.")
        for group in self.objective.groups:
            if compares_rows(self.assessed.run.reading.axes, group):
                return PAIRS, Claim("objective", "OTHER", f"it is {PAIRS}.", self.names.text(group.body))
        if stray and not bad and (name := self.further_term(stray)):
            return name, Claim("objective", "OTHER", f"it is {name}.", self.names.text(stray[0].body))
        if stray:
            kinds = "the posterior and the decoder together" if stray[0].kind is MIXED else "parameters only"
            if stray[0].failure:
                return "unknown", Claim("objective", "UNKNOWN", f"{stray[0].failure}.")
            formula = self.names.text(stray[0].body)
            return "unknown", Claim("objective", "UNKNOWN", f"a term speaks of {kinds}: {formula}.", formula)
        mine = {claim.source for claim in others if claim.bug == "detached"}
        cuts = [stop for stop in self.cuts() if stop.line not in mine]
        if cuts and not any(claim.verdict == "REFUTED" for claim in others):
            return "unknown", _cut_off(cuts[0])
        if bad:
            verdict: Verdict = "REFUTED" if any(c.verdict == "REFUTED" for c in bad) else "UNKNOWN"
            worst = next(c for c in bad if c.verdict == verdict)
            reason = f"its {worst.name} is {'wrong' if verdict == 'REFUTED' else 'not known'}."
            return "no ELBO" if verdict == "REFUTED" else "unknown", Claim("objective", verdict, reason)
        if named:
            name = self.other or "another objective"
            return name, Claim("objective", "OTHER", f"it is no ELBO, but has {name} in it.")
        beta = self.beta()
        if beta is None or self.objective.theorem is None:
            weights = [self.assessed.weights.get(group.kind) for group, _ in self.assessed.divergences()]
            if (
                self.objective.theorem is not None
                and all(w is not None for w in weights)
                and len(set(map(str, weights))) > 1
            ):
                shown = ", ".join(map(str, weights))
                name = "ELBO with a weight for each KL"
                return name, Claim("objective", "OTHER", f"its KLs have different weights: {shown}.")
            return "unknown", Claim("objective", "UNKNOWN", self.objective.failure or "its terms have several weights.")
        name, claim = self.weighed(beta)
        parts = [group for group in (self.reconstruction, self.assessed.divergences()[0][0]) if group is not None]
        averaged = [group for group in parts if {*(self.assessed.weights[group.kind] or beta).powers} - {"B"}]
        return name, self.at_line(claim, averaged[0]) if claim.bug == "hidden-beta" and len(averaged) == 1 else claim

    def further_term(self, stray: list[Group]) -> str | None:
        """A term that was made from a posterior's own arrays by what is not looked into, beside a whole ELBO."""
        question = self.objective.question
        known = [*(group for group, _ in self.assessed.divergences()), self.reconstruction]
        if any(group is None or group.theorem is None for group in known) or len(known) < 2:
            return None
        derived = all(group.kind is PARAMETER and names_in(group.body) & set(question.derived) for group in stray)
        return "an ELBO and a further term of the posterior, as DIP-VAE's on its covariance" if derived else None


def _overall(claims: Iterable[Claim]) -> Verdict:
    verdicts = [claim.verdict for claim in claims]
    for found in ("REFUTED", "UNKNOWN", "OTHER"):
        if found in verdicts:
            return found
    return "PROVED"


def _no_likelihood(claim: Claim, reason: str, witness: Witness) -> Claim:
    return Claim(
        "reconstruction", "REFUTED", reason, claim.formula, witness=witness, bug="likelihood-wrong", source=claim.source
    )


def _cut_off(stop: Stop) -> Claim:
    """The claim on a loss of the right value."""
    reason = "its value is right, but a gradient is cut off."
    witness = no_slope_through({}, "what that line passes on, in what it is given")
    if stop.another:
        reason = "its value is right, but not its gradient: a backward, or a hook, of your own changes it."
        witness = stop.witness
    verdict: Verdict = "REFUTED" if witness else "UNKNOWN"
    return Claim("objective", verdict, reason, witness=witness, bug="detached" if witness else None, source=stop.line)


def unread(target: str, reason: Exception) -> Report:
    """The report on a function that could not be read as a formula."""
    said = f"{str(reason).rstrip('.')}."
    claim = Claim("objective", "UNKNOWN", said, source=getattr(reason, "source", None))
    return Report(target, "UNKNOWN", "unknown", f"No verdict: {said}", claims=(claim,))
