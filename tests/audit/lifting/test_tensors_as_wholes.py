"""Tensors built by hand, paired, summed, sliced and cut: the functions that the rules are made of, without a rule."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import index_names, sizes_of
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.lifting import cut as cutting
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.own_backward import through_own_backward
from vaelid.auditor.lifting.pointwise import joined, pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.slices import from_to, one_place
from vaelid.auditor.lifting.sums import REDUCTIONS, over
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.recording.events import Event, Recording, Region

GENERATOR = np.random.default_rng(3)
NOTHING = Region(99, (), (), 0, True)
NOWHERE = frozenset[Region]()


def event(number=7, operation="aten.mm.default", arguments=(), outputs=(), written=()):
    """An event of these regions."""
    return Event(
        number,
        operation,
        tuple(arguments),
        {},
        tuple(outputs),
        "step.py:3",
        frozenset(written),
        NOWHERE,
        NOWHERE,
        False,
    )


class Desk:
    """A reader with leaves made by hand, and their values."""

    def __init__(self):
        self.reader = Reader(Recording({}, (), NOTHING, torch.ones(()), {}, {}), Axes())

    def tensor(self, name, *shape, trained=False):
        """A leaf of random numbers."""
        values = torch.tensor(GENERATOR.normal(size=shape), requires_grad=trained)
        stride = tuple(int(np.prod(shape[d + 1 :])) for d in range(len(shape)))
        region = Region(len(self.reader.leaves), shape, stride, 0, True)
        found = self.reader.leaf(name, "made", region, values, len(self.reader.leaves))
        self.reader.known[region] = found
        return found, values.detach().numpy(), region

    def again(self, *names):
        """Leaves in the axes that are known now, as the next pass has them."""
        now = self.reader.axes.now
        leaves = [self.reader.leaves[name] for name in names]
        return [self.reader.of_leaf(replace(leaf, dims=tuple(map(now, leaf.dims))), leaf.noise) for leaf in leaves]

    def values(self, x, shape):
        """The numbers of a tensor."""
        axes = self.reader.axes
        arrays = {
            name: leaf.tensor.detach().reshape([axes.lengths[a] for dim in leaf.dims for a in axes.now(dim)])
            for name, leaf in self.reader.leaves.items()
        }
        names = index_names(a for dim in x.dims for a in axes.now(dim))
        return values_of(x.element.term, arrays, sizes_of(axes.lengths), names).reshape(shape).numpy()


@pytest.fixture
def desk():
    return Desk()


# pairing


@pytest.mark.parametrize(
    ("one", "other"),
    [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (3, 4)), ((2, 3, 4), (3, 1)), ((), (3,)), ((1,), (3, 1))],
)
def test_broadcasting_is_numpys(desk, one, other):
    (x, a, _), (y, b, _) = desk.tensor("x", *one), desk.tensor("y", *other)
    pointwise(desk.reader, event(), lambda p, q: p - 2 * q, x, y)  # the pass that learns which axes are one
    found = pointwise(desk.reader, event(), lambda p, q: p - 2 * q, *desk.again("x", "y"))
    expected = a - 2 * b
    np.testing.assert_allclose(desk.values(found, expected.shape), expected)
    assert found.leaves == {"x", "y"}


def test_an_outer_product_of_one_tensor(desk):
    x, a, _ = desk.tensor("x", 4)
    column = replace(x, dims=(*x.dims, ()))
    found = pointwise(desk.reader, event(), lambda p, q: p * q, column, x)
    np.testing.assert_allclose(desk.values(found, (4, 4)), np.outer(a, a))
    ((fresh, first),) = desk.reader.axes.again.items()
    assert (found.dims[0], found.dims[1]) == ((first,), (fresh,))
    # what is paired with the repeating axis later is laid out along it
    again = pointwise(desk.reader, event(8), lambda p, q: p - q, found, x)
    np.testing.assert_allclose(desk.values(again, (4, 4)), np.outer(a, a) - a)


def test_live_leaves_and_stops_are_those_of_all(desk):
    (x, _, _), (y, _, _) = desk.tensor("x", 3, trained=True), desk.tensor("y", 3)
    stopped = x.stopped("step.py:1")
    found = pointwise(desk.reader, event(), lambda p, q: p + q, stopped, y)
    assert (x.live, stopped.live, found.live) == ({"x"}, frozenset(), frozenset())
    assert [stop.line for stop in found.stops] == ["step.py:1"]
    (bent,) = x.bent("step.py:2", None).stops
    assert bent.another


# sums


@pytest.mark.parametrize("chosen", [[0], [1], [-1], [0, 1], []])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("how", ["sum", "mean"])
def test_sums_and_means_are_numpys(desk, chosen, keep, how):
    x, a, _ = desk.tensor("x", 3, 4)
    found = over(desk.reader, event(), x, chosen, how, keep=keep)
    expected = getattr(np, how)(a, axis=tuple(chosen), keepdims=keep)
    assert len(found.dims) == expected.ndim
    np.testing.assert_allclose(desk.values(found, expected.shape), expected)


def test_no_reduction_is_the_tensor(desk):
    x, _, _ = desk.tensor("x", 3, 4)
    assert over(desk.reader, event(), x, [0], "none") is x
    assert REDUCTIONS == ("none", "mean", "sum")  # torch's own numbers: Reduction::None, Mean, Sum
    assert [torch.nn.functional._Reduction.get_enum(how) for how in REDUCTIONS] == [0, 1, 2]


def test_a_sum_over_what_is_the_same_along_it(desk):
    x, a, _ = desk.tensor("x", 3, 1)
    axes = desk.reader.axes
    wide = replace(x, dims=(x.dims[0], axes.dim("wide", 5)))
    np.testing.assert_allclose(desk.values(over(desk.reader, event(), wide, [1], "sum"), (3,)), 5 * a[:, 0])


@pytest.mark.parametrize(("chosen", "how"), [([0], "sum"), ([0], "mean"), ([0, 1], "mean"), ([0, 1], "sum")])
def test_sums_over_pieces(desk, chosen, how):
    (x, a, _), (y, b, _) = desk.tensor("x", 3, 4), desk.tensor("y", 2, 4)
    desk.reader.axes.pair(x.dims[1], y.dims[1])
    x, y = desk.again("x", "y")
    whole = joined(event(), (x, y), -2, (desk.reader.axes.dim("joined", 5), x.dims[1]))
    found = over(desk.reader, event(), whole, chosen, how)
    expected = getattr(np, how)(np.concatenate([a, b]), axis=tuple(chosen))
    np.testing.assert_allclose(desk.values(found, expected.shape), expected)


def test_pieces_in_different_ways_are_mixed(desk):
    (x, _, _), (y, _, _), (z, _, _) = (desk.tensor(name, 3, 4) for name in "xyz")
    both = joined(event(), (x, y), -2, x.dims)
    with pytest.raises(Mixed, match="different ways"):
        pointwise(desk.reader, event(), lambda p, q: p, both, joined(event(), (x, y, z), -2, x.dims))
    with pytest.raises(Mixed, match="beside one that is whole"):
        pointwise(desk.reader, event(), lambda p, q: p, both, z)
    doubled = pointwise(desk.reader, event(), lambda p: 2 * p, both)
    assert len(doubled.pieces) == 2


# parts


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("position", [0, 2])
def test_one_place_is_numpys(desk, dim, position):
    x, a, _ = desk.tensor("x", 3, 4)
    found = one_place(desk.reader, x, dim, position)
    np.testing.assert_array_equal(desk.values(found, a.take(position, dim).shape), a.take(position, dim))
    assert found.whole is x


def test_a_place_of_a_dimension_of_two_axes(desk):
    x, a, _ = desk.tensor("x", 3, 4)
    flat = replace(x, dims=(x.dims[0] + x.dims[1],))
    for k in range(12):
        assert desk.values(one_place(desk.reader, flat, 0, k), ()) == a.ravel()[k]
    with pytest.raises(Mixed, match="cut in two"):
        from_to(desk.reader, flat, 0, 1, 5)


@pytest.mark.parametrize(("start", "length"), [(0, 2), (1, 3), (2, 1), (0, 4), (3, 1)])
def test_some_places_are_numpys(desk, start, length):
    x, a, _ = desk.tensor("x", 3, 4)
    found = from_to(desk.reader, x, 1, start, length)
    np.testing.assert_array_equal(desk.values(found, (3, length)), a[:, start : start + length])
    assert (found is x) is (length == 4)


def test_the_same_part_has_the_same_axis(desk):
    x, _, _ = desk.tensor("x", 3, 4)
    one, other = (from_to(desk.reader, x, 1, 1, 2) for _ in range(2))
    assert one.dims == other.dims
    assert from_to(desk.reader, x, 1, 0, 2).dims != one.dims


def test_a_piece_of_a_stack(desk):
    (x, _, _), (y, _, _) = desk.tensor("x", 4), desk.tensor("y", 4)
    pieces = tuple(replace(t, dims=((), *t.dims)) for t in (x, y))
    stack = joined(event(), pieces, -2, (desk.reader.axes.dim("stack", 2), x.dims[0]))
    assert one_place(desk.reader, stack, 0, 1).leaves == {"y"}
    with pytest.raises(Mixed, match="a part of a joined tensor"):
        one_place(desk.reader, stack, 1, 0)


# what is cut and what is forgotten


def test_a_cut_operation_leaves_a_leaf_with_its_inputs(desk):
    (_, _, a), (_, _, b) = desk.tensor("x", 3, 4), desk.tensor("y", 4)
    output = Region(50, (3,), (1,), 0, True)
    desk.reader.recording = replace(desk.reader.recording, made={(7, output): torch.ones(3, requires_grad=True)})
    (found,) = cutting.cut(desk.reader, event(arguments=[a, b], outputs=[output]), "why")
    leaf = desk.reader.leaves["h1"]
    assert (leaf.kind, leaf.inputs, leaf.operation, leaf.source) == ("made", {"x", "y"}, "mm (why)", "step.py:3")
    assert [(x.leaves, made.name) for x, made in desk.reader.entering] == [({"x"}, "h1"), ({"y"}, "h1")]
    assert found.live == {"h1"}


def test_a_random_operation_that_is_cut_is_noise(desk):
    output = Region(50, (3,), (1,), 0, True)
    desk.reader.recording = replace(desk.reader.recording, made={(7, output): torch.ones(3)})
    cutting.cut(desk.reader, event(operation="aten.poisson.default", outputs=[output]))
    leaf = desk.reader.leaves["u1"]
    assert (leaf.kind, leaf.law, leaf.noise) == ("noise", "other", {"u1"})


def test_what_shares_a_position_with_a_write_is_forgotten_and_its_leaves_are_not(desk):
    _, _, region = desk.tensor("x", 3, 4)
    row, other_row = (replace(region, size=(4,), stride=(1,), offset=4 * k) for k in (0, 2))
    for part in (row, other_row):
        desk.reader.known[part] = desk.reader.known[region]
    change = event(arguments=[row, 0], outputs=[row], written=[region.storage])
    cutting.forget(desk.reader, change, [desk.reader.known[row]])
    assert list(desk.reader.known) == [other_row]
    assert desk.reader.written[region.storage] == {"x"}


# leaves, and what was read


def test_a_tensor_without_trained_leaves_is_not_compared(desk):
    x, _, region = desk.tensor("x", 3)
    assert through_own_backward(desk.reader, region, x, 7, "step.py:3") is x
    desk.reader.recording = replace(desk.reader.recording, given={region: torch.ones(3)})
    other = replace(x, leaves=frozenset())
    assert through_own_backward(desk.reader, region, other, 7, "step.py:3").leaves == frozenset()


def test_names_go_on_by_their_stem(desk):
    assert [desk.reader.name(stem) for stem in "hhuh"] == ["h1", "h2", "u1", "h3"]


def test_values_before_an_event(desk):
    region = Region(40, (2,), (1,), 0, True)
    made = {(2, region): torch.zeros(2), (5, region): torch.ones(2)}
    desk.reader.recording = replace(desk.reader.recording, made=made)
    assert desk.reader.values_before(5, region).tolist() == [0, 0]
    assert desk.reader.values_before(6, region).tolist() == [1, 1]
    with pytest.raises(Mixed, match="written into in parts"):
        desk.reader.values_before(2, region)


def test_lines_and_stray_noise_of_a_reading(desk):
    x, _, _ = desk.tensor("x", 3)
    leaves = {
        "h": Leaf("h", "made", (), torch.ones(1), inputs=frozenset({"eps", "drop"})),
        "eps": Leaf("eps", "noise", (), torch.ones(1), operation="randn", source="step.py:4"),
        "drop": Leaf("drop", "noise", (), torch.ones(1), operation="native_dropout", source="step.py:5"),
        "other": Leaf("other", "noise", (), torch.ones(1), operation="randn", source="step.py:6"),
    }
    joins = (
        (frozenset({"x"}), "step.py:1", frozenset({"x", "h"})),
        (frozenset({"h"}), "step.py:2", frozenset({"x", "h"})),
        (frozenset({"x"}), "step.py:3", frozenset({"x"})),
    )
    result = replace(x, leaves=frozenset({"h"}))
    reading = Reading(result, leaves, [], desk.reader.axes, joins=joins)
    assert reading.stray_noise == "step.py:4"
    assert reading.line_of(frozenset({"x"})) == "step.py:1"
    assert reading.line_of(frozenset({"h", "eps"})) == "step.py:2"
    assert reading.line_of(frozenset({"eps"})) is None


def test_a_mask_is_of_zeros_and_ones_and_made():
    mask = Leaf("m", "made", (), torch.tensor([0.0, 1.0]))
    assert mask.is_mask
    assert not replace(mask, kind="constant").is_mask
    assert not replace(mask, tensor=torch.tensor([0.5])).is_mask
    assert not replace(mask, tensor=torch.empty(0)).is_mask
