"""Identities of one coordinate, by the solvers: without laws where that is enough, then with those of what occurs."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import reduce

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.proofs.definitions import folded, unfolded
from vaelid.auditor.proofs.exponentials import by_exponentials
from vaelid.auditor.proofs.laws import about_abs, about_logits, laws
from vaelid.auditor.proofs.sums import NoProof, proved
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import REAL, Number, Operator, Term, Variable, make, subterms
from vaelid.readings.terms.text import text
from vaelid.theory.kernel import NotProved, Theorem, instantiate
from vaelid.theory.statement import eq, given, split
from vaelid.theory.tactics import use

__all__ = ["pointwise"]


def _plainly(goal: Term, _: list[Term]) -> Theorem | None:
    functions = (Operator("exp"), Operator("log"))
    written = (p for p in subterms(unfolded(goal)) if p.head in functions and not p.loose)
    exponents = {p for p in written if names_in(TermArray((), p))}
    facts = [use("exp_zero"), *about_abs(unfolded(goal))]
    return proved(goal, facts, unfold=True) if len(exponents) <= 2 else None


def _by_powers(goal: Term, _: list[Term]) -> Theorem | None:
    written = unfolded(goal)
    theorem = by_exponentials(written)
    return theorem if theorem is None or written is goal else folded(goal, theorem)


def _by_laws(goal: Term, terms: list[Term]) -> Theorem | None:
    known = laws(*terms)
    if len(known) > _MOST_LAWS or about_abs(*terms):  # a clamp beside laws keeps the solvers until their limit
        return None
    return proved(goal, known, unfold=True)


_MOST_LAWS = 40
"""With more premises the solvers run until their limit."""

_ATTEMPTS: tuple[Callable[[Term, list[Term]], Theorem | None], ...] = (
    _by_powers,
    _plainly,
    lambda goal, terms: proved(goal, [*about_logits(*terms), *about_abs(*terms)], unfold=True),
    _by_laws,
)


def pointwise(goal: Term, *terms: TermArray) -> Theorem:
    """An identity of one coordinate: without laws where that is enough, then with those of what occurs.

    Lengths are numbers like any other in it, if that is enough; then it holds for all numbers in their place.
    """
    hypotheses, plain = split(goal)
    if (less := _cancelled(replaced(plain, _fixed(hypotheses)))) is not plain:
        with suppress(NoProof):
            return _by_lengths(goal, hypotheses, less, *terms)
    found = [unfolded(term.term) for term in terms]
    lengths = {p for p in subterms(goal) if p.head == Operator("real")}
    shares = {p for p in subterms(goal) if p.head == Operator("divide") and p.arguments[1] in lengths}
    numbers = {p: make(Variable(f"r_{k}", REAL)) for k, p in enumerate(sorted(lengths | shares, key=text))}
    conclusion = split(goal)[1]
    clamped = {p: make(Variable(f"c_{k}", REAL)) for k, p in enumerate(_clamped(conclusion))}
    for known in [numbers | clamped, numbers] if clamped else [numbers]:
        abstract = replaced(conclusion, known)
        back = {variable.head: part for part, variable in known.items() if isinstance(variable.head, Variable)}
        for attempt in _ATTEMPTS:
            with suppress(NotProved):
                if (theorem := attempt(abstract, [replaced(term, known) for term in found])) is not None:
                    return instantiate(theorem, back)
    return proved(goal, [use("exp_zero")], unfold=True)


def _clamped(goal: Term) -> list[Term]:
    """The sums around an absolute value that stand as a whole wherever it stands: any number may be in their place."""
    above: dict[Term, set[Term]] = {}
    for part in subterms(goal):
        for argument in part.arguments:
            above.setdefault(argument, set()).add(part)
    found = []
    for part in subterms(goal):
        if part.head != Operator("abs") or part.loose:
            continue
        while len(parents := above[part]) == 1 and (parent := next(iter(parents))).head in _SUMS and not parent.loose:
            part = parent
        if part.head in _SUMS and len(parents) > 1:
            found.append(part)
    return [t for t in dict.fromkeys(found) if not any(t is not o and t in set(subterms(o)) for o in found)]


_SUMS = {Operator(name) for name in ("add", "subtract", "multiply", "divide", "negative")}


def _by_lengths(goal: Term, hypotheses: tuple[Term, ...], less: Term, *terms: TermArray) -> Theorem:
    """The goal, by the same without the lengths that cancel."""
    theorem = pointwise(given(*hypotheses, less), *terms)
    pairs = zip(split(goal)[1].arguments, less.arguments, strict=True)
    same = [known for one, other in pairs if (known := _of_lengths(hypotheses, one, other)) is not None]
    return proved(goal, [theorem, *same])


def _fixed(hypotheses: tuple[Term, ...]) -> dict[Term, Term]:
    """The numbers that lengths are, where a hypothesis says so."""
    parts = [p for h in hypotheses for p in (h.arguments if h.head == Operator("and") else (h,))]
    equal = (p.arguments for p in parts if p.head == Operator("equal"))
    return {
        make(Operator("real"), length): as_term(number.head.value).term
        for length, number in equal
        if isinstance(length.head, Variable) and isinstance(number.head, Number)
    }


def _cancelled(term: Term) -> Term:
    """With every length that stands in a product beside its reciprocal left out, and that with it."""
    if not term.arguments or term.loose:
        return term
    parts = [_cancelled(part) for part in term.arguments]
    if term.head != Operator("multiply"):
        return term if all(a is b for a, b in zip(parts, term.arguments, strict=True)) else make(term.head, *parts)
    factors = [factor for part in parts for factor in _factors(part)]
    before = len(factors)
    for length in [f for f in factors if f.head == Operator("real")]:
        share = next((f for f in factors if f.head == Operator("divide") and f.arguments == (_ONE, length)), None)
        if share is not None and length in factors:
            factors.remove(length)
            factors.remove(share)
    if len(factors) == before:
        return term if all(a is b for a, b in zip(parts, term.arguments, strict=True)) else make(term.head, *parts)
    return reduce(lambda x, y: make(Operator("multiply"), x, y), factors) if factors else _ONE


_ONE = as_term(1).term


def _factors(term: Term) -> list[Term]:
    if term.head != Operator("multiply"):
        return [term]
    return [factor for part in term.arguments for factor in _factors(part)]


def _of_lengths(hypotheses: tuple[Term, ...], one: Term, other: Term) -> Theorem | None:
    """That two terms are the same by what lengths are, whatever else is in them; None where they are one term."""
    if one is other:
        return None
    atoms = {part for side in (one, other) for part in _atoms(side)}
    numbers = {p: make(Variable(f"a_{k}", REAL)) for k, p in enumerate(sorted(atoms, key=text))}
    theorem = proved(given(*hypotheses, eq(*(TermArray((), replaced(side, numbers)) for side in (one, other)))))
    return instantiate(theorem, {v.head: part for part, v in numbers.items() if isinstance(v.head, Variable)})


def _atoms(term: Term) -> Iterator[Term]:
    """What a term is made of by + - * and numbers, but for lengths and their reciprocals."""
    if term.head in _ARITHMETIC:
        for part in term.arguments:
            yield from _atoms(part)
    elif not isinstance(term.head, Number) and term.head != Operator("real"):
        by_length = term.head == Operator("divide") and (
            term.arguments[1].head == Operator("real") or isinstance(term.arguments[1].head, Number)
        )
        yield from _atoms(term.arguments[0]) if by_length else (term,)


_ARITHMETIC = {Operator(name) for name in ("add", "subtract", "multiply", "negative")}
