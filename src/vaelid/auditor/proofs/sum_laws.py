"""The lemmas on sums of the library, at the sums that occur: constants and factors leave a sum, sums add, equals agree.

A `Sum` and parts of its summand come in; theorems go out that a proof about the whole sum may use. Example: for ``sum
over i of c * x[i]`` the theorem that it is ``c * sum over i of x[i]``, if c has no index i.
"""

from functools import cache, reduce
from operator import add

from vaelid.auditor.formula.arithmetic import is_number, tidy
from vaelid.auditor.formula.axes_of_terms import total
from vaelid.auditor.proofs.obligations import proved
from vaelid.auditor.proofs.sums import Part, Sum
from vaelid.readings.terms.arrays import TermArray, as_term, index, real, size, variable
from vaelid.readings.terms.formulas import for_all
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, Term, Variable
from vaelid.theory.kernel import Theorem, generalize
from vaelid.theory.library.sums import sum_add, sum_congruent, sum_constant, sum_scale
from vaelid.theory.statement import at, eq, given, le
from vaelid.theory.tactics import prove, use

__all__ = ["equal_sums", "part_of_sum", "times_one"]


def times_one(over: Sum, body: TermArray) -> TermArray:
    """A summand that is constant along the axis as itself times 1: the form in which `sum_constant` states it."""
    return body * as_term(1) if over.is_free_of(body) else body


def part_of_sum(over: Sum, part: Part, body: TermArray) -> tuple[Part, Theorem | None]:
    """The sum over the axis of one part, whose product is `body`; with a theorem where it is not the sum as it stands.

    A constant summand becomes N times itself; a constant coefficient is taken out of the sum.
    """
    if over.is_free_of(body):
        return Part(tidy(part.coefficient * real(over.length)), part.term), use(
            sum_constant.theorem, c=body, n=over.length
        )
    if over.is_free_of(part.coefficient) and not is_number(part.coefficient, 1):
        scaled = use(sum_scale.theorem, c=part.coefficient, a=over.vector(part.term), n=over.length)
        return Part(part.coefficient, total(part.term, over.axis)), scaled
    return Part(as_term(1), total(body, over.axis)), None


@cache
def _congruence(hypotheses: tuple[Term, ...]) -> Theorem:
    """If a[i] = b[i] for every i follows from the hypotheses, then sum a = sum b.

    It is proved of arbitrary vectors, so that the solvers do no arithmetic with indices.
    """
    n, i = size("n"), Variable("i", INDEX)
    a, b = variable("a", n), variable("b", n)
    equal_there = for_all(i, given(*hypotheses, eq(at(a, make(i)), at(b, make(i)))))
    goal = given(equal_there, le(index(0), n), *hypotheses, eq(xp.sum(a), xp.sum(b)))
    return prove(goal, [use(sum_congruent.theorem, a=a, b=b, n=n)])


def equal_sums(
    over: Sum, whole: TermArray, bodies: list[TermArray], theorem: Theorem | None, hypotheses: tuple[Term, ...]
) -> list[Theorem]:
    """What is needed to conclude: the sum of `whole` is the sum of the sums of `bodies`.

    `theorem`: that whole = body + body + ... at each index; None where the two are one term.
    """
    together = reduce(add, bodies)
    theorems: list[Theorem] = []
    if together.term is not whole.term:
        pointwise = proved(given(*hypotheses, eq(whole, together)), [theorem] if theorem else [])
        theorems += [
            generalize(pointwise, over.index),
            use(_congruence(hypotheses), a=over.vector(whole), b=over.vector(together), n=over.length),
        ]
    so_far = bodies[0]
    for body in bodies[1:]:
        theorems.append(use(sum_add.theorem, a=over.vector(so_far), b=over.vector(body), n=over.length))
        so_far = so_far + body
    return theorems
