"""From what was found out about a loss to a verdict on it, a sentence, and a word of advice."""

from collections.abc import Iterable
from dataclasses import replace

from torch import Tensor

from vaelid.auditor.assessed import Assessed
from vaelid.auditor.claims import Shown, divergence_claim, no_divergence_claim, reconstruction_claim
from vaelid.auditor.coverage import counted_twice, kept_part, not_decoded, part_of_latents, seen_data
from vaelid.auditor.declared import Declared
from vaelid.auditor.importance import Bound
from vaelid.auditor.names import Monomial
from vaelid.auditor.objective import Group, prior_sees_sample
from vaelid.auditor.other import (
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
from vaelid.auditor.posterior import Posterior, ancestors, axes_in, names_in
from vaelid.auditor.refute_likelihood import no_likelihood
from vaelid.auditor.refute_objective import not_declared
from vaelid.auditor.report import Claim, Report, Verdict
from vaelid.auditor.self_normalised import bound_in
from vaelid.auditor.statements import Statements
from vaelid.auditor.targets import Target
from vaelid.readings.terms.syntax import Binder, Element, subterms

__all__ = ["verdict"]

_OF_EACH = {"gt", "lt", "ge", "le", "eq", "ne", "round", "floor", "ceil", "trunc", "sign", "bernoulli", "_to_copy"}
"""Operations that are not looked into, but act on each element by itself."""


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


class _Judge(Statements):
    def __init__(self, assessed: Assessed, declared: Declared, sampled: bool) -> None:
        super().__init__(assessed, declared)
        self.sampled = sampled
        self.notes: list[str] = list(assessed.run.notes)
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
            return Claim("objective", "REFUTED", reason, bug="missing-noise")
        found = not_declared(self.objective.question, self.declared)
        if found is None:
            return None
        witness, reason = found
        return Claim("objective", "REFUTED", reason, self.names.text(self.assessed.run.term), witness=witness)

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
        if not question.posteriors or not any(group.kind == "mixed" for group in self.objective.groups):
            return None
        return bound_in(question, self.assessed.run)

    def bound_report(self, target: str, bound: Bound) -> Report:
        """The report on a loss with the logarithm of a sum over draws in it."""
        name = "importance-weighted bound"
        samplers = self.sampler_claims([])
        if bound.theorem is None or bound.failure:
            bugs = {"over rows": "multi-sample", "other weights": "multi-sample", "sign": "sign"}
            bug = next((bug for said, bug in bugs.items() if said in bound.failure), None)
            verdict: Verdict = "REFUTED" if bug else "UNKNOWN"
            claim = Claim("objective", verdict, f"{bound.failure}.", bug=bug)
            return self.reported(target, "no ELBO" if bug else "unknown", (*samplers, claim), None)
        if bound.note:
            self.notes.append(bound.note)
        if (stops := self.assessed.run.reading.result.stops) and not bound.note:
            reason = "its value is right, but a gradient is cut off."
            claim = Claim("objective", "REFUTED", reason, bug="detached", source=min(stops))
            return self.reported(target, "no ELBO", (*samplers, claim), None)
        self.objective = bound.objective
        self.reconstruction = bound.objective.group("reconstruction")
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

    def sampler_claims(self, divergences: list[Claim]) -> list[Claim]:
        if not self.sampled:
            return []
        found = list(self.assessed.samplers)
        names = [p.noise for p in self.objective.question.posteriors if p.noise]
        if len(set(names)) < len(names):
            if len(self.with_divergences()) == len(names):
                reason = "two latents, each with a KL of its own, are made of one draw: they are not independent."
                return [Claim("sampler", "REFUTED", reason, bug="shared-noise", source=found[0].source)]
            reason = "one draw stands in several tensors that enter networks: which of them is the latent is not known."
            return [Claim("sampler", "UNKNOWN", reason, source=found[0].source)]
        if found:
            return found
        if names and not self.constants_in_the_latent():
            reason = "z is drawn, and stands in the KL alone: nothing that was drawn is decoded."
            source = self.objective.question.posteriors[0].source
            return [Claim("sampler", "REFUTED", reason, bug="missing-noise", source=source)]
        if where := self.assessed.run.reading.stray_noise:
            reason = f"noise is drawn in the step ({where}), but no sample of it was recognised."
            return [Claim("sampler", "UNKNOWN", reason)]
        if divergences and (constants := self.constants_in_the_latent()):
            if constants & self.assessed.run.moving:
                reason = "its noise is drawn outside torch, by numpy or Python's random: its law is not known here."
                return [Claim("sampler", "UNKNOWN", reason)]
            reason = "what stands for its noise is a constant, the same in every step."
            return [Claim("sampler", "REFUTED", reason, bug="frozen-noise")]
        if divergences:
            reason = "no noise from torch reaches the decoder: z is not sampled, or its noise comes from elsewhere."
            return [Claim("sampler", "REFUTED", reason, bug="missing-noise")]
        return [Claim("sampler", "OTHER", "nothing is sampled.")]

    def constants_in_the_latent(self) -> frozenset[str]:
        """The arrays of constants that enter a network together with the posterior's mean or deviation."""
        reading = self.assessed.run.reading
        own = frozenset().union(*(p.leaves for p in self.objective.question.posteriors))
        constants = {n for n, leaf in reading.leaves.items() if leaf.kind == "constant"}
        together = [entered.leaves & constants for entered, _ in reading.entering if entered.leaves & own]
        return frozenset().union(*together)

    def with_divergences(self) -> set[str]:
        """The kinds of divergences, one for each posterior that has any."""
        return {" ".join(group.kind.split()[:2]) for group, _ in self.assessed.divergences()}

    def divergence_claims(self) -> list[Claim]:
        found = self.assessed.divergences()
        claims = [self.at_line(self.claim_on_divergence(group, posterior), group) for group, posterior in found]
        samplers = self.assessed.samplers
        unknown = len(self.objective.question.posteriors) < len(samplers)
        unknown = unknown or any(claim.verdict in ("UNKNOWN", "OTHER") for claim in samplers)
        stray = any(group.kind in ("mixed", "parameter") for group in self.objective.groups)
        if not claims and (samplers or not self.sampled):
            if unknown or stray or (not self.sampled and self.reaches(self.objective.question.posteriors[0].leaves)):
                claims.append(Claim("divergence", "UNKNOWN", "what speaks of the posterior was not recognised."))
            else:
                claims.append(no_divergence_claim(self.assessed.run.reading))
        missing = len(self.objective.question.posteriors) - len(self.with_divergences())
        if claims and missing > 0 and not unknown and not stray and self.assessed.divergences():
            reason = f"{missing} of the latents that are sampled have no KL in the loss."
            claims.append(Claim("divergence", "REFUTED", reason, bug="kl-partial"))
        return claims

    def claim_on_divergence(self, group: Group, posterior: Posterior) -> Claim:
        """What is known of a group that speaks of a posterior."""
        question = self.objective.question
        weight = self.assessed.weights.get(group.kind)
        if group.theorem is None and is_constant(question, group):
            reason = "what it does to the KL gives one number, whatever the posterior: there is no KL, nor a gradient."
            formula = self.names.text(group.body)
            return Claim("divergence", "REFUTED", reason, formula, bug="kl-clamped")
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
            claim = Claim("divergence", "REFUTED", part, claim.formula, claim.weight, claim.theorems, bug="kl-partial")
        return self.with_prior(claim, target)

    def at_line(self, claim: Claim, group: Group) -> Claim:
        """The claim with the line that the group comes from, where it has none of its own."""
        names = self.objective.question.as_recorded(names_in(group.body))
        return replace(claim, source=claim.source or self.assessed.run.reading.line_of(names))

    def with_prior(self, claim: Claim, target: Target | None) -> Claim:
        """The claim, where its prior is the one declared; noted where it is not N(0, I) and nothing was declared."""
        if target is None or claim.verdict != "PROVED":
            return claim
        if self.declared.prior not in (None, target.name):
            reason = f"it is the KL to {target.name}, where {self.declared.prior} was declared as the prior."
            return replace(claim, verdict="REFUTED", reason=reason, bug="kl-formula")
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
            mixed = any(group.kind == "mixed" for group in self.objective.groups)
            reason = "no term of the loss depends on what the decoder puts out."
            unsure = mixed or self.reaches(self.objective.question.outputs)
            unsure = unsure or (self.sampled and not self.assessed.samplers)
            if unsure:
                return [Claim("reconstruction", "UNKNOWN", reason)]
            if line := min(self.assessed.run.reading.halted, default=None):
                reason = "no gradient goes back through what compares the decoder's output with data: it is detached."
                return [Claim("reconstruction", "REFUTED", reason, bug="detached", source=line)]
            return [Claim("reconstruction", "REFUTED", reason, bug="likelihood-wrong")]
        groups = self.objective.reconstructions
        claims = [self.at_line(claim, group) for group in groups for claim in self.claims_on(group)]
        if len(claims) == 1 or any(claim.verdict != "PROVED" for claim in claims):
            return [next((claim for claim in claims if claim.verdict != "PROVED"), claims[0])]
        weights = list(dict.fromkeys(claim.weight for claim in claims))
        if len(weights) > 1:
            reason = f"its likelihoods of several data have different weights: {', '.join(map(str, weights))}."
            return [replace(claims[0], verdict="UNKNOWN", reason=reason, theorems=())]
        reason = f"it is {weights[0]} times -log p(x|z) in nats, {self.likelihood_name()}, each of data of its own."
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
            return [Claim("reconstruction", "REFUTED", reason, claim.formula, bug="likelihood-wrong")]
        if self.declared.likelihood not in (None, group.found.target.family):
            reason = f"it is a {group.found.target.name} likelihood, where {self.declared.likelihood} was declared."
            return [Claim("reconstruction", "REFUTED", reason, claim.formula, bug="likelihood-wrong")]
        if not self.kept_or_left_out(group.found.target):
            self.other = "a likelihood with a weight for each place"
            return [replace(claim, verdict="OTHER", reason=f"it is {self.other}.")]
        if (share := kept_part(self.assessed)) < 1 - 1e-9:
            reason = f"it is {group.found.target.name}, but of {share:.3g} of the data that the decoder puts out."
            return [Claim("reconstruction", "REFUTED", reason, claim.formula, bug="likelihood-wrong")]
        if (what := self.unlike_data(group)) is not None:
            return [Claim("reconstruction", "UNKNOWN", what, claim.formula)]
        if (axis := self.shared_output(group)) is not None:
            reason = f"one output of the decoder is compared with all the data along {axis}"
            if self.sampled:
                return [Claim("reconstruction", "UNKNOWN", f"{reason}, as if all shared one latent.", claim.formula)]
            return [Claim("reconstruction", "REFUTED", f"{reason}.", claim.formula, bug="likelihood-wrong")]
        if self.sampled and question.posteriors:
            observed = names_in(group.found.target.parameters[0])
            if (leaf := seen_data(self.assessed, group, observed)) is not None:
                reason = f"the decoder sees the data besides z ({leaf}): a likelihood only if it sees what came before."
                return [Claim("reconstruction", "UNKNOWN", reason, claim.formula)]
            if (latent := not_decoded(self.assessed)) is not None:
                reason = f"a latent is not decoded, nor the other one's prior: that drawn at {latent}."
                return [Claim("reconstruction", "UNKNOWN", reason, claim.formula)]
        self.note_on_data(group)
        return [claim]

    def unlike_data(self, group: Group) -> str | None:
        """What was done to the data, where a likelihood of the result is none of the data."""
        assert group.found is not None
        if not group.found.target.parameters:
            return None
        observed = group.found.target.parameters[0]
        leaves = self.assessed.run.reading.leaves
        if any(part.head == Binder("sum") for part in subterms(observed.term)):
            return f"it is a likelihood of a summary of the data: {self.names.text(observed)}."
        if group.found.target.family in ("poisson", "negative_binomial") and not isinstance(
            observed.term.head, Element
        ):
            return f"it is a likelihood of counts, but of {self.names.text(observed)}."
        waiting = list(names_in(observed))
        while waiting:
            leaf = leaves.get(waiting.pop())
            if leaf is not None and leaf.kind == "made":
                if leaf.operation.partition(" ")[0] not in _OF_EACH and not _is_code(leaf.tensor):
                    return f"the data went through {leaf.operation}, which may have moved them ({leaf.source})."
                waiting += leaf.inputs
        return None

    def shared_output(self, group: Group) -> str | None:
        """An axis of the data along which the decoder's output does not move."""
        assert group.found is not None
        if len(group.found.target.parameters) < 2:
            return None
        data, output = (axes_in(parameter.term) for parameter in group.found.target.parameters[:2])
        shared = [axis for axis in data if axis not in output]
        return self.names.of_axis.get(shared[0], "an axis") if shared else None

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
        witness, reason = refuted
        return Claim("reconstruction", "REFUTED", reason, claim.formula, witness=witness, bug="likelihood-wrong")

    def note_on_data(self, group: Group) -> None:
        found = group.found
        if found is None:
            return
        if len(found.target.parameters) and not isinstance(found.target.parameters[0].term.head, Element):
            self.notes.append(f"the data are changed in the loss: {self.names.text(found.target.parameters[0])}")
        if found.target.family != "bernoulli":
            return
        values = self.assessed.run.arrays()
        data = [values[n] for n in names_in(found.target.parameters[0]) if n in values]
        if any(bool(((v > 0) & (v < 1)).any()) for v in data) and self.sampled:
            self.notes.append(
                "a Bernoulli likelihood on data between 0 and 1 is no density: the bound is not in nats of them"
            )

    def objective_claim(self, others: list[Claim]) -> tuple[str, Claim]:
        bad = [claim for claim in others if claim.verdict in ("REFUTED", "UNKNOWN")]
        named = [claim for claim in others if claim.verdict == "OTHER"]
        stray = [g for g in self.objective.groups if g.kind in ("mixed", "parameter")]
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
            kinds = "the posterior and the decoder together" if stray[0].kind == "mixed" else "parameters only"
            if stray[0].failure:
                return "unknown", Claim("objective", "UNKNOWN", f"{stray[0].failure}.")
            formula = self.names.text(stray[0].body)
            return "unknown", Claim("objective", "UNKNOWN", f"a term speaks of {kinds}: {formula}.", formula)
        if stops := self.assessed.run.reading.result.stops:
            mine = {line for claim in others if claim.bug == "detached" and (line := claim.source)}
            if stops - mine and not any(claim.verdict == "REFUTED" for claim in others):
                line = min(stops - mine)
                reason = "its value is right, but a gradient is cut off."
                return "unknown", Claim("objective", "REFUTED", reason, bug="detached", source=line)
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
        return self.weighed(beta)

    def further_term(self, stray: list[Group]) -> str | None:
        """A term that was made from a posterior's own arrays by what is not looked into, beside a whole ELBO."""
        question = self.objective.question
        known = [*(group for group, _ in self.assessed.divergences()), self.reconstruction]
        if any(group is None or group.theorem is None for group in known) or len(known) < 2:
            return None
        derived = all(group.kind == "parameter" and names_in(group.body) & set(question.derived) for group in stray)
        return "an ELBO and a further term of the posterior, as DIP-VAE's on its covariance" if derived else None


def _overall(claims: Iterable[Claim]) -> Verdict:
    verdicts = [claim.verdict for claim in claims]
    for found in ("REFUTED", "UNKNOWN", "OTHER"):
        if found in verdicts:
            return found
    return "PROVED"


def _is_code(values: Tensor) -> bool:
    """Whether it is a one-hot code along some dimension: what `scatter` makes of whole numbers."""
    zeros_and_ones = bool(values.numel()) and bool(((values == 0) | (values == 1)).all())
    return zeros_and_ones and any(bool((values.sum(d) == 1).all()) for d in range(values.ndim))
