"""The decision on a term of the posterior that was not proved to be a KL: refuted by a point, or why that is not known.

In come the term and its posterior; out goes a `Decision`, REFUTED with the likely mistake (`Mistake`), or UNKNOWN. For
mu^2 + exp(logvar / 2) - 1 - logvar / 2 it is REFUTED: at some point it is no multiple of the KL, though it would be one
if the deviation were the variance.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from vaelid.auditor.findings.report import Witness
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
from vaelid.auditor.judgement.kl_mistakes import (
    Trains,
    bug_of,
    of_another_deviation,
    of_priors_logarithm,
    trains_nothing,
    usual_mistake,
)
from vaelid.auditor.judgement.names import Shown
from vaelid.auditor.judgement.reasons.base import Reason
from vaelid.auditor.judgement.reasons.of_divergence import (
    AnotherDeviation,
    FixedLength,
    LooksLikePrior,
    Mistake,
    NoKl,
    OfDivergence,
    ScaledNoise,
    ThroughUnread,
)
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.sums import value_of
from vaelid.auditor.recognition.groups import Group, places_of
from vaelid.auditor.recognition.noise import adds_up, over_noise
from vaelid.auditor.refutation.no_divergence import no_divergence
from vaelid.readings.terms.arrays import TermArray, as_term
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
    question: Question,
    group: Group,
    posterior: Posterior,
    shown: Shown,
    formula: str,
    line: str | None,
    trains: Trains = trains_nothing,
) -> Decision:
    """What is known of a group that depends on the posterior, and is not proved to be its KL.

    `trains`: whether a gradient goes to some arrays, and from this group alone.
    """
    looks_like = LooksLikePrior(group.found.target.name, group.failure) if group.found is not None else None
    mean, rest = over_noise(group.body, question)
    if posterior.below is not None and (rest or has_sums(mean)):
        return _unknown(looks_like or OfDivergence.NO_PRIOR_FOUND, formula, line)
    if not has_sums(mean):
        mean, rest = (at_lengths(mean, question.values.lengths), [at_lengths(r, question.values.lengths) for r in rest])
    if rest and not adds_up(question, group.body, [mean, *rest], places_of(question, group)):
        return _unknown(looks_like or OfDivergence.NOT_QUADRATIC, formula, line)
    one = _at_one_coordinate(group, posterior, mean, shown)
    if why := _kept_from_points(question, posterior, group.body, mean, one):
        return _unknown(looks_like or why, formula, line)
    own = question.as_recorded(posterior.leaves)
    if any(own & question.as_recorded(other.leaves) for other in question.posteriors if other is not posterior):
        return _unknown(looks_like or OfDivergence.SHARED_ARRAYS, formula, line)
    witness, bug = _witness(question, posterior, one), "kl-formula"
    if witness is not None:
        mistake = Mistake.UNPROVED if looks_like else Mistake.UNKNOWN
        if not looks_like and not has_sums(mean) and posterior.below is None:
            mistake = usual_mistake(question, group, posterior, mean)
        reason, bug = _no_kl(witness, mistake), bug_of(mistake)
    elif has_sums(mean) or posterior.below is not None:
        reason = looks_like or OfDivergence.NO_PRIOR_FOUND
    elif (found := of_another_deviation(question, group, posterior, mean, shown)) is not None:
        reason, witness = AnotherDeviation(found.made_from), found.witness
    elif (witness := of_priors_logarithm(question, group, posterior, mean, trains, shown)) is not None:
        reason, bug = _no_kl(witness, Mistake.PRIORS_LOGARITHM), bug_of(Mistake.PRIORS_LOGARITHM)
    else:
        reason = looks_like or OfDivergence.NO_PRIOR_FOUND
    if witness is None:
        return _unknown(reason, formula, line)
    return Decision("divergence", "REFUTED", reason, formula, witness=witness, bug=bug, source=line)


def _no_kl(witness: Witness, mistake: Mistake | ScaledNoise) -> NoKl:
    point = ", ".join(f"{name} = {value}" for name, value in witness.point.items())
    return NoKl(point, witness.computed, witness.expected, mistake)


def _witness(question: Question, posterior: Posterior, one: _OneCoordinate) -> Witness | None:
    """A point that tells against a KL. Constants are what they are at some place: they are not free to move.

    Nor is what may be the prior's, too: whatever it is, the KL to a normal prior is one in what is left.
    """
    lengths, held = question.values.lengths, question.perhaps_the_priors(posterior)
    for known in _constants_at_places(question, one.term, *one.posterior.terms):
        by = {element: as_term(value).term for element, value in known.items()}
        term, mean, log_variance = (
            TermArray((), replaced(part.term, by))
            for part in (one.term, one.posterior.mean, one.posterior.log_variance)
        )
        found = no_divergence(term, one.posterior.with_moments(mean, log_variance), lengths, one.shown, held)
        if found is not None:
            return found.where({one.shown(element): str(value) for element, value in known.items()})
    return None


_MOST_PLACES = 4
"""Of constants, each with other values: those of a mask are two."""


def _constants_at_places(question: Question, *terms: TermArray) -> Iterator[dict[Term, Fraction]]:
    """Values that the constants in terms have together at some place; nothing, once, where there are none."""
    constants = [e for e in elements_of(*terms) if names_in(TermArray((), e)) <= question.masks & question.data]
    axes = sorted({axis for e in constants for axis in axes_in(e)})
    columns = [question.values.whole(TermArray((), e), axes)[0].flatten().tolist() for e in constants]
    together = dict.fromkeys(zip(*columns, strict=True)) if columns else {(): None}
    finite = (values for values in together if all(map(math.isfinite, values)))
    for values in itertools.islice(finite, _MOST_PLACES):
        yield dict(zip(constants, map(Fraction, values), strict=True))


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
    if derived := question.derived_from(posterior, one.term):
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
