"""From an identity of one coordinate to one of sums: the weights, totals and constants are numpy's."""

import numpy as np
import pytest

from vaelid.auditor.formula.axes_of_terms import element_of, hypotheses_of, length_of, total
from vaelid.auditor.proofs.obligations import NoProof, proved
from vaelid.auditor.proofs.pointwise import prove_pointwise
from vaelid.auditor.proofs.summation import Weighed, summed
from vaelid.auditor.proofs.sums import Part, axes_of
from vaelid.readings.terms.arrays import as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.library.definitions import coordinate_kl
from vaelid.theory.statement import eq, given

from ..numbers_of_terms import holds, random_numbers, value

MU, LV = element_of("mu", (0, 1)), element_of("lv", (0, 1))
NUMBERS = random_numbers(3, (4, 3), mu=(0, 1), lv=(0, 1))
KL = coordinate_kl(MU, LV)


def numpy_kl():
    mu, lv = NUMBERS["mu"], NUMBERS["lv"]
    return 0.5 * (mu**2 + np.exp(lv) - 1 - lv)


def base_of(weight, constant, hypotheses):
    """A summand as a weight times the KL and a constant."""

    def base(body):
        right = weight * KL + constant
        theorem = prove_pointwise(given(*hypotheses, eq(body, right)), body, KL)
        return Weighed((Part(weight, KL),), constant, theorem)

    return base


def test_the_addends_of_what_is_weighed():
    theorem = proved(eq(MU, MU))
    one = Weighed((Part(as_term(1), MU), Part(as_term(2), LV)), as_term(0), theorem)
    assert [value(addend, NUMBERS) for addend in one.addends] == [value(MU, NUMBERS), 2 * value(LV, NUMBERS)]
    other = Weighed((Part(as_term(1), MU),), as_term(3), theorem)
    assert value(other.addends[-1], NUMBERS) == 3


@pytest.mark.parametrize(("weight", "constant"), [(2, 0), (2, 1), (1, 0)])
def test_a_sum_over_two_axes(weight, constant):
    body = weight * (MU**2 + xp.exp(LV) - 1 - LV) / 2 + constant
    term = total(total(body, 1), 0)
    hypotheses = hypotheses_of(term)
    base = base_of(as_term(weight), as_term(constant), hypotheses)
    found = summed([Part(as_term(1), term)], [0, 1], base, hypotheses)
    assert holds(found.theorem, NUMBERS)
    (part,) = found.parts
    assert value(part.coefficient, NUMBERS) == weight
    assert value(part.term, NUMBERS) == pytest.approx(numpy_kl().sum())
    assert value(found.constant, NUMBERS) == constant * 12


def test_parts_with_different_depths_are_summed_together():
    squares, rest = total(total(MU**2 + xp.exp(LV) - LV, 1), 0), real(length_of(0)) * real(length_of(1))
    parts = [Part(as_term(1), squares), Part(as_term(-1) * rest, as_term(1))]
    hypotheses = hypotheses_of(squares)
    found = summed(parts, axes_of(parts), base_of(as_term(2), as_term(0), hypotheses), hypotheses)
    assert holds(found.theorem, NUMBERS)
    assert value(found.parts[0].product, NUMBERS) == pytest.approx(2 * numpy_kl().sum())


def test_without_axes_the_base_is_all():
    body = 2 * KL
    found = summed([Part(as_term(2), KL)], [], base_of(as_term(2), as_term(0), ()), ())
    assert value(found.parts[0].product, NUMBERS) == pytest.approx(value(body, NUMBERS))


def test_a_weight_that_moves_along_an_axis_is_refused():
    weight = element_of("w", (1,))
    term = total(weight * KL, 1)
    hypotheses = hypotheses_of(term)

    def base(body):
        return Weighed((Part(weight, KL),), as_term(0), proved(eq(body, weight * KL)))

    with pytest.raises(NoProof, match="its weight is not the same along an axis"):
        summed([Part(as_term(1), term)], [1], base, hypotheses)


def test_what_the_base_does_not_prove_is_not_proved():
    term = total(MU, 1)

    def base(body):
        raise NoProof("not this one")

    with pytest.raises(NoProof, match="not this one"):
        summed([Part(as_term(1), term)], [1], base, hypotheses_of(term))
