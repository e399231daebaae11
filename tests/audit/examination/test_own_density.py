"""The totals of a likelihood by its own formula, in further runs of the code."""

from dataclasses import replace

import pytest
import torch

from vaelid.auditor.examination.density import density
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.namespace import NAMESPACE as xp

from .made import Small, likelihood, one, run, term

pytestmark = pytest.mark.slow  # audits run three times slower under type checks; `make test-long` has them

X, H = term("x"), term("h")


def log_cosh(h, x):
    return torch.log(torch.cosh(x - h))


def examined(nll, formula, **stated):
    own = replace(likelihood("own"), formula=formula, **stated)
    return run(density, Small(nll=nll).made(likelihoods=(own,)), weight=1.0)


OF_LOG_COSH = xp.log(xp.exp(X - H) + xp.exp(H - X))


def test_a_density_has_one_total():
    assert one(examined(log_cosh, OF_LOG_COSH), "density").passed


def test_what_is_none_has_several_and_says_how_far_apart():
    found = one(examined(lambda h, x: log_cosh(h, x) + h**2, OF_LOG_COSH + H**2), "density")
    assert not found.passed
    assert 0 <= float(found.computed) < 0.99
    assert found.expected == "1"
    assert "over one datum in the real numbers" in found.meaning


def test_what_has_no_integral_is_left():
    with pytest.raises(ReadingError, match="could be made"):
        examined(log_cosh, -OF_LOG_COSH)
