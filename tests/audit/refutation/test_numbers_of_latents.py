"""Each way of refuting a whole loss in its latents: both numbers of the witness are computed anew, by mpmath.

So a witness is true of the loss, and not only two numbers that exclude each other.
"""

from dataclasses import replace

import flint
import numpy as np
import pytest

from vaelid.auditor.refutation.against_data import places_that_mix
from vaelid.auditor.refutation.against_latents import (
    coordinates_that_mix,
    no_divergences,
    no_priors,
    not_through_posteriors,
)
from vaelid.auditor.refutation.coordinate_fit import coordinate_fit
from vaelid.auditor.refutation.sentences import element_name
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import LOGVAR, MU, POSTERIOR, SQUARES, X, over
from .losses import (
    KL,
    LOGARITHMS,
    MEANS,
    MP,
    NLL,
    SQUARED_MEANS,
    H,
    Loss,
    absolute,
    arrays_of,
    exp,
    found_in,
    latents,
    numbers,
    search,
)

CLOSE = 1e-9


@pytest.fixture(autouse=True)
def precise():
    """Balls as narrow as `not_declared` has them."""
    with flint.ctx.workprec(128):
        yield


# effects that do not add up

MIXED = {
    "two coordinates": (NLL + KL + Loss(over(MU, 0, 1) ** 2, lambda a: a.mu.sum() ** 2), coordinates_that_mix),
    "mean and variance of others": (
        NLL + KL + Loss(over(MU, 0, 1) * over(LOGVAR, 0, 1), lambda a: a.mu.sum() * a.logvar.sum()),
        coordinates_that_mix,
    ),
    "a coordinate and data": (
        NLL + KL + Loss(over(MU, 0, 1) * over(X, 0, 2), lambda a: a.mu.sum() * a.x.sum()),
        coordinates_that_mix,
    ),
    "two places": (NLL + KL + Loss(over(X, 0, 2) ** 2, lambda a: a.x.sum() ** 2), places_that_mix),
    "places under an exponential": (
        KL + Loss(xp.exp(over(SQUARES, 0, 2) / 30), lambda a: MP.exp(NLL.value(a) / 30)),
        places_that_mix,
    ),
}


@pytest.mark.parametrize("name", MIXED)
def test_effects_that_do_not_add_up(name):
    loss, searched = MIXED[name]
    made = search(loss)
    refutation, before, together = found_in(searched, made)
    alone = [arrays_of(made, {element: number}) for element, number in refutation.witness.point.items()]
    base = loss.value(before)
    computed, expected = numbers(refutation)
    assert len(alone) == 2
    assert computed == pytest.approx(float(loss.value(together) - base), rel=CLOSE)
    assert expected == pytest.approx(float(sum(loss.value(one) - base for one in alone)), rel=CLOSE)


# coordinates

NO_COMBINATIONS = {
    "an absolute mean": NLL + KL + latents(abs(MU), lambda a: absolute(a.mu)),
    "a deviation for a variance": NLL
    + latents(MU**2 + xp.exp(LOGVAR / 2) - LOGVAR, lambda a: a.mu**2 + exp(a.logvar / 2) - a.logvar),
    "the other way round": NLL
    + latents(
        (xp.exp(-LOGVAR) * (1 + MU**2) + LOGVAR - 1) / 2, lambda a: (exp(-a.logvar) * (1 + a.mu**2) + a.logvar - 1) / 2
    ),
    "a clamp beyond 8": NLL
    + latents(
        MU**2 + xp.exp(LOGVAR) - (LOGVAR + 8 - abs(LOGVAR - 8)) / 2,
        lambda a: a.mu**2 + exp(a.logvar) - np.minimum(a.logvar, MP.mpf(8)),
    ),
    "a product of both": NLL + KL + latents(MU * LOGVAR, lambda a: a.mu * a.logvar),
}


def from_the_base(made, loss, refutation):
    """What the loss would have to be at a point: the factors of mu^2 + sigma^2, mu, log sigma^2 and 1 from others."""
    coordinate = next(c for c in made.coordinates if all(element_name(at) in refutation.sentence for at in c.elements))
    fit = coordinate_fit(made, coordinate, {})
    places_of = dict(coordinate.elements)

    def columns(where):
        a = arrays_of(
            made,
            {element if isinstance(element, str) else element_name(element): str(n) for element, n in where.items()},
        )
        mean, log_variance = a.mu[places_of["mu"]], a.logvar[places_of["logvar"]]
        return [mean**2 + MP.exp(log_variance), mean, log_variance, 1], loss.value(a)

    base = [columns(fit.points[k]) for k in fit.base]
    table = MP.matrix([[row[c] for c in fit.chosen] for row, _ in base])
    factors = MP.lu_solve(table, MP.matrix([value for _, value in base]))
    row, _ = columns(refutation.witness.point)
    return sum(row[c] * factor for c, factor in zip(fit.chosen, factors, strict=True))


@pytest.mark.parametrize("name", NO_COMBINATIONS)
def test_a_coordinate_that_is_no_multiple_of_a_kl(name):
    loss = NO_COMBINATIONS[name]
    made = search(loss)
    refutation, _, there = found_in(no_divergences, made)
    assert "it is no multiple of a KL to a normal prior" in refutation.sentence
    computed, expected = numbers(refutation)
    value, wanted = loss.value(there), from_the_base(made, loss, refutation)
    assert (computed, expected) == pytest.approx((float(value), float(wanted)), rel=1e-11)
    assert computed - expected == pytest.approx(float(value - wanted), rel=0.05)


@pytest.mark.parametrize(("weight", "shown"), [(0, 0.0), (-1, 0.5), (-3, 1.5)])
def test_the_weight_of_a_kl_that_is_none_or_negative(weight, shown):
    refutation, *_ = found_in(no_divergences, search(NLL + weight * KL))
    assert numbers(refutation) == pytest.approx((shown, -0.5), abs=1e-12)


def test_weights_that_differ_are_those_of_the_two_coordinates():
    loss = NLL + latents((2 + H) * (xp.exp(LOGVAR) + MU**2 - 1 - LOGVAR), lambda a: a.mu * 0)
    made = search(loss, data=frozenset({"x", "h"}))
    refutation, before, _ = found_in(no_divergences, made)
    first, second = (2 + before.h[0, k] for k in (0, 1))  # half the weight is the factor of log sigma^2
    assert numbers(refutation) == pytest.approx((float(second), float(first)), rel=CLOSE)


@pytest.mark.parametrize(
    ("loss", "computed", "expected"),
    [
        (NLL + SQUARED_MEANS + latents(xp.exp(LOGVAR), lambda a: exp(a.logvar)) + -1 * LOGARITHMS, None, None),
        (NLL + 4 * KL + LOGARITHMS, 2, 1),  # 2 (mu^2 + sigma^2) - 2 log sigma^2 + log sigma^2
        (NLL + 2 * KL + 3 * MEANS, 3, 0),
    ],
)
def test_a_prior_that_is_not_the_declared_one(loss, computed, expected):
    """The KL to N(m, s^2) has 1 / (2 s^2) before mu^2 + sigma^2, -m / s^2 before mu and -1/2 before log sigma^2."""
    found = next(iter(no_divergences(search(loss))), None)
    if computed is None:
        assert found is None  # twice the KL to N(0, 1/2 ...): mu^2 + sigma^2 - log sigma^2 is twice that to N(0, I)
        return
    assert numbers(found) == pytest.approx((computed, expected), abs=1e-12)


# elements beside the coordinates


def test_an_array_that_the_loss_depends_on_for_nothing():
    loss = NLL + KL + latents(xp.exp(H), lambda a: exp(a.h))
    refutation, before, there = found_in(no_priors, search(loss))
    assert set(refutation.witness.point) == {"h[0, 0]"}
    assert numbers(refutation) == pytest.approx((float(loss.value(there)), float(loss.value(before))), rel=CLOSE)


def test_an_array_that_is_no_parameter_of_a_prior():
    """KL + h mu has a = 1/2, b = h, w = 1: the constant beside the KL to N(-h, 1) moves by -h^2 / 2."""
    loss = NLL + KL + latents(H * MU, lambda a: a.h * a.mu)
    refutation, before, there = found_in(no_priors, search(loss))
    moved = float((before.h**2 - there.h**2).sum() / 2)
    computed, expected = numbers(refutation)
    assert computed - expected == pytest.approx(moved, rel=CLOSE)


def test_the_mean_of_a_normal_prior_is_one():
    """(mu - h)^2 / 2 in place of mu^2 / 2: h is the prior's mean, and a learned log-variance of it is one too."""
    learned = NLL + latents(
        ((MU - H) ** 2 + xp.exp(LOGVAR) - 1 - LOGVAR) / 2, lambda a: ((a.mu - a.h) ** 2 + exp(a.logvar) - 1) / 2
    )
    assert next(iter(no_priors(search(learned, whole=True))), None) is None
    scaled = NLL + latents(
        ((MU**2 + xp.exp(LOGVAR)) * xp.exp(-H) - 1 - LOGVAR + H) / 2, lambda a: (a.mu**2 + exp(a.logvar)) * exp(-a.h)
    )
    assert next(iter(no_priors(search(scaled, whole=True))), None) is None


def test_elements_that_move_no_posterior():
    mean = replace(POSTERIOR, mean=over(MU, 1) + 0 * LOGVAR)
    loss = NLL + SQUARED_MEANS
    refutation, before, there = found_in(not_through_posteriors, search(loss, posteriors=[mean]))
    assert float(there.mu[0].sum() - before.mu[0].sum()) == pytest.approx(0)
    assert numbers(refutation) == pytest.approx((float(loss.value(there)), float(loss.value(before))), rel=CLOSE)
