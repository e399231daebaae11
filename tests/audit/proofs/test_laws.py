"""Instances of laws at what occurs: each is true at numbers, and there are not too many."""

import math

import pytest

from vaelid.auditor.proofs.laws import about_abs, about_logits, laws, proved_about_abs
from vaelid.auditor.proofs.obligations import NoProof, proved
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.spec.arrays import softplus
from vaelid.theory.library.definitions import scalar
from vaelid.theory.statement import eq, split

from ..numbers_of_terms import sides, value

X, Y = scalar("x"), scalar("y")
NUMBERS = {"x": 0.7, "y": -1.3}


def is_true(theorem, numbers):
    """Whether a theorem holds at numbers; one under hypotheses that do not hold there, does."""
    hypotheses, conclusion = split(theorem.statement)
    return not all(_holds(h, numbers) for h in hypotheses) or _holds(conclusion, numbers)


def _holds(formula, numbers):
    name, parts = formula.head.name, formula.arguments
    if name == "and":
        return all(_holds(part, numbers) for part in parts)
    if name == "not":
        return not _holds(parts[0], numbers)
    left, right = (value(part, numbers) for part in parts)
    if name == "equal":
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
    return {"less": left < right, "less_equal": left <= right}[name]


TERMS = {
    "exponentials": [xp.exp(X) * xp.exp(-Y)],
    "logarithm": [xp.log(1 + xp.exp(X))],
    "density": [(X - Y) ** 2 / xp.exp(2 * Y) + Y],
    "several terms": [xp.exp(X), xp.log(xp.exp(Y) + 2)],
}


@pytest.mark.parametrize("name", TERMS)
def test_every_law_is_true_at_numbers(name):
    found = laws(*(term.term for term in TERMS[name]))
    assert len({theorem.statement for theorem in found}) == len(found)
    assert all(is_true(theorem, NUMBERS) for theorem in found)


def test_laws_are_of_what_occurs():
    assert len(laws(X.term)) == 2  # of numbers alone
    assert len(laws(xp.exp(X).term)) < len(laws((xp.exp(X) * xp.exp(Y)).term))


def test_there_are_not_more_pairs_than_the_solvers_take():
    many = as_term(0)
    for k in range(40):
        many = many + xp.exp(scalar(f"a{k}"))
    assert len(laws(many.term)) < 2 + 3 * 40 + 2 * 60 + 1


@pytest.mark.parametrize("x", [-2.0, -0.5, 0.0, 1.5])
def test_an_absolute_value_is_said_on_either_side_of_zero(x):
    found = about_abs((abs(X) + abs(X - 1)).term)
    assert len(found) == 4
    assert all(is_true(theorem, {"x": x}) for theorem in found)


LOGITS = {
    "log of one plus": (xp.log(1 + xp.exp(X)), softplus(X)),
    "log of one plus of minus": (xp.log(1 + xp.exp(-X)), softplus(X) - X),
    "log of a sigmoid": (xp.log(1 / (1 + xp.exp(-X))), X - softplus(X)),
    "log of one less a sigmoid": (xp.log(1 - 1 / (1 + xp.exp(-X))), -softplus(X)),
    "softplus of minus": (softplus(-X), softplus(X) - X),
}


@pytest.mark.parametrize("name", LOGITS)
def test_the_lemmas_on_logits_prove_what_is_usual(name):
    written, usual = LOGITS[name]
    x = NUMBERS["x"]
    assert value(written, NUMBERS) == pytest.approx(value(usual, NUMBERS))
    assert value(softplus(X), NUMBERS) == pytest.approx(math.log1p(math.exp(x)))
    goal = eq(written, usual)
    assert proved(goal, about_logits(written.term), unfold=True).statement is goal


def test_the_lemmas_are_at_every_exponent_that_occurs():
    found = about_logits((xp.exp(X) + xp.exp(-Y)).term)
    assert len(found) == 10
    assert all(math.isclose(*sides(theorem, NUMBERS), rel_tol=1e-9) for theorem in found)


def test_facts_on_absolute_values_are_given_as_few_as_do():
    given_facts = []

    def prove(goal, facts):
        given_facts.append(len(facts))
        return proved(goal, facts)

    proved_about_abs(eq(abs(X) * abs(X), X**2), prove)
    assert given_facts == [0, 2]  # first those of numbers, of which there are none, then those of x
    with pytest.raises(NoProof):
        proved_about_abs(eq(abs(X), X), prove)
