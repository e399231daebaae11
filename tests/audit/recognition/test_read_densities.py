"""The densities that are read here are the spec's functions: at points, by the spec on tensors."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from vaelid import spec
from vaelid.auditor.recognition.read_densities import (
    continuous_bernoulli_density,
    negative_binomial_density,
    poisson_density,
)
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.values import value_at
from vaelid.theory.export.atoms import unfolded

X = {"continuous_bernoulli": (0.0, 0.25, 1.0), "poisson": (0.0, 3.0), "negative_binomial": (0.0, 3.0)}
READ = {
    "continuous_bernoulli": continuous_bernoulli_density,
    "poisson": poisson_density,
    "negative_binomial": negative_binomial_density,
}


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("output", [-30.0, -2.5, -0.2499, -1e-3, 1e-3, 0.2499, 0.25, 3.0, 30.0])
def test_the_formula_is_the_function_of_the_spec(name: str, output: float):
    learned = {"negative_binomial": {"log_dispersion": 0.5}}.get(name, {})
    for x in X[name]:
        numbers = (x, output, *learned.values())
        got = float(value_at(unfolded(READ[name](*(as_term(Fraction(v)) for v in numbers)).term), {}))
        tensors = [torch.tensor(v, dtype=torch.float64) for v in numbers]
        expected = spec.likelihood(name).log_density(*tensors[:2], **dict(zip(learned, tensors[2:], strict=True)))
        np.testing.assert_allclose(got, float(expected), rtol=1e-12, atol=1e-12)
