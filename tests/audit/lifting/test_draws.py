"""Draws: of which law, with which mean and deviation; normal ones that are made from uniform ones."""

import math

import pytest
import torch

from .read import ROWS, check, read

NORMAL = {
    "randn": lambda a, b: torch.randn(3, 5, dtype=torch.float64) * a,
    "randn_like": lambda a, b: torch.randn_like(a) + b,
    "normal_": lambda a, b: torch.empty(3, 5, dtype=torch.float64).normal_() * a,
    "normal_ with both": lambda a, b: torch.empty(3, 5, dtype=torch.float64).normal_(2, 3) * a,
    "normal_ with a mean": lambda a, b: torch.empty(3, 5, dtype=torch.float64).normal_(2) * a,
    "of two tensors": lambda a, b: torch.normal(a, b),
    "of a tensor and a number": lambda a, b: torch.normal(a, 2.0),
    "of a number and a tensor": lambda a, b: torch.normal(2.0, b),
    "of two numbers": lambda a, b: torch.normal(0.5, 2.0, (3, 5), dtype=torch.float64) * a,
}
UNIFORM = {
    "rand": lambda a, b: torch.rand(3, 5, dtype=torch.float64) * a,
    "rand_like": lambda a, b: torch.rand_like(a) + b,
    "uniform_": lambda a, b: torch.empty(3, 5, dtype=torch.float64).uniform_() + a,
    "uniform_ between": lambda a, b: torch.empty(3, 5, dtype=torch.float64).uniform_(-1, 3) + a,
}


@pytest.mark.parametrize("name", [*NORMAL, *UNIFORM])
def test_a_draw_is_a_leaf_of_standard_noise(name):
    reading = check((NORMAL | UNIFORM)[name])
    (noise,) = [leaf for leaf in reading.leaves.values() if leaf.kind == "noise"]
    assert noise.law == ("normal" if name in NORMAL else "uniform")
    assert noise.noise == {noise.name}
    assert noise.name == ("eps1" if name in NORMAL else "u1")
    assert reading.stray_noise == noise.source


def test_the_values_of_a_scaled_draw_are_those_of_the_standard_one():
    torch.manual_seed(4)
    standard = torch.randn(3, 5, dtype=torch.float64)
    torch.manual_seed(4)
    reading = check(lambda a, b: torch.normal(a, b))
    torch.testing.assert_close(reading.leaves["eps1"].tensor, standard)
    torch.manual_seed(4)
    uniform = torch.rand(3, 5, dtype=torch.float64)
    torch.manual_seed(4)
    reading = check(UNIFORM["uniform_ between"])
    torch.testing.assert_close(reading.leaves["u1"].tensor, uniform)


def test_a_draw_of_deviation_0_is_its_mean():
    reading = check(lambda a, b: torch.normal(a, torch.zeros_like(b)) + b)
    assert float(reading.leaves["eps1"].tensor.abs().max()) == 0


@pytest.mark.parametrize(("name", "mean", "deviation"), [("normal_ with both", 2, 3), ("normal_ with a mean", 2, 1)])
def test_mean_and_deviation_are_in_the_formula(name, mean, deviation):
    from vaelid.readings.terms.text import text

    reading, _ = read(NORMAL[name])
    assert text(reading.result.element.term).startswith(f"({mean} + {deviation} · eps1[i0, i1])")


def test_the_ends_of_a_uniform_draw_are_in_the_formula():
    from vaelid.readings.terms.text import text

    reading, _ = read(UNIFORM["uniform_ between"])
    assert text(reading.result.element.term).startswith("-1 + 4 · u1[i0, i1]")


def test_autograd_does_not_go_back_through_a_draw_of_given_moments():
    mean = ROWS.clone().requires_grad_()
    reading, _ = read(lambda a: torch.normal(a, 1.0).sum() + a.sum(), {"a": mean})
    (stop,) = reading.result.stops
    assert stop.leaves == ("a",)
    reading, _ = read(lambda a: (a + torch.randn_like(a)).sum(), {"a": mean})
    assert not reading.result.stops
    assert reading.result.live == {"a"}


def test_a_generator_of_its_own_is_said():
    generator = torch.Generator().manual_seed(0)
    reading, _ = read(lambda a, b: a + torch.randn(3, 5, dtype=torch.float64, generator=generator))
    assert reading.leaves["eps1"].operation == "randn with a generator of its own"


@pytest.mark.parametrize(
    ("function", "law"),
    [
        (lambda a, b: torch.bernoulli(a / 2) + b, "bernoulli"),
        (lambda a, b: torch.poisson(a) + b, "poisson"),
        (lambda a, b: torch.empty_like(a).exponential_() + b, "exponential"),
        (lambda a, b: torch.nn.functional.dropout(a) + b, "bernoulli"),
        (lambda a, b: torch.empty_like(a).log_normal_() + b, "log_normal"),
    ],
)
def test_a_draw_of_another_law_is_noise_of_another_law(function, law):
    reading, _ = read(function)
    (noise,) = [leaf for leaf in reading.leaves.values() if leaf.kind == "noise"]
    assert noise.law == "other"
    assert noise.operation.startswith(law)


# normal draws of uniform ones


def inverse(a, b):
    """By the inverse of the distribution function."""
    return a + b * math.sqrt(2) * torch.erfinv(2 * torch.rand_like(a) - 1)


def box_muller(a, b, function=torch.cos, one_minus=True, turn=2 * math.pi):
    """Of a radius and an angle."""
    u, v = torch.rand_like(a), torch.rand_like(a)
    u = 1 - u if one_minus else u
    return a + b * (torch.sqrt(-2 * torch.log(u)) * function(turn * v))


@pytest.mark.parametrize(
    "function",
    [
        inverse,
        box_muller,
        lambda a, b: box_muller(a, b, torch.sin),
        lambda a, b: box_muller(a, b, one_minus=False),
    ],
)
def test_a_normal_draw_of_uniform_ones_is_normal(function):
    torch.manual_seed(0)
    reading = check(function)
    (noise,) = [reading.leaves[name] for name in reading.result.leaves if name not in "ab"]
    assert (noise.kind, noise.law) == ("noise", "normal")


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: a + b * torch.erfinv(torch.rand_like(a)),
        lambda a, b: a + b * torch.erfinv(2 * torch.rand(3, 1, dtype=torch.float64).expand(3, 5) - 1),
        lambda a, b: box_muller(a, b, turn=math.pi),
        lambda a, b: box_muller(a, b, torch.tanh),
    ],
)
def test_what_is_no_such_construction_is_not_normal(function):
    reading, _ = read(function)
    assert not [leaf for leaf in reading.leaves.values() if leaf.law == "normal"]


def test_one_construction_read_twice_is_one_draw():
    def step(a, b):
        u = torch.rand_like(a)
        return math.sqrt(2) * torch.erfinv(2 * u - 1) + b * math.sqrt(2) * torch.erfinv(2 * u - 1)

    reading, _ = read(step)
    assert [leaf.name for leaf in reading.leaves.values() if leaf.law == "normal"] == ["eps1"]
