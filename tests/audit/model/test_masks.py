"""Masks are told from data by what is multiplied by them."""

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of, total
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.model.masks import made_of, masks_of
from vaelid.readings.terms.namespace import NAMESPACE as xp

X, Y, M, N, H = (element_of(name, (0,)) for name in "xymnh")
ZEROS_AND_ONES, NUMBERS = torch.tensor([0.0, 1.0, 1.0]), torch.tensor([0.5, 1.0, 2.0])


def leaf(name, tensor=NUMBERS, kind="argument", **more):
    return Leaf(name, kind, ((0,),), tensor, **more)


LEAVES = {
    "x": leaf("x"),
    "y": leaf("y", ZEROS_AND_ONES),
    "m": leaf("m", ZEROS_AND_ONES),
    "n": leaf("n", ZEROS_AND_ONES.bool()),
    "h": leaf("h", kind="made"),
    "c": leaf("c", kind="constant"),
}
SQUARES = (X - H) ** 2
BERNOULLI = xp.log(1 + xp.exp(H)) - Y * H


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (M * SQUARES, {"m"}),
        (total((1 - M) * SQUARES, 0), {"m"}),
        (total(M * SQUARES, 0) / total(M, 0), {"m"}),
        (total(N * BERNOULLI, 0), {"n"}),
        (BERNOULLI, set()),
        (SQUARES + BERNOULLI, set()),
        (M * N * SQUARES, {"m", "n"}),
        (SQUARES + M * H, set()),
        (-(Y * N * H), {"n"}),  # as Y hides N here, only truth values are masks
        (-(Y * M * H), set()),
        (Y * H * (H + xp.log(X)), {"y"}),
    ],
)
def test_a_mask_is_what_other_data_are_multiplied_by(term, found):
    assert masks_of(term, {"x", "y", "m", "n"}, LEAVES) == found


def test_weights_hide_data_where_they_are_zero():
    weights = {**LEAVES, "m": leaf("m", NUMBERS)}
    assert masks_of(M * SQUARES, {"x", "m"}, weights) == {"m"}
    assert masks_of((1 - M) * SQUARES, {"x", "m"}, weights) == set()


def test_a_code_of_classes_is_no_mask():
    codes = {**LEAVES, "m": leaf("m", ZEROS_AND_ONES, operation="one-hot")}
    assert masks_of(M * SQUARES, {"x", "m"}, codes) == set()


def test_what_is_made_of_data_alone_is_made_of_them():
    made = leaf("k", kind="made", inputs=frozenset({"x"}))
    more = leaf("l", kind="made", inputs=frozenset({"k", "y"}))
    other = leaf("z", kind="made", inputs=frozenset({"h", "x"}))
    leaves = {**LEAVES, "k": made, "l": more, "z": other}
    assert made_of(leaves, {"x", "y"}) == {"x", "y", "k", "l"}
