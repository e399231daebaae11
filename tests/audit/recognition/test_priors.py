"""Priors are recognised by the values of the divergence: those of torch's kl_divergence."""

from fractions import Fraction

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vaelid.auditor.formula.axes_of_terms import element_of, sizes_of
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Rewrite
from vaelid.auditor.recognition.priors import find_divergence, find_integrand
from vaelid.auditor.recognition.quantities import Found, Quantity
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..numbers_of_terms import value

MU, LV, PM, PLV, EPS, W = (element_of(name, (0, 1)) for name in ("mu", "lv", "pm", "plv", "eps", "w"))
GENERATOR = torch.Generator().manual_seed(0)
TENSORS = {n: torch.randn(6, 4, generator=GENERATOR, dtype=torch.float64) for n in ("mu", "lv", "pm", "plv", "eps")}
TENSORS["w"] = (torch.rand(6, 4, generator=GENERATOR) > 0.4).double()
PROBE = Probe.near(TENSORS, sizes_of((6, 4)), ["mu", "lv", "pm", "plv", "eps"])
POSTERIOR = Posterior((0, 1), MU, LV, "eps")
OWN = frozenset({"mu", "lv"})
AXES = [0, 1]


def torchs_kl(arrays, mean=None, log_variance=None):
    mean = torch.zeros_like(arrays["mu"]) if mean is None else mean
    log_variance = torch.zeros_like(mean) if log_variance is None else log_variance
    return kl_divergence(Normal(arrays["mu"], (arrays["lv"] / 2).exp()), Normal(mean, (log_variance / 2).exp()))


KL = (MU**2 + xp.exp(LV) - 1 - LV) / 2


@pytest.mark.parametrize("weight", [1, 2, Fraction(1, 3), -1])
def test_the_standard_prior_is_found_with_its_weight(weight):
    found = find_divergence(weight * KL, AXES, POSTERIOR, PROBE, OWN)
    assert isinstance(found, Found)
    assert found.target.name == "N(0, I)"
    assert value(found.fit.weights[0], {}) == pytest.approx(float(weight))
    for numbers, arrays in zip(PROBE.whole(found.target.term, AXES), PROBE.sets, strict=True):
        torch.testing.assert_close(numbers, torchs_kl(arrays))


def test_a_constant_that_is_left_out_is_the_fits():
    found = find_divergence((MU**2 + xp.exp(LV) - LV) / 2, AXES, POSTERIOR, PROBE, OWN)
    assert isinstance(found, Found)
    assert value(found.fit.constant, {}) == 0.5


FIXED = {
    "N(0, 4)": (0, 4),
    "N(1, 1)": (1, 1),
    "N(-1.5, 0.25)": (Fraction(-3, 2), Fraction(1, 4)),
    "N(2, 9)": (2, 9),
}


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("normalised", [True, False])
def test_a_prior_of_numbers_is_found(name, normalised):
    mean, variance = (as_term(Fraction(number)) for number in FIXED[name])
    term = ((MU - mean) ** 2 + xp.exp(LV)) / (2 * variance) - LV / 2
    term = term - as_term(Fraction(1, 2)) + xp.log(variance) / 2 if normalised else term
    found = find_divergence(term, AXES, POSTERIOR, PROBE, OWN)
    assert isinstance(found, Found)
    assert found.target.name == name
    assert [value(p, {}) for p in found.target.parameters] == [float(n) for n in FIXED[name]]
    arrays = PROBE.sets[0]
    numbers = PROBE.whole(found.target.term, AXES)[0]
    ones = torch.ones_like(arrays["mu"])
    wanted = torchs_kl(arrays, float(FIXED[name][0]) * ones, torch.log(float(FIXED[name][1]) * ones))
    torch.testing.assert_close(numbers, wanted)


def test_a_learned_prior_is_found_with_its_mean_and_log_variance():
    term = ((MU - PM) ** 2 * xp.exp(-PLV) + xp.exp(LV - PLV) - 1 - LV + PLV) / 2
    found = find_divergence(term, AXES, POSTERIOR, PROBE, OWN)
    assert isinstance(found, Found)
    assert found.target.learned
    assert [p.term for p in found.target.parameters] == [PM.term, PLV.term]
    arrays = PROBE.sets[0]
    torch.testing.assert_close(PROBE.whole(found.target.term, AXES)[0], torchs_kl(arrays, arrays["pm"], arrays["plv"]))


def test_a_learned_mean_alone_is_found():
    found = find_divergence(((MU - PM) ** 2 + xp.exp(LV) - 1 - LV) / 2, AXES, POSTERIOR, PROBE, OWN)
    assert isinstance(found, Found)
    assert found.target.parameters[0].term is PM.term
    assert value(found.target.parameters[1], {}) == 0


def test_a_learned_deviation_is_to_be_written_as_an_exponential():
    tensors = {**TENSORS, "plv": TENSORS["plv"].exp()}
    values = Probe.near(tensors, sizes_of((6, 4)), ["mu", "lv", "pm", "plv"])
    term = ((MU - PM) ** 2 + xp.exp(LV)) / (2 * PLV**2) + xp.log(PLV) - LV / 2
    found = find_divergence(term, AXES, POSTERIOR, values, OWN)
    assert isinstance(found, Rewrite)
    assert found.how == "exp"


def test_a_weight_for_each_place_is_found_as_a_mask():
    found = find_divergence(W * KL, AXES, POSTERIOR, PROBE, OWN, masks=frozenset({"w"}))
    assert isinstance(found, Found)
    assert found.target.mask is not None
    assert found.target.mask.term is W.term


NONE = {
    "reversed": (xp.exp(-LV) * (1 + MU**2) + LV) / 2,
    "no logarithm": (MU**2 + xp.exp(LV)) / 2,
    "variance for deviation": (MU**2 + xp.exp(2 * LV) - 1 - LV) / 2,
    "fourth power": (MU**4 + xp.exp(LV) - 1 - LV) / 2,
    "sign of the logarithm": (MU**2 + xp.exp(LV) - 1 + LV) / 2,
    "of the mean alone": MU**2,
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_divergence_is_none(name):
    assert find_divergence(NONE[name], AXES, POSTERIOR, PROBE, OWN) is None


def test_an_estimate_at_the_draw_is_log_q_less_log_p():
    z = MU + xp.exp(LV / 2) * EPS
    prior = Quantity("learned", KL, learned=True, parameters=(PM, PLV))
    term = ((z - PM) ** 2 * xp.exp(-PLV) + PLV - EPS**2 - LV) / 2
    found = find_integrand(term, AXES, POSTERIOR, prior, EPS, PROBE)
    assert found is not None
    assert found.target.at_draw
    arrays = PROBE.sets[0]
    q, p = Normal(arrays["mu"], (arrays["lv"] / 2).exp()), Normal(arrays["pm"], (arrays["plv"] / 2).exp())
    drawn = arrays["mu"] + (arrays["lv"] / 2).exp() * arrays["eps"]
    torch.testing.assert_close(PROBE.whole(found.target.term, AXES)[0], q.log_prob(drawn) - p.log_prob(drawn))
    assert find_integrand(term + EPS, AXES, POSTERIOR, prior, EPS, PROBE) is None
