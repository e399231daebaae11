"""The decision on a term of the posterior that was not proved to be a KL: refuted by a point, or why that is not known.

In come the term and its posterior; out goes a `Decision`, REFUTED with the likely mistake (`Mistake`), or UNKNOWN. For
mu^2 + exp(logvar / 2) - 1 - logvar / 2 it is REFUTED: at some point it is no multiple of the KL, though it would be one
if the deviation were the variance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add

import torch

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import (
    at_lengths,
    at_single_places,
    axes_in,
    axis_of,
    element_of,
    elements_of,
    has_sums,
    is_length,
    names_in,
)
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.kl_mistakes import bug_of, of_another_deviation, usual_mistake
from vaelid.auditor.judgement.names import Shown
from vaelid.auditor.judgement.reasons.base import Reason
from vaelid.auditor.judgement.reasons.of_divergence import (
    AnotherDeviation,
    FixedLength,
    LooksLikePrior,
    Mistake,
    NoKl,
    OfDivergence,
    ThroughUnread,
)
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.sums import value_of
from vaelid.auditor.recognition.groups import Group, places_of
from vaelid.auditor.recognition.noise import over_noise
from vaelid.auditor.refutation.no_divergence import no_divergence
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Operator, Power, Term, free_variables, subterms

__all__ = ["judge_unproved"]


@dataclass(frozen=True)
class _OneCoordinate:
    """A term and its posterior at one row and one coordinate, and how elements are named there."""

    term: TermArray
    posterior: Posterior
    shown: Shown


def judge_unproved(
    question: Question, group: Group, posterior: Posterior, shown: Shown, formula: str, line: str | None
) -> Decision:
    """What is known of a group that depends on the posterior, and is not proved to be its KL."""
    looks_like = LooksLikePrior(group.found.target.name, group.failure) if group.found is not None else None
    mean, rest = over_noise(group.body, question)
    if posterior.below is not None and (rest or has_sums(mean)):
        return _unknown(looks_like or OfDivergence.NO_PRIOR_FOUND, formula, line)
    if not has_sums(mean):
        mean, rest = (at_lengths(mean, question.values.lengths), [at_lengths(r, question.values.lengths) for r in rest])
    if rest and not _is_sum(question, group, [mean, *rest]):
        return _unknown(looks_like or OfDivergence.NOT_QUADRATIC, formula, line)
    one = _at_one_coordinate(group, posterior, mean, shown)
    if why := _kept_from_points(question, posterior, group.body, mean, one):
        return _unknown(looks_like or why, formula, line)
    own = question.as_recorded(posterior.leaves)
    if any(own & question.as_recorded(other.leaves) for other in question.posteriors if other is not posterior):
        return _unknown(looks_like or OfDivergence.SHARED_ARRAYS, formula, line)
    witness = no_divergence(one.term, one.posterior, question.values.lengths, one.shown)
    if witness is None:
        if not names_in(posterior.log_variance) and not has_sums(mean):
            found = of_another_deviation(question, group, posterior, mean, shown)
            if found is not None:
                reason = AnotherDeviation(found.made_from)
                bug = "kl-formula"
                return Decision("divergence", "REFUTED", reason, formula, witness=found.witness, bug=bug, source=line)
        return _unknown(looks_like or OfDivergence.NO_PRIOR_FOUND, formula, line)
    mistake = Mistake.UNPROVED if looks_like else Mistake.UNKNOWN
    if not looks_like and not has_sums(mean) and posterior.below is None:
        mistake = usual_mistake(question, group, posterior, mean)
    point = ", ".join(f"{name} = {value}" for name, value in witness.point.items())
    reason = NoKl(point, witness.computed, witness.expected, mistake)
    bug = bug_of(mistake)
    return Decision("divergence", "REFUTED", reason, formula, witness=witness, bug=bug, source=line)


def _unknown(reason: Reason, formula: str, line: str | None) -> Decision:
    return Decision("divergence", "UNKNOWN", reason, formula, source=line)


def _at_one_coordinate(group: Group, posterior: Posterior, mean: TermArray, shown: Shown) -> _OneCoordinate:
    """What has to be a KL: the term as it stands; where sums are left in it, at one row and one coordinate."""
    if not has_sums(mean):
        return _OneCoordinate(*_unwritten(mean, posterior), shown)
    term, its = _unwritten(value_of(group.parts), posterior, at_single_places)
    return _OneCoordinate(term, its, Shown(its, shown.names))


def _kept_from_points(
    question: Question, posterior: Posterior, body: TermArray, mean: TermArray, one: _OneCoordinate
) -> Reason | None:
    """Why no point of it tells against a KL, if something keeps it from that."""
    if has_sums(mean):
        if names_in(one.term) - one.posterior.leaves:
            return OfDivergence.NOT_A_SUM
        if (length := _fixed_length(one.term, question)) is not None:
            return FixedLength(length)
    own = set(elements_of(*one.posterior.terms))
    if set(elements_of(one.term)) - own and (_like_a_mixture(body, posterior) or _akin(question, mean, posterior)):
        return OfDivergence.OTHER_ARRAYS
    if derived := question.derived_from(posterior, names_in(one.term)):
        return ThroughUnread(question.derived[derived[0]])
    return OfDivergence.SEVERAL_PLACES if _at_several_places(one.term) else None


def _like_a_mixture(body: TermArray, posterior: Posterior) -> bool:
    """Whether a logarithm is of the draw, or of what is sampled from and other arrays together, as a mixture's is.

    A normal prior's logarithms are of its own spread, and of the posterior's. With the prior's arrays held at any
    numbers, the KL to a normal prior is one to some normal prior: so points tell against it.
    """
    for part in subterms(body.term):
        for factor in _factors(part.arguments[0]) if part.head == Operator("log") else ():
            names = names_in(TermArray((), factor))
            if names & {*posterior.draws} or (names & posterior.leaves and names - posterior.leaves):
                return True
    return False


def _akin(question: Question, mean: TermArray, posterior: Posterior) -> bool:
    """Whether other arrays in it may be functions of the posterior's, as a triangle taken twice of one matrix."""
    logarithms = any(part.head == Operator("log") for part in subterms(mean.term))
    return bool(names_in(mean) & question.akin) and (posterior.below is not None or logarithms)


def _factors(term: Term) -> list[Term]:
    """What a term is a product of, or a quotient: its logarithm is that of these."""
    if term.head in (Operator("multiply"), Operator("divide")) or isinstance(term.head, Power):
        return [factor for part in term.arguments for factor in _factors(part)]
    return [term]


def _fixed_length(term: TermArray, question: Question) -> int | None:
    """A length in a term that is one number in the code: at another it is another formula."""
    lengths = question.values.lengths
    occurring = {v.name for v in free_variables(term.term) if is_length(v)}
    fixed = [n for n in sorted(occurring) if axis_of(n) not in question.moved and lengths[n] > 1]
    return lengths[fixed[0]] if fixed else None


def _at_several_places(term: TermArray) -> bool:
    """Whether one axis of an array is at two places in the term: these are not free of each other where it is short."""
    places: dict[tuple[Term, int], set[tuple[int, ...]]] = {}
    for element in elements_of(term):
        for k, index in enumerate(element.arguments[1:]):
            places.setdefault((element.arguments[0], k), set()).add(axes_in(index))
    return any(len(found - {()}) > 1 for found in places.values())


def _unwritten(
    term: TermArray, posterior: Posterior, of: Callable[[TermArray], TermArray] = lambda term: term
) -> tuple[TermArray, Posterior]:
    """What `of` makes of a term and posterior, with the logarithm of the deviation for the variable written for it."""
    by: dict[Term, Term] = {}
    if posterior.positive is not None:
        (name,) = names_in(posterior.log_variance)
        by = {of(element_of(name, axes_in(posterior.positive.term))).term: of(xp.log(posterior.positive)).term}
    mean, log_variance, whole = (
        TermArray((), replaced(of(part).term, by)) for part in (posterior.mean, posterior.log_variance, term)
    )
    return whole, posterior.with_moments(mean, log_variance)


def _is_sum(question: Question, group: Group, parts: list[TermArray]) -> bool:
    """Whether the body is the sum of these terms, at the recorded values."""
    axes = places_of(question, group)
    body = question.values.of(group.body, axes)
    total = reduce(add, (question.values.of(part, axes) for part in parts))
    # The tolerance of a sum of some thousand float64 numbers; what is left out of the noise is larger by far.
    return bool(torch.allclose(body, total, rtol=1e-9, atol=1e-9, equal_nan=True))
