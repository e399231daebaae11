"""Operations whose outputs are given: found by counting along the names of a recorded run."""

import pytest
import torch

from vaelid.auditor.examination.bench import operations
from vaelid.auditor.examination.intervention import Intervention
from vaelid.auditor.recording.record import record

X = torch.tensor([1.0, 2.0, 3.0])


def code(x):
    y = x * 2
    z = y.exp()
    return (z + y).sum()


NAMES = operations(record(code, [X], {"x": X}))


def test_an_output_is_what_it_is_given_and_what_follows_is_computed_from_it():
    with Intervention({0: torch.zeros(3)}, NAMES):
        assert float(code(X)) == 3.0
    with Intervention({1: torch.zeros(3)}, NAMES):
        assert float(code(X)) == 12.0
    with Intervention({0: torch.ones(3), 1: torch.zeros(3)}, NAMES):
        assert float(code(X)) == 3.0


def test_none_is_given_without_a_number():
    with Intervention({}, NAMES):
        assert float(code(X)) == float(code(X))


def around_with_detach(x):
    x = x.detach()
    y = (x * 2).detach()
    z = y.detach().exp()
    return (z.detach() + y).detach().sum()


def with_clones_of_a_recorder(x):
    y = x.clone() * 2
    z = y.clone().exp().clone()
    return (z + y.clone()).sum().clone()


@pytest.mark.parametrize("other", [around_with_detach, with_clones_of_a_recorder])
def test_what_is_not_the_next_of_the_names_is_not_counted(other):
    for event, expected in ((0, 3.0), (1, 12.0)):
        with Intervention({event: torch.zeros(3)}, NAMES):
            assert float(other(X)) == expected


def test_what_is_given_is_not_written_into():
    given = torch.zeros(3)

    def writes(x):
        y = x * 2
        y.add_(1)
        return y.sum()

    names = operations(record(writes, [X], {"x": X}))
    with Intervention({0: given}, names):
        assert float(writes(X)) == 3.0
        assert float(writes(X)) != 3.0  # all names were met: the second call is beyond them
    assert not given.any()


def test_what_is_given_takes_the_kind_of_what_was_made():
    with Intervention({0: torch.zeros(3, dtype=torch.float64)}, NAMES):
        assert code(X).dtype == torch.float32


def test_gradients_stop_at_what_is_given_in_values_only():
    """Below autograd: the slope that is asked for is still that of the code."""
    x = X.clone().requires_grad_()
    with Intervention({0: torch.zeros(3)}, NAMES):
        loss = code(x)
    loss.backward()
    assert float(loss.detach()) == 3.0
    assert torch.equal(x.grad, torch.full((3,), 4.0))  # 2 (1 + e^y) at y = 0


def test_an_operation_with_several_outputs_is_left_as_it_is():
    def splits(x):
        one, other = x.split(2)
        return one.sum() + other.sum()

    x = torch.arange(4.0)
    names = operations(record(splits, [x], {"x": x}))
    with Intervention({0: torch.zeros(2)}, names):
        assert float(splits(x)) == 6.0


def test_an_operation_inside_another_order_is_not_taken_for_it():
    def other_order(x):
        return (x.exp() * 2).sum()  # exp is not the next; mul is, and then nothing follows that was recorded

    with Intervention({0: torch.zeros(3), 1: torch.ones(3)}, NAMES):
        assert float(other_order(X)) == 0.0
