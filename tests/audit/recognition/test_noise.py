"""The mean over the noise is that of Gauss-Hermite quadrature, and the remainder has mean zero."""

from dataclasses import replace

import numpy as np
import pytest

from vaelid.auditor.formula.axes_of_terms import element_of, names_in
from vaelid.auditor.recognition.noise import over_noise
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.text import text

from ..made import question_of_loss, textbook
from ..numbers_of_terms import value

MU, S, EPS, OTHER = (element_of(name, (0,)) for name in ("mu", "s", "eps", "other"))
QUESTION = replace(question_of_loss(textbook), noise={"eps": 0, "other": 0})
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(20)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
Z = MU + xp.exp(S / 2) * EPS


def expectation(term, **numbers):
    """E of a term over both draws, by quadrature."""
    total = 0.0
    for a, u in zip(NODES, WEIGHTS, strict=True):
        for b, v in zip(NODES, WEIGHTS, strict=True):
            total += u * v * value(term, {"mu": [0.7], "s": [-0.4], "eps": [a], "other": [b], "i0": 0, **numbers})
    return total


TERMS = {
    "without noise": MU**2 + S,
    "linear": MU + S * EPS,
    "square": (MU + S * EPS) ** 2,
    "sample": Z**2,
    "estimate of a KL": (Z**2 - EPS**2 - S) / 2,
    "standardised": (Z - MU) ** 2 / xp.exp(S),
    "two draws": (MU + EPS) ** 2 + (MU + OTHER) ** 2,
    "product of two draws": (MU + EPS) * (S + OTHER),
    "behind a function of none": xp.exp(MU) * EPS**2,
}


@pytest.mark.parametrize("name", TERMS)
def test_the_mean_is_that_of_quadrature(name):
    term = TERMS[name]
    mean, rest = over_noise(term, QUESTION)
    assert not names_in(mean) & set(QUESTION.noise)
    assert expectation(mean) == pytest.approx(expectation(term), abs=1e-10)
    for part in rest:
        assert expectation(part) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("name", TERMS)
def test_mean_and_remainder_add_up(name):
    term = TERMS[name]
    mean, rest = over_noise(term, QUESTION)
    for e in (-1.7, 0.3, 2.0):
        numbers = {"mu": [0.7], "s": [-0.4], "eps": [e], "other": [e / 2], "i0": 0}
        assert sum(value(part, numbers) for part in (mean, *rest)) == pytest.approx(value(term, numbers))


def test_what_is_not_quadratic_does_not_add_up_so_no_proof_uses_it():
    mean, rest = over_noise(xp.exp(EPS), QUESTION)
    numbers = {"eps": [2.0], "i0": 0}
    assert sum(value(part, numbers) for part in (mean, *rest)) != pytest.approx(value(xp.exp(EPS), numbers))


def test_several_elements_of_one_draw_are_left_alone():
    term = EPS * element_of("eps", (1,))
    mean, rest = over_noise(term, QUESTION)
    assert mean is term
    assert rest == []
    assert text(mean.term)
