"""A user's own claims: proved from the library, or answered with a point where they are false."""

from fractions import Fraction

import pytest
from flint import arb, fmpq

import vaelid
from vaelid.readings.terms.text import text
from vaelid.theory.counterexample import counterexample
from vaelid.theory.kernel import NotProved
from vaelid.theory.library.definitions import coordinate_kl, exp_minus_one_minus, scalar
from vaelid.theory.prover import Unproved, prove
from vaelid.theory.statement import eq, given, le, lt


@pytest.mark.parametrize(
    "claim",
    [
        "0 <= KL",
        "KL + 1 > 0",
        "exp_minus_one_minus(x) >= 0",
        "x < exp(x)",
        "mean_squared_error(x_hat, x) >= 0",
        "loss(model, 2, x, eps) >= loss(model, 1, x, eps)",
        "beta >= 0 -> loss(model, beta, x, eps) >= reconstruction_loss(model, x, eps)",
        "loss(model, b, x, eps) == weighted_two_term(b, vae_objective_terms(model, x, eps))",
        "importance_weighted_bound(log_weights) >= mean(log_weights)",
        "bernoulli_log_density(1, logits) == logits - log(exp(logits) + exp(0))",
    ],
)
@pytest.mark.every(2)
def test_what_follows_from_the_library_is_proved(claim):
    theorem = prove(claim)
    assert theorem.axioms <= {"exp_zero", "exp_gt_one_plus", "exp_add", "log_exp", "exp_log", "pi_pos"}


def test_a_wrong_claim_is_answered_with_a_point_and_its_exact_value():
    """At mu = 2, logvar = 0 the KL is (1 + 4 - 1 - 0) / 2 = 2."""
    with pytest.raises(Unproved) as caught:
        vaelid.prove("KL < 1")
    assert str(caught.value) == (
        "not true: 0 < L → diagonal_gaussian_kl_to_standard_sum(mu, logvar) < 1. It is false at L = 1, logvar = (0), "
        "mu = (2): there diagonal_gaussian_kl_to_standard_sum(mu, logvar) = 2 exactly."
    )
    found = caught.value.counterexample
    assert found.point == {"L": 1, "logvar": (0,), "mu": (2,)}
    assert found.sides == (fmpq(2), fmpq(1))
    assert isinstance(caught.value, vaelid.NotProved | vaelid.VaelidError)


def test_a_value_that_is_not_rational_comes_with_its_bounds():
    """e^2 - 1 - 2 = 4.389056098930650227..."""
    found = counterexample(lt(exp_minus_one_minus(scalar("x")), 1))
    assert found.point == {"x": 2}
    assert found.sides[0].overlaps(arb("4.389056098930650227230427460575"))
    assert found.sides[0].rad() < arb("1e-30")
    assert str(found) == "It is false at x = 2: there exp_minus_one_minus(x) = 4.3890560989306502 ± 2.73e-17."


def test_the_point_satisfies_the_hypotheses():
    m, v = scalar("m"), scalar("v")
    found = counterexample(given(lt(1, m), eq(v, 0), lt(coordinate_kl(m, v), 1)))
    assert found.point["m"] > 1
    assert found.point["v"] == 0
    assert Fraction(int(found.sides[0].p), int(found.sides[0].q)) == Fraction(found.point["m"]) ** 2 / 2


def test_true_statements_have_no_counterexample():
    assert counterexample(le(0, coordinate_kl(scalar("m"), scalar("v")))) is None


def test_points_where_a_formula_says_nothing_are_left_out():
    """x / x = 1 fails at 0 only, where the quotient has no value: that is no counterexample, and no proof either."""
    x = scalar("x")
    assert counterexample(eq(x / x, 1)) is None
    with pytest.raises(Unproved, match="No counterexample among 4,000 points, which proves nothing"):
        prove(eq(x / x, 1))


def test_what_the_solvers_answered_is_told_when_nothing_was_found():
    with pytest.raises(NotProved) as caught:
        prove("log(x) < x")
    assert "(z3 answers sat, cvc5 answers sat)" in str(caught.value)
    assert [answer.verdict for answer in caught.value.answers] == ["sat", "sat"]


def test_the_theorem_is_about_the_claim():
    assert text(prove("0 <= KL").statement) == "0 < L → 0 ≤ diagonal_gaussian_kl_to_standard_sum(mu, logvar)"
