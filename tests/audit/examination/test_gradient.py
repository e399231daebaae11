"""What is back-propagated is the slope of what is returned: hooks, cuts, kinks and scores, each by hand."""

import pytest
import torch
from torch.distributions import Normal

from vaelid.auditor.examination import gradient as module
from vaelid.auditor.examination.gradient import _distance, gradient, nearest_slope
from vaelid.readings.errors import ReadingError

from .made import Small, kl_to_standard, one, run, single

pytestmark = pytest.mark.slow  # audits run three times slower under type checks; `make test-long` has them


def graded(part=None, **parts):
    made = (Small if part is None else part)(**parts).made()
    return run(gradient, made)


def passed(examined):
    return one(examined, "gradient").passed


class Hooked(Small):
    """Something of it has a hook."""

    where = "h"

    def note(self, name, value):
        super().note(name, value)
        if name == self.where:
            value.register_hook(lambda g: 0.1 * g)
        return value


def hooked(name):
    return type("Hooked", (Hooked,), {"where": name})


class Relu(torch.autograd.Function):
    """A rectifier whose backward lets half of the gradient through where it is cut off."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, g, g / 2)


def test_a_right_step():
    examined = graded()
    assert passed(examined)
    assert (examined.estimator, examined.notes) == (None, [])


WRONG = {
    "a hook on the output": (hooked("h"), {}),
    "a hook on the mean": (hooked("m"), {}),
    "the mean detached in the kl": (None, {"kl": lambda m, v: kl_to_standard(m.detach(), v)}),
    "the mean detached in z": (None, {"sample": lambda m, v, eps: m.detach() + (v / 2).exp() * eps}),
    "z detached": (None, {"sample": lambda m, v, eps: (m + (v / 2).exp() * eps).detach()}),
    "a weight detached": (None, {"total": lambda nll, kl: nll.sum() + kl.sum() / kl.sum() * kl.sum().detach()}),
    "straight through": (None, {"output": lambda h: h + (h.round() - h).detach()}),
    "another backward": (None, {"output": lambda h: Relu.apply(h)}),
}


def slow_but(names, *quick):
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", slow_but(WRONG, "a hook on the mean", "straight through"))
def test_another_gradient(name):
    part, parts = WRONG[name]
    examined = graded(part, **parts)
    check = one(examined, "gradient")
    assert not check.passed
    assert abs(float(check.computed) - float(check.expected)) > 1e-3
    assert examined.estimator is None


def test_both_numbers_of_a_doubt_are_those_by_hand():
    """With a hook on the output only the decoder's and the encoder's share of the NLL is a tenth."""
    made = hooked("h")(kl=lambda m, v: 0 * m).made()
    check = one(run(gradient, made), "gradient")
    assert float(check.computed) == pytest.approx(0.1 * float(check.expected), rel=1e-5)


def test_the_slopes_are_those_by_hand(monkeypatch):
    """Along the first direction from the recorded weights, of a KL alone: x' x M, and x' (e^v - 1) / 2."""
    made = Small(nll=lambda h, x: 0 * h).made()
    kept, slopes = [], []
    directed, slope = module._direction, module._slope
    monkeypatch.setattr(module, "_direction", lambda *given: kept.append(directed(*given)) or kept[-1])
    monkeypatch.setattr(module, "_slope", lambda *given, seed: slopes.append(slope(*given, seed=seed)) or slopes[-1])
    examined = run(gradient, made)
    x = made.batch.double()
    m, v = (x @ made.weights[name].detach().double() for name in "MV")
    by_hand = {id(made.weights["M"]): x.T @ m, id(made.weights["V"]): x.T @ (v.exp() - 1) / 2}
    by = {id(t): d for t, d in zip(examined.bench.given, kept[0], strict=True)}
    assert slopes[0] == pytest.approx(sum(float((g * by[at]).sum()) for at, g in by_hand.items()), rel=1e-6)
    assert sum(float(d.square().sum()) for d in kept[0] if d is not None) == pytest.approx(1)


RIGHT = {
    "identity, straight through": {
        "sample": lambda m, v, eps: (lambda z: z + (z.detach() - z).detach())(m + (v / 2).exp() * eps)
    },
    "kinks": {"output": lambda h: h.relu()},
    "absolute errors": {"nll": lambda h, x: (h - x).abs()},
    "a clamp": {"kl": lambda m, v: kl_to_standard(m, v.clamp(-1, 1))},
    "data detached": {"encoded": lambda x: x.detach()},
    "dropout": {"encoded": lambda x: torch.nn.functional.dropout(x, 0.3)},
    "backward inside": {"finish": lambda loss: loss.backward() or loss},
    "a weight of its own value": {
        "total": lambda nll, kl: nll.sum() + kl.sum() * kl.sum().detach() / kl.sum().detach()
    },
}


@pytest.mark.parametrize("name", slow_but(RIGHT, "kinks", "identity, straight through"))
def test_a_right_gradient(name):
    examined = graded(**RIGHT[name])
    assert passed(examined), examined.checks
    assert examined.notes == []


@pytest.mark.slow
def test_kinks_need_a_smaller_step(monkeypatch):
    """A kink lies between the two losses of the first step, and between those of a hundredth of it it does not."""
    parts = {"nll": lambda h, x: (300 * h - x).abs()}
    monkeypatch.setattr(module, "_STEP", 0.05)
    assert passed(graded(**parts))
    monkeypatch.setattr(module, "nearest_slope", lambda slope, step, *_, double: slope(step))
    assert not passed(graded(**parts))


# backward inside


@pytest.mark.parametrize("factor", [0.25, 8.0])
def test_a_multiple_of_what_is_returned_is_said(factor):
    examined = graded(finish=lambda loss: (factor * loss).backward() or loss)
    assert passed(examined)
    assert examined.notes == [f"what is back-propagated is {factor:.4g} times what is returned"]


@pytest.mark.slow
def test_what_is_turned_round_is_a_doubt():
    check = one(graded(finish=lambda loss: (-loss).backward() or loss), "gradient")
    assert not check.passed
    assert float(check.computed) == pytest.approx(-float(check.expected), rel=1e-5)


def test_a_part_that_is_not_back_propagated_is_a_doubt():
    def total(nll, kl):
        nll.sum().backward(retain_graph=True)
        return nll.sum() + kl.sum()

    assert not passed(graded(total=total))


@pytest.mark.slow
def test_parts_that_are_back_propagated_one_by_one_are_right():
    def total(nll, kl):
        nll.sum().backward(retain_graph=True)
        kl.sum().backward()
        return nll.sum() + kl.sum()

    assert passed(graded(total=total))


def test_what_is_trained_beside_the_loss_is_no_doubt():
    """A classifier of z with a loss of its own, which is not returned."""
    probe = torch.nn.Parameter(torch.ones(2))

    def total(nll, kl):
        loss = nll.sum() + kl.sum()
        loss.backward()
        ((probe - 3) * torch.ones(2)).square().sum().backward()
        return loss

    examined = graded(total=total)
    assert passed(examined)
    assert examined.notes == ["parameters that this loss does not depend on are trained beside it: 1"]
    assert not passed(graded(total=lambda nll, kl: total(nll, kl) + 1e-3 * probe.sum()))


# the score


class AtDraw(Small):
    """log q(z) - log p(z) at the draw, with q's parameters detached or not."""

    detached, factor = True, 1.0

    def __post_init__(self):
        super().__post_init__()
        self.kl = self.at_draw

    def at_draw(self, m, v):
        z = m + (v / 2).exp() * self.noted["eps"]
        of = (m.detach(), v.detach()) if self.detached else (m, v)
        log_q = Normal(of[0], (of[1] / 2).exp(), validate_args=False).log_prob(z)
        return log_q - Normal(0, 1, validate_args=False).log_prob(z)


def test_sticking_the_landing_is_let_pass_by_name():
    examined = graded(AtDraw)
    assert passed(examined)
    assert examined.estimator == "sticking the landing"
    assert "it leaves out 1 times the score of q" in examined.notes[0]


@pytest.mark.slow
def test_a_score_that_is_not_left_out_needs_no_name():
    examined = graded(type("WithScore", (AtDraw,), {"detached": False}))
    assert passed(examined)
    assert examined.estimator is None


@pytest.mark.slow
def test_half_of_a_score_is_named_too():
    """The mean of both has the same mean."""

    class Half(AtDraw):
        def at_draw(self, m, v):
            both = []
            for self.detached in (True, False):
                both.append(super().at_draw(m, v))
            return sum(both) / 2

    examined = graded(Half)
    assert examined.estimator == "sticking the landing"
    assert "0.5 times the score" in examined.notes[0]


@pytest.mark.slow
def test_only_the_mean_detached_is_no_score():
    class OnlyMean(AtDraw):
        def at_draw(self, m, v):
            z = m + (v / 2).exp() * self.noted["eps"]
            return Normal(m.detach(), (v / 2).exp(), validate_args=False).log_prob(z) + z.square() / 2

    assert not passed(graded(OnlyMean))


# where it cannot be asked


def test_a_spectral_norm_is_not_examined():
    """Its vectors move with the weights, and gradients take them for numbers, as its authors mean it."""
    torch.manual_seed(0)
    norm = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(5, 5))
    with pytest.raises(ReadingError, match="kept without gradient"):
        graded(encoded=norm)


def test_an_average_that_is_kept_and_not_read_hides_no_hook():
    average = torch.zeros(4, 5)

    class Averaged(hooked("h")):
        def __call__(self, x):
            loss = super().__call__(x)
            with torch.no_grad():
                average.lerp_(self.noted["h"], 0.1)
            return loss

    assert not passed(graded(Averaged))


def test_draws_by_rejection_have_no_slope():
    made = Small(noise=lambda m: torch._standard_gamma(m.exp())).made()
    with pytest.raises(ReadingError, match="a draw by rejection has no slope"):
        run(gradient, made)


@pytest.mark.slow
def test_single_precision_is_compared_roughly_or_not_at_all():
    examined = graded(finish=single)
    assert not examined.bench.double
    assert passed(examined)
    check = one(graded(hooked("h"), finish=single), "gradient")
    assert not check.passed


HIDDEN = {
    "a large constant": {"finish": lambda loss: single(loss) + 1e6},
    "a loss of 8 bits": {"finish": lambda loss: (single(loss) + 1000).bfloat16()},  # two losses are one number
    "an output of 8 bits": {"output": lambda h: single(h).bfloat16().float()},
    "z of 8 bits": {"sample": lambda m, v, eps: single(m + (v / 2).exp() * eps).bfloat16().float()},
}


@pytest.mark.parametrize("name", slow_but(HIDDEN, "a loss of 8 bits"))
def test_rounding_that_hides_the_slope_is_not_examined(name):
    made = Small(**HIDDEN[name]).made()
    with pytest.raises(ReadingError, match="rounding hides the slope"):
        run(gradient, made)


def test_distances_are_relative_to_the_largest_slope():
    assert _distance([1.0, 100.0], [1.0, 100.0]) == 0
    assert _distance([1.0, 100.0], [2.0, 100.0]) == pytest.approx(1 / 200)
    assert _distance([0.0], [0.0]) == 0


def chosen(by_step, known):
    """The slope that is chosen where a difference gives these, at steps of 1e-4, 1e-6 and 1e-7."""
    return nearest_slope(lambda step: by_step[f"{step:.0e}"], 1e-4, known, 1e-5, double=True)


RESNET = {"1e-04": -8.007090400496963, "1e-06": -7.956678018672392, "1e-07": -7.957132766023278}
"""Measured along one direction in the weights of a ResNet-18 with its mirror; back-propagated is -7.957151574981023."""


def test_the_slope_of_a_deep_network_with_kinks_is_found_by_the_smallest_step():
    assert chosen(RESNET, -7.957151574981023) == RESNET["1e-07"]


def test_kinks_hide_a_slope_that_is_as_far_as_they_are_and_no_other():
    with pytest.raises(ReadingError, match="kinks without number"):
        chosen(RESNET, -7.9565)
    assert chosen(RESNET, -0.79) == RESNET["1e-06"]
    smooth = {"1e-04": 2.00000001, "1e-06": 2.0, "1e-07": 2.0}
    assert chosen(smooth, 2.001) == 2.00000001
