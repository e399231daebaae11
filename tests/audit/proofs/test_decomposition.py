"""A loss decomposed: the parts are of one kind each, they add up to the loss, and the theorem says so."""

import numpy as np
import pytest

from vaelid.auditor.formula.axes_of_terms import element_of, hypotheses_of, length_of, names_in, total
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, Divergence, Reconstruction
from vaelid.auditor.proofs.decomposition import decomposed
from vaelid.auditor.proofs.sums import value_of
from vaelid.readings.terms.arrays import as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..numbers_of_terms import holds, random_numbers, value

X, H = element_of("x", (0, 1)), element_of("h", (0, 1))
MU, LV = element_of("mu", (0, 2)), element_of("lv", (0, 2))
A = element_of("a", (0,))
N0, N1 = real(length_of(0)), real(length_of(1))
NUMBERS = random_numbers(2, (4, 3, 2), x=(0, 1), h=(0, 1), mu=(0, 2), lv=(0, 2), a=(0,))


def kind(term):
    """By the names of arrays: mu and lv are a posterior's, h is an output, all others are data."""
    names = names_in(term)
    found = set()
    if names & {"mu", "lv"}:
        found.add(Divergence(0))
    if "h" in names:
        found.add(Reconstruction())
    return MIXED if len(found) > 1 else found.pop() if found else CONSTANT


def sums(term, *axes):
    for axis in reversed(axes):
        term = total(term, axis)
    return term


SQUARES = sums((X - H) ** 2, 0, 1)
KL = sums(MU**2 + xp.exp(LV) - 1 - LV, 0, 2)

LOSSES = {
    "two sums": (SQUARES + KL, {Reconstruction(), Divergence(0)}),
    "weighted": (3 * SQUARES - KL / 2, {Reconstruction(), Divergence(0)}),
    "mean over rows": ((SQUARES + KL) * (1 / N0), {Reconstruction(), Divergence(0)}),
    "rows inside": (
        sums(total((X - H) ** 2, 1) + total(MU**2 - LV, 2), 0) * (1 / N0),
        {Reconstruction(), Divergence(0)},
    ),
    "with a constant": (SQUARES + 7, {Reconstruction(), CONSTANT}),
    "constant summand": (sums((X - H) ** 2 + 1, 0, 1), {Reconstruction()}),
    "factor inside": (sums(2 * (X - H) ** 2 + total(MU**2, 2), 0, 1) * (1 / N1), {Reconstruction(), Divergence(0)}),
    "one kind": (KL, {Divergence(0)}),
    "mixed summand": (sums((X - H) ** 2 * total(MU, 2), 0, 1), {MIXED}),
    "square of a sum": (total(MU**2, 2) * total(MU**2, 2), {Divergence(0)}),
    "log of a sum": (xp.log(total(xp.exp(MU), 2)) + total(H**2, 1), {Divergence(0), Reconstruction()}),
    "without sums": (MU**2 + H**2 + X, {Divergence(0), Reconstruction(), CONSTANT}),
    "number": (as_term(3), {CONSTANT}),
    "array in front": (A * total(H**2, 1) + A * total(MU, 2), {Reconstruction(), Divergence(0)}),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_parts_add_up_to_the_loss_and_each_is_of_one_kind(name):
    term, kinds = LOSSES[name]
    found = decomposed(term, kind, hypotheses_of(term))
    assert {kind(value_of([part])) for part in found.parts} == kinds
    assert sum(value(part.product, NUMBERS) for part in found.parts) == pytest.approx(value(term, NUMBERS))
    if found.theorem is not None:
        assert holds(found.theorem, NUMBERS)
    else:
        assert value_of(found.parts).term is term.term


def test_the_value_of_a_decomposed_loss_is_numpys():
    term, _ = LOSSES["mean over rows"]
    x, h, mu, lv = (NUMBERS[name] for name in ("x", "h", "mu", "lv"))
    expected = (((x - h) ** 2).sum() + (mu**2 + np.exp(lv) - 1 - lv).sum()) / 4
    found = decomposed(term, kind, hypotheses_of(term))
    assert value(value_of(found.parts), NUMBERS) == pytest.approx(expected)


def test_the_theorem_is_for_all_lengths():
    term, _ = LOSSES["mean over rows"]
    found = decomposed(term, kind, hypotheses_of(term))
    assert found.theorem is not None
    for seed, lengths in enumerate([(1, 1, 1), (2, 5, 3), (6, 1, 4)]):
        numbers = random_numbers(seed, lengths, x=(0, 1), h=(0, 1), mu=(0, 2), lv=(0, 2))
        assert holds(found.theorem, numbers)
