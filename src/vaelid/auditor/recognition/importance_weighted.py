"""The importance-weighted bound: -log of the mean over draws of p(x, z) / q(z | x) (Burda et al. 2016, equation 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated, wrong_sign
from vaelid.auditor.formula.arithmetic import is_number
from vaelid.auditor.formula.axes_of_terms import axes_in, elements_of, index_of, names_in, variable_of
from vaelid.auditor.formula.in_balls import in_ball
from vaelid.auditor.formula.kinds import MIXED, Divergence, Reconstruction
from vaelid.auditor.lifting.gradients import gradient_agrees
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.pointwise import pointwise
from vaelid.auditor.proofs.sums import NoProof
from vaelid.auditor.recognition.fit import fitted
from vaelid.auditor.recognition.objective import Objective, identify, of_one_array
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Binder, Operator, Term, element, lambda_, make, reindexed, subterms
from vaelid.readings.terms.syntax import Bound as BoundVariable
from vaelid.theory.kernel import Theorem
from vaelid.theory.statement import eq

__all__ = ["Bound", "bound_in", "importance_weighted"]


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
        if exponent is None or question.kind(exponent) is not MIXED:
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
    divergence = objective.group(Divergence(0))
    reconstruction = objective.group(Reconstruction())
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
        fit = fitted(question.values, divergence.body, [path], axes)
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


# Log weights averaged with their own normalised weights, detached: the gradient of the logarithm of a mean weight.
#
# With w_k = exp(a_k) / sum exp(a), the slope of log sum exp(a) is sum w_k times the slope of a_k: so the sum of w_k
# a_k, no gradient going back through w, has the gradient of the importance-weighted bound, and not its value (Burda et
# al. 2016, equation 14).


_LOG, _EXP, _NEGATIVE = Operator("log"), Operator("exp"), Operator("negative")


_NOTE = (
    "its value is not the bound: it averages log weights with detached normalised weights, which has the gradient of "
    "the bound (compared at the recorded point)"
)


def bound_in(question: Question, run: Formula) -> Bound | None:
    """The importance-weighted bound that a loss is, or has the gradient of."""
    if (found := importance_weighted(question)) is not None:
        return found
    surrogate, recorded = _with_logarithms(question.term), _with_logarithms(run.reading.result.element)
    if surrogate is None or recorded is None or not _has_gradient_of(recorded, run.reading, run.recording):
        return None
    found = importance_weighted(replace(question, term=surrogate))
    return found and replace(found, note=_NOTE)


def _with_logarithms(term: TermArray) -> TermArray | None:
    """The term with log sum exp(a) for each sum of exp(a) / sum exp(a) * a; None where there is none."""
    known: dict[Term, Term] = {}

    def rebuilt(part: Term) -> Term:
        if part not in known:
            changed = _logarithm(part) if part.head == Binder("sum") else None
            inner = changed or (make(part.head, *map(rebuilt, part.arguments)) if part.arguments else part)
            known[part] = inner
        return known[part]

    found = rebuilt(term.term)
    return None if found is term.term else TermArray((), found)


def _has_gradient_of(term: TermArray, reading: Reading, recording: Recording) -> bool:
    """Whether the loss has the gradient of a term in its leaves, at the recorded point."""
    names = names_in(term)
    if not reading.result.stops or any(reading.result.dims) or not names <= set(reading.leaves):
        return False
    surrogate = replace(reading.result, make_element=lambda: term, leaves=names)
    return gradient_agrees(surrogate, recording.returned, reading.leaves, reading.axes)


def _logarithm(total: Term) -> Term | None:
    """log sum exp(a), with its sign, for a sum over k of exp(a_k - c) / sum exp(a - c) * a_k, or of -a_k."""
    length, body = total.arguments
    sign, factors = _factors(body)
    for weight, a in (factors, factors[::-1]) if len(factors) == 2 else ():
        exponent = _normalised(weight, length)
        if exponent is None:
            continue
        while a.head == _NEGATIVE and exponent is not a:
            if _shifted_by_constant(exponent, a):
                break
            sign, a = not sign, a.arguments[0]
        if _shifted_by_constant(exponent, a):
            found = make(_LOG, make(Binder("sum"), length, make(_EXP, a)))
            return found if sign else make(_NEGATIVE, found)
    return None


def _factors(body: Term) -> tuple[bool, list[Term]]:
    """Whether a product has no sign in front, and its two factors."""
    if body.head == _NEGATIVE:
        sign, factors = _factors(body.arguments[0])
        return not sign, factors
    return True, list(body.arguments) if body.head == Operator("multiply") else []


def _normalised(weight: Term, length: Term) -> Term | None:
    """a, where a term is exp(a_k) / sum over the same axis of exp(a)."""
    if weight.head != Operator("divide"):
        return None
    above, below = weight.arguments
    if above.head != _EXP or below.head != Binder("sum") or below.arguments[0] is not length:
        return None
    moved = reindexed(above, lambda level: level if level == 0 else level + 1)
    return above.arguments[0] if below.arguments[1] is moved else None


def _shifted_by_constant(exponent: Term, a: Term) -> bool:
    """Whether an exponent is a, less what is the same for the whole sum."""
    if exponent is a:
        return True
    if exponent.head != Operator("subtract") or exponent.arguments[0] is not a:
        return False
    return not any(part.head == BoundVariable(0) for part in subterms(exponent.arguments[1]))
