"""From a standard deviation to a log-variance, the form in which a posterior is compared with the formulas of KLs.

The element of a deviation comes in, as the code has it; its log-variance goes out. Example: that of ``exp(h / 2)`` is
``h``; that of ``softplus(h)`` is ``2 t``, where e^t is written for the deviation.
"""

from vaelid.auditor.formula.arithmetic import simple, tidy, without_number
from vaelid.auditor.formula.axes_of_terms import axes_in, element_of
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Number, Operator, Power, Term

__all__ = ["log_variance_of"]


def log_variance_of(deviation: TermArray, name: str) -> tuple[TermArray, TermArray | None]:
    """The log-variance of a deviation, and the term that has to be positive for it, if there is one.

    ``exp(h / 2)`` gives ``h`` and None. A deviation s that is no exponential gives ``2 * name`` and s: wherever s
    occurs, e to the array `name` is to be written. An even power is that of what a KL may have in it, as of a variance
    that is used for a deviation: ``softplus(h)^2`` gives ``4 * name`` and ``softplus(h)``.
    """
    term = _positive(tidy(deviation)).term
    if isinstance(term.head, Number) and term.head.value > 0:
        return (as_term(0) if term.head.value == 1 else 2 * xp.log(TermArray((), term))), None
    base, exponent = _as_power(term)
    if exponent and exponent % 2 == 0:  # of an odd one what is positive is the whole: the base may have either sign
        log_variance, positive = log_variance_of(base, name)
        return simple(exponent * log_variance), positive
    log_variance = _twice(term.arguments[0]) if term.head == Operator("exp") else None
    if log_variance is None:
        number, core = without_number(term)
        if core.head == Operator("exp") and (inside := _twice(core.arguments[0])) is not None and number != 1:
            return inside + 2 * xp.log(as_term(number)), None
        log_deviation = 2 * element_of(name, axes_in(core))
        return (log_deviation if number == 1 else log_deviation + 2 * xp.log(as_term(number))), TermArray((), core)
    if log_variance.term.head == Operator("log") and not isinstance(log_variance.term.arguments[0].head, Number):
        positive = log_variance.term.arguments[0]
        return element_of(name, axes_in(positive)), TermArray((), positive)
    return log_variance, None


def _as_power(term: Term) -> tuple[TermArray, int]:
    """What a term is a power of, and which: s and 2 for s^2, also as s * s."""
    match term.head, term.arguments:
        case Power(exponent=exponent), (base,):
            return TermArray((), base), exponent
        case Operator("multiply"), (x, y) if x is y:
            return TermArray((), x), 2
    return TermArray((), term), 1


def _positive(term: TermArray) -> TermArray:
    """The term without a sign in front: -s * eps has the same law as s * eps."""
    if isinstance(term.term.head, Number) and term.term.head.value < 0:
        return as_term(-term.term.head.value)
    if term.term.head == Operator("negative"):
        return _positive(TermArray((), term.term.arguments[0]))
    if term.term.head == Operator("multiply"):
        x, y = (TermArray((), part) for part in term.term.arguments)
        for one, other in ((x, y), (y, x)):
            if isinstance(one.term.head, Number) and one.term.head.value < 0:
                return _positive(simple(-one * other) if one is x else simple(other * simple(-one)))
        left = _positive(x)
        return left * y if left.term is not x.term else term
    return term


def _twice(exponent: Term) -> TermArray:
    """2 t, simplified: h for t = h / 2."""
    match exponent.head, exponent.arguments:
        case Operator("multiply"), (x, y):
            for one, other in ((x, y), (y, x)):
                if isinstance(one.head, Number):
                    return simple(TermArray((), one) * 2 * TermArray((), other))
        case Operator("divide"), (x, y) if isinstance(y.head, Number):
            return simple(TermArray((), x) * (2 / TermArray((), y)))
    return 2 * TermArray((), exponent)
