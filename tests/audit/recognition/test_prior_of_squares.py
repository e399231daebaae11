"""The prior that the squares of a term are held against, where its logarithm is of another variance."""

import torch

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.recognition.prior_of_squares import prior_of_squares
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.text import text

from ..hand_made import LOGVAR, MU, POSTERIOR, over, question

M, LV = element_of("m", (0, 1)), element_of("l", (0, 1))
ARRAYS = {
    "m": torch.linspace(-1, 1, 6).double().reshape(3, 2),
    "l": torch.linspace(0.3, -0.6, 6).double().reshape(3, 2),
}


def of_squares(below, logarithm):
    """The prior of ((mu - m)^2 + e^lv) / e^below - lv + logarithm."""
    term = ((MU - M) ** 2 + xp.exp(LOGVAR)) * xp.exp(-below) - LOGVAR + logarithm
    asked = question(over(term, 0, 1), arrays=ARRAYS, moved=("mu", "logvar", "eps", "m", "l"))
    return prior_of_squares(asked, term, [0, 1], POSTERIOR)


def test_a_deviation_for_a_variance():
    found = of_squares(-LV, LV)
    assert (text(found.mean.term), text(found.log_variance.term)) == ("m[i0, i1]", "−l[i0, i1]")
    assert found.names == {"l"}


def test_where_both_are_of_one_variance_it_is_a_kl_and_no_mistake():
    assert of_squares(LV, LV) is None


def test_what_has_other_powers_has_no_prior():
    assert of_squares(LV, LV + MU**4) is None
    assert of_squares(LV, xp.exp(LOGVAR) * as_term(3)) is None
