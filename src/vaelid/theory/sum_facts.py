"""Facts on the sums that occur in a statement: sums of sums and multiples, and bounds that hold term by term.

To the solvers ``sum(x + y)`` is a number they know nothing of. They are told that it is ``sum(x) + sum(y)``, and that
it is not negative where ``0 <= x[j] + y[j]`` is proved for every j. All of it is proved by induction on the length.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import cache

from vaelid.readings.terms.arrays import TermArray, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import lambda_, make, shifted
from vaelid.readings.terms.syntax import Binder, Number, Operator, Term, subterms
from vaelid.theory.facts import comparisons, facts_at_each, facts_of_exponents
from vaelid.theory.kernel import NotProved, Theorem
from vaelid.theory.library.sums import sum_add, sum_nonneg, sum_scale
from vaelid.theory.statement import at, eq, every, given, le, ne
from vaelid.theory.tactics import by_induction, for_every, prove, use

__all__ = ["facts_of_sums"]

# Each part is asked of the solvers once, and each ordered pair of leaves: half a minute at most.
_MOST_PARTS, _MOST_LEAVES = 16, 4

n, i = size("n"), size("i")
j = size("any_index")  # it stands beside the names in a claim
_a, _b, _c = variable("a", n), variable("b", n), variable("c")


def _by_induction(statement: Term, *vectors: TermArray) -> Theorem:
    return by_induction(statement, n, vectors)


@cache
def _sum_subtract() -> Theorem:
    return _by_induction(eq(xp.sum(_a - _b), xp.sum(_a) - xp.sum(_b)), _a - _b, _a, _b)


@cache
def _sum_negative() -> Theorem:
    return _by_induction(eq(xp.sum(-_a), -xp.sum(_a)), -_a, _a)


@cache
def _sum_scaled_after() -> Theorem:
    return _by_induction(eq(xp.sum(_a * _c), xp.sum(_a) * _c), _a * _c, _a)


@cache
def _sum_divided() -> Theorem:
    """Not for c = 0: there x / c may be any number, also at an empty sum x = 0."""
    return _by_induction(given(ne(_c, 0), eq(xp.sum(_a / _c), xp.sum(_a) / _c)), _a / _c, _a)


@cache
def _sum_repeated() -> Theorem:
    repeated = xp.broadcast_to(_c, (n,))
    return _by_induction(eq(xp.sum(repeated), _c * real(n)), repeated)


@cache
def _sum_monotone() -> Theorem:
    pointwise = every(i, n, le(at(_a, i), at(_b, i)))
    return _by_induction(given(pointwise, le(xp.sum(_a), xp.sum(_b))), _a, _b)


def facts_of_sums(terms: Iterable[Term], hypotheses: tuple[Term, ...] = ()) -> list[Theorem]:
    """What relates the sums that occur to the sums of their parts, and bounds those whose terms have one sign.

    The terms' signs may depend on `hypotheses`, of which the bounds then speak too.
    """
    found: list[Theorem] = []
    leaves: dict[Term, None] = {}
    waiting = list(dict.fromkeys(p for t in terms for p in subterms(t) if p.head == Binder("sum") and not p.loose))
    seen: set[Term] = set()
    waiting += filter(
        None,
        (_merged(make(Operator("subtract"), *sides)) for pair in comparisons(terms) for sides in (pair, pair[::-1])),
    )
    while waiting and len(seen) < _MOST_PARTS:
        total = waiting.pop(0)
        if total in seen:
            continue
        seen.add(total)
        length, body = total.arguments
        equations, parts = _taken_apart(length, body)
        found += [*equations, *_signs(length, body, hypotheses)]
        waiting += parts
        if not equations:
            leaves[total] = None
    for low, high in itertools.permutations(itertools.islice(leaves, _MOST_LEAVES), 2):
        if low.arguments[0] is high.arguments[0]:
            found += _term_by_term(low, high, hypotheses)
    return found


def _vector(body: Term) -> Term:
    return lambda_(1, body)


def _total(length: Term, body: Term) -> Term:
    return make(Binder("sum"), length, body)


def _taken_apart(length: Term, body: Term) -> tuple[list[Theorem], list[Term]]:
    """The sum of this body by other sums, and those."""
    if not body.loose:
        return [use(_sum_repeated(), c=body, n=length)], []
    match body.head:
        case Operator(name="add" | "subtract" as name):
            left, right = body.arguments
            law = sum_add.theorem if name == "add" else _sum_subtract()
            return [use(law, a=_vector(left), b=_vector(right), n=length)], [_total(length, p) for p in body.arguments]
        case Operator(name="negative"):
            (part,) = body.arguments
            return [use(_sum_negative(), a=_vector(part), n=length)], [_total(length, part)]
        case Operator(name="multiply" | "divide" as name):
            left, right = body.arguments
            scaled: list[tuple[Term, Term, Callable[[], Theorem]]] = [
                (right, left, _sum_divided if name == "divide" else _sum_scaled_after)
            ]
            scaled += [(left, right, lambda: sum_scale.theorem)] if name == "multiply" else []
            for factor, part, law in scaled:
                if not factor.loose:
                    return [use(law(), a=_vector(part), c=factor, n=length)], [_total(length, part)]
    return [], []


def _merged(term: Term) -> Term | None:
    """One sum that is this combination of sums of one length; None of another term."""
    if term.head == Binder("sum"):
        return term
    match term.head:
        case Operator(name="add" | "subtract" | "negative"):
            parts = [_merged(part) for part in term.arguments]
        case Operator(name="multiply" | "divide"):
            parts = [_merged(part) if _sums(part) else part for part in term.arguments]
        case Operator(name="real"):
            return _total(term.arguments[0], make(Number(Fraction(1))))
        case _:
            return None
    sums = [part for part in parts if part is not None and part.head == Binder("sum")]
    lengths = {part.arguments[0] for part in sums}
    if None in parts or len(lengths) != 1 or (term.head.name in ("multiply", "divide") and len(sums) != 1):
        return None
    bodies = [part.arguments[1] if part in sums else shifted(part, 1) for part in parts if part is not None]
    return _total(lengths.pop(), make(term.head, *bodies))


def _sums(term: Term) -> bool:
    """Whether a sum, or the length of one, occurs."""
    return any(part.head in (Binder("sum"), Operator("real")) for part in subterms(term))


def _at(body: Term) -> TermArray:
    """The term that the sum has at the index j."""
    return at(TermArray((n,), body), j)


def _signs(length: Term, body: Term, hypotheses: tuple[Term, ...]) -> Iterator[Theorem]:
    """The sum is at least 0, and at most 0, where each term is."""
    zero = make(Number(Fraction(0)))
    if not_negative := _pointwise(use(sum_nonneg.theorem, a=_vector(body), n=length), le(0, _at(body)), hypotheses):
        yield not_negative
    law = use(_sum_monotone(), a=_vector(body), b=_vector(zero), n=length)
    if not_positive := _pointwise(law, le(_at(body), 0), hypotheses):
        yield from (use(_sum_repeated(), c=zero, n=length), not_positive)


def _term_by_term(low: Term, high: Term, hypotheses: tuple[Term, ...]) -> Iterator[Theorem]:
    """One sum is at most another where each of its terms is."""
    (length, below), above = low.arguments, high.arguments[1]
    law = use(_sum_monotone(), a=_vector(below), b=_vector(above), n=length)
    if bound := _pointwise(law, le(_at(below), _at(above)), hypotheses):
        yield bound


def _pointwise(law: Theorem, goal: Term, hypotheses: tuple[Term, ...]) -> Theorem | None:
    """From 0 <= n -> (for all i < n: P) -> Q: hypotheses and 0 <= n -> Q, where P, which is `goal` at j, is proved.

    No quantifier is left in it: the solvers are slow with those. None where they do not prove P.
    """
    pointwise = given(*hypotheses, goal)
    for facts in (facts_at_each, facts_of_exponents):
        with suppress(NotProved):
            proved = for_every(j, pointwise, facts([pointwise]))
            not_empty, rest = law.statement.arguments
            return prove(given(*hypotheses, not_empty, rest.arguments[1]), [law, proved], unfolding=())
    return None
