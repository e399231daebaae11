"""Finite sums: by induction on their length, once, about any vectors. Other files take instances."""

from vaelid.readings.terms.arrays import TermArray, index, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Term
from vaelid.theory.kernel import Theorem
from vaelid.theory.result import Result
from vaelid.theory.statement import at, eq, every, given, iff, le
from vaelid.theory.tactics import by_induction, for_every, prove, use

__all__ = ["RESULTS", "same_sum", "sum_add", "sum_congruent", "sum_constant", "sum_nonneg", "sum_scale", "sum_zero_iff"]

n, i = size("n"), size("i")
a, b, c = variable("a", n), variable("b", n), variable("c")
_ones = xp.ones_like(a)


def _inductive(name: str, says: str, statement: Term, *vectors: TermArray) -> Result:
    """A statement about sums of these vectors over i < n, for n >= 0."""
    return Result(name, says, given(le(index(0), n), statement), lambda: by_induction(statement, n, vectors))


sum_nonneg = _inductive(
    "sum_nonneg",
    "a sum of numbers that are not negative is not negative",
    given(every(i, n, le(0, at(a, i))), le(0, xp.sum(a))),
    a,
)
sum_zero_iff = Result(
    "sum_zero_iff",
    "a sum of numbers that are not negative is zero exactly when each is",
    given(
        le(index(0), n),
        given(every(i, n, le(0, at(a, i))), iff(eq(xp.sum(a), 0), every(i, n, eq(at(a, i), 0)))),
    ),
    lambda: by_induction(
        given(every(i, n, le(0, at(a, i))), iff(eq(xp.sum(a), 0), every(i, n, eq(at(a, i), 0)))),
        n,
        [a],
        [sum_nonneg.theorem],
    ),
)
sum_congruent = _inductive(
    "sum_congruent",
    "sums of equal numbers are equal",
    given(every(i, n, eq(at(a, i), at(b, i))), eq(xp.sum(a), xp.sum(b))),
    a,
    b,
)
sum_add = _inductive(
    "sum_add", "the sum of a sum is the sum of the sums", eq(xp.sum(a + b), xp.sum(a) + xp.sum(b)), a + b, a, b
)
sum_scale = _inductive("sum_scale", "a factor can be taken out of a sum", eq(xp.sum(c * a), c * xp.sum(a)), c * a, a)
sum_constant = _inductive(
    "sum_constant", "n times c is the sum of n terms c", eq(xp.sum(c * _ones), c * real(n)), c * _ones
)

RESULTS = (sum_nonneg, sum_zero_iff, sum_congruent, sum_add, sum_scale, sum_constant)


def same_sum(length: Term, left: TermArray, right: TermArray, premises: tuple[Theorem, ...] = ()) -> Theorem:
    """0 <= length -> the sums of two vectors are equal, whose elements the solvers find equal at every index."""
    j = size("j")
    pointwise = for_every(j, eq(at(left, j), at(right, j)), premises)
    goal = given(le(index(0), length), eq(xp.sum(left), xp.sum(right)))
    return prove(goal, [pointwise, use(sum_congruent.theorem, a=left, b=right, n=length)])
