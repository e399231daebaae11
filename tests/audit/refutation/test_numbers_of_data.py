"""Each way of refuting a whole loss in its data: both numbers of the witness are computed anew, by mpmath and scipy."""

import re

import flint
import mpmath
import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from torch.distributions import Bernoulli, Laplace, Normal, Poisson, kl_divergence

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.refutation.against_data import no_likelihoods
from vaelid.auditor.refutation.against_declared import not_declared
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import LOGVAR, MU, SQUARES, X_HAT, X, over, question
from .losses import (
    BERNOULLI,
    GAUSSIAN,
    KL,
    LAPLACE,
    MORE,
    MP,
    NLL,
    POISSON,
    absolute,
    arrays_of,
    exp,
    found_in,
    numbers,
    places,
    search,
    shown,
)

CLOSE = 1e-9


@pytest.fixture(autouse=True)
def precise():
    """Balls as narrow as `not_declared` has them."""
    with flint.ctx.workprec(128):
        yield


# the oracles themselves


def test_the_oracles_are_torchs_densities_and_divergence():
    arrays = arrays_of(search(NLL + KL))
    mu, logvar, x, x_hat = (torch.tensor(getattr(arrays, n).astype(float)) for n in ("mu", "logvar", "x", "x_hat"))
    kl = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0)).sum()
    assert float(KL.value(arrays)) == pytest.approx(float(kl), rel=1e-12)
    counts, ones = x.abs().round(), (x > 0).double()
    whole = arrays_of(search(NLL + KL))
    for loss, data, density, constant in (
        (NLL, x, Normal(x_hat, 1.0), 12 * np.log(2 * np.pi) / 2),
        (LAPLACE, x, Laplace(x_hat, 1.0), 12 * np.log(2)),
        (BERNOULLI, ones, Bernoulli(logits=x_hat), 0),
        (POISSON, counts, Poisson(x_hat.exp()), float(torch.lgamma(counts + 1).sum())),
    ):
        whole.x = np.vectorize(MP.mpf, otypes=[object])(data.numpy())
        assert float(loss.value(whole)) + constant == pytest.approx(float(-density.log_prob(data).sum()), rel=1e-12)


@pytest.mark.parametrize(
    ("likelihood", "together"), [("gaussian", -1), ("laplace", -2), ("bernoulli", -1), ("poisson", -1)]
)
def test_what_a_datum_and_its_output_change_together_is_that_of_torchs_density(likelihood, together):
    """The number that a datum, compared with nothing, is held against."""
    zero, one = torch.tensor(0.0), torch.tensor(1.0)
    density = {
        "gaussian": lambda out: Normal(out, 1.0),
        "laplace": lambda out: Laplace(out, 1.0),
        "bernoulli": lambda out: Bernoulli(logits=out),
        "poisson": lambda out: Poisson(out.exp()),
    }[likelihood]
    nll = {(x, out): -density(out).log_prob(x) for x in (zero, one) for out in (zero, one)}
    mixed = nll[one, one] - nll[one, zero] - nll[zero, one] + nll[zero, zero]
    assert float(mixed) == pytest.approx(together)


# data


def over_a_datum(loss, arrays, place=(0, 0)):
    """The loss as a function of one datum."""

    def value(x):
        arrays.x[place] = MP.mpf(x if isinstance(x, MP.mpf) else float(x))
        return loss.value(arrays)

    return value


def declared(likelihood, beta=1.0):
    return Declared(beta=beta, likelihood=likelihood)


def test_a_datum_that_is_compared_with_nothing():
    loss = KL + places(X**2 + X_HAT**2, lambda a: a.x**2 + a.x_hat**2)
    made = search(loss)
    refutation, before, there = found_in(no_likelihoods, made)
    said = re.search(r"moving it changes the loss by (\[.*?\])", refutation.sentence).group(1)
    assert shown(said) == pytest.approx(float(loss.value(there) - loss.value(before)), rel=1e-5)
    other = arrays_of(made)
    other.x_hat = other.x_hat + 1
    both = arrays_of(made, refutation.witness.point)
    both.x_hat = both.x_hat + 1
    mixed = loss.value(both) - loss.value(other) - loss.value(there) + loss.value(before)
    assert numbers(refutation) == pytest.approx((float(mixed), -1), abs=1e-12)


OF_ALL_ROWS = over(X_HAT, 0) / 3


@pytest.mark.parametrize(
    ("output", "mean"),
    [(OF_ALL_ROWS, lambda h: h.mean(0)), (X_HAT + OF_ALL_ROWS, lambda h: h + h.mean(0))],
    ids=["the mean over rows", "a residual of all rows"],
)
@pytest.mark.parametrize("likelihood", ["gaussian", "laplace"])
def test_a_datum_that_is_compared_with_outputs_of_other_rows(output, mean, likelihood):
    size = absolute if likelihood == "laplace" else lambda off: off**2 / 2
    term = xp.abs(X - output) if likelihood == "laplace" else (X - output) ** 2 / 2
    loss = KL + places(term, lambda a: size(a.x - mean(a.x_hat)))
    made = search(loss, declared(likelihood))
    refutation, before, both = found_in(no_likelihoods, made)
    assert "an output of another row" in refutation.sentence
    (datum, output_), alone = refutation.witness.point.items(), 0
    assert datum[0].split(",")[0].strip("x[") != output_[0].split(",")[0].strip("x_hat[")
    for moved in (datum, output_):
        alone += loss.value(arrays_of(made, dict([moved]))) - loss.value(before)
    expected = float(loss.value(both) - loss.value(before)), float(alone)
    assert numbers(refutation) == pytest.approx(expected, rel=1e-9)


def test_a_loss_that_is_no_quadratic_in_a_datum():
    loss = KL + places((X - X_HAT) ** 4, lambda a: (a.x - a.x_hat) ** 4)
    made = search(loss)
    refutation, before, there = found_in(no_likelihoods, made)
    computed, expected = numbers(refutation)
    assert computed == pytest.approx(float(loss.value(there)), rel=CLOSE)
    here, value = float(before.x[0, 0]), over_a_datum(loss, there)
    near = [here + k for k in (-1, 0, 1)]
    parabola = np.polynomial.Polynomial.fit(near, [float(value(x)) for x in near], 2)
    assert expected == pytest.approx(float(parabola(here + 2)), rel=1e-7)


def test_a_parabola_downwards_has_no_minimum():
    loss = KL + -2 * NLL
    refutation, _, there = found_in(no_likelihoods, search(loss))
    second = MP.diff(over_a_datum(loss, there), MP.mpf(1) / 3, 2)
    assert numbers(refutation) == pytest.approx((float(second) / 2, 0.5), rel=1e-6)


LEVELS = {
    "a square of the output": KL + NLL + places(X_HAT**2, lambda a: a.x_hat**2),
    "a scale without its logarithm": KL
    + places((X - X_HAT) ** 2 * xp.exp(X_HAT) / 2, lambda a: (a.x - a.x_hat) ** 2 * exp(a.x_hat) / 2),
    "a logarithm of twice the size": KL
    + places(
        (X - X_HAT) ** 2 * xp.exp(-2 * X_HAT) / 2 + 2 * X_HAT,
        lambda a: (a.x - a.x_hat) ** 2 * exp(-2 * a.x_hat) / 2 + 2 * a.x_hat,
    ),
}


@pytest.mark.parametrize("name", LEVELS)
def test_the_smallest_value_over_a_datum_is_scipys(name):
    loss = LEVELS[name]
    made = search(loss)
    refutation, before, there = found_in(no_likelihoods, made)
    values = [over_a_datum(loss, arrays) for arrays in (there, before)]
    levels = [float(minimize_scalar(lambda x, f=f: float(f(x)), bracket=(-3, 3), tol=1e-12).fun) for f in values]
    computed, expected = numbers(refutation)
    assert computed == pytest.approx(levels[0], rel=CLOSE)
    if "moves with the decoder's output" in refutation.sentence:
        assert expected == pytest.approx(levels[1], rel=CLOSE)
    else:  # the minimum of a normalised Gaussian of weight 1 is c + log(s): 1/2 log of the curvature's change off
        curvatures = [MP.diff(f, MP.mpf(1) / 3, 2) / 2 for f in values]
        wanted = levels[1] + float(mpmath.log(curvatures[1] / curvatures[0])) / 2
        assert expected == pytest.approx(wanted, rel=1e-6)


def test_the_constant_of_a_bernoulli_is_one_for_all_outputs():
    """With F and G the loss at x = 0 and 1, F - log(1 + e^(F - G)) is the constant that a Bernoulli would leave."""
    loss = KL + places(X_HAT**2 - X * X_HAT, lambda a: a.x_hat**2 - a.x * a.x_hat)
    made = search(loss, declared("bernoulli"))
    refutation, *_ = found_in(no_likelihoods, made)
    computed, expected = numbers(refutation)

    def constant(point):
        value = over_a_datum(loss, arrays_of(made, point))
        zero, one = value(0), value(1)
        return float(zero - MP.log(1 + MP.exp(zero - one)))

    assert computed == pytest.approx(constant(refutation.witness.point), rel=1e-6)  # as far as beta is known
    others = [constant(point) for point in ({}, *_one_step_each(made))]
    assert any(expected == pytest.approx(other, rel=1e-6) for other in others)


def _one_step_each(made):
    """The first few values of the output beside the first datum."""
    here = made.loss.here(("x_hat", (0, 0)))
    return [{"x_hat[0, 0]": str(here + by)} for by in (1, -1)]


def test_a_loss_without_data():
    refutation, *_ = found_in(no_likelihoods, search(KL + places(X_HAT, lambda a: a.x_hat)))
    assert numbers(refutation) == (0, 1)


# the whole, for mutants of an ELBO

MUTANTS = {
    "rows multiplied": over(SQUARES, 0, 2) * over(xp.exp(LOGVAR) + MU**2 - LOGVAR, 0, 1),
    "a mean inside the square": over(over(X - X_HAT, 2) ** 2, 0) + KL.term,
    "the root of the squares": xp.exp(xp.log(over(SQUARES, 0, 2)) / 2) + KL.term,
    "a squared KL": over(SQUARES, 0, 2) + KL.term**2,
    "no variance": over(SQUARES, 0, 2) + over(MU**2, 0, 1) / 2,
    "no logarithm": over(SQUARES, 0, 2) + over(MU**2 + xp.exp(LOGVAR), 0, 1) / 2,
    "a logarithm with the wrong sign": over(SQUARES, 0, 2) + over(MU**2 + xp.exp(LOGVAR) + LOGVAR, 0, 1) / 2,
    "the mean twice": over(SQUARES, 0, 2) + KL.term + over(MU**2, 0, 1),
    "half of the logarithm": over(SQUARES, 0, 2) + over(MU**2 + xp.exp(LOGVAR) - LOGVAR / 2, 0, 1) / 2,
    "the mean beside the output": over((X - X_HAT) ** 2 / 2, 0, 2) + KL.term + over(MU, 0, 1) * over(X_HAT, 0, 2),
    "data in the KL": over(SQUARES, 0, 2) + KL.term * (1 + over(X, 0, 2) ** 2),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_of_an_elbo_is_refuted_as_what_it_is_not(name):
    asked = question(MUTANTS[name], arrays=MORE)
    refutation = not_declared(asked, GAUSSIAN)
    computed, expected = numbers(refutation)
    assert abs(computed - expected) > 1e-9
