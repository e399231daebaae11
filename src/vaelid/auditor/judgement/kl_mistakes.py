"""The likely mistake in a term that is no KL of what is sampled: the KL of another posterior, or another known formula.

In come the term of one coordinate and the posterior; out goes a `Mistake`, or a `ScaledNoise` with its factor. For the
KL of N(mu, sigma^4) where sigma is what is sampled with, it is `Mistake.DEVIATION_AS_VARIANCE`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.axes_of_terms import elements_of, names_in
from vaelid.auditor.formula.in_balls import NUMBERS, Assignment, enclosure
from vaelid.auditor.judgement.names import Shown
from vaelid.auditor.judgement.reasons.of_divergence import Mistake, ScaledNoise
from vaelid.auditor.model.combination import fitted
from vaelid.auditor.model.kl import kl_to_normal
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.sums import added
from vaelid.auditor.recognition.groups import Group, places_of
from vaelid.auditor.recognition.prior_of_squares import prior_of_squares
from vaelid.auditor.recognition.priors import find_divergence
from vaelid.auditor.recognition.quantities import Found
from vaelid.auditor.refutation.no_divergence import no_multiple
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Operator, subterms
from vaelid.theory.library.definitions import coordinate_kl

__all__ = [
    "ElsewhereSpread",
    "Trains",
    "bug_of",
    "of_another_deviation",
    "of_priors_logarithm",
    "trains_nothing",
    "usual_mistake",
]


_BUGS: Mapping[Mistake, str] = {
    Mistake.DEVIATION_AS_VARIANCE: "std-variance",
    Mistake.VARIANCE_AS_DEVIATION: "std-variance",
    Mistake.REVERSED: "kl-reversed",
    Mistake.CLAMPED: "clamp",
    Mistake.PRIORS_LOGARITHM: "std-variance",
    Mistake.UNPROVED: "clamp",  # by numbers it is a KL, and a point beyond some clamp tells against it
    Mistake.UNKNOWN: "kl-formula",
}

Trains = Callable[[frozenset[str]], bool]
"""Whether a gradient goes to what is made of these arrays, and from one term of a loss alone."""


def trains_nothing(names: frozenset[str]) -> bool:
    """Of a term of which nothing is known that it trains."""
    return False


# Factors are fitted in floats: a ratio this near to 1 is 1.
_SAME = 1e-9


def bug_of(mistake: Mistake | ScaledNoise) -> str:
    """The name of the bug that a mistake is."""
    return "scaled-noise" if isinstance(mistake, ScaledNoise) else _BUGS[mistake]


def usual_mistake(question: Question, group: Group, posterior: Posterior, body: TermArray) -> Mistake | ScaledNoise:
    """What the body is the KL of, or which other known formula; the commonest mistakes are asked for first."""
    axes = places_of(question, group)
    lv = posterior.log_variance
    for mistake, other in ((Mistake.DEVIATION_AS_VARIANCE, lv / 2), (Mistake.VARIANCE_AS_DEVIATION, 2 * lv)):
        of_other = posterior.with_moments(posterior.mean, other)
        if isinstance(find_divergence(body, axes, of_other, question.values, posterior.leaves), Found):
            return mistake
    plain = reduce(add, [part for part in added(lv.term) if names_in(part)], as_term(0))  # without a noise's own scale
    if (fit := fitted(question.values, body, [posterior.mean**2, xp.exp(lv), plain], axes)) is not None:
        square, variance, logarithm = (question.values.number(w) for w in fit.weights)
        if square > 0 and variance > 0 and logarithm < 0:
            ratio = -logarithm / variance
            if abs(square + logarithm) < _SAME * square and abs(ratio - 1) > _SAME:
                return ScaledNoise(ratio**-0.5)
        return Mistake.UNKNOWN
    reverse = (xp.exp(-lv) * (1 + posterior.mean**2) + lv) / 2
    if fitted(question.values, body, [reverse], axes) is not None:
        return Mistake.REVERSED
    if any(part.head == Operator("abs") for term in (body, lv) for part in subterms(term.term)):
        return Mistake.CLAMPED
    return Mistake.UNKNOWN


@dataclass(frozen=True)
class ElsewhereSpread:
    """A term is the KL of a deviation that was made from this, and z is drawn with a constant one: the witness."""

    made_from: str
    witness: Witness


def of_another_deviation(
    question: Question, group: Group, posterior: Posterior, mean: TermArray, shown: Shown
) -> ElsewhereSpread | None:
    """Whether the term is the KL of the sampled mean and of a variance that is not the constant one z is drawn with."""
    if names_in(posterior.log_variance):
        return None
    elements = elements_of(mean)
    for e in [TermArray((), e) for e in elements if e not in elements_of(posterior.mean)]:
        targets = [coordinate_kl(posterior.mean, log_variance) for log_variance in (e, 2 * e)]
        if all(fitted(question.values, mean, [target], places_of(question, group)) is None for target in targets):
            continue
        points = [{**dict.fromkeys(elements, Fraction(0)), e.term: Fraction(k)} for k in (0, 1)]
        here, there = (enclosure(mean, point) for point in points)
        if here is None or there is None or here.overlaps(there):
            continue
        at = {shown.names.text(element): str(value) for element, value in points[1].items()}
        meaning = "one coordinate; what it would have to be, as where the other deviation is at 0"
        return ElsewhereSpread(shown.names.text(e), separated(at, there, here, meaning))
    return None


def of_priors_logarithm(
    question: Question, group: Group, posterior: Posterior, mean: TermArray, trains: Trains, shown: Shown
) -> Witness | None:
    """A point at which the term is no KL to the prior of its squares, as the logarithm beside them is another's.

    The logarithm of what is not trained may be left out, and that of what other terms train, too, stands elsewhere.
    """
    prior = prior_of_squares(question, mean, places_of(question, group), posterior)
    if prior is None or not trains(prior.names):
        return None
    middle = dict.fromkeys(elements_of(mean, *posterior.terms), Fraction(0))
    grid: list[Assignment] = [middle, *({**middle, e: number} for e in middle for number in NUMBERS[1:])]
    return no_multiple(mean, kl_to_normal(posterior, prior.mean, prior.log_variance), grid, shown)
