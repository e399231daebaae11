"""Objects, storages, switches and iterators, each kept and set back; and what a function leads to."""

import random
from collections import OrderedDict, deque

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD

from vaelid.auditor.recording import iterators, keep
from vaelid.auditor.recording.reach import attributes_of, is_of_run, is_users_class, reach
from vaelid.auditor.recording.state import State, unchanged
from vaelid.auditor.recording.storages import Storages, is_lazy
from vaelid.auditor.recording.switches import GENERATORS, SWITCHES, Snapshot

# containers


CONTAINERS = {
    "list": (lambda: [1, 2, 3], lambda value: value.append(4)),
    "sorted list": (lambda: [3, 1, 2], lambda value: value.sort()),
    "dict": (lambda: {"a": 1}, lambda value: value.update(b=2)),
    "order of a dict": (lambda: {"a": 1, "b": 2}, lambda value: value.update(a=value.pop("a"))),
    "ordered dict": (lambda: OrderedDict(a=1, b=2), lambda value: value.move_to_end("a")),
    "set": (lambda: {1, 2}, lambda value: value.discard(1)),
    "deque": (lambda: deque([1, 2], maxlen=2), lambda value: value.append(3)),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_what_it_was(name):
    make, change = CONTAINERS[name]
    value = make()
    restore = keep.container(value, "mine")
    assert restore() == []  # nothing changed
    change(value)
    assert list(value) != list(make()) or value != make()
    assert restore() == ["mine"]
    assert value == make()
    assert list(value) == list(make())


def test_what_is_no_container_is_not_kept_as_one():
    assert keep.container((1, 2), "mine") is None
    assert keep.container("text", "mine") is None


def test_equal_numbers_are_no_change_and_equal_objects_are():
    value = [1000, [1]]
    restore = keep.container(value, "mine")
    value[0] = 999 + 1
    assert restore() == []
    first = value[1]
    value[1] = [1]
    assert restore() == ["mine"]
    assert value[1] is first


# objects


class Counter:
    """Of a user's."""

    total = 0

    def __init__(self):
        self.seen = 0


class Slotted:
    """With a slot that is set and one that is not."""

    __slots__ = ("empty", "value")

    def __init__(self):
        self.value = 1


def test_attributes_are_what_they_were():
    counter = Counter()
    of_torch, rest = keep.attributes(counter, False)
    assert of_torch is None
    counter.seen, counter.new = 3, 4
    assert sorted(rest()) == ["Counter.new", "Counter.seen"]
    assert vars(counter) == {"seen": 0}


def test_slots_are_what_they_were():
    value = Slotted()
    assert attributes_of(value) == {"value": 1}
    _, rest = keep.attributes(value, False)
    value.value, value.empty = 2, 3
    rest()
    assert attributes_of(value) == {"value": 1}


def test_a_class_is_what_it_was():
    restore = keep.class_attributes(Counter)
    Counter.total, Counter.more = 5, 6
    assert sorted(restore()) == ["Counter.more", "Counter.total"]
    assert Counter.total == 0
    assert not hasattr(Counter, "more")
    assert keep.class_attributes(nn.Linear) is None


def test_a_variable_is_what_it_was():
    space = {"step": 1}
    restore = keep.variable_value((space, "step"), "step")
    space["step"] = 2
    assert restore() == ["step"]
    assert space == {"step": 1}
    count = 0

    def counting():
        nonlocal count
        count += 1

    restore = keep.variable_value(counting.__closure__[0], "count")
    counting()
    assert count == 1
    assert restore() == ["count"]
    assert count == 0


@pytest.mark.parametrize(
    ("make", "draw"),
    [
        (lambda: torch.Generator().manual_seed(1), lambda g: float(torch.rand(1, generator=g))),
        (lambda: np.random.default_rng(1), lambda g: g.random()),
        (lambda: np.random.RandomState(1), lambda g: g.random()),
        (lambda: random.Random(1), lambda g: g.random()),
    ],
)
def test_a_generator_goes_on_from_where_it_was(make, draw):
    generator = make()
    restore = keep.generator_state(generator)
    first = draw(generator)
    assert draw(generator) != first
    restore()
    assert draw(generator) == first


def test_an_array_is_what_it_was():
    array = np.arange(3.0)
    restore = keep.generator_state(array)
    array[:] = 0
    restore()
    np.testing.assert_array_equal(array, [0, 1, 2])
    assert keep.generator_state(3) is None


def test_a_tensors_gradient_hooks_and_flag_are_what_they_were():
    tensor = torch.ones(3, requires_grad=True)
    tensor.sum().backward()
    grad = tensor.grad
    restore = keep.tensor(tensor)
    tensor.grad = None
    tensor.register_hook(lambda g: 2 * g)
    tensor.requires_grad_(False)
    restore()
    assert tensor.grad is grad
    assert tensor.requires_grad
    tensor.sum().backward()
    torch.testing.assert_close(tensor.grad, torch.full((3,), 2.0))


def test_a_tensor_lies_where_it_lay():
    tensor = torch.ones(3)
    address = tensor.data_ptr()
    restore = keep.tensor(tensor)
    tensor.data = torch.zeros(5)
    restore()
    assert (tensor.data_ptr(), tensor.shape) == (address, (3,))


# storages


def test_the_bytes_of_a_storage_are_written_back():
    storages, tensor = Storages(), torch.arange(6.0)
    storages.watch(tensor)
    version = tensor._version
    assert storages.changed() == []
    tensor[2:4].zero_()
    (changed,) = storages.changed()
    assert changed == tensor.untyped_storage()._cdata
    storages.restore([changed])
    torch.testing.assert_close(tensor, torch.arange(6.0))
    assert tensor._version == version


def test_a_storage_is_copied_once_and_large_ones_only_when_written(monkeypatch):
    storages, tensor = Storages(), torch.arange(6.0)
    storages.keep(tensor)
    storages.keep(tensor[2:])
    assert (len(storages.copies), storages.bytes) == (1, 24)
    monkeypatch.setattr("vaelid.auditor.recording.storages._MOST_BYTES", 30)
    storages.watch(torch.zeros(100))
    assert len(storages.copies) == 1
    storages.keep(torch.zeros(100))
    assert len(storages.copies) == 2


def test_what_has_no_bytes_of_its_own_is_not_kept():
    storages = Storages()
    storages.keep(torch.ones(2, device="meta"))
    storages.keep(torch.eye(2).to_sparse())
    assert storages.copies == {}
    assert is_lazy(nn.LazyLinear(2).weight)
    assert not is_lazy(torch.ones(1))


def test_a_resized_storage_has_its_bytes_again():
    storages, tensor = Storages(), torch.arange(4.0)
    storages.keep(tensor)
    tensor.untyped_storage().resize_(64)
    storages.restore(storages.changed())
    assert tensor.untyped_storage().nbytes() == 16
    torch.testing.assert_close(tensor, torch.arange(4.0))


# switches and generators


CHANGES = {
    "default dtype": (torch.get_default_dtype, lambda: torch.set_default_dtype(torch.float64)),
    "gradients": (torch.is_grad_enabled, lambda: torch._C._set_grad_enabled(False)),
    "numpy's errors": (np.geterr, lambda: np.seterr(all="ignore")),
    "checks": (
        lambda: torch.distributions.Distribution._validate_args,
        lambda: torch.distributions.Distribution.set_default_validate_args(False),
    ),
    "autocast": (
        lambda: torch.is_autocast_enabled("cpu"),
        lambda: torch.set_autocast_enabled("cpu", True),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_switch_is_what_it_was(name):
    get, change = CHANGES[name]
    before, kept = get(), Snapshot(SWITCHES)
    change()
    changed = get() != before
    kept.restore()
    assert changed
    assert get() == before


def test_generators_of_the_process_go_on_from_where_they_were():
    kept = Snapshot(GENERATORS)
    drawn = [torch.rand(2).tolist(), np.random.random()]  # the tests' own type checks draw of Python's
    kept.restore()
    assert drawn == [torch.rand(2).tolist(), np.random.random()]


# iterators


@pytest.mark.parametrize(
    ("make", "set_back"),
    [
        (lambda: iter([1, 2, 3]), True),
        (lambda: iter(range(5)), True),
        (lambda: iter("abc"), True),
        (lambda: reversed([1, 2, 3]), True),
        (lambda: (k for k in range(3)), False),
    ],
)
def test_an_iterator_is_set_back_or_said_to_be_advanced(make, set_back):
    iterator = make()
    expected = list(make())
    restore = iterators.advanced(iterator)
    assert restore() is False
    next(iterator)
    assert restore() is not set_back
    assert list(iterator) == (expected if set_back else expected[1:])


def test_what_is_an_iterator():
    assert iterators.is_iterator(iter([]))
    assert iterators.is_iterator(k for k in ())
    assert not iterators.is_iterator([1])
    assert iterators.inside(iter([7]))[0] == [7]
    assert iterators.inside([1]) == []


# what a function leads to


def test_reach_goes_through_closures_objects_and_modules():
    net, counter = nn.Linear(2, 1), Counter()
    trainer = {"net": net, "counter": counter, "optimiser": SGD(net.parameters(), 0.1)}

    def step(x, scale=[3]):  # noqa: B006
        return trainer["net"](x) * scale[0]

    found = {id(reached.value): reached for reached in reach([step], [torch.ones(2)])}
    for value in (net, net.weight, net.bias, counter, trainer, trainer["optimiser"], step.__defaults__[0]):
        assert id(value) in found
    assert found[id(net.weight)].words == "weight"
    assert found[id(net.weight)].of_run
    assert not found[id(counter)].of_run
    assert "the batch" in {reached.words for reached in found.values()}


def test_reach_comes_to_each_object_once_and_ends():
    loop = []
    loop.append(loop)
    values = [id(reached.value) for reached in reach([], [loop, loop])]
    assert values.count(id(loop)) == 1


def test_what_is_the_users_and_what_is_of_a_run():
    assert is_users_class(Counter)
    assert not is_users_class(nn.Linear)
    assert not is_users_class(dict)
    module = nn.Linear(1, 1)
    assert is_of_run(module, "training")
    assert is_of_run(SGD(module.parameters(), 0.1), "state")
    assert not is_of_run(Counter(), "seen")


def test_what_refuses_to_be_looked_at_is_left_out():
    class Odd:
        def __getattribute__(self, name):
            raise RuntimeError

    assert list(reach([], [Odd()])) == []


# all of it


def test_unchanged_sets_back_and_says_what_went_on():
    counter, weight = Counter(), torch.ones(2, requires_grad=True)

    def step():
        counter.seen += 1
        with torch.no_grad():
            weight.mul_(3)

    with unchanged([step]) as state:
        step()
        state.restore_run()
        assert (counter.seen, weight.tolist()) == (1, [1, 1])
        step()
    assert (counter.seen, weight.tolist()) == (0, [1, 1])
    (said,) = state.assumptions()
    assert "Counter.seen" in said


def test_what_cannot_be_set_back_is_said():
    state = State([], [])
    state.of_all.append(lambda: 1 / 0)
    state.restore_all()
    (said,) = state.assumptions()
    assert "ZeroDivisionError" in said
