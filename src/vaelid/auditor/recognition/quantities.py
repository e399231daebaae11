"""Quantities in nats that a term of a loss may be: divergences to a prior, negative log-likelihoods.

A term comes in, with a proposed quantity; a `Found` goes out, with the weight and constant by which the term is that
quantity. Example: ``(x - x_hat)^2`` and the Gaussian's ``(x - x_hat)^2 / 2 + log(2 pi) / 2`` give the weight 2. Which
quantity, in which parameters, is found by trying values; that it is right is for the kernel to prove.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add

import torch
from torch import Tensor

from vaelid.auditor.formula.arithmetic import is_number, replaced, simple
from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.model.combination import Combination, fitted
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Rewrite
from vaelid.auditor.proofs.sums import added
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import REAL, Number, Operator, Power, Term, subterms

__all__ = [
    "Body",
    "Found",
    "Quantity",
    "candidates",
    "fits",
    "found_with",
    "log_forms",
    "with_mask",
    "without_mask",
]


@dataclass(frozen=True)
class Quantity:
    """A quantity in nats for each place of some axes.

    Attributes:
        name: of the likelihood or prior, in words.
        term: its element.
        normaliser: an addend of the element that losses often leave out, as log(2 pi) / 2.
        family: of a likelihood: ``gaussian``, ``bernoulli``, ...
        learned: whether it has a variance or scale that is an array of its own.
        parameters: of a likelihood the data, then the decoder's outputs; of a prior its mean and log-variance.
        mask: the constant that it is multiplied by at each place, if it is.
        at_draw: whether it is log q(z) - log p(z) at the draw z, and not the mean of that over draws.
        own_formula: of a likelihood without a name the element, before any mask.
    """

    name: str
    term: TermArray
    normaliser: TermArray = field(default_factory=lambda: as_term(0))
    family: str = ""
    learned: bool = False
    parameters: tuple[TermArray, ...] = ()
    mask: TermArray | None = None
    at_draw: bool = False
    own_formula: TermArray | None = None

    def masked(self, mask: TermArray) -> "Quantity":
        """The quantity times a constant at each place, such as a mask of zeros and ones."""
        return replace(self, term=mask * self.term, normaliser=mask * self.normaliser, mask=mask)

    def called(self, named: "Quantity") -> "Quantity":
        """The same formula, with the name, the family and the parameters of a likelihood that has its values."""
        name, family, learned, parameters = named.name, named.family, named.learned, named.parameters
        return replace(self, name=name, family=family, learned=learned, parameters=parameters)

    def at_the_draw(self, term: TermArray) -> "Quantity":
        """The same prior, where `term` is log q(z) - log p(z) at a draw z, whose mean over draws this one is."""
        return replace(self, term=term, at_draw=True)


@dataclass(frozen=True)
class Found:
    """A quantity that a term is a multiple of, as far as values can tell.

    Attributes:
        target: the quantity.
        fit: its weight, and the constant that is added.
        aside: the addends with data only; None if there are none.
        number: the addends without any array, if these are not in the constant.
        at_kept: under a mask, the numbers that are added at each place that counts; `aside` has them, times the mask.
    """

    target: Quantity
    fit: Combination
    aside: TermArray | None = None
    number: TermArray | None = None
    at_kept: TermArray | None = None

    def called(self, named: Quantity) -> "Found":
        """The same, with the name of a likelihood that has its values."""
        return replace(self, target=self.target.called(named))

    def fitted_as(self, fit: Combination) -> "Found":
        """The same quantity with another weight and constant, in which all numbers are."""
        return replace(self, fit=fit, number=None, at_kept=None)

    @property
    def added_number(self) -> TermArray:
        """All numbers that are added at each place."""
        found = self.fit.constant if self.number is None else self.fit.constant + self.number
        return found if self.at_kept is None else found + self.at_kept


@dataclass(frozen=True)
class Body:
    """The addends of a term in three groups.

    Attributes:
        term: those that are compared with a quantity.
        aside: those of data only, which no optimiser sees; None if there are none.
        number: those without any array; None if there are none.
        whole: `term` + `number`.
    """

    term: TermArray
    aside: TermArray | None
    number: TermArray | None
    whole: TermArray

    @classmethod
    def of(cls, term: TermArray, data: frozenset[str] = frozenset()) -> "Body":
        """Of this term, given the arrays that are data."""
        parts = added(term.term)
        number = [part for part in parts if not names_in(part)]
        aside = [part for part in parts if names_in(part) and names_in(part) <= data]
        rest = [part for part in parts if not names_in(part) <= data]
        if not rest or not (number or aside):
            return cls(term, None, None, term)
        terms = reduce(add, rest)
        known = reduce(add, number) if number else None
        return cls(terms, reduce(add, aside) if aside else None, known, terms if known is None else terms + known)


def fits(values: Tensor, rows: Tensor) -> Tensor:
    """For each row, whether the values are a multiple of it plus a constant, up to rounding.

    Their correlation is 1 or -1 then. 1e-11: with a hundred float64 numbers rounding leaves 1e-14 of a correlation, and
    a wrong quantity 1e-6 and more. A row that hardly varies (1e-9 of its size) has no correlation.
    """
    finite = torch.isfinite(values)
    values, rows = values[finite], rows[..., finite]
    usable = torch.isfinite(rows).all(-1) & bool(finite.any())
    if not bool(usable.any()):
        return usable
    rows = torch.where(usable[..., None], rows, 0.0)
    one, others = values - values.mean(), rows - rows.mean(-1, keepdim=True)
    norms = one.norm() * others.norm(dim=-1)
    scale = 1e-9 * (values.abs().max() + 1e-300) * (rows.abs().amax(-1) + 1e-300)
    return usable & (norms > scale) & ((others @ one).abs() > (1 - 1e-11) * norms)


_PRODUCT = 1e-9
"""Of a float64 in a product or two, relative to 1 + its size: a term that is no multiple is off by 1e-3 and more."""


def without_mask(term: TermArray, mask: TermArray, axes: list[int], values: Probe) -> TermArray | None:
    """What a term is a mask times, by values; None where it is no multiple of the mask."""
    inside, zero = (simple(TermArray((), replaced(term.term, {mask.term: as_term(number).term}))) for number in (1, 0))
    if not names_in(inside) or names_in(inside) & names_in(mask):
        return None
    numbers, product = values.of(term, axes), values.of(mask, axes) * values.of(inside, axes)
    defined = torch.isfinite(numbers) & torch.isfinite(product)
    alike = torch.allclose(numbers[defined], product[defined], rtol=_PRODUCT, atol=_PRODUCT)
    return inside if alike and not bool(values.of(zero, axes).nan_to_num().abs().max() > _PRODUCT) else None


def with_mask(found: Found, mask: TermArray) -> Found:
    """The same times a mask: what is added to the quantity at each place is a constant at those that are kept."""
    more = [part for part in (found.aside, found.number) if part is not None]
    more += [] if is_number(found.fit.constant, 0) else [found.fit.constant]
    aside = mask * reduce(add, more) if more else None
    return Found(
        found.target.masked(mask), Combination(found.fit.weights, as_term(0)), aside, at_kept=found.added_number
    )


_SIMPLE = 10**4
"""A constant with a larger denominator is taken for irrational: it may be a logarithm, log(2 pi) / 2 for instance."""


def found_with(body: Body, quantity: Quantity, axes: list[int], probe: Probe) -> Found | None:
    """The fit of a body with a quantity; None if there is none.

    Numbers that are no simple fractions (a logarithm) are set aside exactly, since a fit would only round them.
    """
    wanted = [quantity.term - quantity.normaliser]
    if body.number is not None and not _is_rational(body.number):
        fit = fitted(probe, body.term, wanted, axes, largest=_SIMPLE)
        if fit is not None:
            return Found(quantity, fit, body.aside, body.number)
        in_quantity = (
            p.head.value for p in subterms(quantity.term.term) if isinstance(p.head, Number) and p.sort is REAL
        )
        if all(number.denominator <= _SIMPLE for number in in_quantity):
            return None  # otherwise the number is the posterior's, as that of a smallest variance
    fit = fitted(probe, body.whole, wanted, axes, largest=_SIMPLE)
    return Found(quantity, fit, body.aside) if fit else None


def _is_rational(term: TermArray) -> bool:
    """Whether it is arithmetic of numbers with few digits, which a fit recognises."""
    return all(
        part.head in _ARITHMETIC or (isinstance(part.head, Number) and part.head.value.denominator <= _SIMPLE)
        for part in subterms(term.term)
        if part.sort is REAL and part.head != Operator("real")
    )


_ARITHMETIC = {Operator(name) for name in ("add", "subtract", "multiply", "divide", "negative")}

_MOST_CANDIDATES = 24
"""How many parts of a term are tried as a parameter. Likelihoods have four or fewer, which are among the smallest."""


def candidates(term: TermArray, allowed: Callable[[frozenset[str]], bool]) -> list[TermArray]:
    """The real parts of a term that may be a parameter, by the arrays in them; the smallest first."""
    found = []
    for part in subterms(term.term):
        if part.sort is not REAL or part.loose or isinstance(part.head, Number):
            continue
        names = names_in(TermArray((), part))
        if names and allowed(names):
            found.append(TermArray((), part))
    return sorted(found, key=lambda t: sum(1 for _ in subterms(t.term)))[:_MOST_CANDIDATES]


def _is_of_exponentials(term: Term) -> bool:
    """Whether its logarithm is known as it is written: it is a product of exponentials and positive numbers."""
    match term.head:
        case Number(value=value):
            return value > 0
        case Operator("exp"):
            return True
        case Operator("multiply" | "divide") | Power():
            return all(map(_is_of_exponentials, term.arguments))
    return False


def log_forms(terms: list[tuple[TermArray, Tensor]], factor: int) -> Iterator[tuple[TermArray | Rewrite, Tensor]]:
    """What a log-variance may be: a term t or -t, with `factor` 2 also 2t; or the logarithm of a positive term.

    For a logarithm, s with e^s written for its argument is proposed: a `Rewrite`.
    """
    for term, values in terms:
        if term.term.head == Operator("log") and not _is_of_exponentials(inside := term.term.arguments[0]):
            yield Rewrite(TermArray((), inside), "exp"), values
            yield Rewrite(TermArray((), inside), "exp"), factor * values
            continue
        for k in (1, 2) if factor == 2 else (1,):
            yield (term if k == 1 else 2 * term), k * values
            yield -term if k == 1 else -2 * term, -k * values
    for term, values in terms:
        if bool((values > 0).all()) and not _is_of_exponentials(term.term):
            for k in (1, 2) if factor == 2 else (1,):
                yield Rewrite(term, "exp"), k * values.log()
                yield Rewrite(term, "exp"), -k * values.log()
