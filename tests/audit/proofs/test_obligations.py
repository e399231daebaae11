"""One way to ask the solvers: a theorem, or an error with their answers."""

import pytest

from vaelid.auditor.proofs.obligations import NoProof, proved
from vaelid.readings.terms.arrays import as_term
from vaelid.theory.kernel import NotProved, Theorem
from vaelid.theory.library.definitions import coordinate_kl, scalar
from vaelid.theory.statement import eq, given, lt

X, Y = scalar("x"), scalar("y")


def test_what_is_true_is_a_theorem():
    found = proved(eq((X + Y) ** 2, X**2 + 2 * X * Y + Y**2))
    assert type(found) is Theorem
    assert found.statement is eq((X + Y) ** 2, X**2 + 2 * X * Y + Y**2)


def test_what_is_false_says_what_the_solvers_answer():
    with pytest.raises(NoProof, match=r"do not agree that the formula is right \(z3 answers sat, cvc5 answers sat\)"):
        proved(eq(X, X + 1))


def test_a_failure_is_one_of_the_kernels_too():
    assert issubclass(NoProof, NotProved)


def test_a_premise_is_used():
    premise = proved(given(lt(0, Y), lt(0, 2 * Y)))
    assert proved(given(lt(0, Y), lt(0, 2 * Y)), [premise]).statement is premise.statement


@pytest.mark.parametrize("unfold", [False, True])
def test_definitions_are_unfolded_only_if_asked(unfold):
    kl = coordinate_kl(X, as_term(0))
    body = (1 + X**2 - 1 - 0) / 2
    goal = eq(kl - kl, body - body)
    assert proved(goal, unfold=unfold).statement is goal
