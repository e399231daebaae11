"""The lemmas on sums at sums that occur: each theorem says what numpy computes."""

import pytest

from vaelid.auditor.formula.axes_of_terms import element_of, hypotheses_of, total
from vaelid.auditor.proofs.obligations import NoProof, proved
from vaelid.auditor.proofs.sum_laws import equal_sums, part_of_sum, times_one
from vaelid.auditor.proofs.sums import Part, Sum
from vaelid.readings.terms.arrays import as_term
from vaelid.theory.statement import eq, given

from ..numbers_of_terms import holds, random_numbers, value

X, Y = element_of("x", (0, 1)), element_of("y", (0,))
OVER = Sum.of(total(X, 1).term)
NUMBERS = random_numbers(1, (4, 3), x=(0, 1), y=(0,))
HYPOTHESES = hypotheses_of(total(total(X, 1), 0))


def test_a_constant_summand_is_written_times_one():
    assert times_one(OVER, X) is X
    assert value(times_one(OVER, Y), NUMBERS) == value(Y, NUMBERS)
    assert times_one(OVER, Y).term is not Y.term


PARTS = {
    "constant": (Part(as_term(2), Y), True),
    "number": (Part(as_term(1), as_term(5)), True),
    "factor": (Part(as_term(3), X), True),
    "factor that is an array": (Part(Y, X**2), True),
    "as it stands": (Part(as_term(1), X), False),
    "factor along the axis": (Part(X, X), False),
}


@pytest.mark.parametrize("name", PARTS)
def test_the_sum_of_a_part_is_what_is_said_of_it(name):
    part, has_theorem = PARTS[name]
    found, theorem = part_of_sum(OVER, part, part.product)
    expected = sum(value(part.product, {**NUMBERS, "i1": k}) for k in range(3))
    assert value(found.product, NUMBERS) == pytest.approx(expected)
    assert (theorem is not None) is has_theorem
    if theorem is not None:
        assert holds(theorem, NUMBERS)


def test_equal_summands_have_equal_sums():
    whole, bodies = (X + Y) ** 2, [X**2, 2 * X * Y, Y**2 * as_term(1)]
    same = proved(eq(whole, bodies[0] + bodies[1] + bodies[2]))
    laws = equal_sums(OVER, whole, bodies, same, HYPOTHESES)
    goal = eq(total(whole, 1), total(bodies[0], 1) + total(bodies[1], 1) + total(bodies[2], 1))
    theorem = proved(given(*HYPOTHESES, goal), laws)
    assert holds(theorem, NUMBERS)


def test_one_summand_that_is_the_whole_needs_no_law():
    assert equal_sums(OVER, X, [X], None, HYPOTHESES) == []


def test_summands_that_are_not_equal_are_refused():
    with pytest.raises(NoProof):
        equal_sums(OVER, X**2, [X], None, HYPOTHESES)
