"""Terms in axes: the names of indices and lengths, elements, sums and counts; their values are numpy's."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.auditor.formula import axes_of_terms as axes
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.readings.terms.arrays import TermArray, as_term, index, map_variable, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, REAL, Operator, Variable
from vaelid.readings.terms.text import text

numbers = st.integers(0, 10**6)
SIZES = axes.sizes_of([3, 4])
X = np.arange(12.0).reshape(3, 4) / 7
Y = np.array([0.5, -1.0, 2.0])
ARRAYS = {"x": torch.tensor(X), "y": torch.tensor(Y)}
x, y = axes.element_of("x", (0, 1)), axes.element_of("y", (0,))


def value(term, *indices):
    return values_of(term.term, ARRAYS, SIZES, axes.index_names(indices)).numpy()


# names


@settings(max_examples=20, deadline=None)
@given(numbers)
def test_an_axis_is_found_again_in_both_of_its_names(axis):
    assert axes.axis_of(axes.index_name(axis)) == axes.axis_of(axes.length_name(axis)) == axis
    assert axes.axis_of(axes.index_of(axis).head) == axes.axis_of(axes.length_of(axis).head) == axis
    assert axes.with_length_of(axes.index_name(axis)) == axes.length_name(axis)


@settings(max_examples=20, deadline=None)
@given(numbers)
def test_an_index_is_no_length_and_a_length_no_index(axis):
    index_, length = axes.index_of(axis).head, axes.length_of(axis).head
    assert axes.is_index(index_)
    assert not axes.is_index(length)
    assert axes.is_length(length)
    assert not axes.is_length(index_)


@pytest.mark.parametrize(
    "head", [Operator("pi"), Variable("i3", REAL), Variable("N3", REAL), index(3).head, "i3", None]
)
def test_other_heads_are_neither(head):
    assert not axes.is_index(head)
    assert not axes.is_length(head)


def test_the_names_stand_in_reports_and_stay_what_they_are():
    assert axes.index_names([0, 12]) == ("i0", "i12")
    assert axes.length_name(12) == "N12"
    assert axes.sizes_of([3, 4]) == {"N0": 3, "i0": 3, "N1": 4, "i1": 4}
    assert axes.sizes_of([]) == {}


# elements, sums, counts


def test_an_element_is_the_arrays_at_its_indices():
    assert text(x.term) == "x[i0, i1]"
    np.testing.assert_array_equal(value(x, 0, 1), X)
    np.testing.assert_array_equal(value(x, 1, 0), X.T)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (axes.total(x, 1), X.sum(1)),
        (axes.total(x * y, 1), (X * Y[:, None]).sum(1)),
        (axes.total(y, 1), 4 * Y),
    ],
)
def test_a_total_is_numpys_sum(term, expected):
    np.testing.assert_allclose(value(term, 0), expected, rtol=1e-15)


@pytest.mark.parametrize(("along", "expected"), [([0], 3.0), ([1], 4.0), ([0, 1], 12.0), ([1, 1, 0], 48.0)])
def test_a_count_is_the_product_of_lengths(along, expected):
    assert float(value(axes.count(along))) == expected


def test_placed_puts_numbers_and_other_indices_in_place():
    np.testing.assert_array_equal(value(axes.placed(x, {1: index(2)}), 0), X[:, 2])
    np.testing.assert_array_equal(value(axes.placed(x, {0: index(1), 1: index(3)})), X[1, 3])
    moved = make(Operator("index_add"), axes.index_of(2), index(1))
    sizes = axes.sizes_of([3, 4, 2])
    part = values_of(axes.placed(x, {1: moved}).term, ARRAYS, sizes, axes.index_names((0, 2)))
    np.testing.assert_array_equal(part.numpy(), X[:, 1:3])


def test_placed_leaves_what_is_summed_over():
    term = axes.total(x, 1)
    assert axes.placed(term, {1: index(2)}).term is term.term


# what is in a term


def test_the_axes_in_a_term_are_those_of_its_free_indices():
    term = axes.total(x, 1) * y / real(axes.length_of(5))
    assert axes.axes_in(term.term) == (0,)
    assert axes.length_axes_in(term.term) == (1, 5)
    assert axes.depends_on(term, 0)
    assert not axes.depends_on(term, 1)
    assert axes.axes_in(axes.element_of("z", (10, 9)).term) == (9, 10)


def test_names_and_elements_in_a_term():
    term = x + axes.total(xp.exp(y * as_term(2)), 0)
    assert axes.names_in(term) == {"x", "y"}
    assert axes.elements_of(term) == [x.term]  # the y of the sum is at a bound index
    assert set(axes.elements_of(x, y)) == {x.term, y.term}


def test_whether_there_are_sums():
    assert axes.has_sums(1 + axes.total(x, 1))
    assert not axes.has_sums(x + y)


def test_the_array_of_an_element():
    assert axes.array_name(x.term) == "x"
    assert axes.variable_of(x.term, "x") == x.term.arguments[0].head
    assert axes.variable_of(x.term, "y") is None


def test_an_element_of_no_variable_has_no_array_name():
    mapped = map_variable("net", size("L"))(variable("v", size("D")))
    with pytest.raises(TypeError, match="no array variable"):
        axes.array_name(mapped[0].term)


# lengths


def test_collapsed_is_the_term_where_every_length_is_1():
    term = axes.at_single_places(axes.total(x, 1) - 2 * axes.total(axes.total(x * y, 1), 0))
    one = {"x": torch.tensor([[3.0]], dtype=torch.float64), "y": torch.tensor([5.0], dtype=torch.float64)}
    assert float(values_of(term.term, one, {})) == 3 - 2 * 3 * 5
    assert not axes.has_sums(term)


def test_at_lengths_writes_numbers_for_lengths_outside_of_sums():
    term = axes.total(x, 1) / real(axes.length_of(1)) + real(axes.length_of(0))
    given_ = axes.at_lengths(term, {"N0": 3, "N1": 4})
    np.testing.assert_allclose(value(given_, 0), X.mean(1) + 3, rtol=1e-15)
    assert axes.length_axes_in(given_.term) == (1,)  # as how far the sum goes


def test_every_length_that_occurs_is_positive():
    found = axes.hypotheses_of(axes.total(axes.total(axes.element_of("a", (10, 2)), 10), 2), real(axes.length_of(0)))
    assert [text(premise) for premise in found] == ["0 < N0", "0 < N2", "0 < N10"]
    assert axes.hypotheses_of(as_term(1)) == ()


def test_a_real_variable_is_an_element_too():
    z = TermArray((), make(Variable("z", REAL)))
    assert set(axes.elements_of(z * x)) == {z.term, x.term}
    assert Variable("z", INDEX) != Variable("z", REAL)


def test_no_other_file_makes_such_a_name_or_takes_one_apart():
    source = Path(axes.__file__).parents[1]
    pattern = re.compile(r"""f["'][Ni]\{|name\[0\] == ["'][Ni]["']|int\(\w+(?:\.name)?\[1:\]\)""")
    assert pattern.search('f"N{axis}"')
    assert pattern.search("int(v.name[1:])")
    files = [path for path in source.rglob("*.py") if path.name != "axes_of_terms.py"]
    assert [str(path) for path in files if pattern.search(path.read_text())] == []
