"""Laws of exp, log and the absolute value, instantiated at the arguments that occur in given terms.

Terms come in, for instance ``exp(h / 2) * exp(-h)``; theorems go out: exp(h / 2) > 0, exp(h / 2 - h) = exp(h / 2)
exp(-h), and so on. The solvers know nothing of exp and log, and every premise more makes them slower: so they get these
instances, and no law in general.
"""

import itertools
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Operator, Term, free_variables, subterms
from vaelid.spec.arrays import softplus
from vaelid.theory.kernel import NotProved, Theorem
from vaelid.theory.library.definitions import scalar
from vaelid.theory.library.logarithm import exp_pos, log_of_product
from vaelid.theory.statement import eq
from vaelid.theory.tactics import exp_of_sum, prove, use

__all__ = ["about_abs", "about_logits", "laws", "proved_about_abs"]


_MOST_PAIRS = 60
"""The most pairs of exponents at which the law of exp of a sum is stated: they grow as the square of the exponents, and
the solvers give up on that many premises."""


def laws(*terms: Term) -> list[Theorem]:
    """The laws of exp and log at the exponents and logarithms that occur, and at sums of two of them."""
    parts = [part for term in terms for part in subterms(term) if not part.loose]
    exponents = list(dict.fromkeys(p.arguments[0] for p in parts if p.head == Operator("exp")))
    logs = list(dict.fromkeys(p for p in parts if p.head == Operator("log")))
    atoms = [TermArray((), e) for e in dict.fromkeys([*exponents, *logs])]
    pairs = itertools.islice(itertools.combinations_with_replacement(atoms, 2), _MOST_PAIRS)
    theorems = [use("exp_zero"), use("exp_gt_one_plus", x=0)]
    for exponent in atoms:
        theorems += [
            use(exp_pos.theorem, a=exponent),
            use("log_exp", x=exponent),
            use("exp_add", x=exponent, y=-exponent),
        ]
    for one, other in pairs:
        theorems += [use("exp_add", x=one, y=other), use("log_exp", x=one + other)]
    theorems += [use("exp_log", x=TermArray((), log.arguments[0])) for log in logs]
    return list({theorem.statement: theorem for theorem in theorems}.values())


def about_abs(*terms: Term) -> list[Theorem]:
    """For each absolute value |x| that occurs: |x| = x for x >= 0, and |x| = -x for x <= 0."""
    inside = {p.arguments[0] for term in terms for p in subterms(term) if p.head == Operator("abs") and not p.loose}
    return [use(name, x=TermArray((), x)) for x in inside for name in ("abs_pos", "abs_neg")]


def proved_about_abs(goal: Term, prove: Callable[[Term, list[Theorem]], Theorem]) -> Theorem:
    """The goal by `prove`, with facts on absolute values: first on those of numbers only, then on all that occur.

    Every absolute value of a variable doubles the cases that the solvers go through.
    """
    every = about_abs(goal)
    of_numbers = [fact for fact in every if not free_variables(fact.statement)]
    if len(of_numbers) < len(every):
        with suppress(NotProved):
            return prove(goal, of_numbers)
    return prove(goal, every)


# How the usual ways to write a Bernoulli likelihood depend on its logits x: proved once for a variable x, then used at
# every exponent that occurs.


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
    """The lemmas on log(1 + e^x) and log(sigmoid(x)), at every exponent x that occurs, and at -x."""
    exponents = {p.arguments[0] for term in terms for p in subterms(term) if p.head == Operator("exp") and not p.loose}
    found: dict[Term, Theorem] = {}
    for exponent in exponents:
        base = exponent.arguments[0] if exponent.head == Operator("negative") else exponent
        for theorem in (*_log_of_one_plus(), *_log_sigmoid(), _softplus_of_minus()):
            instance = use(theorem, x=TermArray((), base))
            found[instance.statement] = instance
    return list(found.values())
