"""Runs in double precision: which casts are left out, and where the loss of digits is seen."""

import pytest
import torch

from vaelid.auditor.examination.precision import Rounding, Widened

SHORT = (torch.float32, torch.bfloat16, torch.float16)
FINE = torch.tensor([1 / 3, 2 / 3], dtype=torch.float64)


@pytest.mark.parametrize("to", SHORT)
def test_a_cast_of_doubles_to_fewer_digits_is_left_out(to):
    with Widened():
        assert torch.equal(FINE.to(to), FINE)
        assert torch.equal(FINE.to(to).to(torch.float64), FINE)
    assert FINE.to(to).dtype == to


def test_other_casts_are_made():
    with Widened():
        assert torch.equal(FINE.round().long(), torch.tensor([0, 1]))
        assert (FINE > 0.5).float().dtype == torch.float32
        assert FINE.float().float().dtype == torch.float64
        single = torch.ones(2, dtype=torch.float32)
        assert single.bfloat16().dtype == torch.bfloat16


def test_gradients_go_through_a_cast_that_is_left_out():
    x = FINE.clone().requires_grad_()
    with Widened():
        (x.float() ** 3).sum().backward()
    assert torch.equal(x.grad, 3 * FINE**2)


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        (lambda: FINE.float(), True),
        (lambda: FINE * torch.ones(2, dtype=torch.float32), False),
        (lambda: (FINE > 0).float(), False),
        (lambda: torch.ones(2, dtype=torch.float32) * 2, False),
    ],
)
def test_rounding_is_seen_where_all_that_goes_in_has_more_digits(operation, found):
    with Rounding() as seen:
        operation()
    assert seen.found == found
