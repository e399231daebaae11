"""Every public function of the spec, under every array type, against 50 digits."""

import inspect

import numpy as np
import pytest
from array_api_compat import array_namespace

from vaelid import spec

from .case import Case, many, weighted_sum
from .cases import CASES
from .precise import distance
from .readings import DIFFERENTIABLE, READINGS, Reading

NOT_FUNCTIONS = {name for name in spec.__all__ if inspect.isclass(getattr(spec, name))} | {"LIKELIHOOD_NAMES"}


def _arrays(case: Case, reading: Reading) -> list:
    return [reading.array(values) for values in case.inputs]


def test_every_public_function_has_a_case():
    assert {case.function for case in CASES} == set(spec.__all__) - NOT_FUNCTIONS


def test_every_likelihood_has_its_cases():
    families = {name.partition(":")[0] for name in spec.LIKELIHOOD_NAMES}
    cases = [case.about for case in CASES if case.function == "likelihood"]
    for part in ("log_prob", "mean"):
        assert {about.split(f"-{part}-")[0].partition(":")[0] for about in cases if f"-{part}-" in about} == families


def test_case_names_are_unique():
    assert len({repr(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("reading", READINGS, ids=repr)
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_value_is_that_of_fifty_digits(case: Case, reading: Reading):
    with reading.active():
        results = many(case.call(*_arrays(case, reading)))
    assert len(results) == len(case.values)
    for result, value, size in zip(results, case.values, case.sizes, strict=True):
        assert result.dtype == reading.dtype
        assert array_namespace(result) is array_namespace(reading.array(0.0))
        assert tuple(result.shape) == value.shape
        complaint = reading.complaint(reading, result, value, size, case.ulps)
        assert complaint is None, complaint


@pytest.mark.parametrize("reading", DIFFERENTIABLE, ids=repr)
@pytest.mark.parametrize("case", [case for case in CASES if case.differentiated], ids=repr)
def test_gradient_is_the_derivative_at_fifty_digits(case: Case, reading: Reading):
    with reading.active():
        arrays = _arrays(case, reading)

        def total(*moved):
            inputs = list(arrays)
            for which, array in zip(case.differentiated, moved, strict=True):
                inputs[which] = array
            return weighted_sum(many(case.call(*inputs)), reading.array)

        slopes = reading.gradient(total, *(arrays[which] for which in case.differentiated))
    for slope, expected, size in zip(slopes, case.gradients, case.gradient_sizes, strict=True):
        assert slope.dtype == reading.dtype
        error = distance(reading.numpy(slope), expected)
        allowed = case.slope_ulps * (reading.eps * size + reading.smallest_normal)
        assert np.all(error <= allowed), f"worst: {np.max(error / allowed * case.slope_ulps):.3g} ulps of the size"
