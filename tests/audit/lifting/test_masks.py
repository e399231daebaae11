"""Masks of truth values: what they fill, pick and choose has torch's values, and is read in one product."""

import pytest
import torch
import torch.nn.functional as F

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.lifting.truth_values import with_truth_values
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.text import text

from .read import OTHER, ROWS, check, read

KEPT = torch.tensor([[1, 0, 1, 1, 0], [0, 0, 1, 0, 1], [1, 1, 1, 0, 1]]).bool()
AGAIN = KEPT.roll(1, 1)


def tensors(mask=KEPT, other=AGAIN):
    return {"a": ROWS, "b": OTHER, "m": mask, "n": other}


def written(a, m):
    a = a * 2
    a[m] = 0.5
    return a


MASKS = {
    "where": lambda a, b, m, n: torch.where(m, a, b),
    "where and a number": lambda a, b, m, n: torch.where(m, a, 0.0) + torch.where(n, 1.0, b),
    "masked_fill": lambda a, b, m, n: a.masked_fill(m, 0.0) + b.masked_fill(n, 2.5),
    "masked_fill by a tensor": lambda a, b, m, n: a.masked_fill(m, b.sum()),
    "masked_fill of rows": lambda a, b, m, n: a.masked_fill(m[:, :1], 0) * b,
    "index_put": lambda a, b, m, n: written(a, m) + b,
    "index_put of rows": lambda a, b, m, n: written(a, m[:, 0]) + b,
    "index": lambda a, b, m, n: ((a - b) ** 2)[m].sum(),
    "index before": lambda a, b, m, n: F.mse_loss(a[m], b[m]) + F.mse_loss(a[n], b[n], reduction="sum"),
    "index of rows": lambda a, b, m, n: (a * b)[m[:, 1]].sum(1).mean(),
    "index of rows, the mean": lambda a, b, m, n: (a * b)[m[:, 1]].mean(),
    "index of columns": lambda a, b, m, n: a[:, m[1]].mean(0).sum() * b.sum(),
    "index and a number": lambda a, b, m, n: (2 * a[m] + 1).exp().sum(),
    "index of an expanded mask": lambda a, b, m, n: a[m[:, :1].expand_as(a)].sum(),
    "masked_select": lambda a, b, m, n: (a - b).masked_select(m).sum(),
    "masked_select of a row": lambda a, b, m, n: a.masked_select(m[:1]).sum(),
    "masked_select by broadcast": lambda a, b, m, n: a[:1].masked_select(m).sum(),
    "bitwise_not": lambda a, b, m, n: a * ~m,
    "logical_not": lambda a, b, m, n: a * m.logical_not(),
    "bitwise_and": lambda a, b, m, n: a * (m & n),
    "logical_and": lambda a, b, m, n: a[torch.logical_and(m, ~n)].sum(),
    "a mask twice": lambda a, b, m, n: (a * m - b * m) ** 2 * m,
    "a power of a mask": lambda a, b, m, n: (m * 1.0) ** 2 * a,
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("whole", [False, True])
def test_a_mask_has_torchs_values(name, whole):
    check(MASKS[name], tensors(torch.ones_like(KEPT), AGAIN) if whole else tensors())


ONE_PRODUCT = {
    "filled where not": lambda a, b, m, n: a.masked_fill(~m, 0.0),
    "chosen": lambda a, b, m, n: torch.where(m, a, 0.0),
    "filled where chosen": lambda a, b, m, n: torch.where(~m, torch.zeros_like(a), a),
    "times itself": lambda a, b, m, n: m * (a * m),
}


@pytest.mark.parametrize("name", ONE_PRODUCT)
def test_what_is_kept_stands_in_one_product(name):
    reading, _ = read(ONE_PRODUCT[name], tensors())
    assert text(reading.result.element.term) in ("m[i0, i1] · a[i0, i1]", "a[i0, i1] · m[i0, i1]")


CUT = {
    "places of two masks": lambda a, b, m, n: (a[m].sort().values * b[m]).sum(),
    "other places": lambda a, b, m, n: (a[m] * b[m].flip(0)).sum(),
    "several values written": lambda a, b, m, n: a.clone().index_put((m,), b[m]).sum(),
    "an infinity": lambda a, b, m, n: a.masked_fill(m, float("-inf")).exp().sum(),
    "numbers to truth values": lambda a, b, m, n: (a * (b - 0.5).bool()).sum(),
}


@pytest.mark.parametrize("name", CUT)
def test_what_is_no_sum_over_places_is_cut(name):
    reading, _ = read(CUT[name], tensors())
    assert {reading.leaves[n].kind for n in reading.result.leaves} & {"made"}


def test_places_of_different_masks_are_not_paired():
    reading, _ = read(lambda a, b, m, n: (a[m] * b[n]).sum(), tensors(KEPT, KEPT.flip(0)))
    assert {reading.leaves[name].operation for name in reading.result.leaves} == {
        "mul (the places that two masks keep)"
    }


def test_places_that_are_kept_have_no_element():
    reading, _ = read(lambda a, b, m, n: a[m], tensors())
    with pytest.raises(Unread, match="the places that a mask keeps, not summed over"):
        _ = reading.result.element


M, X, Y = (element_of(name, (0,)) for name in "mxy")


@pytest.mark.parametrize(
    ("term", "simpler"),
    [
        (M * (X - M * Y), "m[i0] · (x[i0] − y[i0])"),
        (M * M, "m[i0]"),
        ((M * X - M * Y) ** 2, "m[i0] · (x[i0] − y[i0])²"),
        ((1 - M) * (X - M * Y), "(1 − m[i0]) · x[i0]"),
        (M * X + (1 - M) * Y - Y, "m[i0] · (x[i0] − y[i0])"),
        (X * Y, "x[i0] · y[i0]"),
        (as_term(1) - M, "1 − m[i0]"),
        (X**2 * M, "x[i0]² · m[i0]"),
    ],
)
def test_a_truth_value_is_zero_or_one(term, simpler):
    assert text(with_truth_values(term, frozenset({"m"})).term) == simpler


def test_numbers_are_no_truth_values():
    assert with_truth_values(M * M, frozenset()).term is (M * M).term
