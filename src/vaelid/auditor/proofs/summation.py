"""From an identity of one coordinate to the identity of the sums over all coordinates.

Parts of a loss, the axes they sum over and a way to prove the identity of their summand come in; the parts as weights
times sums, a constant and the theorem go out. Example: from ``l[i] = 2 * kl[i] + 3`` at each index i, ``sum over i of
l[i] = 2 * (sum over i of kl[i]) + 3 N``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add

from vaelid.auditor.formula.arithmetic import is_number
from vaelid.auditor.formula.axes_of_terms import total
from vaelid.auditor.proofs.obligations import NoProof, proved
from vaelid.auditor.proofs.sum_laws import equal_sums, part_of_sum, times_one
from vaelid.auditor.proofs.sums import Part, Sum, below_sum, value_of
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.syntax import Term
from vaelid.theory.kernel import Theorem
from vaelid.theory.statement import eq, given

__all__ = ["Base", "Weighed", "summed"]


@dataclass(frozen=True)
class Weighed:
    """A term is a sum of weights times quantities, and a constant.

    Attributes:
        parts: each weight as the coefficient, each quantity as the term.
        constant: what is added; the number 0 where nothing is.
        theorem: that equation.
    """

    parts: tuple[Part, ...]
    constant: TermArray
    theorem: Theorem

    @property
    def addends(self) -> list[TermArray]:
        """The products, and the constant if it is not 0."""
        return [part.product for part in self.parts] + ([] if is_number(self.constant, 0) else [self.constant])


Base = Callable[[TermArray], Weighed]
"""From a summand to what it is as weights times quantities and a constant. May raise `NoProof`."""


def summed(parts: list[Part], axes: list[int], base: Base, hypotheses: tuple[Term, ...]) -> Weighed:
    """The parts as weights times sums of quantities over the axes, the outermost axis first. Raises `NoProof`."""
    if not axes:
        return base(value_of(parts))
    axis, *rest = axes
    over, inner = below_sum(parts, axis)
    return _over_one_axis(value_of(parts), over, inner, summed(inner, rest, base, hypotheses), hypotheses)


def _over_one_axis(
    whole: TermArray, over: Sum, inner: list[Part], summand: Weighed, hypotheses: tuple[Term, ...]
) -> Weighed:
    """One more sum around what is known of the summand, whose parts are `inner`."""
    left, right = [part.product for part in inner], summand.addends
    weighed = list(summand.parts)
    if not is_number(summand.constant, 0):
        weighed.append(Part(summand.constant, as_term(1)))
    pairs = [*zip(inner, left, strict=True), *zip(weighed, right, strict=True)]
    laws = [law for part, body in pairs if (law := part_of_sum(over, part, body)[1]) is not None]
    left, right = ([times_one(over, body) for body in side] for side in (left, right))
    together = reduce(add, left)
    laws += equal_sums(over, together, right, summand.theorem, hypotheses)
    laws += equal_sums(over, together, left, None, hypotheses)
    if not all(over.is_free_of(part.coefficient) for part in weighed):
        raise NoProof("its weight is not the same along an axis")
    length = real(over.length)
    totals = tuple(
        Part(part.coefficient, part.term * length if over.is_free_of(part.term) else total(part.term, over.axis))
        for part in summand.parts
    )
    constant = summand.constant if is_number(summand.constant, 0) else summand.constant * length
    addends = [part.product for part in totals] + ([] if is_number(constant, 0) else [constant])
    goal = given(*hypotheses, eq(whole, reduce(add, addends)))
    return Weighed(totals, constant, proved(goal, laws))
