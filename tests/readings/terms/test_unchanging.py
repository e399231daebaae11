"""Objects that cannot be changed, and the table that keeps one for each key as long as it is used."""

import gc
import sys
import threading

import pytest

from vaelid.readings.terms.unchanging import Made, Unchanging, field


class Pair(Unchanging):
    __slots__ = ()
    left = field(0)
    right = field(1)


def pair(left, right) -> Pair:
    return tuple.__new__(Pair, (left, right))


@pytest.fixture
def table() -> Made:
    """A table that sweeps as soon as ten objects are in it."""
    made = Made()
    made._limit = 10
    return made


def test_a_field_is_read_and_not_written():
    one = pair(1, 2)
    assert (one.left, one.right) == (1, 2)
    for write in (
        lambda: setattr(one, "left", 3),
        lambda: delattr(one, "left"),
        lambda: object.__setattr__(one, "left", 3),
        lambda: Pair.left.__set__(one, 3),
        lambda: Pair.left.__delete__(one),
        lambda: setattr(one, "other", 3),
        lambda: object.__setattr__(one, "other", 3),
    ):
        with pytest.raises(AttributeError):
            write()
    one.__init__(3, 4)
    assert (one.left, one.right) == (1, 2)


def test_it_is_no_sequence():
    one = pair(1, 2)
    for use in (
        lambda: list(one),
        lambda: one[0],
        lambda: one + one,
        lambda: 2 * one,
        lambda: one < one,
        lambda: sorted([one, pair(0, 0)]),
    ):
        with pytest.raises(TypeError):
            use()
    assert one
    assert one != pair(1, 2)


def test_there_is_one_object_for_a_key(table):
    one = table.add("key", pair(1, 2))
    assert table.add("key", pair(1, 2)) is one
    assert table.get("key") is one
    assert one in table
    assert pair(1, 2) not in table
    assert table.get("another") is None


def test_what_nothing_refers_to_is_dropped(table):
    kept = [table.add(k, pair(k, None)) for k in range(5)]
    for k in range(5, 1000):
        table.add(k, pair(k, None))
    assert len(table._keys) <= 20
    assert all(table.get(k) is kept[k] and kept[k] in table for k in range(5))


def test_what_is_used_by_a_newer_object_is_dropped_with_it(table):
    """A chain of a thousand, of which the last is kept, and then is not."""
    last = None
    for k in range(1000):
        last = table.add(k, pair(k, last))
    assert len(table._keys) == 1001
    chain = last
    while chain is not None:
        assert table.get(chain.left) is chain
        chain = chain.right
    del last
    table._sweep()
    assert len(table._keys) == 1


def test_terms_that_are_gone_are_dropped():
    from vaelid.readings.terms import syntax
    from vaelid.readings.terms.substitution import make
    from vaelid.readings.terms.syntax import INDEX, Operator, Variable

    gc.collect()
    syntax._TERMS._sweep()
    before = len(syntax._TERMS._keys)
    grown = make(Variable("n", INDEX))
    for _ in range(100):
        grown = make(Operator("index_add"), grown, make(Variable("n", INDEX)))
    assert len(syntax._TERMS._keys) >= before + 100
    del grown
    syntax._TERMS._sweep()
    assert len(syntax._TERMS._keys) <= before + 1


def test_threads_that_sweep_lose_nothing(table):
    """Each keeps some objects, makes many that are dropped, and finds the kept ones again; equal keys, one object."""
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    kept: list[list[Pair]] = [[] for _ in range(4)]
    wrong = []

    def work(own: list[Pair]) -> None:
        for k in range(1500):
            made = table.add(k, pair(k, None))
            if k % 5 == 0:
                own.append(made)
            if not all(table.get(one.left) is one and one in table for one in own[-3:]):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(own,)) for own in kept]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    assert not wrong
    assert all(one is other for own in kept[1:] for one, other in zip(kept[0], own, strict=True))
