"""What a point shows, in words: the numbers of the sentence are those of the witness."""

import inspect
from fractions import Fraction

import pytest
from flint import arb

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.refutation import sentences
from vaelid.auditor.refutation.sentences import (
    another_bernoulli,
    another_declared_prior,
    another_level,
    another_level_for_its_curvature,
    another_slope,
    compared_with_another_row,
    compared_with_nothing,
    depends_on_nothing,
    effects_do_not_add_up,
    element_name,
    falls_without_end,
    flat_in_two_data,
    moves_beside_the_posteriors,
    no_combination,
    no_data,
    no_minimum,
    no_parameter_of_a_prior,
    no_quadratic,
    no_slope_in_noise,
    no_weight,
    not_normalised,
    not_of_the_family,
    same_odds,
    weights_differ,
)

from ..witnessed import ball

ONE, TWO, X = ("mu", (0, 1)), ("mu", (1, 1)), ("x", (0, 2))
MOVED = {ONE: Fraction(1, 2)}
A, B = arb(2), arb("3.5")

SAID = {
    "no_slope_in_noise": (
        no_slope_in_noise("eps", "logvar", Fraction(5, 3), A),
        "z is no function of a mean plus a deviation times the noise, so no sample of a Gaussian: where the noise is "
        "5/3, z moves with logvar and not with the noise, as behind a clamp.",
        ({"eps": "5/3"}, "2", "0"),
    ),
    "another_slope": (
        another_slope("eps", "logvar", A, B),
        "z is no function of a mean plus a deviation times the noise, so no sample of a Gaussian: the ratio of its "
        "slopes in logvar and in the noise is 2.00000 where the noise is 2, and a line through those at 1 and 3 gives "
        "3.50000.",
        ({"eps": "2"}, "2", "3.5"),
    ),
    "not_of_the_family": (
        not_of_the_family("poisson", Witness({"x": "1", "h": "1/2"}, "2", "3", "one; other")),
        "no weight and constant make it the negative log-likelihood of a poisson with the decoder's output as "
        "parameter: at x = 1, h = 1/2 it is 2, and would have to be 3.",
        ({"x": "1", "h": "1/2"}, "2", "3"),
    ),
    "not_normalised": (
        not_normalised({"h": "1"}, {"h": "0"}, A, B, "A"),
        "it is the negative logarithm of no density: the integral of its exponential over the data moves with the "
        "decoder's output (A is 2.00000 and 3.50000).",
        ({"h": "1"}, "2", "3.5"),
    ),
    "falls_without_end": (
        falls_without_end({"h": "1"}, "x", (Fraction(1000), B), (Fraction(10**6), A)),
        "it is the negative logarithm of no density: it falls without end as x goes to 1000000.",
        ({"h": "1", "x": "1000000"}, "2", "3.5"),
    ),
    "effects_do_not_add_up": (
        effects_do_not_add_up({ONE: Fraction(1), TWO: Fraction(-1)}, A, B),
        "its terms do not add up: moving mu[0, 1] and mu[1, 1] together changes it by 2.00000, each alone by 3.50000 "
        "in all. An ELBO is a sum over rows, places and coordinates.",
        ({"mu[0, 1]": "1", "mu[1, 1]": "-1"}, "2", "3.5"),
    ),
    "moves_beside_the_posteriors": (
        moves_beside_the_posteriors({ONE: Fraction(1), TWO: Fraction(-1)}, B, A),
        "it moves by 1.50000 where mu[0, 1] and mu[1, 1] move so that no mean or variance of a posterior does: its KL "
        "is of another posterior.",
        ({"mu[0, 1]": "1", "mu[1, 1]": "-1"}, "3.5", "2"),
    ),
    "depends_on_nothing": (
        depends_on_nothing(ONE, MOVED, B, A),
        "it depends on mu[0, 1], which is compared with no data and is no latent's, nor a prior's, mean or variance: "
        "moving it changes the loss by 1.50000.",
        ({"mu[0, 1]": "1/2"}, "3.5", "2"),
    ),
    "no_combination": (
        no_combination((ONE,), {}, A, B),
        "in mu[0, 1] it is no multiple of a KL to a normal prior: where a (mu^2 + sigma^2) + b mu + c log sigma^2 + d "
        "is fitted to other points, it would have to be 3.50000000000 at where it was recorded, and is 2.00000000000.",
        ({}, "2", "3.5"),
    ),
    "no_weight": (
        no_weight((ONE, TWO), A),
        "in mu[0, 1], mu[1, 1] it has no KL, or one of the wrong sign: the weight of log sigma^2 there is -1.00000.",
        ({}, "-1", "-0.5"),
    ),
    "weights_differ": (
        weights_differ((ONE,), A, (TWO,), B),
        "its KL has the weight 2.00000 at mu[0, 1], and 3.50000 at mu[1, 1].",
        ({}, "1", "1.75"),
    ),
    "another_declared_prior": (
        another_declared_prior((ONE,), A, 0, "the factor of mu; that in the KL"),
        "in mu[0, 1] it is no multiple of the KL to N(0, I): the factor of mu, is 2, and would have to be 0, that in "
        "the KL.",
        ({}, "2", "0"),
    ),
    "no_parameter_of_a_prior": (
        no_parameter_of_a_prior((TWO,), MOVED, A, B),
        "mu[0, 1] = 1/2 is no parameter of a normal prior of mu[1, 1]: the KL to the prior it would be of is not what "
        "the loss has, up to one constant.",
        ({"mu[0, 1]": "1/2"}, "2", "3.5"),
    ),
    "no_data": (no_data(), "no data stand in the loss.", ({}, "0", "1")),
    "compared_with_nothing": (
        compared_with_nothing(X, {X: Fraction(1)}, A, arb(0), "gaussian"),
        "x[0, 2] is compared with no output: moving it changes the loss by 2.00000, whatever the decoder puts out.",
        ({"x[0, 2]": "1"}, "0", "-1"),
    ),
    "compared_with_another_row": (
        compared_with_another_row({X: Fraction(1), ("x_hat", (1, 2)): Fraction(1, 2)}, A, B),
        "x[0, 2] is compared with x_hat[1, 2] too, an output of another row: no row has a likelihood of its own.",
        ({"x[0, 2]": "1", "x_hat[1, 2]": "1/2"}, "2", "3.5"),
    ),
    "flat_in_two_data": (
        flat_in_two_data(X, ("x", (0, 3)), arb(0)),
        "it does not rise where x[0, 2] and x[0, 3] move together in some ratio: no normalised likelihood of both is "
        "flat.",
        ({}, "0", "1"),
    ),
    "same_odds": (
        same_odds(X, MOVED, A, arb(0), "bernoulli"),
        "x[0, 2] being 1 instead of 0 changes it by 2.00000, whatever the decoder puts out: it is no likelihood of "
        "the decoder's.",
        ({"mu[0, 1]": "1/2"}, "0", "-1"),
    ),
    "no_quadratic": (
        no_quadratic(X, MOVED, A, B),
        "in x[0, 2] it is no quadratic, as a Gaussian's is: 2.00000, not 3.50000.",
        ({"mu[0, 1]": "1/2"}, "2", "3.5"),
    ),
    "no_minimum": (
        no_minimum(X, MOVED, arb(-1)),
        "in x[0, 2] it has no minimum, as a Gaussian's has: its second derivative is not positive.",
        ({"mu[0, 1]": "1/2"}, "-1", "0.5"),
    ),
    "another_level": (
        another_level(X, MOVED, A, B),
        "it is no normalised likelihood of x[0, 2]: its smallest value over the datum moves with the decoder's output, "
        "3.50000 and 2.00000.",
        ({"mu[0, 1]": "1/2"}, "2", "3.5"),
    ),
    "another_level_for_its_curvature": (
        another_level_for_its_curvature(X, MOVED, arb(1), (arb(4), arb(5)), A, B),
        "it is no normalised likelihood of x[0, 2] with the KL's weight 1.00000: its curvature over the datum moves "
        "from 4.00000 to 5.00000, so its smallest value would have to be 3.50000, and is 2.00000.",
        ({"mu[0, 1]": "1/2"}, "2", "3.5"),
    ),
    "another_bernoulli": (
        another_bernoulli(X, MOVED, A, B),
        "it is no Bernoulli likelihood of x[0, 2]: the probabilities of 0 and 1 that it gives do not add up to one for "
        "all outputs.",
        ({"mu[0, 1]": "1/2"}, "2", "3.5"),
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_a_refutation_says_what_its_numbers_are(name):
    refutation, said, (point, computed, expected) = SAID[name]
    assert refutation.sentence == said
    assert refutation.witness.point == point
    assert (refutation.witness.computed, refutation.witness.expected) == (computed, expected)
    assert not ball(computed).overlaps(ball(expected))
    assert "; " in refutation.witness.meaning or ", and at" in refutation.witness.meaning or name == "not_normalised"
    assert refutation.bug is None


def test_every_sentence_is_said_above():
    made = {name for name, value in vars(sentences).items() if inspect.isfunction(value) and not name.startswith("_")}
    ours = {name for name in made if getattr(sentences, name).__module__ == sentences.__name__}
    assert ours - {"element_name"} == set(SAID)


@pytest.mark.parametrize(("at", "text"), [(("s", ()), "s"), (("x", (3,)), "x[3]"), (("x", (0, 2)), "x[0, 2]")])
def test_an_element_is_named_by_its_array_and_place(at, text):
    assert element_name(at) == text


@pytest.mark.parametrize(("likelihood", "together"), [("laplace", "-2"), ("poisson", "-1"), (None, "-1")])
def test_what_a_datum_and_its_output_change_together_is_that_of_the_declared_family(likelihood, together):
    made = compared_with_nothing(X, {X: Fraction(1)}, A, arb(0), likelihood)
    assert made.witness.expected == together
    assert f"in -log p of a {likelihood} of scale 1" in made.witness.meaning
