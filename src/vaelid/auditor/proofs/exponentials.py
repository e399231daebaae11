"""Identities with exponentials are proved as identities of rational functions.

An equation comes in, for instance ``exp(h / 2)^2 * exp(-h) = 1``; its theorem goes out. Every exponential is written as
a product of powers of a few positive numbers, the units: with u = exp(h / 2), exp(h) is u^2 and exp(-h) is 1 / u^2. The
solvers are asked about ``u^2 * (1 / u^2) = 1``, where u > 0; that the exponentials are these powers is proved
separately, from the law exp(a + b) = exp(a) exp(b).
"""

import math
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, reduce
from itertools import accumulate
from operator import add, mul

from vaelid.auditor.formula.arithmetic import replaced, without_number
from vaelid.auditor.proofs.exponents import Linear, exponent, exponent_of_logarithm, linear, term_of
from vaelid.auditor.proofs.laws import proved_about_abs
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Number, Operator, Term, Variable, subterms
from vaelid.readings.terms.text import text
from vaelid.theory.kernel import Theorem, instantiate
from vaelid.theory.library.definitions import scalar
from vaelid.theory.library.logarithm import exp_pos
from vaelid.theory.statement import eq, given, lt
from vaelid.theory.tactics import prove, use

__all__ = ["by_exponentials"]


_x = scalar("x")
_MOST = 12
"""The largest power of a unit that is written out: exp(12 x) takes twelve lemmas, and no loss was seen with more."""


@cache
def _power(k: int) -> Theorem:
    """exp(k x) = exp(x)^k; of a negative k, 1 / exp(x)^-k."""
    if k == 0:
        return prove(eq(xp.exp(0 * _x), 1), [use("exp_zero")])
    if k == 1:
        return prove(eq(xp.exp(1 * _x), xp.exp(_x)))
    if k > 1:
        before = _power(k - 1)
        return prove(eq(xp.exp(k * _x), xp.exp(_x) ** k), [before, use("exp_add", x=(k - 1) * _x, y=_x)])
    up = xp.exp(_x) ** -k if k < -1 else xp.exp(_x)
    facts = [_power(-k), use("exp_add", x=-k * _x, y=k * _x), use("exp_zero"), use(exp_pos.theorem, a=-k * _x)]
    return prove(eq(xp.exp(k * _x), 1 / up), facts)


@dataclass
class _Units:
    """The exponentials that all others are powers of.

    Attributes:
        denominators: for each atom t the d for which exp(t / d) is its unit.
    """

    denominators: dict[Term, int]

    @classmethod
    def of(cls, forms: Iterable[Linear]) -> "_Units":
        """The units for these exponents. An atom with only negative factors gets a negative d: no reciprocals then."""
        factors: dict[Term, list[Fraction]] = {}
        for form in forms:
            for atom, factor in form.items():
                factors.setdefault(atom, []).append(factor)
        common = {atom: math.lcm(*(factor.denominator for factor in found)) for atom, found in factors.items()}
        negative = {atom for atom, found in factors.items() if max(found) < 0 and atom.head != Operator("log")}
        return cls({atom: -d if atom in negative else d for atom, d in common.items()})

    def unit(self, atom: Term) -> TermArray:
        """The exponent of an atom's unit: t / d."""
        d = self.denominators[atom]
        return TermArray((), atom) if d == 1 else TermArray((), atom) / d

    def powers(self, terms: Linear) -> dict[Term, int]:
        """The power of each unit in the exponential of a linear form."""
        return {atom: int(factor * self.denominators[atom]) for atom, factor in terms.items()}


def by_exponentials(goal: Term) -> Theorem | None:
    """The goal, an equation without hypotheses or sums; None if it has no exponentials or too large powers of them.

    Raises `NotProved`.
    """
    written_logs = (p for p in subterms(goal) if p.head == Operator("log") and not p.loose)
    known = {p: form for p in written_logs if (form := exponent_of_logarithm(p.arguments[0])) is not None}
    parts = dict.fromkeys(p for p in _outside(goal, known) if not p.loose)
    logs = {p: known[p] for p in parts if p in known}
    quotients = {p: product for p in parts if (product := _as_product_of(p)) is not None}
    said = [replaced(goal, {p: as_term(0).term for p in quotients}), *(product.term for product in quotients.values())]
    outside = dict.fromkeys(p for term in said for p in _outside(term, known) if not p.loose)
    exponentials = [p for p in outside if p.head == Operator("exp")]
    if not exponentials and not logs:
        return None
    forms = {p: linear(p.arguments[0]) for p in exponentials}
    units = _Units.of(forms.values())
    if any(abs(k) > _MOST for form in forms.values() for k in units.powers(form).values()):
        return None
    names = {atom: Variable(f"u_{k}", REAL) for k, atom in enumerate(units.denominators)}
    written = {p: Variable(f"e_{k}", REAL) for k, p in enumerate([*forms, *logs])}
    hypotheses, facts = _facts(forms, logs, units, names, written)
    by = {p: make(variable) for p, variable in written.items()}
    for k, (p, product) in enumerate(quotients.items()):
        written[p] = Variable(f"q_{k}", REAL)
        hypotheses.append(eq(TermArray((), make(written[p])), TermArray((), replaced(product.term, by))))
        facts.append(_equal_quotient(p, product))
    abstract = replaced(goal, {p: make(variable) for p, variable in written.items()})
    theorem = proved_about_abs(given(*hypotheses, abstract), prove)
    back: dict[Variable, Term] = {variable: p for p, variable in written.items()}
    back |= {names[atom]: xp.exp(units.unit(atom)).term for atom in units.denominators}
    return prove(goal, [instantiate(theorem, back), *facts])


def _certainly(goal: Term) -> Theorem:
    """`by_exponentials` of a goal that has exponentials. Raises `NotProved`."""
    theorem = by_exponentials(goal)
    if theorem is None:
        raise NoProof("its exponents are too large to be written out")
    return theorem


def _outside(term: Term, logs: Container[Term]) -> Iterator[Term]:
    """The parts of a term, without those that occur only inside these logarithms."""
    yield term
    if term not in logs:
        for part in term.arguments:
            yield from _outside(part, logs)


def _as_product_of(quotient: Term) -> TermArray | None:
    """x / (c exp(t)) as (x exp(-t)) / c: z3 and cvc5 decide products, and often give up on quotients of variables."""
    if quotient.head != Operator("divide") or isinstance(quotient.arguments[0].head, Number):
        return None
    number, core = without_number(quotient.arguments[1])
    form = None if isinstance(core.head, Number) else exponent(core)
    if not form:
        return None
    return TermArray((), quotient.arguments[0]) * xp.exp(-term_of(form)) / as_term(number)


def _equal_quotient(quotient: Term, product: TermArray) -> Theorem:
    """x / y = (x e) / c, from y e = c, which is an identity of exponentials."""
    x, y = (TermArray((), part) for part in quotient.arguments)
    number = TermArray((), product.term.arguments[1])
    inverse = TermArray((), product.term.arguments[0].arguments[1])
    same = _certainly(eq(y * inverse, number))
    return prove(eq(x / y, product), [same, use(_quotient(), a=x, b=y, c=number, d=inverse), use("exp_zero")])


@cache
def _quotient() -> Theorem:
    """a / b = (a d) / c, where b d = c and c > 0."""
    a, b, c, d = map(scalar, "abcd")
    return prove(given(eq(b * d, c), lt(0, c), eq(a / b, a * d / c)))


def _facts(
    forms: dict[Term, Linear],
    logs: Mapping[Term, Linear],
    units: _Units,
    names: dict[Term, Variable],
    written: dict[Term, Variable],
) -> tuple[list[Term], list[Theorem]]:
    """What each exponential and logarithm is in the units: as hypotheses on numbers, and as theorems on the terms."""
    hypotheses: list[Term] = []
    facts: list[Theorem] = []
    by = {p: make(variable) for p, variable in written.items()}
    for atom, name in names.items():
        number = TermArray((), make(name))
        hypotheses.append(lt(0, number))
        facts.append(use(exp_pos.theorem, a=units.unit(atom)))
        if atom.head == Operator("log"):  # exp(log c / d)^d = c
            d = units.denominators[atom]
            inside = TermArray((), atom.arguments[0])
            hypotheses.append(eq(number**d, TermArray((), replaced(inside.term, by))))
            base = xp.exp(units.unit(atom))
            positive = [
                use(exp_pos.theorem, a=TermArray((), p.arguments[0])) for p in forms if p in set(subterms(inside.term))
            ]
            known = [use("exp_log", x=inside), use(_power(d), x=units.unit(atom)), *positive]
            facts.append(prove(eq(base**d, inside), known))
    about_logs: list[Theorem] = []
    for p, form in logs.items():
        value = term_of(form)
        hypotheses.append(eq(TermArray((), make(written[p])), value))
        about_logs.append(_log_of(p, value))
    for p, form in forms.items():
        powers = units.powers(form)
        numbers = [_to_power(TermArray((), make(names[atom])), k) for atom, k in powers.items()]
        hypotheses.append(eq(TermArray((), make(written[p])), reduce(mul, numbers) if numbers else as_term(1)))
        facts.append(_as_product(p, powers, units, about_logs))
    facts += about_logs
    return hypotheses, facts


def _to_power(base: TermArray, k: int) -> TermArray:
    if k == 1:
        return base
    return base**k if k > 0 else 1 / (base if k == -1 else base**-k)


def _as_product(p: Term, powers: dict[Term, int], units: _Units, about_logs: list[Theorem]) -> Theorem:
    """exp(k a + l b + ...) = exp(a)^k exp(b)^l ..., for the exponential `p`.

    Proved first with variables in place of the exponentials: the solvers then only substitute equals for equals.
    """
    whole = TermArray((), p)
    if not powers:
        return prove(eq(whole, 1), [use("exp_zero")])
    inside = set(subterms(p))
    logs = [fact for fact in about_logs if fact.statement.arguments[0] in inside]
    addends = [k * units.unit(atom) for atom, k in powers.items()]
    sums = list(accumulate(addends, add))
    facts = [prove(eq(whole, xp.exp(sums[-1])), logs)]
    steps: list[tuple[TermArray, TermArray]] = [(whole, xp.exp(sums[-1]))]
    for before, addend, total in zip(sums, addends[1:], sums[1:], strict=False):
        facts.append(use("exp_add", x=before, y=addend))
        steps.append((xp.exp(total), xp.exp(before) * xp.exp(addend)))
    for (atom, k), addend in zip(powers.items(), addends, strict=True):
        facts.append(use(_power(k), x=units.unit(atom)))
        steps.append((xp.exp(addend), _to_power(xp.exp(units.unit(atom)), k)))
    goal = eq(whole, reduce(mul, (_to_power(xp.exp(units.unit(atom)), k) for atom, k in powers.items())))
    exponentials = {part for side in steps for one in side for part in subterms(one.term) if _is_exponential(part, p)}
    variables = {part: Variable(f"x_{k}", REAL) for k, part in enumerate(sorted(exponentials, key=text))}
    by = {part: make(variable) for part, variable in variables.items()}
    hypotheses = [replaced(eq(one, other), by) for one, other in steps]
    theorem = prove(given(*hypotheses, replaced(goal, by)))
    return prove(goal, [instantiate(theorem, {variable: part for part, variable in variables.items()}), *facts])


def _is_exponential(part: Term, whole: Term) -> bool:
    """Whether it is one of the factors, and no exponential inside an exponent."""
    return part.head == Operator("exp") and (part is whole or part not in set(subterms(whole)))


def _log_of(p: Term, value: TermArray) -> Theorem:
    """The logarithm of a product of exponentials is the sum of their exponents."""
    inside = p.arguments[0]
    if inside.head == Operator("exp"):
        return prove(eq(TermArray((), p), value), [use("log_exp", x=TermArray((), inside.arguments[0]))])
    same = _certainly(eq(TermArray((), inside), xp.exp(value)))
    return prove(eq(TermArray((), p), value), [same, use("log_exp", x=value)])
