"""The numbers of a loss: the variance its likelihood is taken to have, and the beta that follows from it.

In come what was recognised, the weights of its groups and what was declared; out go numbers. A squared error without
its half is a Gaussian of variance 1 of weight 2: with the textbook's KL beside it, beta is 1/2, and it would be 1 at
the variance 1/2.
"""

from fractions import Fraction

from flint import arb

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import axes_in, count, length_axes_in, length_name, names_in
from vaelid.auditor.formula.in_balls import in_ball
from vaelid.auditor.formula.kinds import CONSTANT, Reconstruction
from vaelid.auditor.judgement.assessed import Assessed, draws_of
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.model.combination import Combination
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.sums import added, axes_of, under_sums
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.objective import Objective
from vaelid.auditor.recognition.quantities import Found
from vaelid.auditor.recognition.stated_variance import stated_scale
from vaelid.readings.terms.arrays import TermArray, as_term

__all__ = ["beta_in_ball", "beta_of", "likelihood_name", "observation_variance", "prior_name", "variance_factor"]


_SCALES = {"gaussian": "variance", "laplace": "scale"}
"""Families whose scale a loss may leave out, and what it is called."""


def beta_of(assessed: Assessed, declared: Declared) -> Monomial | None:
    """The weight of the KL against the likelihood of the variance it is taken to have; None where it is not known."""
    group = assessed.reconstruction
    if group is None or group.found is None:
        return None
    own = assessed.weights.get(Reconstruction())
    weights = [assessed.weights.get(group.kind) for group, _ in assessed.divergences()]
    known = [weight for weight in weights if weight is not None]
    if own is None or not own.number or not known or len(known) < len(weights):
        return None
    ratios = [weight / own for weight in known]
    if any(ratio != ratios[0] for ratio in ratios):
        return None
    return Monomial(ratios[0].number / variance_factor(assessed.objective, declared), ratios[0].powers)


def beta_in_ball(assessed: Assessed, declared: Declared, batches: int = 1) -> arb | None:
    """The same number with a rigorous bound, at the recorded sizes, or with so many times the rows."""
    objective = assessed.objective
    rows = set(map(length_name, assessed.names.groups.get("B", ())))
    lengths = {n: k * (batches if n in rows else 1) for n, k in objective.question.values.lengths.items()}

    def weight(group: Group) -> arb | None:
        if group.found is None:
            return None
        (one,) = group.found.fit.weights
        draws = draws_of(objective, group)
        return in_ball(one * count(sorted(draws)) if draws else one, lengths)

    several = objective.reconstructions if objective.over_draws else objective.reconstructions[:1]
    own = [found for group in several if (found := weight(group)) is not None]
    its = next((weight(group) for group, _ in assessed.divergences()), None)
    if its is None or not own or len(own) < len(several) or (whole := sum(own, arb(0))).contains(0):
        return None
    return its / whole / arb(variance_factor(objective, declared))


def _with_scale(objective: Objective) -> Found | None:
    """What the reconstruction was found to be, where it has a scale that is fixed."""
    group = objective.group(Reconstruction())
    if group is None and objective.over_draws:  # of each draw the same
        group = objective.reconstructions[0]
    found = None if group is None else group.found
    return None if found is None or found.target.learned or found.target.family not in _SCALES else found


def variance_factor(objective: Objective, declared: Declared) -> float:
    """The variance that the likelihood is taken to have: as declared, or as the loss states it, or 1."""
    if (found := _with_scale(objective)) is None:
        return 1.0
    if declared.variance is not None:
        return declared.variance
    found = _of_all_draws(objective, found) if objective.over_draws else found
    stated = stated_scale(found, objective.question.values)
    return 1.0 if stated is None else float(Fraction(stated))


def _of_all_draws(objective: Objective, found: Found) -> Found:
    """The likelihoods of several draws as one of all their weight, with the numbers at each of its places.

    Equal numbers of several draws are gathered in a term of their own, times the number of places.
    """
    values = objective.question.values
    groups = [(group, group.found) for group in objective.reconstructions if group.found is not None]
    places = {*groups[0][0].axes}
    weight = sum(values.number(one.fit.weights[0]) for _, one in groups)
    number = sum(values.number(one.added_number) for _, one in groups)
    for group in objective.groups:
        for part in group.parts if group.kind is CONSTANT else ():
            if {*length_axes_in(part.coefficient.term)} <= places and {*(axes := axes_of([part]))} <= places:
                numbers = (one for one in added(under_sums([part], axes).term) if not names_in(one))
                taken = places - {*axes}  # the sums that are in the coefficient
                number += sum(values.number(one / count(sorted(taken)) if taken else one) for one in numbers)
    return found.fitted_as(Combination((as_term(Fraction(weight)),), as_term(Fraction(number))))


def observation_variance(objective: Objective, declared: Declared, beta: float | None) -> float | None:
    """The variance (a Laplace's scale) of the likelihood at which beta would be 1."""
    if beta is None or _with_scale(objective) is None:
        return None
    return beta * variance_factor(objective, declared)


def likelihood_name(objective: Objective, declared: Declared) -> str | None:
    """The likelihood, with the variance it is taken to have; of several kinds of data, each."""
    found = [group.found for group in objective.reconstructions if group.found is not None]
    variance = variance_factor(objective, declared)
    names = [_masked(_name_of(one, variance), one.target.mask, objective.question) for one in found]
    return " and ".join(dict.fromkeys(names)) or None


def _name_of(found: Found, variance: float) -> str:
    target = found.target
    fixed = target.family in _SCALES and not target.learned
    return f"{target.name}, {_SCALES[target.family]} {variance:g}" if fixed else target.name


def _masked(name: str, mask: TermArray | None, question: Question) -> str:
    """The name, with what a mask leaves of it: other places in each row, or the same in all."""
    if mask is None:
        return name
    alike = bool(question.rows) and not question.rows & set(axes_in(mask.term))
    return f"{name}, where a mask{', the same for all rows,' if alike else ''} is not 0"


def prior_name(assessed: Assessed) -> str | None:
    """The prior of each KL."""
    found = [group.found.target for group, _ in assessed.divergences() if group.found]
    names = [_masked(target.name, target.mask, assessed.question) for target in found]
    return ", ".join(dict.fromkeys(names)) or None
