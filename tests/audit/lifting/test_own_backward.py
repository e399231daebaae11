"""A user's own backward against the formula's gradient, and where autograd is kept from going back."""

import pytest
import torch
from torch.autograd import Function

from vaelid.auditor.lifting.gradients import gradient_agrees, slopes_differ
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.recording.record import record

from .read import ROWS, read


def own(forward, backward):
    """A function with a backward of its own."""

    class Own(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, gradient):
            return backward(ctx.saved_tensors[0], gradient)

    return Own.apply


EXP = own(torch.exp, lambda x, g: g * x.exp())
WRONG = own(torch.exp, lambda x, g: g * x)
REVERSED = own(lambda x: 2 * x, lambda x, g: -2 * g)


def leaf():
    """A tensor that is trained."""
    return ROWS.clone().requires_grad_()


def test_a_right_backward_leaves_no_stop():
    reading, _ = read(lambda a: EXP(a).sum(), {"a": leaf()})
    assert not reading.result.stops
    assert reading.result.live == {"a"}


@pytest.mark.parametrize(("function", "computed", "expected"), [(WRONG, 0.2, 1.2214027), (REVERSED, -2, 2)])
def test_another_backward_is_a_stop_with_both_slopes(function, computed, expected):
    reading, _ = read(lambda a: function(a).sum(), {"a": leaf()})
    (stop,) = reading.result.stops
    assert (stop.another, stop.leaves) == (True, ("a",))
    assert float(stop.witness.computed.strip("[]").split()[0]) == pytest.approx(computed, abs=1e-6)
    assert float(stop.witness.expected.strip("[]").split()[0]) == pytest.approx(expected, abs=1e-6)


def test_a_hook_that_changes_the_gradient_is_seen():
    def hooked(a, scale):
        h = a * 3
        h.register_hook(lambda gradient: scale * gradient)
        return h.sum()

    assert not read(lambda a: hooked(a, 1), {"a": leaf()})[0].result.stops
    (stop,) = read(lambda a: hooked(a, 2), {"a": leaf()})[0].result.stops
    assert stop.another


def test_without_gradients_nothing_is_compared():
    reading, _ = read(lambda a: WRONG(a).sum(), {"a": leaf()}, gradients=False)
    assert not reading.result.stops


@pytest.mark.parametrize(
    ("function", "stopped"),
    [
        (lambda a: a.detach().sum() + a.mean(), True),
        (lambda a: (a - a.mean(0).detach()).sum(), True),
        (lambda a: a.sum(), False),
        (lambda a: a.data.exp().sum() * a.sum(), True),
    ],
)
def test_a_detached_tensor_is_a_stop(function, stopped):
    reading, _ = read(function, {"a": leaf()})
    assert bool(reading.result.stops or reading.halted) is stopped


def test_a_detached_number_is_a_constant():
    reading, _ = read(lambda a: a.sum() * a.mean().detach(), {"a": leaf()})
    assert reading.halted
    assert reading.leaves["detached1"].kind == "constant"
    assert reading.leaves["detached1"].inputs == {"a"}


def test_a_network_without_gradient_is_a_stop_that_is_not_inside():
    weight = torch.ones(5, 2, dtype=torch.float64, requires_grad=True)

    def step(a, weight):
        with torch.no_grad():
            hidden = a @ weight
        return (hidden + weight.sum()).sum()

    reading, _ = read(step, {"a": ROWS, "weight": weight})
    (stop,) = reading.result.stops
    assert (stop.no_grad, stop.inside) == (True, False)


def test_a_result_without_gradient_is_a_stop():
    def step(a):
        with torch.no_grad():
            return a.sum()

    (stop,) = read(step, {"a": leaf()})[0].result.stops
    assert stop.leaves == ("a",)


# the two comparisons


def test_a_gradient_agrees_with_its_own_formula_and_no_other():
    a = leaf()
    reading, recording = read(lambda a: (a**2).sum(1), {"a": a})
    arguments = reading.leaves, reading.axes
    assert gradient_agrees(reading.result, recording.returned, *arguments)
    assert not gradient_agrees(reading.result, 2 * recording.returned, *arguments)
    assert not gradient_agrees(reading.result, recording.returned.detach(), *arguments)
    assert slopes_differ(reading.result, recording.returned, *arguments) is None
    witness = slopes_differ(reading.result, 2 * recording.returned, *arguments)
    assert float(witness.expected.strip("[]").split()[0]) == pytest.approx(0.4)
    assert float(witness.computed.strip("[]").split()[0]) == pytest.approx(0.8)


def test_an_operand_that_is_no_tensor_and_no_number_is_mixed():
    from vaelid.auditor.formula.errors import Mixed
    from vaelid.auditor.lifting.axes import Axes
    from vaelid.auditor.lifting.reader import Reader

    recording = record(lambda a: a.sum(), [ROWS], {"a": ROWS})
    with pytest.raises(Mixed, match="an argument of type str"):
        operand(Reader(recording, Axes()), recording.events[0], "floor")
