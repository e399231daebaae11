"""What was found out about a loss, before it is judged."""

from dataclasses import dataclass, field

from vaelid.auditor.names import Monomial, Names
from vaelid.auditor.objective import Group, Objective
from vaelid.auditor.posterior import Posterior
from vaelid.auditor.report import Claim
from vaelid.auditor.run import Run

__all__ = ["Assessed"]


@dataclass
class Assessed:
    """What was found out about a loss.

    Attributes:
        run: what it does.
        objective: what was recognised.
        samplers: the claims on the sampler.
        names: of the axes.
        draws: axes along which the noise is drawn again, for one row.
        weights: of each group, by its kind.
    """

    run: Run
    objective: Objective
    samplers: list[Claim]
    names: Names
    draws: frozenset[int]
    weights: dict[str, Monomial | None] = field(default_factory=dict)

    def divergences(self) -> list[tuple[Group, Posterior]]:
        """The groups that speak of a posterior, with it."""
        posteriors = self.objective.question.posteriors
        return [
            (group, posteriors[int(group.kind.split()[1])])
            for group in self.objective.groups
            if group.kind.startswith("divergence")
        ]
