"""What was found out about a loss, before it is judged.

In come what the code does, what was recognised in it and what was decided of its samples; out goes one value, complete
with the weight of every group. For a textbook loss averaged over rows both groups have the weight 1 / B.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import axes_in, count, length_name, names_in
from vaelid.auditor.formula.kinds import Divergence, Kind, Reconstruction
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.names import Monomial, Names
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.posterior import Posterior, ancestors
from vaelid.auditor.model.question import Question
from vaelid.auditor.model.shift import posterior_of_coordinates
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.objective import Objective

__all__ = ["Assessed", "Judged", "draws_of"]


@dataclass(frozen=True)
class Assessed:
    """What was found out about a loss. `Assessed.of` makes one.

    Attributes:
        run: what it does.
        objective: what was recognised.
        samplers: the decisions on its samples.
        names: of the axes.
        weights: of each group, by its kind: of each row, averaged over draws; None where it is no number times lengths.
    """

    run: Formula
    objective: Objective
    samplers: tuple[Decision, ...]
    names: Names
    weights: Mapping[Kind, Monomial | None]

    @classmethod
    def of(cls, run: Formula, objective: Objective, samplers: Iterable[Decision], names: Names) -> "Assessed":
        """All of it, from what was recognised."""
        weights = {group.kind: _weight_of(group, objective, names) for group in objective.groups}
        return cls(run, objective, tuple(samplers), names, {**weights, **_summed(objective, weights)})

    @property
    def question(self) -> Question:
        """What was asked of the loss: which leaves are data, noise, a posterior's or a decoder's."""
        return self.objective.question

    @property
    def reconstruction(self) -> Group | None:
        """The group that compares data with what the decoder put out; of several, the first."""
        return self.objective.group(Reconstruction())

    @property
    def latent_leaves(self) -> frozenset[str]:
        """The recorded leaves in the means and log-variances of the posteriors.

        Where a deviation is no exponential, an array that was written for it stands in the log-variance: its leaves.
        """
        own = frozenset().union(*(posterior.leaves for posterior in self.question.posteriors))
        return self.question.as_recorded(own)

    def divergences(self) -> list[tuple[Group, Posterior]]:
        """The groups that depend on a posterior, each with it."""
        posteriors = self.question.posteriors
        return [
            (group, posteriors[group.kind.posterior])
            for group in self.objective.groups
            if isinstance(group.kind, Divergence)
        ]

    def with_divergences(self) -> set[int]:
        """The posteriors that a divergence is of, by number."""
        return {group.kind.posterior for group in self.objective.groups if isinstance(group.kind, Divergence)}

    def laws_of(self, posterior: Posterior) -> frozenset[str]:
        """The laws of a posterior's draws: for `torch.rand` it is uniform."""
        leaves = self.run.reading.leaves
        return frozenset(leaves[n].law for n in self.question.as_recorded(posterior.draws) if n in leaves)

    def line_of(self, group: Group) -> str | None:
        """The line that a group comes from, where it is known."""
        return self.run.reading.line_of(self.question.as_recorded(names_in(group.body)))

    def made_from(self, leaves: frozenset[str]) -> bool:
        """Whether a gradient goes from the loss to one of these leaves, though through what is not looked into."""
        reading = self.run.reading
        return bool(ancestors(reading, reading.result.leaves, detached=False) & leaves)


@dataclass(frozen=True)
class Judged:
    """What is judged.

    Attributes:
        assessed: what was found out about a loss.
        declared: what it is meant to be.
        sampled: whether it is a step, which has to sample; a loss that is a function of tensors does not.
    """

    assessed: Assessed
    declared: Declared
    sampled: bool


def draws_of(objective: Objective, group: Group) -> frozenset[int]:
    """The axes of a group along which only the noise moves: a loss is a mean over these draws."""
    if isinstance(group.kind, Divergence):
        posterior = objective.question.posteriors[group.kind.posterior]
        some = posterior_of_coordinates(posterior, group.body)
        own = {*posterior.axes, *(some.axes if some is not None else ())}
        own |= set() if posterior.below is None else {posterior.below.column}
        return frozenset(group.axes) - own
    if group.found is None or not group.found.target.parameters:
        return frozenset()
    return frozenset(group.axes) - frozenset(axes_in(group.found.target.parameters[0].term))


def _weight_of(group: Group, objective: Objective, names: Names) -> Monomial | None:
    """The weight of what the group is, of each row, averaged over draws of the noise."""
    if group.found is None:
        return None
    (weight,) = group.found.fit.weights
    if draws := draws_of(objective, group):
        values = objective.question.values  # a length that is one number in the theorem is that number here, too
        known = draws & values.fixed
        if moving := sorted(draws - known):
            weight = weight * count(moving)
        weight = weight * math.prod(values.lengths[length_name(axis)] for axis in known)
    return _without_stacked(names.monomial(weight, objective.question.values), objective.question.count_of_draws, names)


def _without_stacked(weight: Monomial | None, draws: int, names: Names) -> Monomial | None:
    """The length of an axis along which draws were stacked is their number, and no size."""
    if weight is None or draws == 1:
        return weight
    stacked = {n for n in weight.powers if n not in names.groups and names.sizes.get(n) == draws}
    number = Monomial(weight.number, {n: weight.powers[n] for n in stacked}).at(names.sizes)
    return Monomial(number, {name: power for name, power in weight.powers.items() if name not in stacked})


def _summed(objective: Objective, weights: Mapping[Kind, Monomial | None]) -> dict[Kind, Monomial]:
    """One datum's likelihoods at several draws are one, with the sum of their weights: it is an average."""
    kinds = [group.kind for group in objective.reconstructions] if objective.over_draws else []
    known = [weight for kind in kinds if (weight := weights[kind]) is not None]
    if not known or len(known) < len(kinds) or any(weight.powers != known[0].powers for weight in known):
        return {}
    return dict.fromkeys(kinds, Monomial(sum(weight.number for weight in known), known[0].powers))
