"""Terms as Laurent polynomials, that is, with negative powers too. Nothing is proved here: what is found is a proposal.

A term and an atom come in, for instance ``(mu + s * eps)^2`` and ``eps``; the coefficients of the powers of the atom go
out: ``{0: mu^2, 1: 2 * mu * s, 2: s^2}``. Exponentials are powers of their atoms: exp(a + b / 2) is the product of
exp(a) to the power 1 and exp(b) to the power 1/2, so (z - mu)^2 / exp(h) with z = mu + exp(h / 2) eps is eps^2, as on
paper.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from operator import add, mul

from vaelid.auditor.proofs.exponents import exponent, linear
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Number, Operator, Power, Term, subterms

__all__ = ["in_powers_of"]


Powers = frozenset[tuple[Term, Fraction]]
"""Atoms and their powers. exp(t) to the power 1/2 is the pair (exp(t), 1/2)."""

Laurent = Mapping[Powers, Fraction]

_ONE: Laurent = {frozenset(): Fraction(1)}
_MOST_TERMS = 400
"""The largest product that is multiplied out. A density's square has a dozen terms; more is no formula of one draw."""


class _TooLarge(ValueError):
    """A product of more than `_MOST_TERMS` terms."""


def in_powers_of(term: TermArray, atom: Term) -> dict[int, TermArray] | None:
    """The coefficients by power of the atom; None where the term is no polynomial in it."""
    try:
        whole = _laurent(term.term)
    except _TooLarge:
        return None
    by_power: dict[int, dict[Powers, Fraction]] = {}
    for monomial, factor in whole.items():
        powers = dict(monomial)
        power = powers.pop(atom, Fraction(0))
        if power.denominator != 1 or power < 0 or any(atom in set(subterms(other)) for other in powers):
            return None
        by_power.setdefault(int(power), {})[frozenset(powers.items())] = factor
    return {power: _term(found) for power, found in by_power.items()}


def _laurent(term: Term) -> Laurent:
    match term.head, term.arguments:
        case Number(value=value), _:
            return {frozenset(): value} if value else {}
        case Operator("add"), (x, y):
            return _sum(_laurent(x), _laurent(y), 1)
        case Operator("subtract"), (x, y):
            return _sum(_laurent(x), _laurent(y), -1)
        case Operator("negative"), (x,):
            return _sum({}, _laurent(x), -1)
        case Operator("multiply"), (x, y):
            return _product(_laurent(x), _laurent(y))
        case Operator("divide"), (x, y):
            return _product(_laurent(x), _inverse(y))
        case Power(exponent=k), (x,):
            return reduce(_product, [_laurent(x)] * k, _ONE)
        case Operator("exp"), (x,):
            return {_monomial({xp.exp(TermArray((), atom)).term: factor for atom, factor in linear(x).items()}): _UNIT}
        case Operator("log"), (x,) if (inside := exponent(x)) is not None:
            return reduce(lambda one, other: _sum(one, other, 1), (_times(a, f) for a, f in inside.items()), {})
    return {frozenset({(term, Fraction(1))}): Fraction(1)}


_UNIT = Fraction(1)


def _times(atom: Term, factor: Fraction) -> Laurent:
    if isinstance(atom.head, Number):
        return {frozenset(): atom.head.value * factor}
    return {frozenset({(atom, Fraction(1))}): factor}


def _monomial(powers: Mapping[Term, Fraction]) -> Powers:
    return frozenset((atom, power) for atom, power in powers.items() if power)


def _sum(one: Laurent, other: Laurent, sign: int) -> Laurent:
    total = dict(one)
    for monomial, factor in other.items():
        total[monomial] = total.get(monomial, Fraction(0)) + sign * factor
    return {monomial: factor for monomial, factor in total.items() if factor}


def _product(one: Laurent, other: Laurent) -> Laurent:
    if len(one) * len(other) > _MOST_TERMS:
        raise _TooLarge
    total: dict[Powers, Fraction] = {}
    for left, a in one.items():
        for right, b in other.items():
            powers = dict(left)
            for atom, power in right:
                powers[atom] = powers.get(atom, Fraction(0)) + power
            monomial = _monomial(powers)
            total[monomial] = total.get(monomial, Fraction(0)) + a * b
    return {monomial: factor for monomial, factor in total.items() if factor}


def _inverse(term: Term) -> Laurent:
    """The reciprocal of a term; that of a sum is an atom with the power -1."""
    match term.head, term.arguments:
        case Operator("multiply"), (x, y):
            return _product(_inverse(x), _inverse(y))
        case Power(exponent=k), (x,):
            return reduce(_product, [_inverse(x)] * k, _ONE)
    found = _laurent(term)
    if len(found) != 1:
        return {frozenset({(term, Fraction(-1))}): Fraction(1)}
    ((monomial, factor),) = found.items()
    return {frozenset((atom, -power) for atom, power in monomial): 1 / factor}


def _term(laurent: Laurent) -> TermArray:
    terms = [_written(monomial, factor) for monomial, factor in laurent.items()]
    return reduce(add, terms) if terms else as_term(0)


def _written(monomial: Powers, factor: Fraction) -> TermArray:
    exponents, above, below = [], [], []
    for atom, power in monomial:
        if atom.head == Operator("exp"):
            exponents.append(as_term(power) * TermArray((), atom.arguments[0]))
        else:
            k, whole = abs(int(power)), TermArray((), atom)
            if power < 0 and atom.head == Operator("real"):
                below += [whole] * k  # as weights have it: a proof takes each 1 / N for a number, and knows no 1 / N^2
            else:
                (above if power > 0 else below).append(whole if k == 1 else whole**k)
    above += [xp.exp(reduce(add, exponents))] if exponents else []
    product = reduce(mul, above) if above else None
    if product is None:
        product = as_term(factor)
    elif factor != 1:
        product = as_term(factor) * product
    return reduce(mul, [1 / atom for atom in below], product)  # last, as code writes a mean: x / n
