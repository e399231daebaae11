"""Axes: dimensions that are paired are one, those that are reshaped are cut; shapes are numpy's."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.axes import Axes


def of(*lengths):
    """Axes with a dimension of each length."""
    axes = Axes()
    return axes, tuple(axes.dim(k, n) for k, n in enumerate(lengths))


def test_a_dimension_is_one_axis_and_one_of_length_1_is_none():
    axes, (rows, one, columns) = of(5, 1, 3)
    assert (rows, one, columns) == ((0,), (), (1,))
    assert axes.lengths == [5, 3]
    assert axes.dim(0, 5) == rows
    assert (axes.length(rows + columns), axes.length(())) == (15, 1)


def test_what_is_paired_is_one():
    axes, (a, b, c) = of(5, 5, 5)
    assert axes.pair(b, c) == (1,)
    assert axes.pair(a, c) == (0,)
    assert [axes.now(dim) for dim in (a, b, c)] == [(0,)] * 3
    assert axes.learned == 2
    axes.pair(b, a)
    assert axes.learned == 2  # nothing new


def test_a_dimension_paired_with_two_is_cut():
    axes, (whole, slow, fast) = of(15, 3, 5)
    assert axes.pair(whole, slow + fast) == axes.now(slow + fast)
    assert axes.now(whole) == axes.now(slow) + axes.now(fast)
    assert [axes.lengths[a] for a in axes.now(whole)] == [3, 5]


@pytest.mark.parametrize("lengths", [(5, 3), (6, 4), (4, 6)])
def test_lengths_that_do_not_fit_are_mixed(lengths):
    axes, (a, b) = of(*lengths)
    with pytest.raises(Mixed):
        axes.pair(a, b)


def test_pairs_of_products_that_share_no_cut_are_mixed():
    axes, (a, b, c, d) = of(4, 6, 3, 8)
    with pytest.raises(Mixed, match="mixes axes"):
        axes.pair(a + b, c + d)


def test_a_split_is_into_proper_parts_only():
    axes, ((axis,),) = of(6)
    for first in (1, 4, 6):
        with pytest.raises(Mixed):
            axes.split(axis, first)
    assert [axes.lengths[a] for a in axes.split(axis, 2)] == [2, 3]


shapes = st.lists(st.sampled_from([1, 2, 3, 4, 6]), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(shapes, st.data())
def test_a_reshape_deals_out_axes_as_numpy_deals_out_elements(shape, data):
    axes, dims = of(*shape)
    size = math.prod(shape)
    fits = [s for r in (1, 2, 3) for s in itertools.product([1, 2, 3, 4, 6, 8, 12], repeat=r) if math.prod(s) == size]
    sizes = data.draw(st.sampled_from([(size,), *fits]))
    try:
        dealt = axes.dealt(dims, sizes)
    except Mixed:
        return
    assert tuple(axes.length(dim) for dim in dealt) == sizes
    # the element at each index of the axes stands at one place in both shapes
    before, after = (tuple(axes.now(dim)) for dim in (sum(dims, ()), sum(dealt, ())))
    assert before == after
    array = np.arange(size).reshape(shape)
    by_axes = array.reshape([axes.lengths[a] for a in before])
    np.testing.assert_array_equal(by_axes.reshape(sizes), array.reshape(sizes))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_pairing_is_an_equivalence(pairs):
    axes, dims = of(*[7] * 6)
    classes = [{k} for k in range(6)]
    for one, other in pairs:
        axes.pair(dims[one], dims[other])
        a, b = (next(c for c in classes if k in c) for k in (one, other))
        if a is not b:
            classes.remove(b)
            a |= b
    for one, other in itertools.product(range(6), repeat=2):
        together = any({one, other} <= c for c in classes)
        assert (axes.now(dims[one]) == axes.now(dims[other])) is together
    assert axes.learned == 6 - len(classes)


def test_a_reshape_that_mixes_is_refused():
    axes, dims = of(3, 5)
    with pytest.raises(Mixed, match="mixes axes"):
        axes.dealt(dims, (5, 3))
    with pytest.raises(Mixed, match="mixes axes"):
        axes.dealt(dims, (3, 5, 2))


def test_a_cut_axis_that_is_paired_later_is_cut_in_both():
    axes, (a, b) = of(6, 6)
    axes.dealt((a,), (2, 3))
    axes.pair(a, b)
    assert axes.now(b) == axes.now(a)
    assert len(axes.now(b)) == 2
