"""A whole loss at points, and the search for one at which it is not what was declared."""

import time
from dataclasses import replace
from fractions import Fraction

import flint
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.circuit import Fold
from vaelid.auditor.refutation.additivity import mixed, mixing
from vaelid.auditor.refutation.against_data import no_likelihoods, places_that_mix
from vaelid.auditor.refutation.against_declared import not_declared
from vaelid.auditor.refutation.against_latents import (
    coordinates_that_mix,
    no_divergences,
    no_priors,
    not_through_posteriors,
    weight_of_kl,
)
from vaelid.auditor.refutation.coordinate_fit import coordinate_fit, factors_of, first_off
from vaelid.auditor.refutation.loss_at_points import LossAtPoints, at_place
from vaelid.auditor.refutation.search_for_points import search_of, some
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import EPS, LOGVAR, MU, POSTERIOR, SQUARES, X_HAT, X, Z, over, question, tensors
from ..hand_made import WRITTEN_KL as KL
from ..witnessed import ball

NLL, DIVERGENCE = over(SQUARES, 0, 2), over(KL, 0, 1)
ELBO = NLL + DIVERGENCE
H = element_of("h", (0, 1))
ARRAYS = {"h": torch.linspace(-1.0, 1.5, 6, dtype=torch.float64).reshape(3, 2)}
GAUSSIAN = Declared(beta=1.0, likelihood="gaussian", prior="N(0, I)")
MU00, MU01, LV00, X00, OUT00 = (
    (name, place)
    for name, place in (("mu", (0, 0)), ("mu", (0, 1)), ("logvar", (0, 0)), ("x", (0, 0)), ("x_hat", (0, 0)))
)


def loss(term: TermArray = ELBO, **changes) -> LossAtPoints:
    return LossAtPoints(question(term, arrays=ARRAYS, **changes))


def search(term: TermArray = ELBO, declared: Declared = GAUSSIAN, seconds: float = 1000.0, **changes):
    """A search of the first row's coordinates and of a few places of two rows: every row is alike."""
    made = search_of(loss(term, **changes), declared, seconds)
    return replace(made, coordinates=made.coordinates[:2], data=made.data[:3] + made.data[4:5])


def first(found):
    return next(iter(found), None)


def excluded(refutation) -> None:
    assert not ball(refutation.witness.computed).overlaps(ball(refutation.witness.expected))


@pytest.fixture(autouse=True)
def precise():
    """Balls as narrow as `not_declared` has them."""
    with flint.ctx.workprec(128):
        yield


# a loss at points


def test_the_loss_at_a_point_is_torchs_in_floats_and_in_balls():
    of_loss = loss()
    arrays = {name: of_loss.base[name].clone() for name in ("mu", "logvar", "x", "x_hat")}
    point = {MU00: Fraction(2), LV00: Fraction(-1, 2)}
    arrays["mu"][0, 0], arrays["logvar"][0, 0] = 2, -0.5
    kl = kl_divergence(Normal(arrays["mu"], (arrays["logvar"] / 2).exp()), Normal(0.0, 1.0)).sum()
    expected = float(((arrays["x"] - arrays["x_hat"]) ** 2).sum() / 2 + kl)
    assert of_loss.number(point) == pytest.approx(expected, rel=1e-12)
    assert float(of_loss.ball(point)) == pytest.approx(expected, rel=1e-12)
    assert of_loss.names == {"mu", "logvar", "x", "x_hat"}


def test_outputs_and_latents_stand_at_simple_numbers_and_data_where_they_were():
    of_loss = loss()
    assert bool((of_loss.base["mu"] * 64 == (of_loss.base["mu"] * 64).round()).all())
    assert torch.equal(of_loss.base["x"], tensors()["x"])
    assert bool((loss(over(EPS * MU, 0, 1)).base["eps"] == 0).all())


def test_the_mean_over_the_noise_is_exact_for_squares_and_cubes():
    of_square = loss(over(Z**2 + EPS**3 + EPS, 0, 1))
    arrays = {name: of_square.base[name] for name in ("mu", "logvar")}
    expected = float((arrays["mu"] ** 2 + arrays["logvar"].exp()).sum())
    assert of_square.bends
    assert of_square.number({}) == pytest.approx(expected)
    assert float(of_square.ball({})) == pytest.approx(expected)
    assert not loss(over(Z, 0, 1)).bends


@pytest.mark.parametrize(
    ("term", "can"),
    [
        (ELBO, True),
        (over(EPS**3, 0, 1), True),
        (over(EPS**4, 0, 1), False),
        (over(xp.exp(EPS), 0, 1), False),
        (over(EPS / MU, 0, 1), True),
        (over(MU / EPS, 0, 1), False),
        (MU, False),  # one number for each place
        (over(element_of("unknown", (0,)), 0), False),
    ],
)
def test_a_loss_of_degree_three_in_the_noise_can_be_valued(term, can):
    assert loss(term).can_be_valued == can


def test_a_fold_is_the_arrays_that_it_is_folded_of():
    fold = Fold("multiply", MU.term, ("i0",), ("i1",))
    of_loss = loss(over(element_of("p", (0,)), 0), folds={"p": fold})
    assert of_loss.names == {"mu"}
    assert of_loss.number({}) == pytest.approx(float(of_loss.base["mu"].prod(1).sum()))


def test_no_value_is_nan_in_floats_and_none_in_balls():
    of_loss = loss(over(xp.log(MU), 0, 1))
    point = {("mu", (k, j)): Fraction(-1) for k in range(3) for j in range(2)}
    assert str(of_loss.number(point)) == "nan"
    assert of_loss.ball(point) is None
    assert of_loss.balls([point]) is None


def test_elements_stand_beside_those_of_their_terms():
    of_loss = loss()
    assert of_loss.beside(MU00) == frozenset()  # its own square
    assert of_loss.beside(OUT00) == {X00}
    assert of_loss.beside(("nothing", ())) == frozenset()
    assert of_loss.elements_of(at_place(Z, (0, 1), (0, 0))) == (("eps", (0, 0)), LV00, MU00)
    assert of_loss.value_of(element_of("unknown", ()), {}) is None


# what is searched


def test_a_search_has_every_coordinate_and_place():
    made = search_of(loss(), GAUSSIAN)
    assert len(made.coordinates) == 6
    assert made.coordinates[0].elements == (LV00, MU00)
    assert (len(made.data), len(made.outputs), made.likelihood) == (12, 12, "gaussian")
    assert made.of_its_own(made.coordinates[0])
    assert not made.masked
    assert search(declared=Declared(likelihood="categorical")).likelihood is None


def test_a_search_that_has_taken_long_enough_ends():
    made = search(over(MU, 0, 1) ** 2 + ELBO, seconds=-1.0)
    assert made.late
    assert list(no_divergences(made)) == list(coordinates_that_mix(made)) == list(no_likelihoods(made)) == []
    assert not search().late
    assert made.until < time.monotonic()


def test_a_step_is_a_value_of_the_elements_kind():
    binary = {"x": (tensors()["x"] > 0).double()}
    made = search_of(LossAtPoints(question(ELBO, arrays=binary)), Declared(likelihood="bernoulli"), 100.0)
    assert made.step(X00, Fraction(1)) == 1 - made.loss.here(X00)
    assert search().step(X00, Fraction(1)) == search().loss.here(X00) + 1
    probabilities = {"x_hat": torch.full((3, 4), 2 / 7, dtype=torch.float64)}
    made = search_of(LossAtPoints(question(ELBO, arrays=probabilities)), Declared(likelihood="bernoulli"), 100.0)
    assert 0 < made.step(OUT00, Fraction(1)) < 1
    assert made.step(OUT00, Fraction(1)) != made.loss.here(OUT00)


@pytest.mark.parametrize(("count", "most", "taken"), [(3, 60, 3), (60, 60, 60), (61, 60, 31), (1000, 4, 4), (0, 4, 0)])
def test_some_of_many_are_spread_over_all(count, most, taken):
    found = some(range(count), most)
    assert len(found) == taken <= most
    assert not count or (found[0], count - found[-1] <= -(-count // most)) == (0, True)


# coordinates


def test_the_factors_of_a_coordinate_are_those_of_its_kl():
    made = search(NLL + 3 * DIVERGENCE)
    fit = coordinate_fit(made, made.coordinates[0], {})
    factors = factors_of(made.loss, fit)
    assert not fit.off
    assert first_off(made.loss, fit) is None
    found = [float(f) for f in (factors.square, factors.linear, factors.logarithm)]
    assert found == pytest.approx([1.5, 0, -1.5])
    assert weight_of_kl(made, made.coordinates[0]).overlaps(as_arb(3))


def as_arb(number):
    return ball(str(number))


def test_a_coordinate_without_a_variance_has_not_all_factors():
    constant = replace(POSTERIOR, log_variance=as_term(0))
    made = search(NLL + over(MU**2, 0, 1), posteriors=[constant])
    fit = coordinate_fit(made, made.coordinates[0], {})
    assert not fit.is_whole
    assert factors_of(made.loss, fit) is None
    assert weight_of_kl(made, made.coordinates[0]) is None


LATENTS = {
    "no combination": (NLL + over(abs(MU) + KL, 0, 1), no_divergences, "it is no multiple of a KL"),
    "no KL": (NLL, no_divergences, "it has no KL"),
    "the wrong sign": (NLL - DIVERGENCE, no_divergences, "one of the wrong sign"),
    "several weights": (NLL + over(KL * (2 + H), 0, 1), no_divergences, "its KL has the weight"),
    "a prior of another variance": (
        NLL + over(MU**2 + xp.exp(LOGVAR) - LOGVAR / 2, 0, 1),
        no_divergences,
        "minus that of log sigma^2",
    ),
    "a prior of another mean": (NLL + over(KL + MU, 0, 1), no_divergences, "the factor of mu"),
    "coordinates that mix": (ELBO + over(MU, 0, 1) ** 2, coordinates_that_mix, "its terms do not add up"),
    "a coordinate and data": (ELBO + over(MU, 0, 1) * over(X, 0, 2), coordinates_that_mix, "moving"),
    "an array for nothing": (ELBO + over(xp.exp(H), 0, 1), no_priors, "it depends on h[0, 0]"),
    "no prior's parameter": (NLL + over(KL + H * MU, 0, 1), no_priors, "is no parameter of a normal prior"),
}


@pytest.mark.parametrize("name", LATENTS)
def test_a_fault_in_the_latents_is_refuted(name):
    term, searched, said = LATENTS[name]
    made = search(term, data=frozenset({"x"}) | ({"h"} if name == "several weights" else set()))
    found = first(searched(made))
    assert said in found.sentence
    excluded(found)


@pytest.mark.parametrize("searched", [no_divergences, coordinates_that_mix, not_through_posteriors])
def test_a_beta_elbo_has_no_fault_in_its_latents(searched):
    assert first(searched(search(2 * NLL + DIVERGENCE / 3 + 5))) is None


def test_an_elbo_depends_on_latents_and_outputs_alone():
    assert first(no_priors(search_of(loss(), GAUSSIAN, 1000.0))) is None


def test_an_estimate_at_the_draw_has_the_weight_of_its_kl():
    made = search(NLL + over(Z**2 / 2 - LOGVAR / 2, 0, 1))
    assert weight_of_kl(made, made.coordinates[0]).overlaps(as_arb(1))


def test_elements_that_move_no_posterior_do_not_move_the_loss():
    mean = replace(POSTERIOR, mean=over(MU, 1) + 0 * LOGVAR)
    assert first(not_through_posteriors(search(NLL + over(over(MU, 1) ** 2, 0), posteriors=[mean]))) is None
    found = first(not_through_posteriors(search(NLL + over(MU**2, 0, 1), posteriors=[mean])))
    assert "its KL is of another posterior" in found.sentence
    excluded(found)


# effects and data


def test_effects_that_do_not_add_up_are_found_by_floats_and_shown_by_balls():
    made = search(ELBO + over(MU, 0, 1) ** 2)
    assert set(mixing(made, {MU00: Fraction(1)}, [MU01, X00])) == {MU01}
    found = first(mixed(made, MU00, [MU01, X00]))
    assert "mu[0, 0] and mu[0, 1]" in found.sentence
    excluded(found)
    assert first(mixed(made, X00, [])) is None
    assert mixing(search(), {MU00: Fraction(1)}, [MU01]) == {}


PLACES = {
    "places that mix": (NLL + over(X, 0, 2) ** 2, "gaussian", places_that_mix, "its terms do not add up"),
    "no data": (DIVERGENCE + over(X_HAT, 0, 2), "gaussian", no_likelihoods, "no data stand"),
    "no quadratic": (over((X - X_HAT) ** 4, 0, 2), "gaussian", no_likelihoods, "it is no quadratic"),
    "no minimum": (over(-SQUARES, 0, 2), "gaussian", no_likelihoods, "it has no minimum"),
    "a level that moves": (over(SQUARES + X_HAT**2, 0, 2), "gaussian", no_likelihoods, "moves with"),
    "a scale without its logarithm": (
        over((X - X_HAT) ** 2 * xp.exp(X_HAT) / 2, 0, 2),
        "gaussian",
        no_likelihoods,
        "with the KL's weight",
    ),
    "no output": (over(X**2, 0, 2) + over(X_HAT**2, 0, 2), "gaussian", no_likelihoods, "is compared with no output"),
    "no output of a Laplace's": (over(X + X_HAT**2, 0, 2), "laplace", no_likelihoods, "is compared with no output"),
    "no Bernoulli": (over(X_HAT**2 - X * X_HAT, 0, 2), "bernoulli", no_likelihoods, "it is no Bernoulli likelihood"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_fault_in_the_data_is_refuted(name):
    term, likelihood, searched, said = PLACES[name]
    found = first(searched(search(term + DIVERGENCE, Declared(beta=1.0, likelihood=likelihood))))
    assert said in found.sentence
    excluded(found)


RIGHT = {
    "gaussian": NLL,
    "bernoulli": over(xp.log(1 + xp.exp(X_HAT)) - X * X_HAT, 0, 2),
    "laplace": over(abs(X - X_HAT), 0, 2),
}


@pytest.mark.parametrize("family", RIGHT)
def test_a_likelihood_has_no_fault_in_its_data(family):
    made = search(2 * RIGHT[family] + DIVERGENCE, Declared(beta=0.5, likelihood=family))
    assert first(places_that_mix(made)) is None
    assert first(no_likelihoods(made)) is None


def test_odds_that_do_not_move_with_the_output_are_no_likelihood():
    term = over(X * (1 + X_HAT**2 * X * (X - 1)), 0, 2) + DIVERGENCE
    found = first(no_likelihoods(search(term, Declared(likelihood="bernoulli"))))
    assert "whatever the decoder puts out" in found.sentence
    excluded(found)


# the whole


def test_what_was_declared_is_not_refuted_and_what_was_not_is():
    assert not_declared(question(ELBO), Declared(beta=1.0)) is None
    refuted = not_declared(question(NLL), GAUSSIAN)
    assert "it has no KL" in refuted.sentence


@pytest.mark.parametrize(
    "changes", [{"posteriors": []}, {"derived": {"mu": "cov (a.py:1)"}}, {"term": over(xp.exp(EPS), 0, 1)}]
)
def test_what_cannot_be_valued_is_not_asked(changes):
    term = changes.pop("term", NLL + over(MU**4, 0, 1))
    assert not_declared(question(term, **changes), GAUSSIAN) is None


def test_a_loss_that_bends_is_searched_in_its_data_first():
    term = over(X, 0, 2) ** 2 + over(Z**2, 0, 1)
    assert "x[" in not_declared(question(term), GAUSSIAN).sentence
