"""Identities of one coordinate as losses have them: proved; with one thing changed: not."""

import pytest

from vaelid.auditor.formula.axes_of_terms import element_of, hypotheses_of, length_of
from vaelid.auditor.formula.functions import clamped, sigmoid
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.auditor.proofs.pointwise import prove_pointwise
from vaelid.readings.terms.arrays import as_term, index, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.spec.arrays import softplus
from vaelid.theory.library.definitions import bernoulli_density, coordinate_kl, gaussian_density, scalar
from vaelid.theory.statement import eq, given

from ..numbers_of_terms import holds, value

X, M, H, E = map(scalar, "xmhe")
N = real(length_of(0))
NUMBERS = {"x": 0.3, "m": 1.1, "h": 0.4, "e": -0.6, "N0": 5, "N3": 7}
Z = M + xp.exp(H / 2) * E
KL = coordinate_kl(M, H)
ZERO = as_term(0)

TRUE = {
    "kl by hand": ((M**2 + xp.exp(H) - 1 - H) / 2, KL),
    "kl of a deviation": ((M**2 + xp.exp(H / 2) ** 2 - 1) / 2 - xp.log(xp.exp(H / 2)), KL),
    "kl with a weight": (-as_term(2) * (1 + H - M**2 - xp.exp(H)), 4 * KL),
    "kl over a length": ((M**2 + xp.exp(H) - H) * (1 / N), (2 * (1 / N)) * KL + 1 / N),
    "length that cancels": (N * (1 / N) * M, M),
    "gaussian": (
        (X - M) ** 2 / 2,
        -gaussian_density(X, M, as_term(0)) + gaussian_density(as_term(0), as_term(0), as_term(0)),
    ),
    "bernoulli of logits": (softplus(M) - X * M, -bernoulli_density(X, M)),
    "bernoulli of a sigmoid": (
        -(X * xp.log(sigmoid(M)) + (1 - X) * xp.log(1 - sigmoid(M))),
        -bernoulli_density(X, M),
    ),
    "mean of an estimate": (((M + xp.exp(H / 2)) ** 2 + (M - xp.exp(H / 2)) ** 2) / 2, M**2 + xp.exp(H)),
    "estimate at the draw": (
        (Z**2 - E**2 - H) / 2,
        KL + M * xp.exp(H / 2) * E + xp.exp(H) * (E**2 - 1) / 2 - (E**2 - 1) / 2,
    ),
    "clamp as a whole": (
        2 * (clamped(H, as_term(-4), as_term(4)) + M),
        2 * M + 2 * clamped(H, as_term(-4), as_term(4)),
    ),
}

FALSE = {
    "kl without its log": ((M**2 + xp.exp(H) - 1) / 2, KL),
    "kl of a variance": ((M**2 + xp.exp(2 * H) - 1 - H) / 2, KL),
    "weight": (-as_term(2) * (1 + H - M**2 - xp.exp(H)), 2 * KL),
    "sigmoid twice": (softplus(sigmoid(M)) - X * sigmoid(M), -bernoulli_density(X, M)),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_proved(name):
    left, right = TRUE[name]
    assert value(left, NUMBERS) == pytest.approx(value(right, NUMBERS), abs=1e-12)
    goal = given(*hypotheses_of(left, right), eq(left, right))
    theorem = prove_pointwise(goal, left, right)
    assert theorem.statement is goal or holds(theorem, NUMBERS)


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_is_not(name):
    left, right = FALSE[name]
    assert value(left, NUMBERS) != pytest.approx(value(right, NUMBERS))
    with pytest.raises(NoProof):
        prove_pointwise(given(*hypotheses_of(left, right), eq(left, right)), left, right)


def test_a_length_that_is_one_number_is_that_number():
    left, right = M * real(length_of(3)), 7 * M
    fixed = eq(length_of(3), index(7))
    theorem = prove_pointwise(given(fixed, eq(left, right)), left, right)
    assert holds(theorem, NUMBERS)
    with pytest.raises(NoProof):
        prove_pointwise(given(*hypotheses_of(left), eq(left, right)), left, right)


def test_elements_of_arrays_are_variables_like_any_other():
    mu, lv = element_of("mu", (0, 1)), element_of("lv", (0, 1))
    left, right = (mu**2 + xp.exp(lv) - 1 - lv) / 2, coordinate_kl(mu, lv)
    assert prove_pointwise(eq(left, right), left, right).statement is eq(left, right)
