"""One run as its operations: names, regions, values as they were then, and what autograd was told."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import Function

from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.recording.events import Region
from vaelid.auditor.recording.record import has_its_own_backward, is_from_own_function, record
from vaelid.auditor.recording.state import State

X = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(2, 3)


def run(function, *tensors, state=None):
    """A recording of a function of tensors x0, x1, ..."""
    tensors = tensors or (X,)
    return record(function, tensors, {f"x{k}": t for k, t in enumerate(tensors)}, state=state)


def names(recording):
    return [event.name for event in recording.events]


def test_the_operations_in_order_with_their_arguments():
    found = run(lambda x: (2 * x).sum(1))
    assert names(found) == ["aten.mul.Tensor", "aten.sum.dim_IntList"]
    product, total = found.events
    assert (product.number, total.number) == (0, 1)
    assert product.arguments == (found.arguments["x0"], 2)
    assert total.arguments == (product.outputs[0], [1])
    assert found.result == total.outputs[0]
    assert (product.operation, total.operation) == ("mul", "sum")


def test_the_line_that_asked_is_the_users():
    found = run(lambda x: torch.nn.functional.softmax(x, 1).sum())
    assert {event.source.rpartition(":")[0] for event in found.events} == {__file__}


def test_tensors_of_one_region_are_one_and_views_are_others():
    def step(x):
        return x.view(2, 3) + x[:, :2].sum() + x.t().sum()

    found = run(step)
    here = found.arguments["x0"]
    view, part, *_ = [event.outputs[0] for event in found.events]
    assert view == here == Region(here.storage, (2, 3), (3, 1), 0, True)
    slices = [e.outputs[0] for e in found.events if e.operation == "slice"]
    assert slices[-1] == Region(here.storage, (2, 2), (3, 1), 0, True)
    turned = next(e.outputs[0] for e in found.events if e.operation == "t")
    assert (turned.size, turned.stride, turned.storage) == ((3, 2), (1, 3), here.storage)
    assert part.storage == here.storage


def test_what_is_given_and_what_is_made():
    buffer = torch.ones(3, dtype=torch.float64)
    found = run(lambda x: (x * buffer).sum())
    given = {place.size: tensor for place, tensor in found.given.items()}
    assert given[3,] is buffer
    assert given[2, 3] is X
    torch.testing.assert_close(found.made[0, found.events[0].outputs[0]], X)
    assert found.returned.item() == pytest.approx(float(X.sum()))


def test_values_stay_what_they_were_when_they_are_written_over():
    def step(x):
        h = x * 2
        s = h.sum()
        h.zero_()
        return s + h.sum()

    x = X.clone() + 1
    found = run(step, x)
    torch.testing.assert_close(found.made[0, found.events[0].outputs[0]], 2 * x)
    zero = next(event for event in found.events if event.operation == "zero")
    assert zero.written == {found.events[0].outputs[0].storage}
    assert zero.operation == "zero"


def test_an_argument_that_is_written_over_keeps_its_values_in_the_recording():
    x = X.clone()
    found = run(lambda x: x.sum() + x.add_(1).sum(), x)
    torch.testing.assert_close(found.given[found.arguments["x0"]], X)
    torch.testing.assert_close(x, X + 1)


def test_with_a_state_the_world_is_as_it_was():
    x = X.clone()
    found = run(lambda x: x.add_(1).sum(), x, state=State([], [x]))
    torch.testing.assert_close(x, X)
    assert found.returned.item() == pytest.approx(float((X + 1).sum()))


# autograd


def test_what_autograd_will_not_go_back_through():
    x = X.clone().requires_grad_()

    def step(x):
        kept = x.detach()
        with torch.no_grad():
            frozen = x * 3
        return (x * 2 + kept + frozen).sum()

    found = run(step, x)
    by_name = {event.operation + str(event.number): event for event in found.events}
    detach, triple = found.events[0], next(e for e in found.events if e.no_grad)
    assert detach.operation == "detach"
    assert detach.stopped == frozenset()
    assert (triple.operation, triple.stopped) == ("mul", frozenset())
    sums = [event for event in by_name.values() if event.operation == "add"]
    assert any(event.stopped for event in sums)
    assert not any(event.custom for event in found.events)


def test_a_tensor_and_itself_detached_are_one_region_twofold():
    x = X.clone().requires_grad_()
    found = run(lambda x: (x / x.detach()).sum(), x)
    (quotient,) = [event for event in found.events if event.operation == "div"]
    assert quotient.twofold


class Double(Function):
    """A backward of its own."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def test_a_backward_of_ones_own_and_a_hook_are_seen():
    x = X.clone().requires_grad_()

    def hooked(x):
        h = x * 2
        h.register_hook(lambda gradient: gradient)
        return h.sum()

    for step in (lambda x: Double.apply(x).sum(), hooked):
        found = run(step, x)
        assert found.events[-1].custom
    assert is_from_own_function(Double.apply(x))
    assert not is_from_own_function(x * 2)
    assert has_its_own_backward(Double.apply(x))
    assert not has_its_own_backward(x * 2)


def test_autograd_is_on_whoever_records():
    x = X.clone().requires_grad_()
    with torch.no_grad():
        assert run(lambda x: x.sum(), x).returned.requires_grad


# clamps, values, errors


@pytest.mark.parametrize(
    ("step", "unchanged"),
    [
        (lambda x: x.clamp(-2, 2), True),
        (lambda x: x.clamp(0, 2), False),
        (lambda x: x.clone().clamp_(-2, 2), True),
        (lambda x: x.clone().clamp_(0, 2), False),
        (lambda x: nn.functional.hardtanh(x, -1, 1), True),
        (lambda x: x.clamp_min(0), False),
    ],
)
def test_a_clamp_that_changed_nothing(step, unchanged):
    found = run(step)
    (clamp,) = [event for event in found.events if event.operation in ("clamp", "clamp_min", "hardtanh")]
    assert clamp.unchanged is unchanged


def test_what_numpy_writes_is_no_event():
    found = run(lambda x: x.sum() + float(np.ones(3).sum()))
    assert names(found) == ["aten.sum.default", "aten.add.Tensor"]


def test_several_outputs_and_tensors_in_lists():
    found = run(lambda x: torch.cat(x.split(1, 0)[::-1]))
    split, cat = found.events[0], found.events[-1]
    assert len(split.made_regions) == 2
    assert cat.arguments[0] == split.outputs[::-1] or list(cat.arguments[0]) == list(split.outputs[::-1])
    assert cat.regions == list(split.outputs[::-1])


def test_an_error_of_the_users_passes_and_leaves_the_world_as_it_was():
    x = X.clone()

    def step(x):
        x.zero_()
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        run(step, x, state=State([step], [x]))
    torch.testing.assert_close(x, X)


def test_a_lazy_layer_and_a_sparse_tensor_have_regions():
    layer = nn.LazyLinear(2).double()
    found = run(lambda x: layer(x).sum())
    assert found.result.size == ()
    sparse = torch.eye(3, dtype=torch.float64).to_sparse()
    found = run(lambda x: torch.sparse.mm(sparse, x.t()).sum())
    assert any(place.stride == () and place.size == (3, 3) for place in found.given)


def test_whole_numbers_are_no_reals():
    labels = torch.tensor([0, 1])
    found = run(lambda x, y: x[0, 0] * y, X, labels)
    assert not found.arguments["x1"].real
    assert found.arguments["x0"].real


def test_what_a_backward_pass_makes_is_not_kept_but_for_what_someone_holds():
    weight = torch.ones(3, dtype=torch.float64, requires_grad=True)

    def step(x):
        weight.grad = None
        loss = ((x * weight) ** 2).sum() / len(x)
        loss.backward()
        return loss

    found = run(step)
    backward = [event for event in found.events if event.trained]
    assert len(backward) > 3
    kept = [found.made[e.number, r] for e in backward for r in e.made_regions if (e.number, r) in found.made]
    assert any(torch.allclose(tensor, 2 * X.square().sum(0) / 2) for tensor in kept)  # the gradient itself
    assert len(kept) < sum(len(event.made_regions) for event in backward)
    forward = [event for event in found.events if not event.trained]
    assert all((event.number, made) in found.made for event in forward for made in event.made_regions)
    assert [event.name for event in found.events_that_count()] == [event.name for event in forward]


def test_a_loss_made_from_a_gradient_that_was_not_kept_is_not_read():
    """Of a matrix product, whose backward is not looked into."""
    weight = torch.ones(3, 3, dtype=torch.float64, requires_grad=True)

    def step(x):
        weight.grad = None
        loss = (x @ weight).square().sum()
        loss.backward()
        return loss + weight.grad.square().sum()

    with pytest.raises(Unread, match="gradient that was not kept"):
        lift(run(step))


def test_a_gradient_that_is_differentiated_again_is_kept():
    weight = torch.ones(3, dtype=torch.float64, requires_grad=True)

    def penalised(x):
        (slope,) = torch.autograd.grad(((x * weight) ** 2).sum(), weight, create_graph=True)
        return slope.square().sum()

    found = run(penalised)
    assert all((event.number, made) in found.made for event in found.events for made in event.made_regions)


def test_a_storage_that_is_gone_keeps_its_number():
    def many(x):
        weight = torch.ones(3, dtype=torch.float64, requires_grad=True)
        for _ in range(20):
            loss = (x * weight).sum()
            loss.backward()
        return x.sum()

    found = run(many)
    numbers = [r.storage for event in found.events for r in event.made_regions if event.operation == "mul"]
    assert len(set(numbers)) == len(numbers) == 40  # one forward and one backward each; the latter are gone
