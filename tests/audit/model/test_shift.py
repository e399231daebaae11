"""A posterior at the indices of a term that has only some of its coordinates."""

import pytest

from vaelid.auditor.formula.axes_of_terms import element_of, index_of, placed
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.shift import posterior_of_coordinates
from vaelid.readings.terms.arrays import index
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Operator

from ..numbers_of_terms import random_numbers, value

MU, LV = element_of("mu", (0, 1)), element_of("lv", (0, 1))
POSTERIOR = Posterior((0, 1), MU, LV, "eps")
NUMBERS = random_numbers(0, (4, 6, 5), mu=(0, 1), lv=(0, 1))


def at(term, axis, place):
    return placed(term, {axis: place})


def plus(axis, number):
    return make(Operator("index_add"), index_of(axis), index(number))


SHIFTS = {
    "without the first": plus(2, 1),
    "without the first two": plus(2, 2),
    "another axis": index_of(2),
    "one place": index(3),
}


@pytest.mark.parametrize("name", SHIFTS)
def test_the_posterior_is_at_the_indices_of_the_term(name):
    place = SHIFTS[name]
    body = at(MU, 1, place) ** 2 + xp.exp(at(LV, 1, place))
    found = posterior_of_coordinates(POSTERIOR, body)
    assert found is not None
    assert value(found.mean, NUMBERS) == value(at(MU, 1, place), NUMBERS)
    assert value(found.log_variance, NUMBERS) == value(at(LV, 1, place), NUMBERS)
    assert found.noise == "eps"
    assert 0 in found.axes
    assert 1 not in found.axes


def test_what_has_the_posteriors_own_places_is_not_moved():
    assert posterior_of_coordinates(POSTERIOR, MU**2 + LV) is None


@pytest.mark.parametrize("body", [element_of("other", (0, 1)), at(MU, 1, plus(2, 1)), element_of("x", (0,))])
def test_what_has_not_both_mean_and_log_variance_at_those_places_is_not_its_own(body):
    assert posterior_of_coordinates(POSTERIOR, body) is None
