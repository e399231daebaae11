"""A loss taken apart: a theorem that it is a sum of coefficients times sums over named axes, for all their lengths.

The theorems on sums of the library are put together here; the solvers see one level of sums at a time, and in it only
arithmetic. Nothing here is trusted: a wrong step is not proved.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, reduce
from operator import add

from vaelid.auditor.formula.arithmetic import is_number, linear_in, outermost_sums, tidy
from vaelid.auditor.formula.axes_of_terms import index_of, total
from vaelid.auditor.formula.kinds import MIXED, Kind
from vaelid.readings.terms.arrays import TermArray, as_term, index, real, size, variable
from vaelid.readings.terms.formulas import for_all
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import (
    INDEX,
    Binder,
    Number,
    Operator,
    Term,
    Variable,
    abstracted,
    element,
    free_variables,
    lambda_,
    make,
    subterms,
)
from vaelid.theory.kernel import NotProved, Theorem, generalize
from vaelid.theory.library.logarithm import exp_pos
from vaelid.theory.library.sums import sum_add, sum_congruent, sum_constant, sum_scale
from vaelid.theory.statement import at, eq, given, le
from vaelid.theory.tactics import prove, use

__all__ = ["Apart", "NoProof", "Part", "Sum", "added", "apart", "axes_of", "proved", "summed", "under_sums", "value_of"]


class NoProof(NotProved):
    """The solvers do not agree that a formula is right, or it has no form that is looked for."""


@dataclass(frozen=True)
class Sum:
    """A sum over one axis: its number, its length and its body, in the axis' index."""

    axis: int
    length: Term
    body: TermArray

    @classmethod
    def of(cls, term: Term) -> "Sum":
        """The sum that a term is, with the index of its own axis."""
        length = term.arguments[0]
        axis = int(length.head.name[1:])  # pyright: ignore[reportAttributeAccessIssue]
        return cls(axis, length, TermArray((), element(lambda_(1, term.arguments[1]), index_of(axis))))

    @property
    def index(self) -> Variable:
        """The index variable."""
        return index_of(self.axis).head  # pyright: ignore[reportReturnType]


@dataclass(frozen=True)
class Part:
    """A coefficient times a term: a sum, or what has no sum in it."""

    coefficient: TermArray
    term: TermArray


@dataclass(frozen=True)
class Apart:
    """The theorem that a term is the sum of its parts."""

    parts: tuple[Part, ...]
    theorem: Theorem | None
    """None where the term is its one part as it stands."""


def proved(goal: Term, premises: Iterable[Theorem] = (), *, unfold: bool = False) -> Theorem:
    """The goal by the solvers. Raises `NoProof`."""
    try:
        return prove(goal, list(premises), unfolding=None if unfold else ())
    except NoProof:
        raise
    except NotProved as failure:
        said = ", ".join(f"{answer.solver} answers {answer.verdict}" for answer in failure.answers)
        raise NoProof(f"the solvers do not agree that the formula is right ({said})", failure.answers) from None


def value_of(parts: Iterable[Part]) -> TermArray:
    """The sum of the parts."""
    terms = [part.term if is_number(part.coefficient, 1) else part.coefficient * part.term for part in parts]
    return reduce(add, terms) if terms else as_term(0)


def apart(term: TermArray, kind: Callable[[TermArray], Kind], hypotheses: tuple[Term, ...]) -> Apart:
    """The parts of a term: each of one kind, or not to be taken apart."""
    sums = outermost_sums(term.term)
    if not sums:
        return _without_sums(term, kind, hypotheses)
    found = linear_in(term, sums)
    whole = kind(term) is not MIXED and all(part.head != Binder("sum") for part in sums)
    if found is None or whole:
        return Apart((Part(as_term(1), term),), None)
    factors, rest = found
    parts: list[Part] = []
    theorems: list[Theorem] = []
    for factor, inner in zip(factors, sums, strict=True):
        if inner.head != Binder("sum"):
            parts.append(Part(factor, TermArray((), inner)))
            continue
        of_sum = _of_sum(inner, kind, hypotheses)
        for part in of_sum.parts:
            coefficient, same = _tidied(factor * part.coefficient, part.term, hypotheses)
            theorems += [same] if same else []
            if part.term.term.head == Binder("sum") and _has_arrays(coefficient):
                inside, pushed = _pushed(coefficient, part.term.term, hypotheses)
                parts.append(Part(as_term(1), inside))
                theorems.append(pushed)
            else:
                parts.append(Part(coefficient, part.term))
        theorems += [of_sum.theorem] if of_sum.theorem else []
    if not is_number(rest, 0):
        of_rest = _without_sums(rest, kind, hypotheses)
        parts += of_rest.parts
        theorems += [of_rest.theorem] if of_rest.theorem else []
    whole = value_of(parts)
    if whole.term is term.term:
        return Apart(tuple(parts), None)
    return Apart(tuple(parts), proved(given(*hypotheses, eq(term, whole)), theorems))


@cache
def _equal_factors() -> Theorem:
    """u = v -> u s = v s."""
    u, v, s = variable("u"), variable("v"), variable("s")
    return prove(given(eq(u, v), eq(u * s, v * s)))


def _tidied(raw: TermArray, term: TermArray, hypotheses: tuple[Term, ...]) -> tuple[TermArray, Theorem | None]:
    """A coefficient in its simple form; with the theorem, where a length is cancelled, that the products are equal."""
    coefficient = tidy(raw)
    lengths = [sum(_length_count(t.term).values()) for t in (raw, coefficient)]
    if lengths[0] == lengths[1]:
        return coefficient, None
    same = proved(given(*hypotheses, eq(raw, coefficient)))
    scaled = use(_equal_factors(), u=raw, v=coefficient, s=term)
    return coefficient, proved(given(*hypotheses, eq(raw * term, coefficient * term)), [same, scaled])


def _length_count(term: Term) -> Counter[Term]:
    """How often each length stands in a coefficient."""
    if term.head == Operator("real"):
        return Counter([term])
    return reduce(add, (_length_count(part) for part in term.arguments), Counter())


def _has_arrays(term: TermArray) -> bool:
    return any(v.sort is not INDEX for v in free_variables(term.term))


def _pushed(factor: TermArray, term: Term, hypotheses: tuple[Term, ...]) -> tuple[TermArray, Theorem]:
    """A factor times a sum as the sum of its products, down to the innermost sum: with the theorem."""
    over = Sum.of(term)
    theorems = [use(sum_scale.theorem, c=factor, a=_along(over, over.body), n=over.length)]
    product = factor * over.body
    inside = product
    if over.body.term.head == Binder("sum"):
        inside, theorem = _pushed(factor, over.body.term, hypotheses)
        theorems += _equal_sums(over, product, [inside], theorem, hypotheses)
    result = total(inside, over.axis)
    return result, proved(given(*hypotheses, eq(factor * TermArray((), term), result)), theorems)


def _without_sums(term: TermArray, kind: Callable[[TermArray], Kind], hypotheses: tuple[Term, ...]) -> Apart:
    by_kind: dict[Kind, TermArray] = {}
    if kind(term) is MIXED:
        for part in added(term.term):
            by_kind[kind(part)] = by_kind[kind(part)] + part if kind(part) in by_kind else part
    if len(by_kind) < 2:
        return Apart((Part(as_term(1), term),), None)
    parts = tuple(Part(as_term(1), part) for part in by_kind.values())
    inside = (p.arguments[0] for p in subterms(term.term) if p.head == Operator("exp"))
    positive = [use(exp_pos.theorem, a=TermArray((), exponent)) for exponent in inside]  # what may be divided by
    return Apart(parts, proved(given(*hypotheses, eq(term, value_of(parts))), positive))


def added(term: Term) -> list[TermArray]:
    """The terms that a term is the sum of, where a factor in front of a sum is given to each of its terms."""
    match term.head, term.arguments:
        case Operator("add"), (x, y):
            return [*added(x), *added(y)]
        case Operator("subtract"), (x, y):
            return [*added(x), *(-part for part in added(y))]
        case Operator("negative"), (x,):
            return [-part for part in added(x)]
        case Operator("multiply"), (x, y):
            left, right = added(x), added(y)
            if len(left) == 1 or len(right) == 1:
                return [one * other for one in left for other in right]
        case Operator("divide"), (x, y):
            below = TermArray((), y)
            return [part / below for part in added(x)]
        case Operator("log"), (product,) if product.head == Operator("multiply"):
            x, y = product.arguments
            for number, rest in ((x, y), (y, x)):
                if isinstance(number.head, Number) and number.head.value > 0:
                    return [_log(number), *added(_log(rest).term)]
    return [TermArray((), term)]


def _log(term: Term) -> TermArray:
    return TermArray((), make(Operator("log"), term))


def _along(over: Sum, part: TermArray) -> Term:
    """The vector of a part's values along an axis."""
    return lambda_(1, abstracted(part.term, over.index))


def _free_of(over: Sum, term: TermArray) -> bool:
    return over.index not in free_variables(term.term)


def _of_sum(term: Term, kind: Callable[[TermArray], Kind], hypotheses: tuple[Term, ...]) -> Apart:
    over = Sum.of(term)
    inner = apart(over.body, kind, hypotheses)
    if inner.theorem is None and len(inner.parts) == 1 and not _free_of(over, over.body):
        return Apart((Part(as_term(1), TermArray((), term)),), None)
    bodies = [part.term if is_number(part.coefficient, 1) else part.coefficient * part.term for part in inner.parts]
    parts, theorems = [], []
    for part, body in zip(inner.parts, bodies, strict=True):
        found, theorem = _summed_part(over, part, body)
        parts.append(found)
        theorems += theorem
    spread = [_spread(over, body) for body in bodies]
    theorems += _equal_sums(over, over.body, spread, inner.theorem, hypotheses)
    goal = given(*hypotheses, eq(TermArray((), term), value_of(parts)))
    return Apart(tuple(parts), proved(goal, theorems))


def _spread(over: Sum, body: TermArray) -> TermArray:
    """What does not move along the axis as a multiple of 1, as the theorem on such sums has it."""
    return body * as_term(1) if _free_of(over, body) else body


def _summed_part(over: Sum, part: Part, body: TermArray) -> tuple[Part, list[Theorem]]:
    """The sum of one part over the axis: a factor taken out of it, or as often as it is long."""
    if _free_of(over, body):
        return Part(tidy(part.coefficient * real(over.length)), part.term), [
            use(sum_constant.theorem, c=body, n=over.length)
        ]
    if _free_of(over, part.coefficient) and not is_number(part.coefficient, 1):
        scaled = use(sum_scale.theorem, c=part.coefficient, a=_along(over, part.term), n=over.length)
        return Part(part.coefficient, total(part.term, over.axis)), [scaled]
    return Part(as_term(1), total(body, over.axis)), []


@cache
def _congruence(hypotheses: tuple[Term, ...]) -> Theorem:
    """Sums of what is equal under the hypotheses are: about any vectors, so that no index is computed with."""
    n, i = size("n"), size("i")
    a, b = variable("a", n), variable("b", n)
    equal_there = for_all(i.head, given(*hypotheses, eq(at(a, i), at(b, i))))  # pyright: ignore[reportArgumentType]
    goal = given(equal_there, le(index(0), n), *hypotheses, eq(xp.sum(a), xp.sum(b)))
    return prove(goal, [use(sum_congruent.theorem, a=a, b=b, n=n)])


def _equal_sums(
    over: Sum, whole: TermArray, bodies: list[TermArray], theorem: Theorem | None, hypotheses: tuple[Term, ...]
) -> list[Theorem]:
    """What gives: the sum of the whole is the sum of the sums of the bodies."""
    together = reduce(add, bodies)
    theorems: list[Theorem] = []
    if together.term is not whole.term:
        pointwise = proved(given(*hypotheses, eq(whole, together)), [theorem] if theorem else [])
        theorems += [
            generalize(pointwise, over.index),
            use(_congruence(hypotheses), a=_along(over, whole), b=_along(over, together), n=over.length),
        ]
    so_far = bodies[0]
    for body in bodies[1:]:
        theorems.append(use(sum_add.theorem, a=_along(over, so_far), b=_along(over, body), n=over.length))
        so_far = so_far + body
    return theorems


Base = Callable[[TermArray], tuple[list[tuple[TermArray, TermArray]], TermArray, Theorem]]
"""From what is under the sums to (weights and targets), the constant, and the theorem that it is their sum."""


def axes_of(parts: Iterable[Part]) -> list[int]:
    """The axes that the part with most of them sums over, the outermost first."""
    longest: list[int] = []
    for part in parts:
        term, axes = part.term.term, []
        while term.head == Binder("sum"):
            over = Sum.of(term)
            axes.append(over.axis)
            term = over.body.term
        longest = max(longest, axes, key=len)
    return longest


def _sums_over(part: Part, axis: int) -> bool:
    return part.term.term.head == Binder("sum") and Sum.of(part.term.term).axis == axis


def _inside(parts: list[Part], axis: int) -> tuple[Sum, list[Part]]:
    """What is under the sums over an axis. A part that does not sum over it is dealt out, each place its share."""
    over = next((Sum.of(part.term.term) for part in parts if _sums_over(part, axis)), None)
    if over is None:
        raise NoProof("it does not sum over the same axes")
    share = 1 / real(over.length)
    return over, [
        Part(part.coefficient, Sum.of(part.term.term).body)
        if _sums_over(part, axis)
        else Part(tidy(part.coefficient * share), part.term)
        for part in parts
    ]


def under_sums(parts: list[Part], axes: list[int]) -> TermArray:
    """What stands under the sums over these axes, of all the parts together."""
    for axis in axes:
        _, parts = _inside(parts, axis)
    return value_of(parts)


def summed(
    parts: list[Part], axes: list[int], base: Base, hypotheses: tuple[Term, ...]
) -> tuple[list[tuple[TermArray, TermArray]], TermArray, Theorem]:
    """The parts as weights times sums of targets over the axes, and a constant: with the theorem."""
    whole = value_of(parts)
    if not axes:
        return base(whole)
    axis, *rest = axes
    over, inner = _inside(parts, axis)
    weighted, constant, theorem = summed(inner, rest, base, hypotheses)
    left = [part.term if is_number(part.coefficient, 1) else part.coefficient * part.term for part in inner]
    right = [target if is_number(weight, 1) else weight * target for weight, target in weighted]
    if not is_number(constant, 0):
        right.append(constant)
        weighted = [*weighted, (constant, as_term(1))]
    premises = [_summed_part(over, part, body)[1] for part, body in zip(inner, left, strict=True)]
    premises += [
        _summed_part(over, Part(weight, target), body)[1]
        for (weight, target), body in zip(weighted, right, strict=True)
    ]
    left, right = ([_spread(over, body) for body in side] for side in (left, right))
    whole_left = reduce(add, left)
    same = _equal_sums(over, whole_left, right, theorem, hypotheses)
    apart_ = _equal_sums(over, whole_left, left, None, hypotheses)
    totals = []
    for weight, target in weighted:
        if not _free_of(over, weight):
            raise NoProof("its weight is not the same along an axis")
        here = target * real(over.length) if _free_of(over, target) else total(target, axis)
        totals.append((weight, here))
    grown = as_term(0)
    if not is_number(constant, 0):
        totals.pop()
        grown = constant * real(over.length)
    result = [target if is_number(weight, 1) else weight * target for weight, target in totals]
    result += [] if is_number(grown, 0) else [grown]
    goal = given(*hypotheses, eq(whole, reduce(add, result)))
    flat = [theorem for group in premises for theorem in group]
    return totals, grown, proved(goal, [*flat, *same, *apart_])
