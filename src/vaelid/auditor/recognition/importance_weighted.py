"""The importance-weighted bound: -log of the mean over draws of p(x, z) / q(z | x) (Burda et al. 2016, equation 8).

A question whose loss contains ``log(sum over k of exp(a[k]))`` comes in; an `ImportanceWeightedBound` goes out: what
the log-weight a was recognised as, and the theorem, or the reason why the loss is no such bound. Example: a = log
p(x|z) + log p(z) - log q(z|x), with K draws of z.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial, reduce
from operator import add

from flint import arb

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated, wrong_sign
from vaelid.auditor.formula.arithmetic import is_number
from vaelid.auditor.formula.axes_of_terms import (
    axes_in,
    axis_of,
    elements_of,
    index_of,
    is_length,
    names_in,
    variable_of,
)
from vaelid.auditor.formula.in_balls import in_ball
from vaelid.auditor.formula.kinds import MIXED, Divergence, Reconstruction
from vaelid.auditor.model.combination import Combination, fitted
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.auditor.proofs.pointwise import prove_pointwise
from vaelid.auditor.proofs.sums import added
from vaelid.auditor.recognition.groups import Gathered
from vaelid.auditor.recognition.objective import Objective, identify, of_one_array
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import element, lambda_
from vaelid.readings.terms.syntax import REAL, Binder, Operator, Term, subterms
from vaelid.theory.kernel import Theorem
from vaelid.theory.statement import eq

__all__ = ["ImportanceWeightedBound", "importance_weighted"]


RENYI = "a bound with a power of each weight, as the variational Renyi bound"
"""Of the weights p(x, z) / q(z|x) to the power 1 - alpha (Li and Turner 2016, equation 3)."""


@dataclass(frozen=True)
class ImportanceWeightedBound:
    """The logarithm of a sum of exponentials over draws.

    Attributes:
        weight: the negated exponent, -log of the weight of a draw.
        objective: what that exponent was recognised as.
        over: the axis of the sum.
        theorem: that the exponent's part of the posterior is log q - log p at the draw itself; None if not proved.
        failure: why the loss is not shown to be the bound; "" if it is.
        witness: that it is not the bound; None if that is not known.
        other: the name of another bound that it is; "" if it has none.
        of_rows: that the loss is a weight times the sum over rows of the logarithm, and a constant.
        note: says that the loss is not the bound itself but has its gradient; "" otherwise.
    """

    weight: TermArray
    objective: Objective
    over: int
    theorem: Theorem | None
    failure: str = ""
    witness: Witness | None = None
    of_rows: Theorem | None = None
    note: str = ""
    other: str = ""


def importance_weighted(question: Question, note: str = "") -> ImportanceWeightedBound | None:
    """The bound in a loss; None if no log of a sum of exponentials in it depends on both decoder and posterior.

    `note`: what there is to say of a loss that is not the bound itself.
    """
    for part in subterms(question.term.term):
        if part.head != Operator("log") or part.arguments[0].head != Binder("sum"):
            continue
        opened = _opened(question.term.term, part)
        if opened is None:
            continue
        over, inside, logarithm = opened
        exponent = _exponent(inside)
        if exponent is None or question.kind(_along(exponent, over)) is not MIXED:
            continue
        found = _bound(question, -exponent, over, note)
        return found if found.failure or found.theorem is None else _of_rows(question, found, logarithm)
    return None


def _of_rows(question: Question, bound: ImportanceWeightedBound, logarithm: TermArray) -> ImportanceWeightedBound:
    """The bound, with the theorem that the loss is a negative multiple of its sum over rows, and a constant."""
    outer = of_one_array(question, logarithm, "bound")
    if outer is None:
        return replace(
            bound, theorem=None, failure="it is no weight times the sum of the bounds of all rows, and a constant"
        )
    if set(axes_in(logarithm.term)) - set(outer.axes):
        return replace(bound, theorem=None, failure="it does not sum the bounds of all rows")
    if question.values.number(outer.weight) >= 0:
        value = in_ball(outer.weight, question.values.lengths)
        witness = wrong_sign(-value, "-log of the mean weight") if value is not None and value > 0 else None
        return replace(bound, theorem=None, failure="its sign is wrong: the bound itself is minimised", witness=witness)
    return replace(bound, of_rows=outer.theorem)


def _opened(whole: Term, part: Term) -> tuple[int, Term, TermArray] | None:
    """The axis of the sum in a logarithm, its summand, and the logarithm; all with free variables for outer indices."""

    def search(term: Term, around: tuple[Term, ...]) -> Term | None:
        if term is part:
            return _with_indices(term, around)
        for number, argument in enumerate(term.arguments):
            inner = around
            if term.head.binds(number):
                inner = (index_of(_axis(term)), *around)
            if (found := search(argument, inner)) is not None:
                return found
        return None

    found = search(whole, ())
    if found is None:
        return None
    total = found.arguments[0]
    axis = _axis(total)
    return axis, element(lambda_(1, total.arguments[1]), index_of(axis)), TermArray((), found)


def _axis(total: Term) -> int:
    """The axis of a sum."""
    length = total.arguments[0].head
    if not is_length(length):
        raise TypeError(f"a sum to {length}, which is the length of no axis")
    return axis_of(length)


def _with_indices(term: Term, around: tuple[Term, ...]) -> Term:
    """The term with variables for the indices that are bound outside of it."""
    if not term.loose:
        return term
    levels = around[: term.loose]
    if term.sort is REAL:
        return element(lambda_(len(levels), term), *reversed(levels))
    return term


def _exponent(body: Term) -> TermArray | None:
    """The exponent of an exponential times a number; None if the summand is no such product."""
    match body.head, body.arguments:
        case Operator("exp"), (x,):
            return TermArray((), x)
        case Operator("multiply"), (x, y):
            for one, other in ((x, y), (y, x)):
                if not names_in(TermArray((), other)):
                    return _exponent(one)
    return None


def _along(exponent: TermArray, over: int) -> TermArray:
    """Its addends that differ along the sum: the largest exponent, which code may subtract, is the same in all."""
    parts = [part for part in added(exponent.term) if over in axes_in(part.term)]
    return reduce(add, parts) if parts else exponent


def _bound(question: Question, weight: TermArray, over: int, note: str) -> ImportanceWeightedBound:
    """The bound whose draws have the log-weight -`weight` and lie along the axis `over`; without the sum over rows."""
    objective = identify(question.about(weight))
    if objective.is_not_decomposed:
        raise NoProof(objective.failure)
    bound = partial(ImportanceWeightedBound, weight, objective, over, note=note)
    divergence = objective.group(Divergence(0))
    reconstruction = objective.group(Reconstruction())
    if divergence is None or reconstruction is None or reconstruction.found is None or objective.theorem is None:
        return bound(None, "its weights are not p(x, z) / q(z | x) for a p and q that are known here")
    failure, witness = "", None
    if over in question.posteriors[0].axes:
        failure = "it sums weights over rows or coordinates, and not over draws of z"
        witness = _of_two_rows()
        if _is_repeated(question, reconstruction.found.target.parameters, over):
            failure = "it sums weights over rows that repeat one datum: that they have one posterior is unread"
            witness = None
    if (path := _log_ratio(question, divergence)) is None:
        return bound(None, "its draws are not those of the sampler")
    fit = _at_draws(question, divergence, path, axes_in(weight.term))
    own = reconstruction.found.fit.weights[0]
    if fit is None or not is_number(fit.weights[0], 1) or not is_number(own, 1):
        same = not failure and fit is not None and fit.weights[0].term is own.term
        if same and question.values.number(own) > 0:
            return bound(None, RENYI, other=RENYI)
        failure = failure or "its weights are not p(x, z) / q(z | x): the terms in them have other weights"
        known = {"log q(z|x) - log p(z)": fit.weights[0] if fit else None, "-log p(x|z)": own}
        return bound(None, failure, witness or _of_other_weights(question, known))
    try:
        theorem = prove_pointwise(eq(divergence.body, path + fit.constant), path, divergence.body)
    except NoProof as reason:
        return bound(None, failure or str(reason), witness)
    return bound(theorem, failure, witness)


def _is_repeated(question: Question, parameters: tuple[TermArray, ...], axis: int) -> bool:
    """Whether data are the same along an axis of the decoder's output, as rows are that were repeated for draws."""
    data, output, *_ = parameters
    if axis not in axes_in(data.term):
        return axis in axes_in(output.term)
    axes = [axis, *(other for other in axes_in(data.term) if other != axis)]
    (values, *_) = question.values.whole(data, axes)
    return bool((values == values[:1]).all())


def _log_ratio(question: Question, divergence: Gathered) -> TermArray | None:
    """log q(z|x) - log p(z) at the sampler's draw, p = N(0, I); None if the group has not exactly one element of it."""
    posterior = question.posteriors[0]
    drawn = posterior.noise
    elements = [p for p in elements_of(divergence.body) if p.arguments and p.arguments[0].head == variable_of(p, drawn)]
    if len(elements) != 1:
        return None
    eps, lv = TermArray((), elements[0]), posterior.log_variance
    return ((posterior.mean + xp.exp(lv / 2) * eps) ** 2 - eps**2 - lv) / 2


def _at_draws(question: Question, divergence: Gathered, path: TermArray, around: tuple[int, ...]) -> Combination | None:
    """The weight and constant by which the group's summand is log q(z|x) - log p(z) at each draw."""
    try:
        return fitted(question.values, divergence.body, [path], [*divergence.axes, *around])
    except ReadingError:
        return None


def _of_two_rows() -> Witness:
    one_and_e = (1 + arb(1).exp()) / 2
    meaning = "-log of the mean of two rows' weights; the mean of -log of each"
    return separated({"the logs of the weights": "0 and 1"}, -one_and_e.log(), Fraction(-1, 2), meaning)


def _of_other_weights(question: Question, known: Mapping[str, TermArray | None]) -> Witness | None:
    for of, weight in known.items():
        value = None if weight is None else in_ball(weight, question.values.lengths)
        if value is not None and not value.contains(1):
            return separated({}, value, 1, f"the weight of {of} in the logarithm of a weight; what it has to be")
    return None
