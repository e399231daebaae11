"""A sample whose coordinates have covariances: mean + L eps, with a lower triangular L.

The element of a sample and that of its draw come in; mean, diagonal and what is below it go out, or None. Example: of
``mu[i] + (sum over k of A[i, k] eps[k] + s[i] eps[i])``, where ``A`` is what `tril(-1)` kept, the mean is ``mu`` and
the deviation ``s``: given the draws before it each coordinate is normal, around ``mu[i] + sum of A[i, k] eps[k]``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vaelid.auditor.findings.account import Below
from vaelid.auditor.formula.arithmetic import is_number, linear_in, outermost_sums
from vaelid.auditor.formula.axes_of_terms import axes_in, elements_of, index_of, names_in
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.proofs.sums import Sum
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Correlated", "correlated"]


@dataclass(frozen=True)
class Correlated:
    """What such a sample is made of.

    Attributes:
        mean: of the sample.
        deviation: the diagonal of L.
        below: what is below it.
        centre: the mean of each coordinate where the draws of those before it are known.
    """

    mean: TermArray
    deviation: TermArray
    below: Below
    centre: TermArray


def correlated(element: TermArray, eps: TermArray, name: str, leaves: Mapping[str, Leaf]) -> Correlated | None:
    """Mean and factor of a sample; `name`: of the array of its draw, of which `eps` is the element."""

    def has_draw(term: TermArray) -> bool:
        return name in names_in(term)

    found = linear_in(element, [eps.term])
    if found is None or has_draw(found[0][0]):
        return None
    (deviation,), centre = found
    sums = [part for part in outermost_sums(centre.term) if has_draw(TermArray((), part))]
    if len(sums) != 1 or (rest := linear_in(centre, sums)) is None or not is_number(rest[0][0], 1):
        return None
    mean, over = rest[1], Sum.of(sums[0])
    own = [e for e in elements_of(over.body) if has_draw(TermArray((), e))]
    if has_draw(mean) or len(own) != 1 or (factor := linear_in(over.body, own)) is None or not is_number(factor[1], 0):
        return None
    rows = [axis for axis in axes_in(eps.term) if axis not in axes_in(own[0])]
    if len(rows) != 1 or not _is_below_diagonal(factor[0][0], leaves, rows[0], over.axis):
        return None
    return Correlated(mean, deviation, Below(factor[0][0], rows[0], over.axis), centre)


def _is_below_diagonal(element: TermArray, leaves: Mapping[str, Leaf], row: int, column: int) -> bool:
    """Whether an element is a multiple of what `tril` kept below a diagonal, at these axes."""
    places = (index_of(row), index_of(column))
    for one in elements_of(element):
        leaf = leaves.get(next(iter(names_in(TermArray((), one)))))
        if leaf is None or leaf.operation != "tril" or one.arguments[-2:] != places:
            continue
        factor = linear_in(element, [one])
        return factor is not None and is_number(factor[1], 0) and not bool(leaf.tensor.triu().any())
    return False
