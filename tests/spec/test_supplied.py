"""A reading may supply an operation that the spec writes for floats; an array library is never asked for it."""

import array_api_compat
import numpy as np
import pytest
import torch

from vaelid.spec import arrays
from vaelid.spec.likelihoods import (
    binomial_log_coefficient,
    continuous_bernoulli_log_normaliser,
    continuous_bernoulli_mean,
)


class Asked:
    """A namespace that writes down what it is asked for, and an array of it."""

    supplies = frozenset({"softplus", "log_softmax", "binomial_log_coefficient", "number"})
    __name__ = "asked"

    def __array_namespace__(self, *, api_version=None):
        return self

    def __getattr__(self, name):
        return lambda *args, **kwargs: (name, args, kwargs)


def test_a_reading_is_asked_under_the_functions_name_with_its_arguments():
    x = Asked()
    assert arrays.softplus(x) == ("softplus", (x,), {})
    assert arrays.log_softmax(x, axis=-2) == ("log_softmax", (x,), {"axis": -2})
    assert binomial_log_coefficient(16, x, x) == ("binomial_log_coefficient", (16, x, x), {})
    assert arrays.number(0.5, x) == ("number", (0.5, x), {})


def test_what_a_reading_does_not_supply_is_read_by_its_formula():
    x = Asked()
    assert arrays.log_of_number(1.0, AskedArray()) == ("asarray", (0.0,), {"dtype": "real", "device": "here"})
    with pytest.raises(TypeError):
        arrays.exp_minus_one_minus(x)  # expm1(x) - x, on this array without a minus


class AskedArray(Asked):
    dtype, device = "real", "here"


FUNCTIONS = {
    "softplus": arrays.softplus,
    "sigmoid": arrays.sigmoid,
    "lgamma": arrays.lgamma,
    "exp_minus_one_minus": arrays.exp_minus_one_minus,
    "continuous_bernoulli_log_normaliser": continuous_bernoulli_log_normaliser,
    "continuous_bernoulli_mean": continuous_bernoulli_mean,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_runs_the_definition_bit_for_bit_and_is_not_asked(name, dtype, monkeypatch):
    x = torch.linspace(0.1, 30, 50, dtype=dtype)
    torch_api = array_api_compat.array_namespace(x)
    expected = FUNCTIONS[name].__wrapped__(x)
    if name != "lgamma":  # the definition itself asks torch for that one

        def asked(*args, **kwargs):
            raise AssertionError(f"torch was asked for {name}")

        monkeypatch.setattr(torch_api, name, asked, raising=False)
    got = FUNCTIONS[name](x)
    assert got.dtype == dtype
    assert torch.equal(got, expected)


@pytest.mark.parametrize("make", [np.asarray, torch.tensor])
def test_array_libraries_supply_nothing(make):
    x = make([1.0, 2.0])
    assert not hasattr(array_api_compat.array_namespace(x), "supplies")
    assert arrays.number(0.1, x) == 0.1
    assert isinstance(arrays.number(0.1, x), float)
