"""Losses with the gradient of the importance-weighted bound, but not its value.

A question and its formula come in; an `ImportanceWeightedBound` goes out. Example: ``-(w.detach() * log_w).sum()``
with the normalised weights ``w = softmax(log_w)``. With w_k = exp(a_k) / sum exp(a), the slope of log sum exp(a) is the
sum of w_k times the slope of a_k: so this loss, with no gradient through w, has the gradient of the bound (Burda et al.
2016, eq. 14).
"""

from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.lifting.gradients import gradient_agrees
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.question import Question
from vaelid.auditor.recognition.importance_weighted import ImportanceWeightedBound, importance_weighted
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.substitution import make, reindexed
from vaelid.readings.terms.syntax import Binder, Operator, Term, subterms
from vaelid.readings.terms.syntax import Bound as BoundVariable

__all__ = ["OWN_GRADIENT", "bound_in"]


_LOG, _EXP, _NEGATIVE = Operator("log"), Operator("exp"), Operator("negative")


OWN_GRADIENT = (
    "its value is not the bound: it averages log weights with detached normalised weights, which has the gradient of "
    "the bound (compared at the recorded point)"
)
"""What is said of a loss that is not the bound, and has its gradient."""


def bound_in(question: Question, run: Formula) -> ImportanceWeightedBound | None:
    """The importance-weighted bound that a loss is, or whose gradient it has; None if it is neither."""
    if (found := importance_weighted(question)) is not None:
        return found
    surrogate, recorded = _with_logarithms(question.term), _with_logarithms(run.reading.result.element)
    if surrogate is None or recorded is None or not _has_gradient_of(recorded, run):
        return None
    return importance_weighted(question.about(surrogate), OWN_GRADIENT)


def _with_logarithms(term: TermArray) -> TermArray | None:
    """The term with log sum exp(a) for each sum of exp(a) / sum exp(a) * a; None if there is none."""
    known: dict[Term, Term] = {}

    def rebuilt(part: Term) -> Term:
        if part not in known:
            changed = _logarithm(part) if part.head == Binder("sum") else None
            inner = changed or (make(part.head, *map(rebuilt, part.arguments)) if part.arguments else part)
            known[part] = inner
        return known[part]

    found = rebuilt(term.term)
    return None if found is term.term else TermArray((), found)


def _has_gradient_of(term: TermArray, run: Formula) -> bool:
    """Whether the loss has the gradient of a term in its arrays, at the recorded point."""
    reading, returned, names = run.reading, run.recording.returned, names_in(term)
    if returned is None or not reading.result.stops or any(reading.result.dims) or not names <= set(reading.leaves):
        return False
    surrogate = Lifted(reading.result.dims, lambda: term, names)
    return gradient_agrees(surrogate, returned, reading.leaves, reading.axes)


def _logarithm(total: Term) -> Term | None:
    """log sum exp(a), or its negative, for a sum over k of exp(a_k - c) / sum exp(a - c) * a_k, or of that * -1."""
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
    """Whether a product has no minus sign, and its two factors."""
    if body.head == _NEGATIVE:
        sign, factors = _factors(body.arguments[0])
        return not sign, factors
    return True, list(body.arguments) if body.head == Operator("multiply") else []


def _normalised(weight: Term, length: Term) -> Term | None:
    """a_k for a term exp(a_k) / sum over the same axis of exp(a); None for another term."""
    if weight.head != Operator("divide"):
        return None
    above, below = weight.arguments
    if above.head != _EXP or below.head != Binder("sum") or below.arguments[0] is not length:
        return None
    moved = reindexed(above, lambda level: level if level == 0 else level + 1)
    return above.arguments[0] if below.arguments[1] is moved else None


def _shifted_by_constant(exponent: Term, a: Term) -> bool:
    """Whether an exponent is a, or a less a constant along the sum, as logsumexp subtracts the maximum."""
    if exponent is a:
        return True
    if exponent.head != Operator("subtract") or exponent.arguments[0] is not a:
        return False
    return not any(part.head == BoundVariable(0) for part in subterms(exponent.arguments[1]))
