"""What a KL or a sampler returned, as the tensor that is read."""

import pytest
import torch

from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.model.results import divergence_returned, sample_returned
from vaelid.spec.errors import InputError

TENSOR = torch.rand(2, 3)


def test_a_tensor_is_taken_as_it_is():
    assert divergence_returned(TENSOR) is TENSOR
    assert sample_returned(TENSOR) is TENSOR


@pytest.mark.parametrize("returned", [(TENSOR,), [TENSOR, 1], (TENSOR, TENSOR + 1)])
def test_the_first_of_several_is_the_sample(returned):
    assert sample_returned(returned) is TENSOR


@pytest.mark.parametrize(
    ("returned", "kind"), [(None, "NoneType"), ({"kl": TENSOR}, "dict"), ((TENSOR,), "tuple"), (1.0, "float")]
)
def test_a_kl_that_returns_no_tensor_is_unread(returned, kind):
    with pytest.raises(Unread, match=f"it returned a {kind}, and not a tensor"):
        divergence_returned(returned)


@pytest.mark.parametrize(
    ("returned", "kind"), [(None, "NoneType"), ({"z": TENSOR}, "dict"), ((), "tuple"), ((1, TENSOR), "int")]
)
def test_a_sampler_that_returns_no_tensor_is_told_to(returned, kind):
    with pytest.raises(InputError, match=f"returned a {kind}: return z, a tensor"):
        sample_returned(returned)


def test_complex_numbers_are_neither():
    numbers = torch.zeros(2, dtype=torch.complex64)
    with pytest.raises(Unread, match="and not of real numbers"):
        divergence_returned(numbers)
    with pytest.raises(InputError, match="z is of real numbers"):
        sample_returned(numbers)
