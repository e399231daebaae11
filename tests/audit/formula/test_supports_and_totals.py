"""Sums and integrals of exp of minus a term, beside closed forms and torch's densities, which integrate to 1."""

import math

import pytest
import torch
from torch import distributions as td

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.supports import supports
from vaelid.auditor.formula.totals import CLOSE, is_at_one_place, log_totals, log_totals_of_values
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.namespace import NAMESPACE as xp


def named(values, name):
    return next(support for support in supports(torch.as_tensor(values, dtype=torch.float64)) if support.name == name)


REAL = named([-1.3, 0.2, 2.7], "the real numbers")
POSITIVE = named([0.3, 1.2, 2.5], "the positive numbers")
UNIT = named([0.1, 0.4, 0.9], "the numbers from 0 to 1")
COUNTS = named([0.0, 3.0, 7.0], "the whole numbers from 0")


def number(x):
    return torch.tensor(x, dtype=torch.float64)


@pytest.mark.parametrize(
    ("law", "support"),
    [
        (td.Normal(number(0.3), number(0.02)), REAL),
        (td.Normal(number(5.0), number(40.0)), REAL),
        (td.StudentT(number(4.0), number(1.3), number(0.5)), REAL),
        (td.Laplace(number(0.31), number(0.5)), REAL),
        (td.Gumbel(number(0.0), number(2.0)), REAL),
        (td.Gamma(number(0.4), number(2.0)), POSITIVE),
        (td.Exponential(number(3.0)), POSITIVE),
        (td.LogNormal(number(0.0), number(1.5)), POSITIVE),
        (td.Beta(number(0.5), number(2.0)), UNIT),
        (td.Beta(number(30.0), number(40.0)), UNIT),
        (td.ContinuousBernoulli(logits=number(2.0)), UNIT),
        (td.Poisson(number(4.2)), COUNTS),
        (td.NegativeBinomial(number(2.5), logits=number(0.7)), COUNTS),
        (td.Geometric(number(0.2)), COUNTS),
        (td.Bernoulli(logits=number(-1.2)), named([0.0, 1.0], "0 to 1")),
        (td.Binomial(16, logits=number(0.4)), named([0.0, 3.0, 16.0], "0 to 16")),
    ],
)
def test_densities_have_the_total_1(law, support):
    law._validate_args = False
    assert abs(float(log_totals_of_values(-law.log_prob(support.points), support))) < CLOSE


def test_a_sum_that_is_not_at_its_end_is_no_number():
    heavy = td.Geometric(number(1e-5))
    assert math.isnan(float(log_totals_of_values(-heavy.log_prob(COUNTS.points), COUNTS)))


@pytest.mark.parametrize(
    "term",
    [
        lambda x: -x.abs(),
        lambda x: 0 * x,
        lambda x: (1 + x**2).log() / 2,  # 1 / |x| far away
        lambda x: (1 + x**2).log() * 0.45,
        lambda x: torch.where(x > 0, x**2, 3.0),
        lambda x: torch.where(x.abs() > 1e3, torch.nan, 0.0),
    ],
)
def test_what_does_not_fall_off_has_no_total(term):
    assert math.isinf(float(log_totals_of_values(term(REAL.points), REAL)))


@pytest.mark.parametrize("power", [0.0, 0.2])
def test_neither_has_what_does_not_near_0(power):
    near_0 = torch.where(UNIT.points < 0.5, (1 - power * 0) * UNIT.points.log(), 1.0)
    assert math.isinf(float(log_totals_of_values(near_0, UNIT)))
    near_0 = torch.where(POSITIVE.points < 0.5, (1 + power) * POSITIVE.points.log(), POSITIVE.points)
    assert math.isinf(float(log_totals_of_values(near_0, POSITIVE)))


def test_a_constant_has_no_total_and_what_its_points_do_not_tell_is_no_number():
    assert math.isinf(float(log_totals_of_values(0 * COUNTS.points, COUNTS)))
    narrow = td.Normal(number(0.3), number(1e-5))
    assert math.isnan(float(log_totals_of_values(-narrow.log_prob(REAL.points), REAL)))
    assert math.isinf(float(log_totals_of_values(torch.where(REAL.points.abs() < 20, REAL.points**2, 40.0), REAL)))


def test_heavy_tails_that_fall_off_have_one():
    assert abs(float(log_totals_of_values(-td.Cauchy(number(3.0), number(1.0)).log_prob(REAL.points), REAL))) < CLOSE


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([0.0, 1.0], {"0 to 1", "the whole numbers from 0", "the numbers from 0 to 1", "the real numbers"}),
        ([0.0, 1 / 255, 1.0], {"0 to 1 by 1/255", "the numbers from 0 to 1", "the real numbers"}),
        ([-1.0, 1 / 127.5 - 1], {"-1 to 1 by 2/255", "the real numbers"}),
        ([0.5, 2.25], {"the positive numbers", "the real numbers"}),
        ([-0.7], {"the real numbers"}),
        ([0.0, math.nan, 4.0], {"0 to 4", "the whole numbers from 0", "the real numbers"}),
    ],
)
def test_data_lie_in_these(values, names):
    assert names <= {support.name for support in supports(torch.tensor(values))}


@pytest.mark.parametrize(
    ("values", "name"),
    [([-1.0], "the positive numbers"), ([1.5], "the numbers from 0 to 1"), ([0.5], "the whole numbers from 0")],
)
def test_data_lie_in_no_other(values, name):
    assert name not in {support.name for support in supports(torch.tensor(values))}


def test_no_data_lie_nowhere():
    assert list(supports(torch.tensor([math.nan]))) == []


X, H, W = element_of("x", (0, 1)), element_of("h", (0, 1)), element_of("w", (1,))
LENGTHS = {"N0": 3, "N1": 2, "i0": 3, "i1": 2}
ARRAYS = {
    "x": torch.tensor([[0.1, 0.2], [0.5, -1.0], [2.0, 0.3]], dtype=torch.float64),
    "h": torch.tensor([[0.0, 1.0], [-2.0, 0.5], [3.0, 0.1]], dtype=torch.float64),
    "w": torch.tensor([1.0, 4.0], dtype=torch.float64),
}


def totals(term, row=0, support=REAL, made=None):
    return log_totals(term, X.term, ARRAYS, LENGTHS, (0, 1), support, row, made)


def test_a_location_moves_no_total_and_a_scale_does():
    for row in range(3):
        assert torch.allclose(totals((X - H) ** 2, row), number(math.log(math.pi) / 2), atol=CLOSE)
    assert torch.allclose(totals(W * (X - H) ** 2), torch.log(torch.pi / ARRAYS["w"]) / 2, atol=CLOSE)


def test_a_row_is_the_remainder_by_the_length():
    term = (X - H) ** 2 + H
    assert torch.equal(totals(term, 4), totals(term, 1))
    assert torch.allclose(totals(term, 1), math.log(math.pi) / 2 - ARRAYS["h"][1], atol=CLOSE)


def test_what_is_made_of_the_datum_is_made_of_its_points():
    below = element_of("below", (0, 1))
    term = below * 5 + (1 - below) * (xp.exp(X) * 0 + X)
    arrays = {**ARRAYS, "below": torch.zeros(3, 2, dtype=torch.float64)}
    found = log_totals(term, X.term, arrays, LENGTHS, (0, 1), REAL, 0, {"below": lambda points: (points < 0).double()})
    assert torch.isinf(found).all()  # exp(-5) over half the line
    of_positive = log_totals(term, X.term, arrays, LENGTHS, (0, 1), POSITIVE, 0, {"below": lambda p: (p < 0).double()})
    assert torch.allclose(of_positive, number(0.0), atol=CLOSE)


def test_the_datum_is_at_one_place():
    assert is_at_one_place(X.term)
    assert not is_at_one_place(element_of("x", (0, 0)).term)


def test_an_array_at_the_datums_place_and_at_others_is_refused():
    other = element_of("h", (1, 0))
    with pytest.raises(ReadingError, match="at the datum's place, and at others"):
        log_totals((X - H - other) ** 2, X.term, ARRAYS, LENGTHS, (0, 1), REAL, 0)


@pytest.mark.parametrize(("size", "logit"), [(1.0, 6.0), (0.7, 6.3), (4.0, 5.5), (2.5, -3.0)])
def test_what_follows_the_last_of_endless_points_is_a_geometric_series(size, logit):
    """Of negative binomials whose mean is some hundreds: their sum is 1, by theorem."""
    support = next(s for s in supports(torch.tensor([0.0, 3.0, 300.0])) if s.endless)
    law = torch.distributions.NegativeBinomial(torch.tensor(size).double(), logits=torch.tensor(logit).double())
    total = log_totals_of_values(-law.log_prob(support.points)[:, None], support)
    assert abs(float(total)) < CLOSE


def test_a_sum_that_falls_slowly_is_not_told():
    support = next(s for s in supports(torch.tensor([0.0, 3.0, 300.0])) if s.endless)
    total = log_totals_of_values(1.5 * (1 + support.points).log()[:, None], support)
    assert bool(total.isnan())
