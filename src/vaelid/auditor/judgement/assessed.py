"""What was found out about a loss, before it is judged."""

from dataclasses import dataclass, field

from vaelid.auditor.findings.report import Claim
from vaelid.auditor.formula.axes_of_terms import axes_in
from vaelid.auditor.formula.kinds import Divergence, Kind
from vaelid.auditor.judgement.names import Monomial, Names
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.shift import shifted
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.objective import Objective

__all__ = ["Assessed"]


@dataclass
class Assessed:
    """What was found out about a loss.

    Attributes:
        run: what it does.
        objective: what was recognised.
        samplers: the claims on the sampler.
        names: of the axes.
        weights: of each group, by its kind.
    """

    run: Formula
    objective: Objective
    samplers: list[Claim]
    names: Names
    weights: dict[Kind, Monomial | None] = field(default_factory=dict)

    def divergences(self) -> list[tuple[Group, Posterior]]:
        """The groups that speak of a posterior, with it."""
        posteriors = self.objective.question.posteriors
        return [
            (group, posteriors[group.kind.posterior])
            for group in self.objective.groups
            if isinstance(group.kind, Divergence)
        ]

    def sum_over_draws(self) -> None:
        """One datum's likelihoods at several draws are one, with the sum of their weights: it is an average."""
        if not self.objective.over_draws:
            return
        kinds = [group.kind for group in self.objective.reconstructions]
        weights = [weight for kind in kinds if (weight := self.weights.get(kind)) is not None]
        if len(weights) == len(kinds) and all(weight.powers == weights[0].powers for weight in weights):
            whole = Monomial(sum(weight.number for weight in weights), weights[0].powers)
            self.weights |= dict.fromkeys(kinds, whole)

    def draws_of(self, group: Group) -> frozenset[int]:
        """The axes of a group along which only the noise moves: a loss is a mean over these draws."""
        if isinstance(group.kind, Divergence):
            posterior = self.objective.question.posteriors[group.kind.posterior]
            some = shifted(posterior, group.body)
            own = {*posterior.axes, *(some.axes if some is not None else ())}
            return frozenset(group.axes) - own
        if group.found is None or not group.found.target.parameters:
            return frozenset()
        return frozenset(group.axes) - frozenset(axes_in(group.found.target.parameters[0].term))
