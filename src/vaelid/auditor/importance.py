"""The importance-weighted bound: -log of the mean over draws of p(x, z) / q(z | x) (Burda et al. 2016, equation 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb

from vaelid.auditor.linear import NoProof
from vaelid.auditor.objective import Objective, identify, of_one_array, variable_of
from vaelid.auditor.pointwise import pointwise
from vaelid.auditor.posterior import axes_in, names_in
from vaelid.auditor.question import Question
from vaelid.auditor.refute import elements_of, in_ball
from vaelid.auditor.report import Witness
from vaelid.auditor.simple import is_number
from vaelid.auditor.tensors import index_of
from vaelid.auditor.witnesses import separated, wrong_sign
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Binder, Operator, Term, element, lambda_, subterms
from vaelid.theory.kernel import Theorem
from vaelid.theory.statement import eq

__all__ = ["Bound", "importance_weighted"]


@dataclass(frozen=True)
class Bound:
    """The logarithm of a sum of weights over draws.

    Attributes:
        weight: the logarithm of a weight, negated: what is summed over draws.
        objective: that, recognised.
        over: the axis of the sum.
        theorem: that its part of the posterior is log q - log p at the draw itself.
        failure: what it is instead, where it is no bound.
        witness: that it is none; None where that is not known.
        note: in what the loss is not the bound itself, but has its gradient.
        of_rows: that the loss is a weight times the sum over rows of the logarithm, and a constant.
    """

    weight: TermArray
    objective: Objective
    over: int
    theorem: Theorem | None
    failure: str = ""
    witness: Witness | None = None
    of_rows: Theorem | None = None
    note: str = ""


def importance_weighted(question: Question) -> Bound | None:
    """The bound in a loss, if there is a logarithm of a sum of exponentials of both decoder and posterior in it."""
    for part in subterms(question.term.term):
        if part.head != Operator("log") or part.arguments[0].head != Binder("sum"):
            continue
        opened = _opened(question.term.term, part)
        if opened is None:
            continue
        over, inside, logarithm = opened
        exponent = _exponent(inside)
        if exponent is None or question.kind(exponent) != "mixed":
            continue
        found = _bound(question, -exponent, over)
        return found if found.failure or found.theorem is None else _of_rows(question, found, logarithm)
    return None


def _of_rows(question: Question, bound: Bound, logarithm: TermArray) -> Bound:
    """The bound, with the theorem that the loss is a negative weight times its sum over rows, and a constant."""
    outer = of_one_array(question, logarithm, "bound")
    if outer is None or outer.weight is None:
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
    """The axis of the sum in a logarithm, its body, and the logarithm, in the indices of all axes around it."""

    def search(term: Term, around: tuple[Term, ...]) -> Term | None:
        if term is part:
            return _with_indices(term, around)
        for number, argument in enumerate(term.arguments):
            inner = around
            if term.head.binds(number):
                axis = int(term.arguments[0].head.name[1:])  # pyright: ignore[reportAttributeAccessIssue]
                inner = (index_of(axis), *around)
            if (found := search(argument, inner)) is not None:
                return found
        return None

    found = search(whole, ())
    if found is None:
        return None
    total = found.arguments[0]
    axis = int(total.arguments[0].head.name[1:])  # pyright: ignore[reportAttributeAccessIssue]
    return axis, element(lambda_(1, total.arguments[1]), index_of(axis)), TermArray((), found)


def _with_indices(term: Term, around: tuple[Term, ...]) -> Term:
    """The term with the indices that are bound around it as variables."""
    if not term.loose:
        return term
    levels = around[: term.loose]
    if term.sort.name == "Real":
        return element(lambda_(len(levels), term), *reversed(levels))
    return term


def _exponent(body: Term) -> TermArray | None:
    """The exponent, where a body is an exponential times a number."""
    match body.head, body.arguments:
        case Operator("exp"), (x,):
            return TermArray((), x)
        case Operator("multiply"), (x, y):
            for one, other in ((x, y), (y, x)):
                if not names_in(TermArray((), other)):
                    return _exponent(one)
    return None


def _bound(question: Question, weight: TermArray, over: int) -> Bound:
    inner = replace(question, term=weight)
    objective = identify(inner)
    divergence = objective.group("divergence 0")
    reconstruction = objective.group("reconstruction")
    posterior = question.posteriors[0]
    drawn = posterior.noise
    failure = ""
    witness: Witness | None = None
    theorem: Theorem | None = None
    if divergence is None or reconstruction is None or reconstruction.found is None or objective.theorem is None:
        return Bound(
            weight, objective, over, None, "its weights are not p(x, z) / q(z | x) for a p and q that are known here"
        )
    if over in posterior.axes:
        failure = "it sums weights over rows or coordinates, and not over draws of z"
        witness = _of_two_rows()
    elements = [p for p in elements_of(divergence.body) if p.arguments and p.arguments[0].head == variable_of(p, drawn)]
    if len(elements) != 1:
        return Bound(weight, objective, over, None, "its draws are not those of the sampler")
    eps = TermArray((), elements[0])
    lv = posterior.log_variance
    path = ((posterior.mean + xp.exp(lv / 2) * eps) ** 2 - eps**2 - lv) / 2
    axes = [*divergence.axes, *axes_in(weight.term)]
    try:
        fit = question.values.fit(divergence.body, [path], axes)
    except ReadingError:
        fit = None
    own = reconstruction.found.fit.weights[0]
    if fit is None or not is_number(fit.weights[0], 1) or not is_number(own, 1):
        failure = failure or "its weights are not p(x, z) / q(z | x): the terms in them have other weights"
        known = {"log q(z|x) - log p(z)": fit.weights[0] if fit else None, "-log p(x|z)": own}
        return Bound(weight, objective, over, None, failure, witness or _of_other_weights(question, known))
    try:
        theorem = pointwise(eq(divergence.body, path + fit.constant), path, divergence.body)
    except NoProof as reason:
        failure = failure or str(reason)
    return Bound(weight, objective, over, theorem, failure, witness)


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
