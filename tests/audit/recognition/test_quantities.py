"""Quantities that a term may be: what is compared, and what fits it."""

from fractions import Fraction

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of, names_in, sizes_of
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Rewrite
from vaelid.auditor.recognition.quantities import Body, Quantity, candidates, fits, found_with, log_forms
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..numbers_of_terms import value

X, H, S = (element_of(name, (0, 1)) for name in "xhs")
GENERATOR = torch.Generator().manual_seed(0)
TENSORS = {name: torch.randn(6, 5, generator=GENERATOR, dtype=torch.float64) for name in "xhs"}
PROBE = Probe.near(TENSORS, sizes_of((6, 5)), ["h", "s"])
NUMBERS = {"x": [[0.3]], "h": [[-0.7]], "s": [[1.2]], "i0": 0, "i1": 0}
LOG_2PI = xp.log(as_term(2)) + xp.log(as_term(Fraction(31415926535897932, 10**16)))

BODIES = {
    "nothing aside": ((X - H) ** 2, ["x"], (True, True)),
    "data": (H**2 - 2 * X * H + X**2, ["x"], (False, True)),
    "number": ((X - H) ** 2 / 2 + LOG_2PI / 2, ["x"], (True, False)),
    "both": (H - X * H + X**2 + 3, ["x"], (False, False)),
    "data that are none": (H**2 + X**2, [], (True, True)),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_term_is_split_into_what_is_compared_data_and_numbers(name):
    term, data, (no_aside, no_number) = BODIES[name]
    body = Body.of(term, frozenset(data))
    assert (body.aside is None, body.number is None) == (no_aside, no_number)
    parts = [part for part in (body.term, body.aside, body.number) if part is not None]
    assert sum(value(part, NUMBERS) for part in parts) == pytest.approx(value(term, NUMBERS))
    if body.aside is not None:
        assert names_in(body.aside) <= set(data)
    if body.number is not None:
        assert not names_in(body.number)
        assert value(body.whole, NUMBERS) == pytest.approx(value(body.term, NUMBERS) + value(body.number, NUMBERS))


ROWS = torch.randn(4, 50, generator=GENERATOR, dtype=torch.float64)


def test_a_multiple_and_a_constant_fit():
    values = -3 * ROWS[2] + 7
    assert fits(values, ROWS).tolist() == [False, False, True, False]


def test_rounding_fits_and_a_small_difference_does_not():
    assert bool(fits(ROWS[0] * (1 + 1e-14 * ROWS[1]), ROWS[0]))
    assert not bool(fits(ROWS[0] + 1e-4 * ROWS[1], ROWS[0]))


def test_a_row_that_does_not_vary_fits_nothing():
    assert not bool(fits(ROWS[0], torch.ones(50, dtype=torch.float64)))
    assert not bool(fits(torch.ones(50, dtype=torch.float64), ROWS[0]))


def test_places_without_a_value_are_left_out():
    values, row = 2 * ROWS[0], ROWS[0].clone()
    values[3] = float("nan")
    assert bool(fits(values, row))
    row[5] = float("inf")
    assert not bool(fits(values, row))
    assert not bool(fits(torch.full((50,), float("nan"), dtype=torch.float64), row))


SQUARE = Quantity("Gaussian", (X - H) ** 2 / 2 + LOG_2PI / 2, LOG_2PI / 2, "gaussian")


@pytest.mark.parametrize(
    ("term", "weight", "constant"),
    [
        ((X - H) ** 2, 2, 0),
        ((X - H) ** 2 / 2 + 3, 1, 3),
        (-((H - X) ** 2) / 10, Fraction(-1, 5), 0),
    ],
)
def test_a_quantity_is_found_with_its_weight(term, weight, constant):
    found = found_with(Body.of(term, frozenset("x")), SQUARE, [0, 1], PROBE)
    assert found is not None
    assert found.target is SQUARE
    assert value(found.fit.weights[0], {}) == pytest.approx(float(weight))
    assert value(found.fit.constant, {}) == constant


def test_a_logarithm_that_is_added_is_kept_exactly():
    found = found_with(Body.of((X - H) ** 2 / 2 + LOG_2PI / 2, frozenset("x")), SQUARE, [0, 1], PROBE)
    assert found is not None
    assert found.number is not None
    assert value(found.number, {}) == pytest.approx(0.9189385332046727)
    assert value(found.fit.constant, {}) == 0


def test_what_is_another_quantity_is_not_found():
    for term in (abs(X - H), (X - H) ** 4, X * H):
        assert found_with(Body.of(term, frozenset("x")), SQUARE, [0, 1], PROBE) is None


def test_candidates_are_the_parts_whose_arrays_are_allowed_smallest_first():
    term = (X - xp.exp(H) * S) ** 2
    outputs = candidates(term, lambda names: "x" not in names)
    assert {part.term for part in outputs} == {H.term, S.term, xp.exp(H).term, (xp.exp(H) * S).term}
    assert outputs[-1].term is (xp.exp(H) * S).term
    assert outputs[-2].term is xp.exp(H).term
    assert [part.term for part in candidates(term, lambda names: names == {"x"})] == [X.term]


def test_not_more_candidates_than_are_tried():
    term = as_term(0)
    for k in range(40):
        term = term + element_of(f"a{k}", (0,)) ** 2
    assert len(candidates(term, lambda names: True)) == 24


def test_forms_of_a_log_variance():
    values = torch.tensor([0.5, -2.0], dtype=torch.float64)
    forms = list(log_forms([(H, values)], 2))
    found = [form.term for form, _ in forms if not isinstance(form, Rewrite)]
    assert found == [H.term, (-H).term, (2 * H).term, (-2 * H).term]
    for (form, numbers), factor in zip(forms, (1, -1, 2, -2), strict=True):
        assert not isinstance(form, Rewrite)
        torch.testing.assert_close(numbers, factor * values)


def test_a_positive_term_is_proposed_as_an_exponential():
    values = torch.tensor([0.5, 2.0], dtype=torch.float64)
    rewrites = [(form, numbers) for form, numbers in log_forms([(H, values)], 1) if isinstance(form, Rewrite)]
    assert {(form.term.term, form.how) for form, _ in rewrites} == {(H.term, "exp")}
    torch.testing.assert_close(rewrites[0][1], values.log())
    torch.testing.assert_close(rewrites[1][1], -values.log())


def test_a_logarithm_is_proposed_by_its_argument():
    values = torch.tensor([-0.5, 2.0], dtype=torch.float64)
    forms = list(log_forms([(xp.log(H), values)], 2))
    assert all(isinstance(form, Rewrite) and form.term.term is H.term for form, _ in forms)
    assert [bool((numbers == k * values).all()) for (_, numbers), k in zip(forms, (1, 2), strict=True)] == [True, True]
    known = list(log_forms([(xp.log(xp.exp(H) * 2), values)], 1))  # its logarithm is known: no rewriting
    assert not any(isinstance(form, Rewrite) for form, _ in known)
