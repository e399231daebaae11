"""Facts on exp, log, abs and pi for the solvers: instances of the axioms, and of what follows, at terms that occur.

The solvers know nothing of these functions. They are told, for instance of ``log(x)``, that ``exp(log(x)) = x`` for
0 < x. All here are theorems of the kernel: a fact that is badly chosen wastes time, and is still true.
"""

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache

from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Number, Operator, Power, Term, subterms
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.definitions import scalar
from vaelid.theory.library.logarithm import exp_pos
from vaelid.theory.statement import eq, given, le, lt
from vaelid.theory.tactics import exp_of_sum, prove, use

__all__ = ["comparisons", "facts_at_each", "facts_of_exponents"]

# Pairs are compared with each other, so these facts grow with the square of the number of exponents.
_MOST_EXPONENTS = 9
# exp(5 x / 3) is compared with exp(x) through cubes and fifth powers; z3 and cvc5 are slow from about tenth powers on.
_HIGHEST_POWER = 8

_a, _b, _u, _v = (scalar(name) for name in "abuv")


@cache
def _exp_of_negative() -> Theorem:
    return prove(eq(xp.exp(-_a) * xp.exp(_a), 1), [*exp_of_sum(-_a, _a), use("exp_zero")])


@cache
def _exp_of_difference() -> Theorem:
    return prove(eq(xp.exp(_a - _b) * xp.exp(_b), xp.exp(_a)), exp_of_sum(_a - _b, _b))


@cache
def _exp_of_multiple(factor: int) -> Theorem:
    return prove(eq(xp.exp(factor * _a), xp.exp(_a) ** factor), exp_of_sum(*[_a] * factor))


@cache
def _exp_increasing() -> Theorem:
    facts = [use("exp_gt_one_plus", x=_b - _a), use(exp_pos.theorem, a=_a), *exp_of_sum(_a, _b - _a)]
    return prove(given(lt(_a, _b), lt(xp.exp(_a), xp.exp(_b))), facts)


@cache
def _log_below() -> Theorem:
    facts = [use("exp_log", x=_u), use("exp_gt_one_plus", x=xp.log(_u)), use("exp_zero")]
    return prove(given(lt(0, _u), le(xp.log(_u), _u - 1)), facts)


@cache
def _log_of_product() -> Theorem:
    logs = xp.log(_u), xp.log(_v)
    facts = [use("exp_log", x=_u), use("exp_log", x=_v), *exp_of_sum(*logs), use("log_exp", x=logs[0] + logs[1])]
    return prove(given(lt(0, _u), lt(0, _v), eq(xp.log(_u * _v), logs[0] + logs[1])), facts)


@cache
def _log_of_quotient() -> Theorem:
    parts = xp.log(_u / _v), xp.log(_v)
    return prove(
        given(lt(0, _u), lt(0, _v), eq(parts[0], xp.log(_u) - parts[1])), [use(_log_of_product(), u=_u / _v, v=_v)]
    )


def _arguments(operator: str, terms: Iterable[Term]) -> list[Term]:
    """The arguments of this function that occur, without those that stand under a sum: they are no one number."""
    found = (part for term in terms for part in subterms(term) if part.head == Operator(operator) and not part.loose)
    return list(dict.fromkeys(part.arguments[0] for part in found))


def facts_at_each(terms: Iterable[Term]) -> list[Theorem]:
    """What holds of each exp, log, abs and pi that occurs, taken alone."""
    terms = list(terms)
    found: list[Theorem] = []
    for x in _arguments("exp", terms):
        found += [use("exp_gt_one_plus", x=x), use(exp_pos.theorem, a=x)]
        found += [use("exp_log", x=x.arguments[0])] if x.head == Operator("log") else []
    for u in _arguments("log", terms):
        found += [use("exp_log", x=u), use(_log_below(), u=u)]
        found += [use("log_exp", x=u.arguments[0])] if u.head == Operator("exp") else []
    if found:
        found += [use("exp_zero"), use("log_exp", x=0)]
    for x in _arguments("abs", terms):
        found += [use("abs_pos", x=x), use("abs_neg", x=x)]
    if any(part.head == Operator("pi") for term in terms for part in subterms(term)):
        found.append(use("pi_pos"))
    return found


def facts_of_exponents(terms: Iterable[Term], *, every_pair: bool = True) -> list[Theorem]:
    """What relates the exponentials and logarithms that occur to each other.

    A logarithm u is treated as the exponent of e^u, and so are both sides of a comparison in which one occurs: L <= R
    is then shown by e^L <= e^R. Exponents that are sums, differences or multiples are taken apart. Any two exponents
    are compared, or without `every_pair` only the sides of each comparison.
    """
    terms = list(terms)
    logs = _arguments("log", terms)
    compared = [pair for pair in comparisons(terms) if _arguments("log", pair)]
    sides = list(itertools.chain(*compared))
    waiting = [*sides, *_arguments("exp", terms), *(make(Operator("log"), u) for u in logs)]
    if not waiting:
        return []
    exponents: dict[Term, None] = {make(Number(Fraction(0))): None}
    found: list[Theorem] = [theorem for u in logs for theorem in _facts_of_log(u)]
    while waiting and len(exponents) < _MOST_EXPONENTS:
        exponent = waiting.pop(0)
        if exponent in exponents:
            continue
        exponents[exponent] = None
        found += [use("exp_gt_one_plus", x=exponent), use(exp_pos.theorem, a=exponent)]
        equations, parts = _taken_apart(exponent)
        found += equations
        waiting += [part for part in parts if _constant(part) is None]
    pairs = itertools.combinations(exponents, 2) if every_pair else compared
    found += [use(_exp_increasing(), a=a, b=b) for x, y in pairs for a, b in ((x, y), (y, x))]
    return found


def comparisons(terms: Iterable[Term]) -> list[tuple[Term, ...]]:
    """The two sides of each comparison of real numbers that occurs."""
    signs = (Operator("equal"), Operator("less"), Operator("less_equal"))
    parts = (part for term in terms for part in subterms(term) if part.head in signs and not part.loose)
    return [part.arguments for part in parts if part.arguments[0].sort is REAL]


def _facts_of_log(u: Term) -> Iterator[Theorem]:
    log = make(Operator("log"), u)
    minus = make(Operator("negative"), log)
    yield from (use("exp_gt_one_plus", x=minus), use(_exp_of_negative(), a=log))  # 1 - 1/u <= log(u)
    match u.head:
        case Operator(name="multiply"):
            yield use(_log_of_product(), u=u.arguments[0], v=u.arguments[1])
        case Operator(name="divide"):
            yield use(_log_of_quotient(), u=u.arguments[0], v=u.arguments[1])
        case Operator(name="exp"):
            yield use("log_exp", x=u.arguments[0])


def _taken_apart(exponent: Term) -> tuple[list[Theorem], tuple[Term, ...]]:
    """e^exponent by the exponentials of its parts, and these parts."""
    head, parts = exponent.head, exponent.arguments
    match head:
        case Operator(name="add"):
            return [use("exp_add", x=parts[0], y=parts[1])], parts
        case Operator(name="subtract"):
            return [use(_exp_of_difference(), a=parts[0], b=parts[1])], parts
        case Operator(name="negative"):
            return [use(_exp_of_negative(), a=parts[0])], parts
        case Operator(name="log"):
            return [use("exp_log", x=parts[0])], ()
        case Operator(name="multiply" | "divide"):
            return _multiple(exponent)
    return [], ()


def _multiple(exponent: Term) -> tuple[list[Theorem], tuple[Term, ...]]:
    """For w = (p / q) x: e^(q w) is (e^w)^q, e^(|p| x) is (e^x)^|p|, and they are equal, or each other's inverse."""
    left, right = exponent.arguments
    factor, part = _constant(left), right
    if exponent.head == Operator("divide"):
        divisor, part = _constant(right), left
        factor = 1 / divisor if divisor else None
    elif factor is None:
        factor, part = _constant(right), left
    if not factor or max(abs(factor.numerator), factor.denominator) > _HIGHEST_POWER:
        return [], ()
    powers = [
        use(_exp_of_multiple(factor.denominator), a=exponent),
        use(_exp_of_multiple(abs(factor.numerator)), a=part),
    ]
    if factor < 0:
        times = TermArray((), part) * abs(factor.numerator)
        powers += [use(_exp_of_negative(), a=abs(factor.numerator) * TermArray((), part)), *exp_of_sum(-times, times)]
    return powers, (part,)


def _constant(term: Term) -> Fraction | None:
    """The value of a term that is made of numbers; None of another."""
    match term.head:
        case Number(value=value, sort=sort) if sort is REAL:
            return value
        case Operator(name="negative"):
            inside = _constant(term.arguments[0])
            return None if inside is None else -inside
        case Operator(name="divide"):
            above, below = map(_constant, term.arguments)
            return above / below if above is not None and below else None
        case Power():
            return None
    return None
