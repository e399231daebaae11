"""What the usual ways to write a Bernoulli likelihood have to do with its logits: proved once, used at what occurs."""

from functools import cache

from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Operator, Term, subterms
from vaelid.spec.arrays import softplus
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.definitions import scalar
from vaelid.theory.library.logarithm import exp_pos, log_of_product
from vaelid.theory.statement import eq
from vaelid.theory.tactics import exp_of_sum, prove, use

__all__ = ["about_logits"]

_x = scalar("x")
_sigmoid = 1 / (1 + xp.exp(-_x))


def _basics() -> list[Theorem]:
    positive = [use(exp_pos.theorem, a=a) for a in (_x, -_x)]
    return [*positive, use("exp_zero"), *exp_of_sum(_x, -_x)]


@cache
def _softplus_of_minus() -> Theorem:
    """log(1 + e^-x) = softplus(x) - x, in the form of softplus(-x)."""
    product = use(log_of_product.theorem, a=-_x, u=xp.exp(_x) + xp.exp(as_term(0)))
    return prove(eq(softplus(-_x), softplus(_x) - _x), [product, *_basics()])


@cache
def _log_of_one_plus() -> tuple[Theorem, Theorem]:
    """log(1 + e^x) and log(1 + e^-x), however they are written."""
    minus = _softplus_of_minus()
    return (
        prove(eq(xp.log(1 + xp.exp(_x)), softplus(_x)), _basics()),
        prove(eq(xp.log(1 + xp.exp(-_x)), softplus(_x) - _x), [minus, *_basics()]),
    )


@cache
def _log_sigmoid() -> tuple[Theorem, Theorem]:
    """log(sigmoid(x)) = x - softplus(x), and log(1 - sigmoid(x)) = -softplus(x)."""
    log = softplus(_x)
    down, up = xp.exp(-log), xp.exp(_x - log)
    inside = xp.exp(_x) + xp.exp(as_term(0))
    facts = [
        *_basics(),
        use("exp_log", x=inside),
        *exp_of_sum(log, -log),
        *exp_of_sum(_x, -log),
        use(exp_pos.theorem, a=-log),
    ]
    as_exp = prove(eq(_sigmoid, up), facts)
    rest_as_exp = prove(eq(1 - _sigmoid, down), [as_exp, *facts])
    return (
        prove(eq(xp.log(_sigmoid), _x - log), [as_exp, use("log_exp", x=_x - log)]),
        prove(eq(xp.log(1 - _sigmoid), -log), [rest_as_exp, use("log_exp", x=-log)]),
    )


def about_logits(*terms: Term) -> list[Theorem]:
    """The lemmas at every exponent that occurs in the terms, and at its negative."""
    exponents = {p.arguments[0] for term in terms for p in subterms(term) if p.head == Operator("exp") and not p.loose}
    found: dict[Term, Theorem] = {}
    for exponent in exponents:
        base = exponent.arguments[0] if exponent.head == Operator("negative") else exponent
        for theorem in (*_log_of_one_plus(), *_log_sigmoid(), _softplus_of_minus()):
            instance = use(theorem, x=TermArray((), base))
            found[instance.statement] = instance
    return list(found.values())
