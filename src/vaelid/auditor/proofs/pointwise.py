"""Identities of one coordinate: the solvers are asked in several ways, the cheapest first.

A goal comes in, an equation of real terms without sums, maybe under hypotheses on lengths; its theorem goes out, or
`NoProof` is raised. Example: ``(mu[i]^2 + exp(lv[i]) - lv[i]) / 2 = coordinate_kl(mu[i], lv[i]) + 1/2``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import reduce

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.proofs.definitions import with_definitions
from vaelid.auditor.proofs.exponentials import by_exponentials
from vaelid.auditor.proofs.laws import about_abs, about_logits, laws
from vaelid.auditor.proofs.obligations import NoProof, proved
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Number, Operator, Power, Term, Variable, subterms
from vaelid.readings.terms.text import text
from vaelid.theory.export.atoms import unfolded
from vaelid.theory.kernel import NotProved, Theorem, instantiate
from vaelid.theory.statement import eq, given, split
from vaelid.theory.tactics import use

__all__ = ["prove_as_written", "prove_pointwise"]


_MOST_EXPONENTS = 2
"""With more different exponentials the solvers need laws about them, and without laws they run until their limit."""


def _plainly(goal: Term, _: list[Term]) -> Theorem | None:
    """Without any law of exp and log but exp(0) = 1."""
    functions = (Operator("exp"), Operator("log"))
    written = (p for p in subterms(unfolded(goal)) if p.head in functions and not p.loose)
    exponents = {p for p in written if names_in(TermArray((), p))}
    facts = [use("exp_zero"), *about_abs(unfolded(goal))]
    return proved(goal, facts, unfold=True) if len(exponents) <= _MOST_EXPONENTS else None


def _by_powers(goal: Term, _: list[Term]) -> Theorem | None:
    """As an identity of rational functions in a few exponentials."""
    written = unfolded(goal)
    theorem = by_exponentials(written)
    return theorem if theorem is None or written is goal else with_definitions(goal, theorem)


def _by_logits(goal: Term, terms: list[Term]) -> Theorem | None:
    """With the lemmas on sigmoid and softplus, at the exponents that occur."""
    return proved(goal, [*about_logits(*terms), *about_abs(*terms)], unfold=True)


def _by_laws(goal: Term, terms: list[Term]) -> Theorem | None:
    """With the laws of exp and log at everything that occurs."""
    known = laws(*terms)
    if len(known) > _MOST_LAWS or about_abs(*terms):  # a clamp beside laws keeps the solvers until their limit
        return None
    return proved(goal, known, unfold=True)


_MOST_LAWS = 40
"""With more premises the solvers run until their time limit and answer nothing."""

# The order: rewriting to powers asks the solvers the least, so it is first; the laws at everything that occurs are the
# most premises, so they are last.
_ATTEMPTS: tuple[Callable[[Term, list[Term]], Theorem | None], ...] = (
    _by_powers,
    _plainly,
    _by_logits,
    _by_laws,
)


def prove_pointwise(goal: Term, *terms: TermArray) -> Theorem:
    """The theorem `goal`, an identity of one coordinate. Raises `NoProof`.

    `terms`: where the laws of exp and log are looked up, usually the summand and what it is compared with. Lengths are
    replaced by variables first: if the identity holds for all real numbers in their place, the solvers need not know
    that they are positive whole numbers.
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


def prove_as_written(goal: Term) -> Theorem:
    """The theorem `goal`, where it holds for whatever number each function of arrays is. Raises `NoProof`.

    So ``c * (log(x) - y) = c * log(x) - c * y`` needs no law of the logarithm, and is cheap however long x is.
    """
    hypotheses, conclusion = split(goal)
    with suppress(NoProof):  # the fewer unknown numbers, the faster
        return _of_unknown_numbers(hypotheses, conclusion, _on_both_sides(conclusion))
    return _of_unknown_numbers(hypotheses, conclusion, _functions(conclusion))


def _of_unknown_numbers(hypotheses: Sequence[Term], conclusion: Term, parts: Iterable[Term]) -> Theorem:
    numbers = {part: make(Variable(f"f_{k}", REAL)) for k, part in enumerate(dict.fromkeys(parts))}
    back = {variable.head: part for part, variable in numbers.items() if isinstance(variable.head, Variable)}
    try:
        return instantiate(proved(given(*hypotheses, replaced(conclusion, numbers))), back)
    except NotProved as reason:
        raise NoProof(str(reason)) from None


def _on_both_sides(conclusion: Term) -> Iterator[Term]:
    """The largest parts with arrays that stand on both sides of an equation."""
    one, other = conclusion.arguments
    theirs, left = set(subterms(other)), [one]
    while left:
        part = left.pop()
        if part.sort is REAL and not part.loose and part in theirs and names_in(TermArray((), part)):
            yield part
        else:
            left += part.arguments


def _functions(term: Term) -> Iterator[Term]:
    """The largest parts that are neither arithmetic nor numbers."""
    for argument in term.arguments:
        if argument.sort is not REAL:
            continue
        arithmetic = argument.head in _SUMS or isinstance(argument.head, Number | Power)
        if arithmetic or not names_in(TermArray((), argument)):
            yield from _functions(argument)
        else:
            yield argument


def _clamped(goal: Term) -> list[Term]:
    """The largest sums around an absolute value that occur only as a whole: a variable may stand in their place."""
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
    """The goal, from `less`: the same equation without the lengths that cancel, as in N * (1 / N)."""
    theorem = prove_pointwise(given(*hypotheses, less), *terms)
    pairs = zip(split(goal)[1].arguments, less.arguments, strict=True)
    same = [known for one, other in pairs if (known := _of_lengths(hypotheses, one, other)) is not None]
    return proved(goal, [theorem, *same])


def _fixed(hypotheses: tuple[Term, ...]) -> dict[Term, Term]:
    """For each length that a hypothesis fixes, as ``N3 = 7``, its number."""
    parts = [p for h in hypotheses for p in (h.arguments if h.head == Operator("and") else (h,))]
    equal = (p.arguments for p in parts if p.head == Operator("equal"))
    return {
        make(Operator("real"), length): as_term(number.head.value).term
        for length, number in equal
        if isinstance(length.head, Variable) and isinstance(number.head, Number)
    }


def _cancelled(term: Term) -> Term:
    """The term without the products N * (1 / N) of a length and its reciprocal."""
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
    """Two terms are equal because of what lengths are, whatever their other parts; None where they are one term."""
    if one is other:
        return None
    atoms = {part for side in (one, other) for part in _atoms(side)}
    numbers = {p: make(Variable(f"a_{k}", REAL)) for k, p in enumerate(sorted(atoms, key=text))}
    theorem = proved(given(*hypotheses, eq(*(TermArray((), replaced(side, numbers)) for side in (one, other)))))
    return instantiate(theorem, {v.head: part for part, v in numbers.items() if isinstance(v.head, Variable)})


def _atoms(term: Term) -> Iterator[Term]:
    """The operands of the polynomial that a term is, without lengths, their reciprocals and numbers."""
    if term.head in _ARITHMETIC:
        for part in term.arguments:
            yield from _atoms(part)
    elif not isinstance(term.head, Number) and term.head != Operator("real"):
        by_length = term.head == Operator("divide") and (
            term.arguments[1].head == Operator("real") or isinstance(term.arguments[1].head, Number)
        )
        yield from _atoms(term.arguments[0]) if by_length else (term,)


_ARITHMETIC = {Operator(name) for name in ("add", "subtract", "multiply", "negative")}
