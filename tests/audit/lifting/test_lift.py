"""A recording as a term: leaves and what they were made of, writes in place, lines, axes that are one."""

import inspect
import warnings

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import axes_in
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.lifting.folds import folds
from vaelid.auditor.lifting.tensor import dense
from vaelid.readings.terms.text import text

from .read import OTHER, ROWS, check, read, values

WEIGHT = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(5, 2).requires_grad_()


def formula(function, tensors=None, **options):
    """The result's element as text."""
    return text(read(function, tensors, **options)[0].result.element.term)


# elements and axes


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda a, b: a * b, "a[i0, i1] · b[i0, i1]"),
        (lambda a, b: a + b[0], "a[i0, i1] + b[0, i1]"),
        (lambda a, b: a[:, 1:3], "a[i0, i4 + 1]"),
        (lambda a, b: a[1] - b[:, 2].sum(), "a[1, i1] − Σ_{i<N2} b[i, 2]"),
        (lambda a, b: a.mean(), "(Σ_{i<N0} Σ_{j<N1} a[i, j]) · (1 / N0 · (1 / N1))"),
        (lambda a, b: torch.zeros(3, 5) + 2, "0 + 2"),
        (lambda a, b: a * 0, "0"),
    ],
)
def test_elements(function, expected):
    found = formula(function)
    if "1 / N0" in expected:
        assert "Σ_{i<N0} Σ_{j<N1} a[i, j]" in found
    else:
        assert found == expected


def test_dimensions_that_are_paired_late_are_one_from_the_beginning():
    reading, _ = read(lambda a, b: (a.sum(0) * 2, (a * b).sum(0))[0] + b.sum(0))
    assert reading.leaves["a"].dims[1] == reading.leaves["b"].dims[1]


def test_arguments_that_are_alike_have_the_same_axes():
    apart, _ = read(lambda a, b: a.sum() + b.sum())
    together, _ = read(lambda a, b: a.sum() + b.sum(), alike=[("a", "b")])
    now = together.axes.now
    assert [now(d) for d in together.leaves["a"].dims] == [now(d) for d in together.leaves["b"].dims]
    assert apart.leaves["a"].dims != apart.leaves["b"].dims


def test_an_outer_difference_has_an_axis_of_its_own_that_repeats_another():
    reading, recording = read(lambda a, b: a[:, None] - a[None])
    repeating = [axis for axis in axes_in(reading.result.element.term) if axis in reading.axes.again]
    assert len(repeating) == 1
    torch.testing.assert_close(values(reading).reshape(3, 3, 5), recording.returned)


# leaves


def test_a_network_is_a_leaf_with_its_inputs_and_a_line():
    reading, _ = read(lambda a, w: (a @ w).tanh().sum(), {"a": ROWS, "w": WEIGHT})
    (name,) = reading.result.leaves
    leaf = reading.leaves[name]
    assert (leaf.kind, leaf.operation, leaf.inputs) == ("made", "mm", {"a", "w"})
    assert leaf.source.startswith(__file__)
    assert reading.result.live == {name}
    assert [(entered.leaves, made.name) for entered, made in reading.entering] == [({"a"}, name), ({"w"}, name)]


def test_tensors_that_no_event_made():
    ones, buffer = torch.ones(5, dtype=torch.float64), torch.arange(5.0, dtype=torch.float64)
    reading, _ = read(lambda a: (a * ones + a * buffer + (a @ WEIGHT).sum()).sum(), {"a": ROWS})
    kinds = {leaf.kind: leaf.name for leaf in reading.leaves.values()}
    assert kinds == {"argument": "a", "constant": "c1", "parameter": "w1", "made": "h1"}


def test_a_tensor_of_one_number_is_that_number():
    third = torch.full((5,), 1 / 3)
    assert formula(lambda a: a[0] * third, {"a": ROWS}) == "a[0, i1] · (1/3)"


def test_what_is_made_of_numbers_alone_is_no_leaf_of_a_network():
    reading, _ = read(lambda a, b: a + torch.arange(5.0, dtype=torch.float64))
    (made,) = [leaf for leaf in reading.leaves.values() if leaf.name not in "ab"]
    assert (made.kind, made.inputs) == ("constant", frozenset())


# writes in place


def test_a_write_into_a_part_makes_the_whole_unknown():
    def step(a, b):
        h = a * 2
        h[:, 0] = h[:, 1] * 3
        return h.exp().sum()

    reading, _ = read(step)
    (name,) = reading.result.leaves
    assert "written into in parts" in reading.leaves[name].operation
    unknown = next(leaf for leaf in reading.leaves.values() if leaf.name.startswith("unknown"))
    assert unknown.inputs == {"a"}


@pytest.mark.parametrize("number", [0, 7])
def test_a_number_that_is_written_into_a_part_is_read(number):
    def step(a, b):
        h = a * 2
        h[:, 0] = number
        return h.exp().sum()

    reading = check(step)
    assert reading.result.leaves == {"a", "kept1"}
    kept = reading.leaves["kept1"].tensor
    assert not bool(kept[:, 0].any())
    assert bool(kept[:, 1:].all())


def test_what_is_made_of_a_tensor_that_was_written_into_in_parts_remembers_its_noise():
    def step(a, w):
        z = a + torch.randn_like(a)
        z[:, 0] = 0
        return (z @ w).sum()

    reading, _ = read(step, {"a": ROWS, "w": WEIGHT})
    (name,) = reading.result.leaves
    assert reading.leaves[name].noise == {"eps1"}


def test_the_other_part_is_known_still():
    def step(a, b):
        h = a * 2
        first, rest = h[:, :1], h[:, 1:]
        first.add_(1)
        return rest.sum() + first.sum()

    assert set(check(step).result.leaves) == {"a"}


def test_a_tensor_that_was_written_into_in_parts_may_be_asked_for_its_shape():
    def step(a, b):
        h = a * 2
        h[0] = 1
        return torch.zeros_like(h) + b

    assert set(check(step).result.leaves) == {"b"}


def test_a_result_that_was_written_into_in_parts_is_refused():
    def step(a, b):
        h = a * 2
        h[0] = h[1] * 3
        return h

    with pytest.raises(ValueError, match="written into in parts"):
        read(step)


# clamps, decisions, lines


def test_a_clamp_that_changes_nothing_is_noted_and_may_be_left_out():
    reading, _ = read(lambda a, b: a.clamp(-9, 9) + b.clamp(max=1))
    assert len(reading.clamps) == 1
    assert "abs" in text(reading.result.element.term)
    kept = formula(lambda a, b: a.clamp(-9, 9) + b, clamps_of=frozenset({"a"}))
    left = formula(lambda a, b: a.clamp(-9, 9) + b, clamps_of=frozenset({"b"}))
    assert "abs" in kept
    assert left == "a[i0, i1] + b[i0, i1]"


def test_a_value_that_decides_is_noted():
    reading, _ = read(lambda a, b: a.sum() * (b.sum() > 0) if a.sum().item() > 0 else b.sum())
    line = inspect.currentframe().f_lineno - 1
    assert reading.decided == (f"{__file__}:{line}",)


def test_the_line_that_made_a_part():
    def step(a, b):
        one = (a**2).sum()
        scaled = one / 3
        return scaled + b.sum()

    _, first = inspect.getsourcelines(step)
    reading, _ = read(step)
    assert reading.line_of(frozenset({"a"})) == f"{__file__}:{first + 1}"
    assert reading.line_of(frozenset({"c"})) is None


# what cannot be read


def test_a_number_that_is_none_is_cut_with_its_operation():
    reading, _ = read(lambda a, b: (a * float("inf")).sum() + b.sum())
    (leaf,) = [reading.leaves[name] for name in reading.result.leaves if name != "b"]
    assert (leaf.operation, leaf.inputs) == ("mul (the number inf)", {"a"})


def test_joined_tensors_have_no_element_unless_they_are_summed_over():
    reading, _ = read(lambda a, b: torch.cat([a, b]))
    with pytest.raises(Unread, match="joined by cat or stack") as raised:
        _ = reading.result.element
    assert raised.value.source.startswith(__file__)


def test_numbers_of_a_tensor():
    with pytest.raises(Unread, match="device meta"):
        dense(torch.empty(2, device="meta"), None)
    sparse = torch.eye(3).to_sparse()
    torch.testing.assert_close(dense(sparse, None), torch.eye(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch means to drop these
        quantised = torch.quantize_per_tensor(torch.tensor([0.5, 1.0]), 0.5, 0, torch.qint8)
    torch.testing.assert_close(dense(quantised, None), torch.tensor([0.5, 1.0]))


# folds


@pytest.mark.parametrize(
    ("function", "operation", "over"),
    [
        (lambda a, b: (a * b).amax(1).sum(), "largest", 1),
        (lambda a, b: (a * b).amin((0, 1)), "smallest", 2),
        (lambda a, b: (a * b).prod(1).sum(), "multiply", 1),
    ],
)
def test_an_extremum_of_many_is_a_fold_that_is_remembered(function, operation, over):
    reading, _ = read(function)
    (name,) = reading.result.leaves
    found = folds(reading, [name])
    assert list(found) == [name]
    fold = found[name]
    assert (fold.operation, len(fold.over), len(fold.places)) == (operation, over, 2 - over)
    assert text(fold.term).startswith("a[")


def test_a_fold_of_a_fold():
    reading, _ = read(lambda a, b: (a.amax(1)[:, None] * b).amax(1).sum())
    (name,) = reading.result.leaves
    assert len(folds(reading, [name])) == 2
    assert folds(reading, ["a", "nothing"]) == {}


def test_values_of_leaves_have_a_dimension_for_each_axis():
    reading, _ = read(lambda a, b: (a.view(3, 5, 1) * b.view(3, 5)[..., None]).sum())
    assert reading.arrays()["a"].shape == (3, 5)
    torch.testing.assert_close(reading.arrays()["b"], OTHER)
    assert text(reading.element(reading.leaves["a"]).term) == "a[i0, i1]"
