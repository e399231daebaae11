"""A loss is decomposed: a theorem says that it is a sum of coefficients times sums, each of one kind.

A term and the kind of every part of it come in; the parts and the theorem go out. Example: ``sum over i of (x[i] -
y[i])^2 / N + mu[i]^2`` becomes ``1/N * sum (x[i] - y[i])^2``, a reconstruction, and ``sum mu[i]^2``, a divergence.

The lemmas on sums of the library are put together here; the solvers see one level of sums at a time, and in it only
arithmetic. Nothing here is trusted: a wrong step is not proved.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, reduce
from operator import add

from vaelid.auditor.formula.arithmetic import is_number, linear_in, outermost_sums, tidy
from vaelid.auditor.formula.axes_of_terms import total
from vaelid.auditor.formula.kinds import MIXED, Kind
from vaelid.auditor.proofs.obligations import proved
from vaelid.auditor.proofs.sum_laws import equal_sums, part_of_sum, times_one
from vaelid.auditor.proofs.sums import Part, Sum, added, value_of
from vaelid.readings.terms.arrays import TermArray, as_term, variable
from vaelid.readings.terms.syntax import INDEX, Binder, Operator, Term, free_variables, subterms
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.logarithm import exp_pos
from vaelid.theory.library.sums import sum_scale
from vaelid.theory.statement import eq, given
from vaelid.theory.tactics import prove, use

__all__ = ["Decomposition", "decomposed"]


@dataclass(frozen=True)
class Decomposition:
    """A term is the sum of its parts.

    Attributes:
        parts: the addends.
        theorem: that equation; None where the only part is the term as it stands.
    """

    parts: tuple[Part, ...]
    theorem: Theorem | None


KindOf = Callable[[TermArray], Kind]


def decomposed(term: TermArray, kind: KindOf, hypotheses: tuple[Term, ...]) -> Decomposition:
    """The parts of a term, each of one kind where the term can be split so. Raises `NoProof`.

    `hypotheses`: what may be used of the lengths, for instance ``0 < N3``.
    """
    sums = outermost_sums(term.term)
    if not sums:
        return _without_sums(term, kind, hypotheses)
    found = linear_in(term, sums)
    # A function of sums that is not linear (a logarithm of a sum) and has one kind is one part as it is.
    indivisible = kind(term) is not MIXED and all(part.head != Binder("sum") for part in sums)
    if found is None or indivisible:
        return Decomposition((Part(as_term(1), term),), None)
    factors, rest = found
    parts: list[Part] = []
    theorems: list[Theorem] = []
    for factor, inner in zip(factors, sums, strict=True):
        its_parts, its_theorems = _of_factor_and_sum(factor, inner, kind, hypotheses)
        parts += its_parts
        theorems += its_theorems
    if not is_number(rest, 0):
        of_rest = _without_sums(rest, kind, hypotheses)
        parts += of_rest.parts
        theorems += [of_rest.theorem] if of_rest.theorem else []
    whole = value_of(parts)
    if whole.term is term.term:
        return Decomposition(tuple(parts), None)
    return Decomposition(tuple(parts), proved(given(*hypotheses, eq(term, whole)), theorems))


def _of_factor_and_sum(
    factor: TermArray, inner: Term, kind: KindOf, hypotheses: tuple[Term, ...]
) -> tuple[list[Part], list[Theorem]]:
    """The parts of `factor` * `inner`, and the theorems that they are."""
    if inner.head != Binder("sum"):
        return [Part(factor, TermArray((), inner))], []
    of_sum = _of_sum(inner, kind, hypotheses)
    parts: list[Part] = []
    theorems: list[Theorem] = []
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
    return parts, theorems


@cache
def _equal_factors() -> Theorem:
    """u = v -> u s = v s."""
    u, v, s = variable("u"), variable("v"), variable("s")
    return prove(given(eq(u, v), eq(u * s, v * s)))


def _tidied(raw: TermArray, term: TermArray, hypotheses: tuple[Term, ...]) -> tuple[TermArray, Theorem | None]:
    """A coefficient in normal form; where a length cancels, with the theorem that both products are equal."""
    coefficient = tidy(raw)
    lengths = [sum(_length_count(t.term).values()) for t in (raw, coefficient)]
    if lengths[0] == lengths[1]:
        return coefficient, None
    same = proved(given(*hypotheses, eq(raw, coefficient)))
    scaled = use(_equal_factors(), u=raw, v=coefficient, s=term)
    return coefficient, proved(given(*hypotheses, eq(raw * term, coefficient * term)), [same, scaled])


def _length_count(term: Term) -> Counter[Term]:
    """How often each length occurs in a coefficient."""
    if term.head == Operator("real"):
        return Counter([term])
    return reduce(add, (_length_count(part) for part in term.arguments), Counter())


def _has_arrays(term: TermArray) -> bool:
    return any(v.sort is not INDEX for v in free_variables(term.term))


def _pushed(factor: TermArray, term: Term, hypotheses: tuple[Term, ...]) -> tuple[TermArray, Theorem]:
    """A factor times a sum as the sum of the products, down to the innermost sum; with the theorem."""
    over = Sum.of(term)
    theorems = [use(sum_scale.theorem, c=factor, a=over.vector(over.body), n=over.length)]
    product = factor * over.body
    inside = product
    if over.body.term.head == Binder("sum"):
        inside, theorem = _pushed(factor, over.body.term, hypotheses)
        theorems += equal_sums(over, product, [inside], theorem, hypotheses)
    result = total(inside, over.axis)
    return result, proved(given(*hypotheses, eq(factor * TermArray((), term), result)), theorems)


def _without_sums(term: TermArray, kind: KindOf, hypotheses: tuple[Term, ...]) -> Decomposition:
    """A term without sums: its addends by kind, where it has several kinds."""
    by_kind: dict[Kind, TermArray] = {}
    if kind(term) is MIXED:
        for part in added(term.term, of_logs=False):  # a number does not change a logarithm's kind
            by_kind[kind(part)] = by_kind[kind(part)] + part if kind(part) in by_kind else part
    if len(by_kind) < 2:
        return Decomposition((Part(as_term(1), term),), None)
    parts = tuple(Part(as_term(1), part) for part in by_kind.values())
    inside = (p.arguments[0] for p in subterms(term.term) if p.head == Operator("exp"))
    positive = [use(exp_pos.theorem, a=TermArray((), exponent)) for exponent in inside]  # a divisor must not be 0
    return Decomposition(parts, proved(given(*hypotheses, eq(term, value_of(parts))), positive))


def _of_sum(term: Term, kind: KindOf, hypotheses: tuple[Term, ...]) -> Decomposition:
    """A sum: its summand is decomposed, and each part is summed by itself."""
    over = Sum.of(term)
    inner = decomposed(over.body, kind, hypotheses)
    if inner.theorem is None and len(inner.parts) == 1 and not over.is_free_of(over.body):
        return Decomposition((Part(as_term(1), TermArray((), term)),), None)
    bodies = [part.product for part in inner.parts]
    parts, theorems = [], []
    for part, body in zip(inner.parts, bodies, strict=True):
        found, theorem = part_of_sum(over, part, body)
        parts.append(found)
        theorems += [theorem] if theorem else []
    summands = [times_one(over, body) for body in bodies]
    theorems += equal_sums(over, over.body, summands, inner.theorem, hypotheses)
    goal = given(*hypotheses, eq(TermArray((), term), value_of(parts)))
    return Decomposition(tuple(parts), proved(goal, theorems))
