"""An audit leaves Python's own objects as they were: classes, iterators, and optimizers that no name leads to."""

import itertools
import queue
import threading
from contextvars import ContextVar

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from vaelid.auditor import audit

from .traces import contents
from .traces.base import SGD, parts, trains


def audited(change):
    """The report on a step that makes this change."""
    net, x = parts()

    def step(x):
        change()
        return net(x)

    return audit(step, x).assumptions


def test_a_class_has_the_attributes_and_methods_that_it_had():
    class Counter:
        count = 0

        def one(self):
            return 1

    class Other:
        pass

    counter, other = Counter(), Other()

    def change():
        type(counter).count += 1
        type(counter).one = lambda self: 2
        type(counter).added = 3
        if hasattr(Counter, "gone"):
            del Counter.gone
        other.__class__ = Counter

    Counter.gone = 4
    before = dict(vars(Counter))
    said = audited(change)
    now = dict(vars(Counter))
    now.pop("__slotnames__", None)  # Python's own note
    assert now == before
    assert type(other) is Other
    assert any("Counter.count" in line for line in said)


def test_a_class_whose_metaclass_refuses_is_set_back():
    class Frozen(type):
        def __setattr__(cls, name, value):
            if name != "count":
                raise AttributeError(name)
            type.__setattr__(cls, name, value + 0)

    class Counter(metaclass=Frozen):
        count = 5

    def change():
        Counter.count = Counter.count + 1

    audited(change)
    assert Counter.count == 5


ITERATORS = {
    "list": lambda: iter([1, 2, 3, 4, 5, 6, 7, 8, 9]),
    "tuple": lambda: iter(tuple(range(9))),
    "range": lambda: iter(range(9)),
    "large range": lambda: iter(range(2**70, 2**70 + 9)),
    "string": lambda: iter("abcdefghi"),
    "reversed": lambda: reversed([1, 2, 3, 4, 5, 6, 7, 8, 9]),
    "zip": lambda: zip([1, 2, 3, 4, 5, 6, 7], "abcdefg", strict=True),
    "map": lambda: map(abs, [1, -2, 3, 4, 5, 6, 7]),
}


@pytest.mark.parametrize("kind", ITERATORS)
@pytest.mark.every(6)
def test_an_iterator_is_where_it_was(kind):
    it, same = ITERATORS[kind](), ITERATORS[kind]()
    next(it), next(same)
    said = audited(lambda: next(it))
    assert list(itertools.islice(it, 6)) == list(itertools.islice(same, 6))
    assert not any("was advanced" in line for line in said)


def generated():
    for k in range(30):  # noqa: UP028  # a loop of its own
        yield k


@pytest.mark.parametrize(
    "make",
    [
        generated,
        lambda: (k for k in range(30)),
        lambda: iter(DataLoader(torch.arange(30))),
        lambda: itertools.count(5),
        lambda: enumerate([5, 6, 7, 8, 9, 10, 11]),
        lambda: itertools.cycle([1, 2, 3]),
        lambda: itertools.chain([1, 2], range(30)),
        lambda: iter({k: k for k in range(30)}),
    ],
)
@pytest.mark.every(4)
def test_an_iterator_that_cannot_be_set_back_is_named(make):
    it = make()
    next(it)
    said = "the iterator `it` was advanced: what it gave in the audit is gone"
    assert said in audited(lambda: next(it))
    assert said not in audited(lambda: repr(it))
    next(it)


def test_a_loaders_iterator_goes_on_from_where_it_is():
    loader = DataLoader(torch.arange(20), batch_size=1)
    it = iter(loader)
    audited(lambda: next(it))
    rest = [int(x) for x in it]
    assert rest == list(range(rest[0], 20))
    assert it._num_yielded == 20


def test_a_file_that_is_read_is_named(tmp_path):
    (tmp_path / "rows.txt").write_text("a\n" * 30)
    with (tmp_path / "rows.txt").open() as rows, (tmp_path / "log.txt").open("w") as log:
        log.write("a")
        said = audited(lambda: (next(rows), log.write("b")))
        assert "the iterator `rows` was advanced: what it gave in the audit is gone" in said
        assert (tmp_path / "log.txt").read_text() == ""  # what waits was not written out


HELD = ContextVar("held")


def hidden(kind, held):
    """A function that gives what is held where nothing is looked for."""
    if kind == "queue":
        box = queue.Queue()
        box.put(held)
        return lambda: box.queue[0]
    if kind == "thread":
        local = threading.local()
        local.held = held
        return lambda: local.held
    if kind == "context":
        HELD.set(held)
        return HELD.get
    array = np.empty(1, dtype=object)
    array[0] = held
    return lambda: array[0]


@pytest.mark.parametrize("kind", ["queue", "thread", "context", "array"])
@pytest.mark.every(4)
def test_an_optimizer_that_no_name_leads_to_is_as_it_was(kind):
    net, x = parts()
    opt = torch.optim.Adam(net.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(opt, 1)
    opt.step()
    schedule.step()
    found = hidden(kind, (opt, schedule))
    before = contents((net, opt, schedule.state_dict()))

    def step(x):
        opt, schedule = found()
        loss = trains(net, opt, x)
        schedule.step()
        return loss

    audit(step, x)
    assert contents((net, opt, schedule.state_dict()))[2][:2] == before[2][:2]
    assert schedule.state_dict() == schedule.state_dict() | {"last_epoch": 1}


def test_an_optimizer_that_has_not_stepped_has_no_state_after():
    net, x = parts()
    opt = SGD(net.parameters())
    found = hidden("array", opt)
    audit(lambda x: trains(net, found(), x), x)
    assert not opt.state


def raises(self, *name):
    raise RuntimeError("not to be looked at")


SHY = {
    "getattribute": {"__getattribute__": raises},
    "dict": {"__dict__": property(raises)},
    "class": {"__class__": property(raises)},
    "getattr": {"__getattr__": raises},
    "iter": {"__iter__": raises, "__len__": raises, "__bool__": raises, "__eq__": raises, "__hash__": raises},
}


@pytest.mark.parametrize("kind", SHY)
@pytest.mark.parametrize("base", [object, dict, list])
@pytest.mark.every(10)
def test_an_object_that_cannot_be_looked_at_is_left_alone(kind, base):
    net, x = parts()
    shy = type("Shy", (base,), dict(SHY[kind]))()
    held = [shy]
    before = audit(lambda x: net(x), x)
    report = audit(lambda x: (held, net(x))[1], x)
    assert report.verdict == before.verdict
