"""The value of a quantified formula at a point: false by a witness, true only where every index was tried."""

import pytest

from vaelid.readings.terms.arrays import index, real, size, variable
from vaelid.readings.terms.formulas import for_all, implies, less, negation
from vaelid.readings.terms.values import value_at
from vaelid.theory.counterexample import counterexample
from vaelid.theory.prover import Unproved, prove
from vaelid.theory.statement import at, both, eq, every, given, iff, le, lt

n, i, j = size("n"), size("i"), size("j")
v = variable("v", n)
POINT = {n.head: 2, v.term.head: (1, 2)}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (every(i, n, lt(0, at(v, i))), True),
        (every(i, n, lt(1, at(v, i))), False),
        (negation(every(i, n, lt(0, at(v, i)))), False),
        (every(i, n, every(j, n, le(at(v, i) * at(v, j), 4))), True),
        (every(i, n, every(j, i, lt(at(v, j), at(v, i)))), True),
        (for_all(i.head, le(real(i), 1000)), None),
        (negation(for_all(i.head, le(real(i), 1000))), None),
        (for_all(i.head, lt(real(i), 1)), False),
        (negation(for_all(i.head, lt(real(i), 1))), True),
        (for_all(i.head, implies(less(i, n), le(real(i), 1))), None),
        (for_all(i.head, implies(both(le(index(0), i), lt(i, i)), lt(real(i), 0))), None),
        (for_all(i.head, eq(at(v, i), at(v, i))), None),
    ],
)
def test_only_a_witness_refutes_and_only_a_whole_axis_establishes(formula, value):
    assert value_at(formula, POINT) is value


@pytest.mark.parametrize(
    "false_for_what_was_not_tried",
    [
        given(for_all(i.head, le(real(i), 100)), eq(0, 1)),
        iff(for_all(i.head, le(real(i), 100)), eq(0, 1)),
        negation(for_all(i.head, le(real(i), 100))),
        given(for_all(i.head, implies(le(index(-50), i), lt(at(v, i), 1))), lt(at(v, index(9)), 0)),
    ],
)
def test_a_quantifier_that_was_only_tried_refutes_nothing(false_for_what_was_not_tried):
    """The first three are true: 101 is an index too. In the last, no point that is tried has a value at 9."""
    assert counterexample(false_for_what_was_not_tried, points=200) is None


def test_what_is_so_of_every_index_is_proved_and_its_negation_is_not():
    claim = for_all(i.head, lt(real(i), real(i) + 1))
    assert prove(claim).statement is claim
    with pytest.raises(Unproved, match="not proved"):
        prove(negation(claim))
