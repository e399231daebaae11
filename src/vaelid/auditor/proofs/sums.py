"""Sums over named axes, as data: a term as coefficients times sums. Nothing is proved here.

A real term comes in, for instance ``(sum over i of x[i]^2) / N``; its parts go out (here one: the coefficient ``1/N``
and the sum), or what stands below the sums, ``x[i]^2 / N``. `decomposition` and `summation` prove what is read so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial, reduce
from operator import add

from vaelid.auditor.formula.arithmetic import is_number, tidy
from vaelid.auditor.formula.axes_of_terms import axis_of, depends_on, index_name, index_of, is_length
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.substitution import abstracted, element, lambda_, make
from vaelid.readings.terms.syntax import INDEX, Binder, Number, Operator, Term, Variable

__all__ = ["Part", "Sum", "added", "axes_of", "below_sum", "under_sums", "value_of"]


@dataclass(frozen=True)
class Sum:
    """A sum over one axis.

    Attributes:
        axis: its number: 3 for the axis with index ``i3`` and length ``N3``.
        length: its length, a term.
        body: the summand, with the axis' index as a free variable.
    """

    axis: int
    length: Term
    body: TermArray

    @classmethod
    def of(cls, term: Term) -> "Sum":
        """Read a term whose head is the binder ``sum``."""
        length = term.arguments[0]
        if not is_length(length.head):
            raise TypeError(f"a sum to {length.head}, which is the length of no axis")
        axis = axis_of(length.head)
        return cls(axis, length, TermArray((), element(lambda_(1, term.arguments[1]), index_of(axis))))

    @property
    def index(self) -> Variable:
        """The index variable of the axis."""
        return Variable(index_name(self.axis), INDEX)

    def is_free_of(self, term: TermArray) -> bool:
        """Whether a term has one value along the whole axis."""
        return not depends_on(term, self.axis)

    def vector(self, part: TermArray) -> Term:
        """The values of a summand along the axis, as one array: ``x[i]^2`` becomes ``lambda i. x[i]^2``."""
        return lambda_(1, abstracted(part.term, self.index))


@dataclass(frozen=True)
class Part:
    """One addend of a decomposed term: `coefficient` * `term`; the term is a sum, or has no sum in it."""

    coefficient: TermArray
    term: TermArray

    @property
    def product(self) -> TermArray:
        """The addend itself; a coefficient 1 is not written."""
        return self.term if is_number(self.coefficient, 1) else self.coefficient * self.term


def value_of(parts: Iterable[Part]) -> TermArray:
    """The sum of the parts."""
    products = [part.product for part in parts]
    return reduce(add, products) if products else as_term(0)


def added(term: Term, *, of_logs: bool = True) -> list[TermArray]:
    """The addends of a term, with factors distributed: ``2 * (x - y)`` gives ``2 * x`` and ``2 * -y``.

    `of_logs`: the logarithm of a positive number times t, which is no number, is split too, into two addends.
    """
    inner = partial(added, of_logs=of_logs)
    match term.head, term.arguments:
        case Operator("add"), (x, y):
            return [*inner(x), *inner(y)]
        case Operator("subtract"), (x, y):
            return [*inner(x), *(-part for part in inner(y))]
        case Operator("negative"), (x,):
            return [-part for part in inner(x)]
        case Operator("multiply"), (x, y):
            left, right = inner(x), inner(y)
            if len(left) == 1 or len(right) == 1:  # a product of two sums would grow quadratically
                return [one * other for one in left for other in right]
        case Operator("divide"), (x, y):
            below = TermArray((), y)
            return [part / below for part in inner(x)]
        case Operator("log"), (product,) if of_logs and product.head == Operator("multiply"):
            x, y = product.arguments
            for number, rest in ((x, y), (y, x)):
                if isinstance(number.head, Number) and number.head.value > 0 and not isinstance(rest.head, Number):
                    return [_log(number), *inner(_log(rest).term)]
    return [TermArray((), term)]


def _log(term: Term) -> TermArray:
    return TermArray((), make(Operator("log"), term))


def axes_of(parts: Iterable[Part]) -> list[int]:
    """The axes of the most deeply nested sum among the parts, the outermost first."""
    longest: list[int] = []
    for part in parts:
        term, axes = part.term.term, []
        while term.head == Binder("sum"):
            over = Sum.of(term)
            axes.append(over.axis)
            term = over.body.term
        longest = max(longest, axes, key=len)
    return longest


def _sums_over(part: Part, axis: int) -> bool:
    return part.term.term.head == Binder("sum") and Sum.of(part.term.term).axis == axis


def below_sum(parts: list[Part], axis: int) -> tuple[Sum, list[Part]]:
    """Remove the sum over one axis from all parts. Raises `NoProof` if none of them sums over it.

    A part without that sum is spread over the axis: each of the N places gets 1/N of it.
    """
    over = next((Sum.of(part.term.term) for part in parts if _sums_over(part, axis)), None)
    if over is None:
        raise NoProof("it does not sum over the same axes")
    share = 1 / real(over.length)
    return over, [
        Part(part.coefficient, Sum.of(part.term.term).body)
        if _sums_over(part, axis)
        else Part(tidy(part.coefficient * share), part.term)
        for part in parts
    ]


def under_sums(parts: list[Part], axes: list[int]) -> TermArray:
    """The summand of all parts together, below the sums over these axes."""
    for axis in axes:
        _, parts = below_sum(parts, axis)
    return value_of(parts)
