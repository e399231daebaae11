"""Values of terms near a recording: numpy's, at points that keep what is known of an array."""

import numpy as np
import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of, length_of, sizes_of, total
from vaelid.auditor.model.probe import Probe
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp

X, Y, P = element_of("x", (0, 1)), element_of("y", (1,)), element_of("p", (0, 1))
GENERATOR = torch.Generator().manual_seed(0)
TENSORS = {
    "x": torch.randn(4, 3, generator=GENERATOR, dtype=torch.float64),
    "y": torch.tensor([0.0, -2.0, 3.0], dtype=torch.float64),
    "p": torch.rand(4, 3, generator=GENERATOR, dtype=torch.float64),
}
LENGTHS = sizes_of((4, 3))


@pytest.fixture
def probe():
    return Probe.near(TENSORS, LENGTHS, ["x", "y", "p"])


def test_what_does_not_move_is_as_it_was_recorded():
    still = Probe.near(TENSORS, LENGTHS, [])
    for arrays in still.sets:
        assert all(torch.equal(arrays[name], TENSORS[name]) for name in TENSORS)


def test_what_moves_is_near_and_at_several_points(probe):
    values = [arrays["x"] for arrays in probe.sets]
    assert len(values) == 4
    assert len({float(v[0, 0]) for v in values}) == 4
    for v in values:
        ratio = v / TENSORS["x"]
        assert bool(((ratio > 0.2) & (ratio < 5)).all())


def test_probabilities_stay_between_0_and_1_and_zeros_move(probe):
    for arrays in probe.sets:
        assert bool(((arrays["p"] > 0) & (arrays["p"] < 1)).all())
        assert float(arrays["y"][0]) != 0
        assert float(arrays["y"][1]) < 0 < float(arrays["y"][2])


def test_points_are_the_same_each_time(probe):
    again = Probe.near(TENSORS, LENGTHS, ["x", "y", "p"])
    assert all(torch.equal(a["x"], b["x"]) for a, b in zip(probe.sets, again.sets, strict=True))


TERMS = {
    "element": (X, (0, 1), lambda v: v["x"]),
    "function": (xp.exp(X) * P, (0, 1), lambda v: np.exp(v["x"]) * v["p"]),
    "vector beside a matrix": (X - Y, (0, 1), lambda v: v["x"] - v["y"]),
    "sum": (total(X**2, 1), (0,), lambda v: (v["x"] ** 2).sum(1)),
    "in another order": (X, (1, 0), lambda v: v["x"].T),
    "length": (X / real(length_of(1)), (0, 1), lambda v: v["x"] / 3),
    "repeated": (Y, (0, 1), lambda v: np.tile(v["y"], (4, 1))),
}


@pytest.mark.parametrize("name", TERMS)
def test_values_are_numpys(probe, name):
    term, axes, expected = TERMS[name]
    for found, arrays in zip(probe.whole(term, axes), probe.sets, strict=True):
        np.testing.assert_allclose(found.numpy(), expected({n: arrays[n].numpy() for n in TENSORS}), rtol=1e-12)


def test_the_same_places_are_taken_of_every_term(probe):
    one, other = probe.of(X, (0, 1)), probe.of(2 * X + 1, (0, 1))
    torch.testing.assert_close(2 * one + 1, other)
    assert len(one) == 4 * 12


def test_of_many_places_some_are_taken():
    tensors = {"x": torch.randn(30, 40, dtype=torch.float64)}
    found = Probe.near(tensors, sizes_of((30, 40)), ["x"]).of(X, (0, 1))
    assert len(found) == 4 * 97


def test_an_axis_that_is_not_asked_for_is_refused(probe):
    with pytest.raises(ReadingError, match="other indices"):
        probe.of(X, (0,))


def test_one_more_array(probe):
    more = probe.with_leaf("s", [torch.full((4,), float(k)) for k in range(4)])
    s = element_of("s", (0,))
    assert [float(found[0]) for found in more.whole(s, (0,))] == [0.0, 1.0, 2.0, 3.0]
    assert torch.equal(more.sets[0]["x"], probe.sets[0]["x"])
    assert "s" not in probe.sets[0]


def test_far_from_the_recording(probe):
    far = probe.scaled(["x"], (0.0, 10.0))
    assert len(far.sets) == 2
    assert bool((far.sets[0]["x"] == 0).all())
    torch.testing.assert_close(far.sets[1]["x"], 10 * probe.sets[0]["x"])
    assert torch.equal(far.sets[1]["p"], probe.sets[0]["p"])


def test_lengths_that_are_numbers(probe):
    assert probe.fixed == frozenset()
    assert probe.at_fixed_lengths().fixed == {0, 1}
    assert Probe.near(TENSORS, LENGTHS, [], frozenset({1})).with_leaf("s", [TENSORS["y"]] * 4).fixed == {1}


def test_the_value_of_a_weight(probe):
    assert probe.number(as_term(2) / real(length_of(0)) * real(length_of(1)) ** 2) == pytest.approx(2 / 4 * 9)
