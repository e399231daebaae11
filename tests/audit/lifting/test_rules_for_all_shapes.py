"""Every rule for drawn shapes, values and options: the formula has torch's values, and nothing of it was cut."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from .drawn import ANY, MOST, POSITIVE, UNIT, matrices, numbers, read_through, seeds, shapes, tensor
from .read import check

pairs = mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=3, min_side=1, max_side=4)
triples = mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=3, min_side=1, max_side=4)


# functions of single elements

OF_ONE = {
    "clone": (torch.clone, ANY),
    "detach": (torch.detach, ANY),
    "alias": (torch.ops.aten.alias, ANY),
    "lift_fresh": (torch.ops.aten.lift_fresh, ANY),
    "contiguous": (lambda x: x.contiguous(), ANY),
    "positive": (torch.positive, ANY),
    "neg": (torch.neg, ANY),
    "exp": (torch.exp, ANY),
    "log": (torch.log, POSITIVE),
    "square": (torch.square, ANY),
    "sqrt": (torch.sqrt, POSITIVE),
    "rsqrt": (torch.rsqrt, POSITIVE),
    "reciprocal": (torch.reciprocal, POSITIVE),
    "expm1": (torch.expm1, ANY),
    "log1p": (torch.log1p, POSITIVE),
    "log2": (torch.log2, POSITIVE),
    "log10": (torch.log10, POSITIVE),
    "sigmoid": (torch.sigmoid, ANY),
    "logit": (torch.logit, UNIT),
    "silu": (F.silu, ANY),
    "relu": (torch.relu, ANY),
    "abs": (torch.abs, ANY),
    "tanh": (torch.tanh, ANY),
    "lgamma": (torch.lgamma, POSITIVE),
    "log_sigmoid": (F.logsigmoid, ANY),
    "copied to another type": (lambda x: x.to(torch.float32).to(torch.float64) * 0 + x, ANY),
}


@pytest.mark.parametrize("name", OF_ONE)
@MOST
@given(shapes, seeds)
def test_a_function_of_one_tensor(name, shape, seed):
    function, interval = OF_ONE[name]
    read_through(lambda a: function(a), a=tensor(shape, seed, interval))


OF_TWO = {
    "add": (torch.add, ANY),
    "sub": (torch.sub, ANY),
    "mul": (torch.mul, ANY),
    "div": (torch.div, POSITIVE),
    "maximum": (torch.maximum, ANY),
    "minimum": (torch.minimum, ANY),
    "xlogy": (torch.xlogy, POSITIVE),
    "logaddexp": (torch.logaddexp, ANY),
    "squared error": (lambda a, b: (a - b) ** 2, ANY),
    "clamped from below": (lambda a, b: a.clamp(min=b), ANY),
    "clamped from above": (lambda a, b: torch.clamp(a, max=b), ANY),
}


@pytest.mark.parametrize("name", OF_TWO)
@MOST
@given(pairs, seeds)
def test_a_function_of_two_tensors_broadcasts_as_torch_does(name, drawn, seed):
    function, interval = OF_TWO[name]
    one, other = drawn.input_shapes
    read_through(lambda a, b: function(a, b), a=tensor(one, seed, interval), b=tensor(other, seed + 1, interval))


OF_THREE = {
    "addcmul": lambda a, b, c: torch.addcmul(a, b, c, value=-2),
    "addcdiv": lambda a, b, c: torch.addcdiv(a, b, c, value=0.5),
    "lerp": torch.lerp,
    "where": lambda a, b, c: torch.where(torch.tensor(True), a, b) + c,
    "between two bounds": lambda a, b, c: a.clamp(b, b + c),
}


@pytest.mark.parametrize("name", OF_THREE)
@MOST
@given(triples, seeds)
def test_a_function_of_three_tensors(name, drawn, seed):
    tensors = {"abc"[k]: tensor(shape, seed + k, POSITIVE) for k, shape in enumerate(drawn.input_shapes)}
    read_through(lambda a, b, c: OF_THREE[name](a, b, c), **tensors)


@MOST
@given(pairs, seeds, numbers)
def test_the_option_alpha(drawn, seed, alpha):
    one, other = (tensor(shape, seed + k) for k, shape in enumerate(drawn.input_shapes))
    for function in (torch.add, torch.sub, torch.rsub):
        read_through(lambda a, b, f=function: f(a, b, alpha=alpha), a=one, b=other)


@MOST
@given(shapes, seeds, st.one_of(st.integers(-4, 6), st.sampled_from([0.5, -0.5, 1.5, -2.25, 0.3])))
def test_powers(shape, seed, exponent):
    read_through(lambda a: a**exponent, a=tensor(shape, seed, POSITIVE))
    read_through(lambda a: (abs(exponent) + 0.5) ** a, a=tensor(shape, seed))


@MOST
@given(shapes, seeds, numbers, numbers)
def test_clamps_between_numbers(shape, seed, one, other):
    low, high = sorted((one, other))
    x = tensor(shape, seed)
    for function in (torch.clamp, F.hardtanh):
        if function is torch.clamp or low < high:
            read_through(lambda a, f=function: f(a, low, high), a=x)
    read_through(lambda a: a.clamp_min(low) + a.clamp_max(high), a=x)


@MOST
@given(shapes, seeds, st.sampled_from([1.0, 0.5, 3.0]))
def test_softplus_of_any_slope(shape, seed, beta):
    read_through(lambda a: F.softplus(a, beta), a=tensor(shape, seed))


@MOST
@given(shapes, seeds, numbers)
def test_tensors_of_one_number(shape, seed, value):
    def step(a):
        made = torch.full_like(a, value) + a.new_full(a.shape, 2) + torch.empty_like(a).fill_(value)
        made = made * torch.ones_like(a) * a.new_ones(a.shape) + torch.zeros_like(a) + a.new_zeros(a.shape)
        return a * made + torch.empty_like(a).zero_() + torch.scalar_tensor(value, dtype=a.dtype)

    read_through(step, a=tensor(shape, seed))


# reductions


@st.composite
def reduced(draw):
    """A shape, some of its dimensions, and whether these stay."""
    shape = draw(matrices)
    dims = draw(st.lists(st.integers(-len(shape), len(shape) - 1), min_size=1, unique_by=lambda d: d % len(shape)))
    return shape, dims, draw(st.booleans())


REDUCTIONS = {
    "sum": torch.sum,
    "mean": torch.mean,
    "logsumexp": torch.logsumexp,
    "norm": lambda a, dims, keep: torch.linalg.vector_norm(a, 2, dims, keep),
}


@pytest.mark.parametrize("name", REDUCTIONS)
@MOST
@given(reduced(), seeds)
def test_a_reduction_over_any_dimensions(name, drawn, seed):
    shape, dims, keep = drawn
    function = REDUCTIONS[name]
    read_through(lambda a: function(a, dims, keep) + a.sum(), a=tensor(shape, seed, POSITIVE))


EXTREMA = {
    "amax": lambda a, d, keep: a.amax(d, keep),
    "amin": lambda a, d, keep: a.amin(d, keep),
    "prod": lambda a, d, keep: a.prod(d, keep),
    "max": lambda a, d, keep: a.max(),
    "min": lambda a, d, keep: a.min(),
}


@pytest.mark.parametrize("name", EXTREMA)
@MOST
@given(st.sampled_from([(4,), (2, 2), (4, 1), (1, 3), (2, 1, 2), (1,)]), seeds, st.data(), st.booleans())
def test_an_extremum_of_four_elements_or_fewer_is_written_out(name, shape, seed, data, keep):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    read_through(lambda a: EXTREMA[name](a, dim, keep), a=tensor(shape, seed))


@MOST
@given(matrices, seeds, st.data())
def test_softmax_along_any_dimension(shape, seed, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    read_through(lambda a: a.softmax(dim) * a.log_softmax(dim), a=tensor(shape, seed))


@MOST
@given(st.integers(1, 5), st.integers(1, 4), seeds)
def test_products_of_vectors(length, rows, seed):
    one, other = (tensor((rows, length), seed + k) for k in (0, 1))
    read_through(lambda a, b: torch.dot(a[0], b[0]) + torch.vdot(a[-1], b[0]), a=one, b=other)
    read_through(lambda a, b: torch.bmm(a[:, None], b[..., None]), a=one, b=other)


# losses


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@MOST
@given(pairs, seeds, st.booleans())
def test_losses_of_each_element(reduction, drawn, seed, weighted):
    shape = drawn.result_shape
    p, t, w = (tensor(shape, seed + k, UNIT) for k in range(3))
    weight = {"weight": w} if weighted else {}
    read_through(lambda p, t: F.mse_loss(p, t, reduction=reduction) + F.l1_loss(p, t, reduction=reduction), p=p, t=t)
    for loss in (F.binary_cross_entropy, F.binary_cross_entropy_with_logits):
        reading = check(lambda p, t, f=loss: f(p, t, reduction=reduction, **weight), {"p": p, "t": t})
        assert set(reading.result.leaves) <= {"p", "t", "c1"}


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@MOST
@given(st.integers(1, 4), st.integers(2, 5), seeds, st.data())
def test_losses_of_classes_some_of_which_are_ignored(reduction, rows, classes, seed, data):
    labels = data.draw(st.lists(st.integers(0, classes - 1) | st.just(-100), min_size=rows, max_size=rows))
    if all(label == -100 for label in labels):
        labels[0] = 0  # a mean over nothing is no number
    reading = check(
        lambda a: F.cross_entropy(a, torch.tensor(labels), reduction=reduction), {"a": tensor((rows, classes), seed)}
    )
    assert set(reading.result.leaves) <= {"a", "onehot1", "mask1"}
    picked = reading.leaves["onehot1"].tensor
    assert picked.argmax(1).tolist() == [max(label, 0) for label in labels]


@MOST
@given(st.integers(1, 4), st.integers(1, 5), seeds, st.data())
def test_elements_that_whole_numbers_pick(rows, columns, seed, data):
    chosen = data.draw(st.lists(st.integers(0, columns - 1), min_size=rows, max_size=rows))
    reading = check(lambda a: a.gather(1, torch.tensor(chosen)[:, None]), {"a": tensor((rows, columns), seed)})
    assert set(reading.result.leaves) <= {"a", "onehot1"}
