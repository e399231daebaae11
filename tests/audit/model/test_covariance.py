"""A sample mean + L eps is told from what only looks like one, and its parts are those that it is made of."""

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of, total
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.model.covariance import correlated

MU, S, EPS = element_of("mu", (0, 1)), element_of("s", (0, 1)), element_of("eps", (0, 1))
A, OTHER_EPS = element_of("a", (0, 1, 2)), element_of("eps", (0, 2))
BELOW = torch.arange(1.0, 19.0).reshape(2, 3, 3).tril(-1)


def leaves(operation="tril", tensor=BELOW):
    return {"a": Leaf("a", "made", ((0,), (1,), (2,)), tensor, operation=operation)}


def test_the_parts_of_a_factor():
    found = correlated(MU + (total(A * OTHER_EPS, 2) + S * EPS), EPS, "eps", leaves())
    assert (found.mean.term, found.deviation.term) == (MU.term, S.term)
    assert (found.below.element.term, found.below.row, found.below.column) == (A.term, 1, 2)
    assert found.centre.term is (MU + total(A * OTHER_EPS, 2)).term


def test_a_multiple_of_what_is_below_is_below():
    found = correlated(MU + total(S * A * OTHER_EPS, 2) + S * EPS, EPS, "eps", leaves())
    assert found.below.element.term is (S * A).term


NONE = {
    "no covariances": (MU + S * EPS, leaves()),
    "a whole matrix": (MU + total(A * OTHER_EPS, 2) + S * EPS, leaves("addmm")),
    "a diagonal that is no 0": (MU + total(A * OTHER_EPS, 2) + S * EPS, leaves(tensor=BELOW + torch.eye(3))),
    "what is above it": (MU + total(A * OTHER_EPS, 2) + S * EPS, leaves(tensor=BELOW.mT)),
    "transposed": (MU + total(element_of("a", (0, 2, 1)) * OTHER_EPS, 2) + S * EPS, leaves()),
    "two sums": (MU + total(A * OTHER_EPS, 2) + total(S * A * OTHER_EPS, 2) + S * EPS, leaves()),
    "half a sum": (MU + total(A * OTHER_EPS, 2) / 2 + S * EPS, leaves()),
    "squares of draws": (MU + total(A * OTHER_EPS**2, 2) + S * EPS, leaves()),
    "a number beside the draws": (MU + total(A * (OTHER_EPS + 1), 2) + S * EPS, leaves()),
    "a deviation with draws": (MU + total(A * OTHER_EPS, 2) * EPS, leaves()),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_such_sample(name):
    element, made_of = NONE[name]
    assert correlated(element, EPS, "eps", made_of) is None
