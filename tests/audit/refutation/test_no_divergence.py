"""A term that is no multiple of a KL has a point that shows it; one that is, has none. The values are torch's."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vaelid.auditor.formula.in_balls import enclosure as value_at
from vaelid.auditor.formula.in_balls import points
from vaelid.auditor.judgement.names import Shown
from vaelid.auditor.refutation.no_divergence import another_prior, no_divergence, no_multiple
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.library.definitions import coordinate_kl

from ..hand_made import KL, LOGVAR, MU, NAMES, POSTERIOR
from ..witnessed import ball

SHOWN = Shown(POSTERIOR, NAMES)


def kl_to(mean, variance):
    log_s2 = xp.log(as_term(variance))
    return coordinate_kl((MU - as_term(mean)) * xp.exp(-log_s2 / 2), LOGVAR - log_s2)


@pytest.mark.parametrize(("weight", "mean", "variance"), [(3, 0, 1), (Fraction(1, 7), Fraction(-5, 3), 9)])
def test_no_multiple_of_a_kl_to_a_normal_prior_is_refuted(weight, mean, variance):
    body = as_term(Fraction(weight)) * kl_to(mean, variance) + as_term(2)
    assert no_divergence(body, POSTERIOR, {}, SHOWN) is None


WRONG = {
    "a squared mean": MU**2,
    "a deviation": MU**2 + xp.exp(LOGVAR / 2) - LOGVAR,
    "no logarithm": MU**2 + xp.exp(LOGVAR),
    "a clamp far out": MU**2 + xp.exp(LOGVAR) - (LOGVAR + 12 - abs(LOGVAR - 12)) / 2,
    "a product": KL + MU * LOGVAR,
    "an absolute value": abs(MU) + xp.exp(LOGVAR) - LOGVAR,
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_kl_is_refuted_by_numbers_that_exclude_each_other(name):
    witness = no_divergence(WRONG[name], POSTERIOR, {}, SHOWN)
    assert not ball(witness.computed).overlaps(ball(witness.expected))
    at = {MU.term: Fraction(witness.point["mu"]), LOGVAR.term: Fraction(witness.point["logvar"])}
    assert value_at(WRONG[name], at).overlaps(ball(witness.computed))


def test_the_term_of_a_clamp_is_off_beyond_it_only():
    witness = no_divergence(WRONG["a clamp far out"], POSTERIOR, {}, SHOWN)
    assert Fraction(witness.point["logvar"]) > 12


def test_a_witness_against_the_standard_prior_is_torchs_kl():
    witness = another_prior(kl_to(1, 4), POSTERIOR, (Fraction(0), Fraction(1)), SHOWN)
    mu, logvar = (torch.tensor(float(Fraction(witness.point[name])), dtype=torch.float64) for name in ("mu", "logvar"))
    kl = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(torch.ones_like(mu), 2 * torch.ones_like(mu)))
    assert float(ball(witness.computed)) == pytest.approx(float(kl), rel=1e-11)


@pytest.mark.parametrize(("mean", "variance"), [(0, 1), (1, 4), (Fraction(-1, 2), Fraction(1, 9))])
def test_the_prior_that_it_is_to_has_no_witness(mean, variance):
    prior = Fraction(mean), Fraction(variance)
    assert another_prior(3 * kl_to(mean, variance) - 1, POSTERIOR, prior, SHOWN) is None


def test_a_prior_of_a_posterior_without_a_variance_is_told_apart():
    constant = replace(POSTERIOR, log_variance=as_term(0))
    body = (MU - 1) ** 2
    assert another_prior(body, constant, (Fraction(1), Fraction(1)), Shown(constant, NAMES)) is None
    assert another_prior(body, constant, (Fraction(0), Fraction(1)), Shown(constant, NAMES)) is not None


def test_a_multiple_is_none_where_it_has_no_values():
    grid = points([MU.term], {})
    assert no_multiple(xp.log(-(MU**2)), MU, grid, str) is None


def test_points_of_a_positive_weight_are_preferred():
    grid = [{MU.term: Fraction(k)} for k in (0, 1, 2, 3)]
    witness = no_multiple(MU**3 - 2 * MU**2, MU, grid, lambda e: "mu")  # -1, 0, 9 at 1, 2, 3: it falls first
    assert not ball(witness.computed).overlaps(ball(witness.expected))
    only_falling = no_multiple(-(MU**2), MU, grid, lambda e: "mu")
    assert only_falling is not None


def test_a_multiple_with_a_wrong_sign_is_left_to_the_weight():
    grid = points([MU.term, LOGVAR.term], {}, 12)
    assert no_multiple(-KL, KL, grid, str) is None
