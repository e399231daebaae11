"""A pattern is found at whatever indices, and the term with an array in its place has the same values."""

import numpy as np
import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of, index_names, index_of, names_in, placed, sizes_of, total
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.formula.patterns import matched
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Operator

SIZES = sizes_of([3, 4, 3])
H = torch.tensor(np.random.default_rng(1).normal(size=(3, 4)))
h = element_of("h", (0, 1))
DEVIATION = xp.exp(h / 2)
ELSEWHERE = placed(DEVIATION, {0: index(2)})

TERMS = {
    "as it stands": DEVIATION,
    "in an expression": 1 - 3 * DEVIATION,
    "at another row": placed(DEVIATION, {0: index_of(2)}),
    "at a number": ELSEWHERE,
    "in a sum": total(DEVIATION * 2, 1),
    "in sums of sums": total(total(DEVIATION, 1) ** 2, 0),
    "twice": DEVIATION * placed(DEVIATION, {0: index(0)}),
    "beside its own parts": DEVIATION + h,
}


def value(term, arrays, term_axes):
    return values_of(term, arrays, SIZES, index_names(term_axes)).numpy()


WRITTEN = {"exp": torch.log, "itself": lambda v: v, "sigmoid": lambda v: torch.log(v / (1 - v))}
"""What the array is, for an instance of these values to be what is written for it."""


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("how", WRITTEN)
def test_a_term_with_an_array_for_the_pattern_has_its_values(name, how):
    deviation = torch.exp(H / 2) / 10  # within (0, 1), as a sigmoid is
    by_ten = 2 * torch.log(deviation)
    found = matched(TERMS[name].term, DEVIATION.term, (0, 1), "s", how)
    with_array = value(found, {"h": by_ten, "s": WRITTEN[how](deviation)}, (0, 1, 2))
    np.testing.assert_allclose(with_array, value(TERMS[name].term, {"h": by_ten}, (0, 1, 2)), rtol=1e-12)
    assert "s" in names_in(TermArray((), found))


def test_every_instance_is_found():
    for name, term in TERMS.items():
        left = names_in(TermArray((), matched(term.term, DEVIATION.term, (0, 1), "s")))
        assert left == ({"s", "h"} if name == "beside its own parts" else {"s"})


def test_what_is_no_instance_stays():
    for other in (xp.exp(h), xp.exp(h / 3), xp.exp(element_of("g", (0, 1)) / 2), h):
        assert matched(other.term, DEVIATION.term, (0, 1), "s") is other.term


def test_one_index_is_one_place():
    both = element_of("h", (0, 0))
    square = xp.exp(element_of("h", (0, 1)) - element_of("k", (1, 0)))
    mixed = xp.exp(element_of("h", (0, 1)) - element_of("k", (2, 0)))
    assert matched(mixed.term, square.term, (0, 1), "s") is mixed.term
    assert names_in(TermArray((), matched(square.term, square.term, (0, 1), "s"))) == {"s"}
    assert both.term is not h.term


def test_a_place_inside_of_the_patterns_own_sum_is_no_place_of_the_array():
    row = total(h, 1)
    pattern = xp.exp(row)
    assert matched(pattern.term, pattern.term, (0,), "s") is xp.exp(element_of("s", (0,))).term
    moved = make(Operator("index_add"), index_of(2), index(1))
    shifted = placed(pattern, {0: moved})
    assert names_in(TermArray((), matched(shifted.term, pattern.term, (0,), "s"))) == {"s"}
