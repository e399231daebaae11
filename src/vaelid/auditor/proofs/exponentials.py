"""Identities with exponentials: every one is written as a product of powers of a few, and those as positive numbers.

exp(h / 2), exp(h) and exp(-h) are u, u^2 and 1 / u^2 for u = exp(h / 2). What is left for the solvers is an identity of
rational functions in u; that the exponentials are these powers is proved apart, from the law of exp of a sum.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, reduce
from itertools import accumulate
from operator import add, mul

from vaelid.auditor.formula.arithmetic import replaced, without_number
from vaelid.auditor.proofs.laws import proved_about_abs
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import REAL, Number, Operator, Power, Term, Variable, make, subterms
from vaelid.readings.terms.text import text
from vaelid.theory.kernel import Theorem, instantiate
from vaelid.theory.library.definitions import scalar
from vaelid.theory.library.logarithm import exp_pos
from vaelid.theory.statement import eq, given, lt
from vaelid.theory.tactics import prove, use

__all__ = ["by_exponentials", "exponent", "linear"]


_x = scalar("x")
_MOST = 12

Linear = dict[Term, Fraction]
"""Atoms with their factors; the number 1 is an atom."""


def linear(term: Term) -> Linear:
    """A real term as a sum of multiples of atoms."""
    one = as_term(1).term
    match term.head, term.arguments:
        case Number(value=value), _:
            return {one: value} if value else {}
        case Operator("negative"), (x,):
            return _scaled(linear(x), Fraction(-1))
        case Operator("add"), (x, y):
            return _added(linear(x), linear(y))
        case Operator("subtract"), (x, y):
            return _added(linear(x), _scaled(linear(y), Fraction(-1)))
        case Operator("multiply"), (x, y):
            for left, right in ((x, y), (y, x)):
                known = linear(left)
                if set(known) <= {one}:
                    return _scaled(linear(right), known.get(one, Fraction(0)))
        case Operator("divide"), (x, y):
            known = linear(y)
            if set(known) == {one}:
                return _scaled(linear(x), 1 / known[one])
        case Operator("log"), (x,) if not _is_prime(x) and (inside := exponent(x)) is not None:
            return inside
    return {term: Fraction(1)}


def _log_of_number(value: Fraction) -> Linear:
    """log of a positive number by the logarithms of its prime factors; where these are large, as it stands."""
    form: Linear = {}
    for whole, sign in ((value.numerator, 1), (value.denominator, -1)):
        prime = 2
        while whole > 1:
            if prime > 1000:
                return {xp.log(as_term(value)).term: Fraction(1)}
            while whole % prime == 0:
                whole //= prime
                log = xp.log(as_term(prime)).term
                form[log] = form.get(log, Fraction(0)) + sign
            prime += 1
    return {log: factor for log, factor in form.items() if factor}


def _scaled(terms: Linear, by: Fraction) -> Linear:
    return {atom: factor * by for atom, factor in terms.items() if factor * by}


def _added(one: Linear, other: Linear) -> Linear:
    total = dict(one)
    for atom, factor in other.items():
        total[atom] = total.get(atom, Fraction(0)) + factor
    return {atom: factor for atom, factor in total.items() if factor}


def _is_known(term: Term) -> bool:
    """Whether its logarithm is a sum of others."""
    return not _is_prime(term) and exponent(term) is not None


def _is_prime(term: Term) -> bool:
    """Whether it is a prime number: its logarithm is an atom."""
    return isinstance(term.head, Number) and _log_of_number(term.head.value) == {xp.log(TermArray((), term)).term: 1}


def exponent(term: Term) -> Linear | None:
    """t, where the term is exp(t) as it stands: a product, quotient or power of exponentials; else None."""
    match term.head, term.arguments:
        case Operator("exp"), (x,):
            return linear(x)
        case Number(value=value), _ if value > 0:
            return _log_of_number(value)
        case Operator("multiply" | "divide"), (x, y):
            one, other = exponent(x), exponent(y)
            if one is None or other is None:
                return None
            return _added(one, other if term.head == Operator("multiply") else _scaled(other, Fraction(-1)))
        case Power(exponent=k), (x,):
            inside = exponent(x)
            return None if inside is None else _scaled(inside, Fraction(k))
    return None


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
    """The exponentials that all others are powers of."""

    denominators: dict[Term, int]

    @classmethod
    def of(cls, forms: Iterable[Linear]) -> "_Units":
        """Of these exponents: an atom that only ever stands with a negative factor is a unit with one, too."""
        factors: dict[Term, list[Fraction]] = {}
        for form in forms:
            for atom, factor in form.items():
                factors.setdefault(atom, []).append(factor)
        common = {atom: math.lcm(*(factor.denominator for factor in found)) for atom, found in factors.items()}
        negative = {atom for atom, found in factors.items() if max(found) < 0 and atom.head != Operator("log")}
        return cls({atom: -d if atom in negative else d for atom, d in common.items()})

    def unit(self, atom: Term) -> TermArray:
        """The exponent of an atom's unit."""
        d = self.denominators[atom]
        return TermArray((), atom) if d == 1 else TermArray((), atom) / d

    def powers(self, terms: Linear) -> dict[Term, int]:
        """How often each unit is in it."""
        return {atom: int(factor * self.denominators[atom]) for atom, factor in terms.items()}


def by_exponentials(goal: Term) -> Theorem | None:
    """The goal, an equation without hypotheses or sums; None where it has no exponentials of this kind.

    Raises `NotProved`.
    """
    known = {p for p in subterms(goal) if p.head == Operator("log") and not p.loose and _is_known(p.arguments[0])}
    parts = dict.fromkeys(p for p in _outside(goal, known) if not p.loose)
    logs = [p for p in parts if p in known]
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


def _outside(term: Term, logs: set[Term]) -> Iterator[Term]:
    """The parts of a term, those inside logarithms only left out."""
    yield term
    if term not in logs:
        for part in term.arguments:
            yield from _outside(part, logs)


def _as_product_of(quotient: Term) -> TermArray | None:
    """x / (c exp(t)) as (x exp(-t)) / c: the solvers are better at products than at quotients."""
    if quotient.head != Operator("divide") or isinstance(quotient.arguments[0].head, Number):
        return None
    number, core = without_number(quotient.arguments[1])
    form = None if isinstance(core.head, Number) else exponent(core)
    if not form:
        return None
    return TermArray((), quotient.arguments[0]) * xp.exp(-_sum_of(form)) / as_term(number)


def _equal_quotient(quotient: Term, product: TermArray) -> Theorem:
    """x / y = (x e) / c, from y e = c, which is an identity of exponentials."""
    x, y = (TermArray((), part) for part in quotient.arguments)
    number = TermArray((), product.term.arguments[1])
    inverse = TermArray((), product.term.arguments[0].arguments[1])
    same = by_exponentials(eq(y * inverse, number))
    assert same is not None
    return prove(eq(x / y, product), [same, use(_quotient(), a=x, b=y, c=number, d=inverse), use("exp_zero")])


@cache
def _quotient() -> Theorem:
    """a / b = (a d) / c, where b d = c and c > 0."""
    a, b, c, d = map(scalar, "abcd")
    return prove(given(eq(b * d, c), lt(0, c), eq(a / b, a * d / c)))


def _facts(
    forms: dict[Term, Linear],
    logs: list[Term],
    units: _Units,
    names: dict[Term, Variable],
    written: dict[Term, Variable],
) -> tuple[list[Term], list[Theorem]]:
    """For each exponential and logarithm what it is in the units: as hypothesis on numbers, and as theorem."""
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
    for p in logs:
        form = exponent(p.arguments[0])
        assert form is not None
        value = _sum_of(form)
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
    """exp(sum of k a) = product of exp(a)^k.

    First of numbers in place of the exponentials, so that nothing is left to the solvers but to put in what is equal.
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
    """Whether it is one of those multiplied, and not one inside an exponent."""
    return part.head == Operator("exp") and (part is whole or part not in set(subterms(whole)))


def _sum_of(form: Linear) -> TermArray:
    terms = [as_term(factor) * TermArray((), atom) for atom, factor in form.items()]
    return reduce(lambda one, other: one + other, terms) if terms else as_term(0)


def _log_of(p: Term, value: TermArray) -> Theorem:
    """log of a product of exponentials is their exponents' sum."""
    inside = p.arguments[0]
    if inside.head == Operator("exp"):
        return prove(eq(TermArray((), p), value), [use("log_exp", x=TermArray((), inside.arguments[0]))])
    same = by_exponentials(eq(TermArray((), inside), xp.exp(value)))
    assert same is not None
    return prove(eq(TermArray((), p), value), [same, use("log_exp", x=value)])
