"""Views, parts and draws for drawn shapes: the formula has torch's values, and nothing of it was cut."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import broadcastable_shapes

from .drawn import MOST, POSITIVE, matrices, read_through, seeds, shapes, tensor
from .read import check


@st.composite
def chains(draw):
    """A shape, and views of a tensor of it one after the other."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    now, steps = torch.empty(shape), []
    for _ in range(draw(st.integers(1, 5))):
        rank = now.ndim
        dim = draw(st.integers(0, rank - 1)) if rank else 0
        kinds = ["unsqueeze"]
        kinds += ["transpose", "permute", "select", "narrow", "squeeze", "flatten", "expand"] if rank else []
        kind = draw(st.sampled_from(kinds))
        if kind == "transpose":
            step = ("transpose", dim, draw(st.integers(-rank, rank - 1)))
        elif kind == "permute":
            step = ("permute", draw(st.permutations(range(rank))))
        elif kind == "select":
            step = ("select", dim, draw(st.integers(-now.shape[dim], now.shape[dim] - 1)))
        elif kind == "narrow":
            start = draw(st.integers(0, now.shape[dim] - 1))
            step = ("narrow", dim, start, draw(st.integers(1, now.shape[dim] - start)))
        elif kind == "expand":
            step = ("expand", (draw(st.integers(1, 3)), *now.shape))
        elif kind == "flatten":
            step = ("flatten", dim, draw(st.integers(dim, rank - 1)))
        else:
            step = (kind, dim)
        now = getattr(now, step[0])(*step[1:])
        steps.append(step)
    return tuple(shape), steps


@settings(max_examples=150)
@given(chains(), seeds)
def test_any_views_one_after_the_other(drawn, seed):
    shape, steps = drawn

    def step(a):
        for name, *options in steps:
            a = getattr(a, name)(*options)
        return a.exp()

    reading = check(step, {"a": tensor(shape, seed)})
    if not any(name == "flatten" for name, *_ in steps):  # that may mix axes, and is cut then
        assert set(reading.result.leaves) <= {"a"}


@MOST
@given(st.lists(st.integers(1, 3), min_size=2, max_size=4), st.integers(1, 3), seeds)
def test_what_is_split_and_joined_again_is_what_it_was(sizes, rows, seed):
    x = tensor((rows, sum(sizes)), seed)
    read_through(lambda a: torch.cat(a.split(sizes, 1), 1).exp().sum(1), a=x)
    read_through(lambda a: torch.stack(a.unbind(1)).mean(0) - a.mean(1), a=x)
    read_through(lambda a: torch.cat(a.chunk(2, 1), 1).square().mean(), a=x)


@MOST
@given(matrices, st.data(), seeds)
def test_repeated_and_expanded_tensors(shape, data, seed):
    times = data.draw(st.lists(st.integers(1, 3), min_size=len(shape), max_size=len(shape) + 1))
    x = tensor(shape, seed)
    read_through(lambda a: a.repeat(times).exp(), a=x)
    wide = data.draw(broadcastable_shapes(shape, min_dims=len(shape), max_dims=len(shape) + 1, max_side=3))
    if torch.broadcast_shapes(shape, wide) == wide:
        read_through(lambda a: a.expand(wide) * 2, a=x)


@MOST
@given(st.integers(2, 4), st.integers(1, 3), seeds)
def test_differences_of_pairs_of_rows(rows, columns, seed):
    x, y = (tensor((rows, columns), seed + k) for k in (0, 1))
    read_through(lambda a, b: (a[:, None] - b[None]).square().sum(-1).neg().exp(), a=x, b=y)
    read_through(lambda a: (a.unsqueeze(1) * a.unsqueeze(0)).sum(), a=x)


# draws


@MOST
@given(shapes, seeds)
def test_draws_are_affine_in_their_noise(shape, seed):
    mean, spread = tensor(shape, seed), tensor(shape, seed + 1, POSITIVE)
    reading = check(lambda m, s: torch.normal(m, s) + torch.rand_like(m), {"m": mean, "s": spread})
    laws = {leaf.law for leaf in reading.leaves.values() if leaf.kind == "noise"}
    assert set(reading.result.leaves) - {"m", "s"} == {"eps1", "u1"}
    assert laws == {"normal", "uniform"}


@MOST
@given(st.integers(1, 5), st.integers(1, 3), seeds)
def test_box_and_muller_and_the_inverse_distribution_function(rows, columns, seed):
    x = tensor((rows, columns), seed)

    def polar(a):
        u, v = torch.rand_like(a), torch.rand_like(a)
        return a + torch.sqrt(-2 * torch.log(u)) * torch.cos(2 * math.pi * v)

    def inverse(a):
        return a + math.sqrt(2) * torch.erfinv(2 * torch.rand_like(a) - 1)

    for step in (polar, inverse):
        reading = check(step, {"a": x})
        assert set(reading.result.leaves) == {"a", "eps1"}
        assert reading.leaves["eps1"].law == "normal"
