"""Exponents as linear forms: what stands inside an exponential, as multiples of atoms.

A real term comes in; a linear form goes out, a table from atoms to rational factors. Examples: ``mu - h / 2`` is ``{mu:
1, h: -1/2}``; ``exp(a) / exp(b / 2)`` is the exponential of ``{a: 1, b: -1/2}``; ``12`` is the exponential of ``{log 2:
2, log 3: 1}``.
"""

from fractions import Fraction

from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Number, Operator, Power, Term

__all__ = ["Linear", "exponent", "exponent_of_logarithm", "linear", "term_of"]


Linear = dict[Term, Fraction]
"""Atoms with their factors. The number 1 is an atom."""

_LARGEST_PRIME = 1000
"""Trial division stops here: losses have small numbers, and a larger prime is an atom of its own all the same."""


def linear(term: Term) -> Linear:
    """A real term as a sum of multiples of atoms; what is no sum, difference or multiple is itself an atom."""
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
        case Operator("log"), (x,) if (inside := exponent_of_logarithm(x)) is not None:
            return inside
    return {term: Fraction(1)}


def term_of(form: Linear) -> TermArray:
    """The term that a linear form stands for."""
    addends = [as_term(factor) * TermArray((), atom) for atom, factor in form.items()]
    result = addends[0] if addends else as_term(0)
    for addend in addends[1:]:
        result = result + addend
    return result


def exponent(term: Term) -> Linear | None:
    """t, if the term is written as exp(t): a product, quotient or power of exponentials and positive numbers."""
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


def exponent_of_logarithm(term: Term) -> Linear | None:
    """log(term) as a linear form, where that is no longer a logarithm; None where log(term) is itself an atom.

    log 7 is an atom, since 7 is prime; log 12 is 2 log 2 + log 3; log(exp(a) exp(b)) is a + b.
    """
    return None if _is_prime(term) else exponent(term)


def _log_of_number(value: Fraction) -> Linear:
    """log of a positive number by the logarithms of its prime factors; with a large factor it is an atom."""
    form: Linear = {}
    for whole, sign in ((value.numerator, 1), (value.denominator, -1)):
        prime = 2
        while whole > 1:
            if prime > _LARGEST_PRIME:
                return {xp.log(as_term(value)).term: Fraction(1)}
            while whole % prime == 0:
                whole //= prime
                log = xp.log(as_term(prime)).term
                form[log] = form.get(log, Fraction(0)) + sign
            prime += 1
    return {log: factor for log, factor in form.items() if factor}


def _is_prime(term: Term) -> bool:
    """Whether it is a prime number, or a number that is not factored: then its logarithm is an atom."""
    return isinstance(term.head, Number) and _log_of_number(term.head.value) == {xp.log(TermArray((), term)).term: 1}


def _scaled(terms: Linear, by: Fraction) -> Linear:
    return {atom: factor * by for atom, factor in terms.items() if factor * by}


def _added(one: Linear, other: Linear) -> Linear:
    total = dict(one)
    for atom, factor in other.items():
        total[atom] = total.get(atom, Fraction(0)) + factor
    return {atom: factor for atom, factor in total.items() if factor}
