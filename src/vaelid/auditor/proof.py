"""The proof that a term is a multiple of a sum of KLs, plus a constant, for all lengths of its axes.

From the inside out: of one coordinate the factor and constant are proposed from values at a few points, and the
solvers prove the identity, given the instances of the laws of exp and log that occur. A sum over an axis follows by
the library's theorems on sums; sums that stand apart are brought together first.
"""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add, mul, sub, truediv

from vaelid.auditor.old_lift import Axis, total
from vaelid.auditor.values import everywhere, value
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, index, real, size
from vaelid.readings.terms.syntax import (
    INDEX,
    REAL,
    Binder,
    Number,
    Operator,
    Term,
    Variable,
    abstracted,
    element,
    free_variables,
    instance,
    lambda_,
    make,
    subterms,
)
from vaelid.theory.kernel import NotProved, Theorem, generalize
from vaelid.theory.library.logarithm import exp_pos
from vaelid.theory.library.sums import sum_add, sum_congruent, sum_constant, sum_scale
from vaelid.theory.statement import eq, given, lt
from vaelid.theory.tactics import prove, use

__all__ = ["Multiple", "NoMultiple", "multiple_of"]

LAWS = 60
"""The most instances of the law of exp of a sum that the solvers are given."""


class NoMultiple(NotProved):
    """No factor and constant fit, or the fit is not proved."""


@dataclass(frozen=True)
class Multiple:
    """`term` = factor * target + constant, by the theorem."""

    target: TermArray
    factor: TermArray
    constant: TermArray
    theorem: Theorem


def multiple_of(term: TermArray, target: TermArray, axes: tuple[Axis, ...]) -> Multiple:
    """The term as a multiple of the target, summed over those of the axes that the term sums over, all positive.

    Raises `NoMultiple`.
    """
    hypotheses = tuple(lt(index(0), a.length) for a in axes)
    return _multiple(term, target, axes, hypotheses)


def _multiple(term: TermArray, target: TermArray, axes: tuple[Axis, ...], hypotheses: tuple[Term, ...]) -> Multiple:
    sums = _outermost_sums(term.term)
    if not sums:
        return _of_one_coordinate(term, target, axes, hypotheses)
    lengths = {found.arguments[0] for found in sums}
    over = next((a for a in axes if lengths == {a.length}), None)
    if over is None:
        raise NoMultiple("sums over different axes stand side by side")
    factors, rest = _linear_in(term, sums)
    bodies = [TermArray((), element(lambda_(1, found.arguments[1]), over.index)) for found in sums]
    scaled = [factor * part for factor, part in zip(factors, bodies, strict=True)]
    body = reduce(add, scaled)
    inner = _multiple(body, target, tuple(a for a in axes if a is not over), hypotheses)
    if over.index.head in free_variables(inner.factor.term) | free_variables(inner.constant.term):
        raise NoMultiple(f"the weight of the KL is not the same along {over.name}")
    whole, constant = total(inner.target, over), inner.constant * real(over.length) + rest
    premises = [*_sum_of(body, inner, over, hypotheses), *_apart(factors, bodies, over)]
    tidy = _tidy(constant)

    def stated(added: TermArray, given_theorems: list[Theorem]) -> Multiple:
        goal = given(*hypotheses, eq(term, inner.factor * whole + added))
        return Multiple(whole, inner.factor, added, _proved(goal, given_theorems))

    if _is(tidy, 0):
        return stated(tidy, premises)
    # in two steps: a product of lengths is hard for the solvers beside the sums
    same = _proved(given(*hypotheses, eq(constant, tidy)), [])
    return stated(tidy, [stated(constant, premises).theorem, same])


def _outermost_sums(term: Term) -> list[Term]:
    """The sums in a term that no other sum is around, each once."""
    found: list[Term] = []
    waiting = [term]
    while waiting:
        part = waiting.pop()
        if part.head == Binder("sum"):
            if part not in found:
                found.append(part)
        else:
            waiting += part.arguments
    return found


def _linear_in(term: TermArray, sums: list[Term]) -> tuple[list[TermArray], TermArray]:
    """Factors and rest, with term = sum of factor * sum + rest if it is linear in the sums; the proof will tell."""
    names = [Variable(f"sum_{k}", REAL) for k in range(len(sums))]
    replaced = _with_variables(term.term, dict(zip(sums, names, strict=True)))

    def at(values: Iterable[int]) -> TermArray:
        numbers = {name: as_term(value).term for name, value in zip(names, values, strict=True)}
        return _simple(TermArray((), instance(replaced, numbers)))

    rest = at([0] * len(sums))
    units = [[int(k == j) for j in range(len(sums))] for k in range(len(sums))]
    return [at(unit) if _is(rest, 0) else at(unit) - rest for unit in units], rest


def _with_variables(term: Term, names: dict[Term, Variable]) -> Term:
    if term in names:
        return make(names[term])
    return make(term.head, *(_with_variables(part, names) for part in term.arguments)) if term.arguments else term


def _is(term: TermArray, value: int) -> bool:
    return term.term is as_term(value).term


_ARITHMETIC = {"add": add, "subtract": sub, "multiply": mul, "divide": truediv}
_NEUTRAL = {"add": 0, "subtract": 0, "multiply": 1, "divide": 1}


def _simple(term: TermArray) -> TermArray:
    """The term without sums with 0, products with 0 and 1, and arithmetic between numbers."""
    return TermArray((), _simplified(term.term))


def _simplified(term: Term) -> Term:
    if term.sort is not REAL or not isinstance(term.head, Operator) or not term.arguments:
        return term
    parts = [_simplified(argument) for argument in term.arguments]
    numbers = [part.head.value if isinstance(part.head, Number) and part.sort is REAL else None for part in parts]
    match term.head.name, numbers:
        case "negative", [Fraction() as a]:
            return as_term(-a).term
        case ("add" | "subtract" | "multiply" | "divide") as name, [Fraction() as a, Fraction() as b] if (name, b) != (
            "divide",
            0,
        ):
            return as_term(_ARITHMETIC[name](a, b)).term
        case ("multiply", [0, _]) | ("multiply", [_, 0]) | ("divide", [0, _]):
            return as_term(0).term
        case ("add" | "multiply") as name, [a, _] if a == _NEUTRAL[name]:
            return parts[1]
        case ("add" | "subtract" | "multiply" | "divide") as name, [_, b] if b == _NEUTRAL[name]:
            return parts[0]
    return make(term.head, *parts)


def _tidy(constant: TermArray) -> TermArray:
    """A constant in lengths as a number times a product of them, where it is one at a few lengths."""
    lengths = _lengths(constant)
    try:
        return _monomial([_simplest(float(value(constant, {}, sizes))) for sizes in _sizes(lengths)], lengths)
    except NoMultiple:
        return _simple(constant)


def _along(over: Axis, part: TermArray) -> Term:
    """The vector of a part's values along an axis."""
    return lambda_(1, abstracted(part.term, over.index.head))  # pyright: ignore[reportArgumentType]


def _sum_of(body: TermArray, inner: Multiple, over: Axis, hypotheses: tuple[Term, ...]) -> list[Theorem]:
    """The sum of the body is the factor times the sum of the inner target, plus the constant as often as it is long."""
    scaled, constants = inner.factor * inner.target, inner.constant * 1
    both = scaled + constants

    pointwise = generalize(
        prove(given(*hypotheses, eq(body, both)), [inner.theorem], unfolding=()),
        over.index.head,  # pyright: ignore[reportArgumentType]
    )
    return [
        pointwise,
        use(sum_congruent.theorem, a=_along(over, body), b=_along(over, both), n=over.length),
        use(sum_add.theorem, a=_along(over, scaled), b=_along(over, constants), n=over.length),
        use(sum_scale.theorem, c=inner.factor, a=_along(over, inner.target), n=over.length),
        use(sum_constant.theorem, c=inner.constant, n=over.length),
    ]


def _apart(factors: list[TermArray], bodies: list[TermArray], over: Axis) -> list[Theorem]:
    """The sum of the body is the sum of its parts, each with its factor before it."""
    pairs = list(zip(factors, bodies, strict=True))
    theorems = [use(sum_scale.theorem, c=factor, a=_along(over, part), n=over.length) for factor, part in pairs]
    so_far = pairs[0][0] * pairs[0][1]
    for factor, part in pairs[1:]:
        theorems.append(use(sum_add.theorem, a=_along(over, so_far), b=_along(over, factor * part), n=over.length))
        so_far = so_far + factor * part
    return theorems


def _of_one_coordinate(
    term: TermArray, target: TermArray, axes: tuple[Axis, ...], hypotheses: tuple[Term, ...]
) -> Multiple:
    """Proved without laws where that is enough: more premises are harder for the solvers."""
    factor, constant = _proposed(term, target)
    goal = given(*hypotheses, eq(term, factor * target + constant))
    try:
        theorem = _proved(goal, [], unfold=True)
    except NoMultiple:
        theorem = _proved(goal, _laws(term.term, target.term), unfold=True)
    return Multiple(target, factor, constant, theorem)


def _proved(goal: Term, premises: list[Theorem], *, unfold: bool = False) -> Theorem:
    try:
        return prove(goal, premises, unfolding=None if unfold else ())
    except NotProved as failure:
        said = ", ".join(f"{answer.solver} answers {answer.verdict}" for answer in failure.answers)
        raise NoMultiple(f"the solvers do not agree that the formula is right ({said})", failure.answers) from None


def _laws(*terms: Term) -> list[Theorem]:
    """Instances of the laws of exp and log at what occurs in the terms."""
    parts = [part for term in terms for part in subterms(term) if not part.loose]
    exponents = list(dict.fromkeys(p.arguments[0] for p in parts if p.head == Operator("exp")))
    logs = list(dict.fromkeys(p for p in parts if p.head == Operator("log")))
    atoms = [TermArray((), e) for e in dict.fromkeys([*exponents, *logs])]
    pairs = itertools.islice(itertools.combinations_with_replacement(atoms, 2), LAWS)
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


_POINTS = [(Fraction(1, 2), Fraction(1, 3)), (Fraction(-2), Fraction(-1)), (Fraction(3, 2), Fraction(2))]


def _proposed(term: TermArray, target: TermArray) -> tuple[TermArray, TermArray]:
    """Factor and constant at a few points, as numbers times products of lengths. Proposed, not proved."""
    lengths = _lengths(term)
    pairs = [_at_sizes(term, target, sizes) for sizes in _sizes(lengths)]
    return _monomial([factor for factor, _ in pairs], lengths), _monomial([constant for _, constant in pairs], lengths)


def _lengths(term: TermArray) -> list[str]:
    return sorted(v.name for v in free_variables(term.term) if v.sort is INDEX and v.name.isupper())


def _sizes(lengths: list[str]) -> list[dict[str, int]]:
    """All lengths 1, and each in turn 2."""
    return [{}, *({length: 2} for length in lengths)]


def _at_sizes(term: TermArray, target: TermArray, sizes: dict[str, int]) -> tuple[Fraction, Fraction]:
    def at(point: tuple[Fraction, Fraction]) -> list[float]:
        mu, spread = map(everywhere, point)
        arrays = {"mu": mu, "logvar": spread, "logstd": spread}
        return [float(value(t, arrays, sizes)) for t in (term, target)]

    try:
        (t0, k0), (t1, k1), (t2, k2) = map(at, _POINTS)
    except (ZeroDivisionError, ReadingError) as error:
        raise NoMultiple(f"the formula has no value at a test point: {error}") from None
    factor = (t1 - t0) / (k1 - k0)
    if abs(t2 - t0 - factor * (k2 - k0)) > 1e-9 * (1 + abs(t2) + abs(t0)):
        raise NoMultiple("no factor makes it the KL")
    return _simplest(factor), _simplest(t0 - factor * k0)


def _simplest(value: float) -> Fraction:
    for denominator in (1, 1000, 10**6):
        found = Fraction(value).limit_denominator(denominator)
        if abs(found - Fraction(value)) < Fraction(1, 10**10) * (1 + abs(found)):
            return found
    raise NoMultiple(f"the number {value:.12g} is not recognised as a rational number")


def _monomial(values: list[Fraction], lengths: list[str]) -> TermArray:
    """The number c times lengths to whole powers with the first value at lengths of 1, the others at one of 2."""
    first, *others = values
    result = as_term(first)
    for found, length in zip(others, lengths, strict=True):
        if found == first:
            continue
        power = math.log2(found / first) if found * first > 0 else 0.5
        if not power.is_integer():
            raise NoMultiple("a factor or constant that is no product of lengths")
        for _ in range(abs(int(power))):
            result = result * real(size(length)) if power > 0 else result / real(size(length))
    return result
