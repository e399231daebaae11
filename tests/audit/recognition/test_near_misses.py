"""Each named likelihood and prior by hand: of any weight and constant it is found, with a little of something else not.

What is found is held against torch's densities elsewhere (`test_likelihoods`, `test_priors`). Here the term moves away
from them by a small amount: a recognition by tolerance would still find it.
"""

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula.axes_of_terms import element_of, sizes_of
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.recognition.likelihoods import find_likelihood
from vaelid.auditor.recognition.priors import find_divergence
from vaelid.auditor.recognition.quantities import Found
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.spec.arrays import softplus

from ..numbers_of_terms import value

LENGTHS, AXES = (6, 5), [0, 1]
X, H, S, MU, LV = (element_of(name, (0, 1)) for name in ("x", "h", "s", "mu", "lv"))
GENERATOR = torch.Generator().manual_seed(5)
REAL = {n: torch.randn(*LENGTHS, generator=GENERATOR, dtype=torch.float64) for n in ("x", "h", "s", "mu", "lv")}
BINARY = {**REAL, "x": (REAL["x"] > 0).double()}
COUNTS = {**REAL, "x": torch.poisson(3 * torch.ones(*LENGTHS, dtype=torch.float64), generator=GENERATOR)}
POSTERIOR = Posterior((0, 1), MU, LV)
OWN = frozenset({"mu", "lv"})

weights = st.fractions(Fraction(1, 12), 12, max_denominator=12)
constants = st.integers(-6, 6)  # a sum of weights and constants that no code has is not found, and stays unknown
amounts = st.sampled_from([Fraction(1, 10**k) for k in (1, 2, 3, 4)]).flatmap(lambda a: st.sampled_from([a, -a]))
FEW = settings(max_examples=5)


def probe(tensors):
    """Numbers near recorded ones."""
    return Probe.near(tensors, sizes_of(LENGTHS), ["h", "s", "mu", "lv"])


LIKELIHOODS = {  # the summand, data of its kind, and the family
    "Gaussian": ((X - H) ** 2 / 2, REAL, "gaussian"),
    "Gaussian of learned variance": (S / 2 + (X - H) ** 2 / (2 * xp.exp(S)), REAL, "gaussian"),
    "Laplace": (abs(X - H), REAL, "laplace"),
    "Laplace of learned scale": (S + abs(X - H) * xp.exp(-S), REAL, "laplace"),
    "Bernoulli": (softplus(H) - X * H, BINARY, "bernoulli"),
    "Poisson": (xp.exp(H) - X * H, COUNTS, "poisson"),
}
PRIORS = {
    "N(0, I)": (MU**2 + xp.exp(LV) - LV) / 2,
    "N(0, 4)": ((MU**2 + xp.exp(LV)) / 4 - LV) / 2,
    "N(1, 0.25)": ((MU - 1) ** 2 * 4 + xp.exp(LV) * 4 - LV) / 2,
}


@pytest.mark.parametrize("name", LIKELIHOODS)
@FEW
@given(weights, constants)
def test_a_likelihood_of_any_weight_and_constant_is_found(name, weight, constant):
    term, tensors, family = LIKELIHOODS[name]
    found = find_likelihood(as_term(weight) * term + as_term(constant), AXES, probe(tensors), frozenset({"x"}))
    assert isinstance(found, Found)
    assert (found.target.name, found.target.family) == (name, family)
    assert value(found.fit.weights[0], {}) == float(weight)


@pytest.mark.parametrize("name", PRIORS)
@FEW
@given(weights, constants)
def test_a_divergence_of_any_weight_and_constant_is_found(name, weight, constant):
    term = as_term(weight) * PRIORS[name] + as_term(constant)
    found = find_divergence(term, AXES, POSTERIOR, probe(REAL), OWN)
    assert isinstance(found, Found)
    assert found.target.name == name
    assert value(found.fit.weights[0], {}) == float(weight)


OF_OUTPUTS = {"a line": H, "a square": H**2, "an exponential": xp.exp(H / 3), "a product with data": X * X * H * H}


@pytest.mark.parametrize("other", OF_OUTPUTS)
@pytest.mark.parametrize("name", LIKELIHOODS)
@settings(max_examples=2)
@given(amounts)
def test_a_likelihood_and_a_little_of_something_else_is_none(name, other, amount):
    term, tensors, _ = LIKELIHOODS[name]
    if (name, other) in {("Gaussian", "a line"), ("Poisson", "a line")}:  # another mean, and another count
        return
    near = term + as_term(amount) * OF_OUTPUTS[other]
    assert not isinstance(find_likelihood(near, AXES, probe(tensors), frozenset({"x"})), Found)


OF_POSTERIORS = {"an absolute mean": abs(MU), "a deviation": xp.exp(LV / 2), "a product": MU * LV, "a square": LV**2}


@pytest.mark.parametrize("other", OF_POSTERIORS)
@pytest.mark.parametrize("name", PRIORS)
@settings(max_examples=2)
@given(amounts)
def test_a_divergence_and_a_little_of_something_else_is_none(name, other, amount):
    near = PRIORS[name] + as_term(amount) * OF_POSTERIORS[other]
    assert find_divergence(near, AXES, POSTERIOR, probe(REAL), OWN) is None


@FEW
@given(st.fractions(Fraction(1, 2), 3, max_denominator=16).filter(lambda power: power not in (1, 2)))
def test_an_error_to_another_power_is_no_likelihood(power):
    error = xp.exp(as_term(power) * xp.log(abs(X - H)))
    assert not isinstance(find_likelihood(error, AXES, probe(REAL), frozenset({"x"})), Found)
