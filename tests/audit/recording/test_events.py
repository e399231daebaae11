"""Regions of memory overlap where numpy's views share an element; names and events that count."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.recording import events
from vaelid.auditor.recording.events import Event, Recording, Region

BUFFER = np.arange(64)
places = st.tuples(
    st.lists(st.integers(1, 3), min_size=0, max_size=3), st.lists(st.integers(1, 8), min_size=3, max_size=3)
)


def region(size, stride, offset=0, storage=0, real=True):
    """A region of a storage of 64 elements."""
    return Region(storage, tuple(size), tuple(stride), offset, real)


def of_numpy(size, stride, offset):
    """The elements of such a view of an array that holds its own positions."""
    view = np.lib.stride_tricks.as_strided(BUFFER[offset:], size, [s * BUFFER.itemsize for s in stride])
    return view.ravel().tolist()


@settings(max_examples=60, deadline=None)
@given(places, st.integers(0, 10), places, st.integers(0, 10))
def test_regions_overlap_where_they_share_a_position(one, start, other, second):
    sizes = [(tuple(size), tuple(stride[: len(size)]), at) for (size, stride), at in ((one, start), (other, second))]
    shared = set(of_numpy(*sizes[0])) & set(of_numpy(*sizes[1]))
    a, b = (region(*place) for place in sizes)
    assert a.positions().tolist() == of_numpy(*sizes[0])
    assert a.overlaps(b) is b.overlaps(a) is bool(shared)


def test_interleaved_columns_do_not_overlap():
    even, odd = region((4,), (2,)), region((4,), (2,), 1)
    assert not even.overlaps(odd)
    assert even.overlaps(region((8,), (1,)))


def test_a_large_region_is_taken_to_overlap(monkeypatch):
    monkeypatch.setattr(events, "_MOST_POSITIONS", 3)
    assert region((4,), (2,)).overlaps(region((4,), (2,), 1))


def event(number, name, arguments=(), outputs=(), written=frozenset()):
    """An event with nothing special."""
    nowhere = frozenset[Region]()
    given_, made = tuple(arguments), tuple(outputs)
    return Event(number, name, given_, {}, made, "here:1", frozenset(written), nowhere, nowhere, False)


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("aten.mul.Tensor", "mul"),
        ("aten.add_.Tensor", "add"),
        ("aten._softmax.default", "_softmax"),
        ("aten.__and__.Tensor", "__and__"),
        ("mine.exp_.default", "mine::exp"),
        ("aten.linalg_vector_norm.default", "linalg_vector_norm"),
    ],
)
def test_the_operation_of_a_name(name, operation):
    assert event(0, name).operation == operation


def test_regions_of_arguments_and_outputs():
    a, b = region((2,), (1,)), region((2,), (1,), 2)
    found = event(0, "aten.cat.default", [[a, b], 0], [b, None, 3])
    assert found.regions == [a, b]
    assert found.made_regions == [b]


def test_checks_of_values_that_nothing_is_computed_from_do_not_count():
    x, product, whole = (region((2,), (1,), storage=k) for k in range(3))
    truth, asked = region((2,), (1,), storage=3, real=False), region((), (), storage=4, real=False)
    index_ = region((2,), (1,), storage=5, real=False)
    recorded = (
        event(0, "aten.mul.Tensor", [x, 2], [product]),
        event(1, "aten.gt.Scalar", [product, 0], [truth]),
        event(2, "aten.all.default", [truth], [asked]),
        event(3, "aten.arange.default", [2], [index_]),
        event(4, "aten.index.Tensor", [product, index_], [whole]),
        event(5, "aten.zero_.default", [truth], [truth], written={3}),
    )
    recording = Recording({"x": x}, recorded, whole, torch.ones(2), {}, {})
    assert [e.number for e in recording.events_that_count()] == [0, 1, 3, 4, 5]  # what is written over was made
    without = Recording({"x": x}, recorded[:5], whole, torch.ones(2), {}, {})
    assert [e.number for e in without.events_that_count()] == [0, 3, 4]


def test_a_recording_cannot_be_changed():
    recording = Recording({}, (), region((), ()), torch.ones(()), {}, {})
    with pytest.raises(AttributeError):
        recording.returned = torch.zeros(())
    assert recording.decided_by_value == ()
