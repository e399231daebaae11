"""Quotients of polynomials in generators, and the terms that they stand for.

With the generators x and exp(y), the quotient x * exp(y) / (1 + x) is a pair of polynomials without a common factor.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from flint import fmpq, fmpq_mpoly_ctx

from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Operator, Term, Variable, free_variables
from vaelid.theory.export.refusal import NotExported

__all__ = ["GENERATORS", "Polynomial", "Quotient", "Ring", "fraction", "monomials", "reduced", "scaled"]

GENERATORS = 200
"""The most generators of one statement."""

Polynomial = Any
"""An `fmpq_mpoly`: python-flint has no types."""


@dataclass(frozen=True)
class Quotient:
    """numerator / denominator, without a common factor; the denominator is known not to be zero."""

    numerator: Polynomial
    denominator: Polynomial

    def __add__(self, other: "Quotient") -> "Quotient":
        return reduced(
            self.numerator * other.denominator + other.numerator * self.denominator,
            self.denominator * other.denominator,
        )

    def __mul__(self, other: "Quotient") -> "Quotient":
        return reduced(self.numerator * other.numerator, self.denominator * other.denominator)

    def __pow__(self, exponent: int) -> "Quotient":
        return Quotient(self.numerator**exponent, self.denominator**exponent)


def reduced(numerator: Polynomial, denominator: Polynomial) -> Quotient:
    """numerator / denominator without a common factor, the leading coefficient of the denominator being 1."""
    common = numerator.gcd(denominator)
    numerator, denominator = numerator / common, denominator / common
    leading = denominator.leading_coefficient()
    return Quotient(numerator / leading, denominator / leading)


class Ring:
    """The polynomials in the generators of one statement. A generator is a term that gets the next free number."""

    def __init__(self) -> None:
        self._context = fmpq_mpoly_ctx.get([f"x{k}" for k in range(GENERATORS)], "lex")
        self._numbers: dict[Term, int] = {}
        self.generators: list[Term] = []

    def number(self, number: Any) -> Quotient:
        """A rational number as a quotient."""
        return Quotient(self._context.constant(_rational(Fraction(number))), self._context.constant(1))

    def generator(self, term: Term) -> Quotient:
        """The generator that stands for this term, which becomes one if it is none yet."""
        if term not in self._numbers:
            if len(self.generators) == GENERATORS:
                raise NotExported(f"it has more than {GENERATORS} different parts")
            self._numbers[term] = len(self.generators)
            self.generators.append(term)
        return Quotient(self._context.gen(self._numbers[term]), self._context.constant(1))

    def polynomial(self, coefficients: Mapping[tuple[int, ...], Fraction | int]) -> Polynomial:
        """The polynomial with these coefficients, by the exponents of their monomials."""
        return self._context.from_dict({exponents: _rational(Fraction(c)) for exponents, c in coefficients.items()})

    def quotient_term(self, value: Quotient) -> Term:
        """A quotient as a term."""
        top = self.term(value.numerator)
        return top if value.denominator == 1 else make(Operator("divide"), top, self.term(value.denominator))

    def term(self, polynomial: Polynomial) -> Term:
        """A polynomial as a term."""
        parts = [scaled(coefficient, self._monomial(exponents)) for exponents, coefficient in monomials(polynomial)]
        return (sum(parts[1:], start=parts[0]) if parts else as_term(0)).term

    def variables(self, polynomial: Polynomial) -> set[Variable]:
        """The free variables of the generators that occur in a polynomial."""
        used = {k for exponents, _ in monomials(polynomial) for k, e in enumerate(exponents) if e}
        return set().union(*(free_variables(self.generators[k]) for k in used))

    def _monomial(self, exponents: tuple[int, ...]) -> TermArray | None:
        used = [(TermArray((), self.generators[k]), e) for k, e in enumerate(exponents) if e]
        powers = [base if e == 1 else base**e for base, e in used]
        return reduce(lambda x, y: x * y, powers) if powers else None


def scaled(coefficient: Fraction, term: TermArray | None) -> TermArray:
    """coefficient * term; the coefficient where there is no term."""
    if term is None:
        return as_term(coefficient)
    return term if coefficient == 1 else as_term(coefficient) * term


def monomials(polynomial: Polynomial) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """(exponents, coefficient) of each monomial."""
    for exponents, coefficient in polynomial.to_dict().items():
        yield tuple(map(int, exponents)), fraction(coefficient)


def _rational(number: Fraction) -> fmpq:
    return fmpq(number.numerator, number.denominator)


def fraction(number: Any) -> Fraction:
    """A rational number of flint."""
    return Fraction(int(number.p), int(number.q))
