"""Canonical forms of real terms: quotients of polynomials in generators, equal terms having equal forms.

A generator is what arithmetic does not look into: a variable, an element, the number of an index, an exponential, a
logarithm, an absolute value, a sum over an index of a product that the index cannot leave. Exponentials of sums are
products of them, logarithms of products sums, sums are linear; so two terms that these laws make equal are the same
quotient. Nothing here is trusted: what is found equal is proved from the equations of `Step`, by Rocq.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any, TypeVar

from flint import fmpz

from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.substitution import abstracted, lambda_, make
from vaelid.readings.terms.syntax import Binder, Element, Number, Operator, Power, Term, Variable, free_variables
from vaelid.readings.terms.text import text
from vaelid.theory.export.atoms import fresh_index, opened
from vaelid.theory.export.quotients import Polynomial, Quotient, Ring, fraction, monomials, reduced, scaled
from vaelid.theory.export.refusal import NotExported

__all__ = ["Canonical", "Step"]

_T = TypeVar("_T")


class _Refine(Exception):
    """An exponent is no whole multiple of its unit."""


@dataclass(frozen=True)
class Step:
    """Why an atom is its canonical form: a law, and the parts it is applied to.

    `sum`: the body, at the index `index`, is the sum of coefficient * term over `parts`, the coefficients free of it.
    `exp`: the argument is the sum of the `parts` (sign, term), whose exponentials are the factors.
    `log`: the exponential of `inner` is the argument. `abs`: the argument is the product of the `parts` (sign of the
    exponent, term). `argument`: the argument is equal to `inner`. `number`: it is the number of a fixed index.
    """

    law: str
    inner: Term | None = None
    index: Variable | None = None
    parts: tuple[tuple[Any, Term], ...] = ()


class Canonical:
    """The forms of the terms of one statement, where the terms of `positive` are."""

    def __init__(self, positive: Iterable[Term]) -> None:
        self._positive = set(positive)
        self._units: dict[Term, int] = {}
        self._start()

    def _start(self) -> None:
        self._ring = Ring()
        self._known: dict[Term, tuple[Quotient, Step | None]] = {}

    def settled(self, work: Callable[[], _T]) -> _T:
        """What the work returns, done again each time that the unit of an exponent turns out to be too large."""
        while True:
            try:
                return work()
            except _Refine:
                self._start()

    # ---- forms

    def value(self, term: Term) -> Quotient:
        """The form of a real term."""
        head, inside = term.head, term.arguments
        match head:
            case Number(value=number):
                return self._ring.number(number)
            case Power(exponent=exponent):
                return self.value(inside[0]) ** exponent
            case Operator(name="add"):
                return self.value(inside[0]) + self.value(inside[1])
            case Operator(name="subtract"):
                return self.value(inside[0]) + self._ring.number(-1) * self.value(inside[1])
            case Operator(name="multiply"):
                return self.value(inside[0]) * self.value(inside[1])
            case Operator(name="divide"):
                return self.value(inside[0]) * self._inverse(self.value(inside[1]))
            case Operator(name="negative"):
                return self._ring.number(-1) * self.value(inside[0])
        return self._of_atom(term)[0]

    def step(self, atom: Term) -> Step | None:
        """Why the atom is its form; None where it is itself a generator."""
        return self._of_atom(atom)[1]

    def term(self, value: Quotient) -> Term:
        """A form as a term."""
        return self._ring.quotient_term(value)

    def is_positive(self, polynomial: Polynomial) -> bool:
        """Whether the polynomial is seen to be positive: all that is in it is."""
        terms = list(monomials(polynomial))
        known = all(c > 0 and all(self._of_sign(k, e) for k, e in enumerate(m) if e) for m, c in terms)
        return known and any(all(e == 0 or self._is_positive(k) for k, e in enumerate(m)) for m, _ in terms)

    def _of_sign(self, generator: int, exponent: int) -> bool:
        return exponent % 2 == 0 or self._is_positive(generator)

    def _is_positive(self, generator: int) -> bool:
        term = self._ring.generators[generator]
        if term.head == Binder("sum"):
            length, body = term.arguments
            value = self.value(opened(lambda_(1, body), fresh_index(term)))
            known = (self.value(make(Operator("real"), length)).numerator, value.numerator, value.denominator)
            return all(map(self.is_positive, known))
        return term in self._positive or term.head in (Operator("exp"), Operator("pi"))

    def _inverse(self, value: Quotient) -> Quotient:
        for factor, _ in value.numerator.factor()[1]:
            if not self.is_positive(factor):
                raise NotExported(f"it divides by {text(self._ring.term(factor))}, not known to be positive")
        if value.numerator == 0:
            raise NotExported("it divides by 0")
        return reduced(value.denominator, value.numerator)

    # ---- atoms

    def _of_atom(self, atom: Term) -> tuple[Quotient, Step | None]:
        if atom not in self._known:
            self._known[atom] = self._found(atom)
        return self._known[atom]

    def _found(self, atom: Term) -> tuple[Quotient, Step | None]:
        match atom.head:
            case Operator(name="exp"):
                return self._exponential(atom)
            case Operator(name="log"):
                return self._logarithm(atom)
            case Operator(name="abs"):
                return self._absolute(atom)
            case Binder(name="sum"):
                return self._sum(atom)
            case Operator(name="real") if isinstance(number := atom.arguments[0].head, Number):
                return self._ring.number(number.value), Step("number")
            case Operator(name="sqrt" | "tanh" | "lgamma"):
                return self._of_argument(atom)
            case Operator(name="real" | "pi") | Variable() | Element():
                return self._ring.generator(atom), None
        raise NotExported(f"it has the operation {atom.head}")

    def _of_argument(self, atom: Term) -> tuple[Quotient, Step | None]:
        inner = self.term(self.value(atom.arguments[0]))
        tidy = make(atom.head, inner)
        return self._ring.generator(tidy), None if tidy is atom else Step("argument", inner)

    def _exponential(self, atom: Term) -> tuple[Quotient, Step | None]:
        exponent, value, parts = self.value(atom.arguments[0]), self._ring.number(1), []
        for monomial, coefficient in monomials(exponent.numerator):
            base = self.term(reduced(self._ring.polynomial({monomial: 1}), exponent.denominator))
            times, unit = self._multiple(base, coefficient)
            if base.head == Operator("log"):  # only logarithms of what is positive are left as they are, or unknown
                whole, times = divmod(times, unit)
                argument = self.value(base.arguments[0])
                if self.is_positive(argument.numerator):
                    parts += [(_sign(whole), base)] * abs(whole)
                    value *= argument**whole if whole >= 0 else self._inverse(argument) ** -whole
                else:
                    times += whole * unit
            small = base if unit == 1 else scaled(Fraction(1, unit), TermArray((), base)).term
            if times:
                parts += [(_sign(times), small)] * abs(times)
                power = self._ring.generator(make(Operator("exp"), small))
                value *= power**times if times > 0 else self._inverse(power) ** -times
        tidy = parts == [(1, atom.arguments[0])] and value == self._ring.generator(atom)
        return value, None if tidy else Step("exp", parts=tuple(parts))

    def _multiple(self, base: Term, coefficient: Fraction) -> tuple[int, int]:
        """(k, d) with coefficient = k / d, d being the unit of this base in every exponent of the statement."""
        unit = self._units.setdefault(base, 1)
        if unit % coefficient.denominator:
            self._units[base] = math.lcm(unit, coefficient.denominator)
            raise _Refine
        return int(coefficient * unit), unit

    def _logarithm(self, atom: Term) -> tuple[Quotient, Step | None]:
        value = self.value(atom.arguments[0])
        if not self.is_positive(value.numerator) or not self.is_positive(value.denominator):
            return self._of_argument(atom)
        result = self._ring.number(0)
        for base, exponent in self._factors(value):
            if base.head == Operator("exp"):
                log = self.value(base.arguments[0])
            else:
                log = self._ring.generator(make(Operator("log"), base))
            result += self._ring.number(exponent) * log
        inner = self.term(result)
        return result, None if inner is atom else Step("log", inner)

    def _factors(self, value: Quotient) -> list[tuple[Term, int]]:
        """(base, exponent), whose product is the value: primes, -1, and factors that have no others."""
        found = []
        for sign, polynomial in ((1, value.numerator), (-1, value.denominator)):
            content, factors = polynomial.factor()
            content = fraction(content)
            found += [(as_term(-1).term, 1)] if content < 0 else []
            for side, whole in ((sign, abs(content.numerator)), (-sign, content.denominator)):
                found += [(as_term(int(prime)).term, side * int(times)) for prime, times in fmpz(whole).factor()]
            found += [(self._ring.term(factor), sign * int(times)) for factor, times in factors]
        return found

    def _absolute(self, atom: Term) -> tuple[Quotient, Step | None]:
        argument = self.value(atom.arguments[0])
        value, parts = self._ring.number(1), []
        for base, exponent in self._factors(argument) if argument.numerator != 0 else [(as_term(0).term, 1)]:
            parts += [(_sign(exponent), base)] * abs(exponent)
            factor = self.value(base)
            if isinstance(base.head, Number):
                factor = self._ring.number(abs(base.head.value))
            elif not self.is_positive(factor.numerator):
                factor = self._ring.generator(make(Operator("abs"), base))
            value *= factor**exponent if exponent > 0 else self._inverse(factor) ** -exponent
        tidy = parts == [(1, atom.arguments[0])] and value == self._ring.generator(atom)
        return value, None if tidy else Step("abs", parts=tuple(parts))

    def _sum(self, atom: Term) -> tuple[Quotient, Step | None]:
        length, body = atom.arguments
        index = fresh_index(atom)
        value = self.value(opened(lambda_(1, body), index))
        numerator, inner, outer = self._in_fractions(value, index)
        collected: dict[tuple[int, ...], Polynomial] = {}
        for monomial, coefficient in monomials(numerator):
            inside = tuple(
                e if e and index in free_variables(self._ring.generators[k]) else 0 for k, e in enumerate(monomial)
            )
            outside = tuple(e - i for e, i in zip(monomial, inside, strict=True))
            so_far = collected.get(inside, self._ring.polynomial({}))
            collected[inside] = so_far + self._ring.polynomial({outside: coefficient})
        result, parts = self._ring.number(0), []
        for inside, polynomial in collected.items():
            part = self.term(reduced(self._ring.polynomial({inside: 1}), inner))
            coefficient = reduced(polynomial, outer)
            parts.append((self.term(coefficient), part))
            result += coefficient * self._sum_of(part, index, length)
        tidy = parts == [(as_term(1).term, opened(lambda_(1, body), index))] and result == self._ring.generator(atom)
        return result, None if tidy else Step("sum", index=index, parts=tuple(parts))

    def _in_fractions(self, value: Quotient, index: Variable) -> tuple[Polynomial, Polynomial, Polynomial]:
        """(p, inner, outer), the value being p / (inner * outer).

        `inner` is a product of generators with the index, `outer` is free of it. A factor of the denominator that is a
        sum, f, is in p as the generator 1 / f, reduced by f * (1 / f) = 1: x / (1 + x) and 1 - 1 / (1 + x) are the
        same p.
        """
        content, factors = value.denominator.factor()
        inner, outer = self._ring.number(1).numerator, self._ring.number(fraction(content)).numerator
        numerator, laws = value.numerator, []
        for factor, power in factors:
            if index not in self._ring.variables(factor):
                outer *= factor**power
            elif len(factor) == 1:
                inner *= factor**power
            else:
                one_over = self._ring.generator(
                    make(Operator("divide"), as_term(1).term, self._ring.term(factor))
                ).numerator
                numerator *= one_over**power
                laws.append(factor * one_over - 1)
        before = None
        while numerator != before:
            before = numerator
            numerator = reduce(lambda p, law: divmod(p, law)[1], laws, numerator)
        return numerator, inner, outer

    def _sum_of(self, part: Term, index: Variable, length: Term) -> Quotient:
        if isinstance(part.head, Number):
            return self.value(make(Operator("real"), length))
        return self._ring.generator(make(Binder("sum"), length, abstracted(part, index)))


def _sign(number: int) -> int:
    return 1 if number > 0 else -1
