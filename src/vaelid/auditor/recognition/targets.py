"""What a term is compared with: divergences to a prior, and negative log-likelihoods, by the functions of the spec.

A parameter of a likelihood is a term that occurs in the loss, or a simple function of one. Which one is found by trying
values; that it is right is for the kernel to say.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.model.question import Rewrite
from vaelid.auditor.model.values import Values
from vaelid.auditor.proofs.sums import added
from vaelid.auditor.recognition.fit import Fit, fitted
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import REAL, Number, Operator, Power, Term, subterms

__all__ = ["SIMPLE", "Body", "Found", "Target", "candidates", "fits", "found_with", "log_forms"]


@dataclass(frozen=True)
class Target:
    """A quantity in nats for each place of some axes.

    Attributes:
        name: of the likelihood or prior, in words.
        term: its element.
        normaliser: what is the same everywhere in it, and is often left out.
        family: of a likelihood: ``gaussian``, ``bernoulli``, ...
        learned: whether the term has a variance or scale of its own.
    """

    name: str
    term: TermArray
    normaliser: TermArray = field(default_factory=lambda: as_term(0))
    family: str = ""
    learned: bool = False
    parameters: tuple[TermArray, ...] = ()
    mask: TermArray | None = None
    """What it is multiplied by, at each place: a constant."""
    at_draw: bool = False
    """Whether it is a divergence's integrand log q(z) - log p(z) at the draw, and not its mean over draws."""


@dataclass(frozen=True)
class Found:
    """A target that fits, with its weight and constant.

    `aside` are the terms that have only data in them, `number` those that have nothing in them: neither was fitted.
    """

    target: Target
    fit: Fit
    aside: TermArray | None = None
    number: TermArray | None = None


@dataclass(frozen=True)
class Body:
    """A term and what of it is compared: without the terms of its sum that have only data in them, or nothing."""

    term: TermArray
    aside: TermArray | None
    number: TermArray | None
    whole: TermArray
    """With the numbers."""

    @classmethod
    def of(cls, term: TermArray, data: frozenset[str] = frozenset()) -> "Body":
        """Of this term, given the leaves that are data."""
        parts = added(term.term)
        number = [part for part in parts if not names_in(part)]
        aside = [part for part in parts if names_in(part) and names_in(part) <= data]
        rest = [part for part in parts if not names_in(part) <= data]
        if not rest or not (number or aside):
            return cls(term, None, None, term)
        terms = reduce(add, rest)
        known = reduce(add, number) if number else None
        return cls(terms, reduce(add, aside) if aside else None, known, terms if known is None else terms + known)


def fits(values: Tensor, candidates: Tensor) -> Tensor:
    """For each row of candidates, whether the values are a multiple of it, plus a constant, but for rounding."""
    finite = torch.isfinite(values)
    values, rows = values[finite], candidates[..., finite]
    usable = torch.isfinite(rows).all(-1) & bool(finite.any())
    if not bool(usable.any()):
        return usable
    rows = torch.where(usable[..., None], rows, 0.0)
    one, others = values - values.mean(), rows - rows.mean(-1, keepdim=True)
    norms = one.norm() * others.norm(dim=-1)
    scale = 1e-9 * (values.abs().max() + 1e-300) * (rows.abs().amax(-1) + 1e-300)
    return usable & (norms > scale) & ((others @ one).abs() > (1 - 1e-11) * norms)


SIMPLE = 10**4
"""A constant of a larger denominator is taken for no rational number: it may be a logarithm."""


def found_with(body: Body, target: Target, axes: list[int], values: Values) -> Found | None:
    """A fit with the constant that is left, or, where that is no simple number, with the numbers in the term aside."""
    wanted = [target.term - target.normaliser]
    if body.number is not None and not _is_rational(body.number):
        fit = fitted(values, body.term, wanted, axes, largest=SIMPLE)
        if fit is not None:
            return Found(target, fit, body.aside, body.number)
        numbers = (p.head.value for p in subterms(target.term.term) if isinstance(p.head, Number) and p.sort is REAL)
        if all(number.denominator <= SIMPLE for number in numbers):
            return None  # else it is the posterior's, as that of a smallest variance
    fit = fitted(values, body.whole, wanted, axes, largest=SIMPLE)
    return Found(target, fit, body.aside) if fit else None


def _is_rational(term: TermArray) -> bool:
    """Whether it is made of numbers with few digits, which a fit recognises."""
    return all(
        part.head in _ARITHMETIC or (isinstance(part.head, Number) and part.head.value.denominator <= 10**4)
        for part in subterms(term.term)
        if part.sort is REAL and part.head != Operator("real")
    )


_ARITHMETIC = {Operator(name) for name in ("add", "subtract", "multiply", "divide", "negative")}


def candidates(term: TermArray, allowed: Callable[[frozenset[str]], bool]) -> list[TermArray]:
    """The real terms inside whose leaves are allowed, the smallest first."""
    found = []
    for part in subterms(term.term):
        if part.sort is not REAL or part.loose or isinstance(part.head, Number):
            continue
        names = names_in(TermArray((), part))
        if names and allowed(names):
            found.append(TermArray((), part))
    return sorted(found, key=lambda t: sum(1 for _ in subterms(t.term)))[:24]


def _is_of_exponentials(term: Term) -> bool:
    """Whether its logarithm is known as it stands: it is a product or quotient of exponentials and positive numbers."""
    match term.head:
        case Number(value=value):
            return value > 0
        case Operator("exp"):
            return True
        case Operator("multiply" | "divide") | Power():
            return all(map(_is_of_exponentials, term.arguments))
    return False


def log_forms(candidates: list[tuple[TermArray, Tensor]], factor: int) -> Iterator[tuple[TermArray | Rewrite, Tensor]]:
    """Each as a logarithm, or what has to be written as e^s, so that s is one; `factor` 2 for squares also."""
    for term, values in candidates:
        if term.term.head == Operator("log") and not _is_of_exponentials(inside := term.term.arguments[0]):
            yield Rewrite(TermArray((), inside), "exp"), values
            yield Rewrite(TermArray((), inside), "exp"), factor * values
            continue
        for k in (1, 2) if factor == 2 else (1,):
            yield (term if k == 1 else 2 * term), k * values
            yield -term if k == 1 else -2 * term, -k * values
    for term, values in candidates:
        if bool((values > 0).all()) and not _is_of_exponentials(term.term):
            for k in (1, 2) if factor == 2 else (1,):
                yield Rewrite(term, "exp"), k * values.log()
                yield Rewrite(term, "exp"), -k * values.log()
