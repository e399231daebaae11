"""Definitions unfolded and put back: the theorem is the one about the defined functions."""

import pytest

from vaelid.auditor.proofs.definitions import with_definitions
from vaelid.auditor.proofs.obligations import proved
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Symbol, subterms
from vaelid.theory.export.atoms import unfolded
from vaelid.theory.kernel import NotProved
from vaelid.theory.library.definitions import coordinate_kl, gaussian_density, scalar
from vaelid.theory.statement import eq

from ..numbers_of_terms import value

M, H, X = scalar("m"), scalar("h"), scalar("x")
NUMBERS = {"m": 0.7, "h": -1.3, "x": 0.2}

TERMS = {
    "kl": coordinate_kl(M, H),
    "twice": 2 * coordinate_kl(M, H) + coordinate_kl(X, as_term(0)),
    "density": gaussian_density(X, M, H),
    "inside": xp.exp(coordinate_kl(M, H)),
    "none": M + H,
}


@pytest.mark.parametrize("name", TERMS)
def test_the_unfolded_term_has_no_definition_and_the_same_value(name):
    term = unfolded(TERMS[name].term)
    assert not any(isinstance(part.head, Symbol) for part in subterms(term))
    assert value(term, NUMBERS) == pytest.approx(value(TERMS[name], NUMBERS))


def test_what_has_no_definition_stays_the_same_term():
    assert unfolded(TERMS["none"].term) is TERMS["none"].term


def test_a_theorem_about_bodies_becomes_one_about_the_functions():
    left = xp.exp(H) + M**2 - H
    goal = eq(left, 2 * coordinate_kl(M, H) + 1)
    plain = eq(*(TermArray((), unfolded(side)) for side in goal.arguments))
    theorem = with_definitions(goal, proved(plain))
    assert theorem.statement is goal


def test_two_functions_in_one_equation():
    left = xp.exp(H) + M**2 - H + (xp.exp(M) + X**2 - M)
    goal = eq(left, 2 * coordinate_kl(M, H) + 2 * coordinate_kl(X, M) + 2)
    plain = eq(*(TermArray((), unfolded(side)) for side in goal.arguments))
    assert with_definitions(goal, proved(plain)).statement is goal


def test_another_theorem_does_not_do():
    goal = eq(M, coordinate_kl(M, H))
    with pytest.raises(NotProved):
        with_definitions(goal, proved(eq(M, M)))
