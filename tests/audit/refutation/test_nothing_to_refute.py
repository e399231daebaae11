"""Losses that are what was declared, drawn at random: no point refutes them. One fault in them, and one does."""

from dataclasses import replace
from fractions import Fraction

import flint
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.kinds import Reconstruction
from vaelid.auditor.judgement.names import Shown
from vaelid.auditor.refutation.against_data import no_likelihoods, places_that_mix
from vaelid.auditor.refutation.against_declared import not_declared
from vaelid.auditor.refutation.against_latents import coordinates_that_mix, no_divergences, not_through_posteriors
from vaelid.auditor.refutation.loss_at_points import LossAtPoints
from vaelid.auditor.refutation.no_divergence import no_divergence
from vaelid.auditor.refutation.no_likelihood import no_likelihood
from vaelid.auditor.refutation.search_for_points import search_of
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.text import text

from ..hand_made import EPS, LOGVAR, MU, NAMES, POSTERIOR, SQUARES, X_HAT, X, Z, group, over, question

FEW = settings(max_examples=3)
positive = st.fractions(Fraction(1, 8), 8, max_denominator=8)
any_number = st.fractions(-4, 4, max_denominator=8)
S = element_of("s", (0, 2))
MASK = element_of("m", (0, 2))
ARRAYS = {
    "s": torch.linspace(-1.0, 1.0, 12, dtype=torch.float64).reshape(3, 4),
    "m": (torch.arange(12).reshape(3, 4) % 3 > 0).double(),
}
BINARY = {**ARRAYS, "x": (torch.arange(12).reshape(3, 4) % 2).double()}
PROBABILITIES = {**BINARY, "x_hat": torch.linspace(0.1, 0.9, 12, dtype=torch.float64).reshape(3, 4)}


def kl_to(mean, variance):
    """The KL of a coordinate to N(mean, variance), but for a constant."""
    m, s2 = as_term(Fraction(mean)), as_term(Fraction(variance))
    return ((MU - m) ** 2 / s2 + xp.exp(LOGVAR) / s2 - LOGVAR) / 2


LIKELIHOODS = {  # the summand, the family, and arrays of its kind
    "gaussian": (SQUARES, "gaussian", ARRAYS),
    "gaussian of a learned scale": ((X - X_HAT) ** 2 * xp.exp(-S) / 2 + S / 2, "gaussian", ARRAYS),
    "laplace": (abs(X - X_HAT), "laplace", ARRAYS),
    "bernoulli of logits": (xp.log(1 + xp.exp(X_HAT)) - X * X_HAT, "bernoulli", BINARY),
    "bernoulli of probabilities": (-X * xp.log(X_HAT) - (1 - X) * xp.log(1 - X_HAT), "bernoulli", PROBABILITIES),
    "poisson": (xp.exp(X_HAT) - X * X_HAT, "poisson", BINARY),
    "gaussian, masked": (MASK * SQUARES, "gaussian", ARRAYS),
}


def asked(term, arrays, **changes):
    """The question of a loss with a scale that the decoder puts out and a constant mask."""
    known = {
        "outputs": frozenset({"x_hat", "s"}),
        "data": frozenset({"x", "m"}),
        "masks": frozenset({"m"}),
        "moved": ("mu", "logvar", "eps", "x_hat", "s"),
        "drawn": {"x_hat": frozenset({"eps"}), "s": frozenset({"eps"})},
    }
    return question(term, arrays=arrays, **{**known, **changes})


SEARCHED = (no_divergences, coordinates_that_mix, not_through_posteriors, places_that_mix, no_likelihoods)


def refutation_in_part(question_, declared):
    """The first refutation by the first row's coordinates and a few places: every row is alike."""
    with flint.ctx.workprec(128):
        made = search_of(LossAtPoints(question_), declared, 1000.0)
        made = replace(made, coordinates=made.coordinates[:2], data=made.data[:2])
        assert made.loss.can_be_valued
        return next((found for searched in SEARCHED for found in searched(made)), None)


@pytest.mark.parametrize("name", LIKELIHOODS)
@FEW
@given(positive, positive, any_number)
@pytest.mark.every(6)
def test_a_beta_elbo_of_any_weight_is_not_refuted(name, weight, beta, constant):
    nll, family, arrays = LIKELIHOODS[name]
    whole = over(nll, 0, 2) + as_term(beta) * over(kl_to(0, 1), 0, 1)
    declared = Declared(beta=float(beta), likelihood=family, prior="N(0, I)")
    assert refutation_in_part(asked(as_term(weight) * whole + as_term(constant), arrays), declared) is None


@FEW
@given(positive, any_number, positive)
def test_a_normal_prior_of_any_mean_and_variance_is_not_refuted_where_none_is_declared(weight, mean, variance):
    whole = over(SQUARES, 0, 2) + as_term(weight) * over(kl_to(mean, variance), 0, 1)
    assert refutation_in_part(asked(whole, ARRAYS), Declared(likelihood="gaussian")) is None
    standard = Declared(likelihood="gaussian", prior="N(0, I)")
    assert (refutation_in_part(asked(whole, ARRAYS), standard) is None) == ((mean, variance) == (0, 1))


@pytest.mark.parametrize("weight", [Fraction(3, 8), pytest.param(5, marks=pytest.mark.slow)])
def test_an_estimate_at_the_draw_is_not_refuted(weight):
    """log q(z|x) - log p(z) at z = mu + sigma eps is (z^2 - eps^2 - log sigma^2) / 2."""
    estimate = over((Z**2 - EPS**2 - LOGVAR) / 2, 0, 1)
    whole = over(SQUARES, 0, 2) + as_term(weight) * estimate
    assert refutation_in_part(asked(whole, ARRAYS), Declared(beta=float(weight), likelihood="gaussian")) is None


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.every(3)
def test_a_likelihood_of_any_weight_is_not_refuted_by_itself(name):
    body, family, arrays = LIKELIHOODS[name]
    if "masked" in name or "learned" in name:  # a product with data is no one term; a scale is no datum's output
        return
    for weight in (Fraction(1, 7), 3):
        term = as_term(weight) * body + as_term(5)
        of_places = group(Reconstruction(), term, 0, 2)
        assert no_likelihood(asked(over(term, 0, 2), arrays), of_places, family, lambda e: text(e.arguments[0])) is None


@settings(max_examples=6)
@given(positive, any_number, positive, any_number)
def test_a_multiple_of_a_kl_to_any_normal_prior_is_not_refuted(weight, mean, variance, constant):
    body = as_term(weight) * kl_to(mean, variance) + as_term(constant)
    assert no_divergence(body, POSTERIOR, {}, Shown(POSTERIOR, NAMES)) is None


FAULTS = {
    "a further power": MU**4,
    "a deviation": xp.exp(LOGVAR / 2),
    "a product": MU * LOGVAR,
    "an absolute value": abs(MU),
    "a square of the logarithm": LOGVAR**2,
    "a reciprocal variance": xp.exp(-LOGVAR),
}


@pytest.mark.parametrize("name", FAULTS)
@settings(max_examples=4)
@given(st.fractions(-2, 2, max_denominator=16).filter(bool), positive)
@pytest.mark.every(3)
def test_any_amount_of_another_function_is_refuted(name, amount, weight):
    body = as_term(weight) * kl_to(0, 1) + as_term(amount) * FAULTS[name]
    assert no_divergence(body, POSTERIOR, {}, Shown(POSTERIOR, NAMES)) is not None


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.every(3)
def test_a_fault_in_every_coordinate_refutes_the_whole(name):
    whole = over(SQUARES, 0, 2) + over(kl_to(0, 1) + FAULTS[name] / 16, 0, 1)
    refuted = not_declared(asked(whole, ARRAYS), Declared(beta=1.0, likelihood="gaussian"))
    assert "it is no multiple of a KL to a normal prior" in refuted.sentence


@pytest.mark.parametrize("beta", [0.1, *(pytest.param(b, marks=pytest.mark.slow) for b in (1 / 3, 0.7, 3e-4))])
def test_a_beta_is_the_number_that_the_float_stands_for(beta):
    """The loss has 1/10 where its code says 0.1, and the float that is declared is another number."""
    meant = as_term(Fraction(beta).limit_denominator(10**6))
    for name, (nll, family, arrays) in LIKELIHOODS.items():
        whole = over(nll, 0, 2) + meant * over(kl_to(0, 1), 0, 1)
        assert refutation_in_part(asked(whole, arrays), Declared(beta=beta, likelihood=family)) is None, name


@pytest.mark.parametrize("name", ["gaussian of a learned scale", "bernoulli of logits", "bernoulli of probabilities"])
def test_another_beta_shows_in_the_scale_of_a_likelihood(name):
    nll, family, arrays = LIKELIHOODS[name]
    whole = over(nll, 0, 2) + as_term(Fraction(1, 10)) * over(kl_to(0, 1), 0, 1)
    for beta in (0.1001, 0.5, 1.0):
        assert refutation_in_part(asked(whole, arrays), Declared(beta=beta, likelihood=family)) is not None, beta
