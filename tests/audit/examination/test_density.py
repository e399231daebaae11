"""The sum of exp(-NLL) over one datum at three outputs, each made again here."""

import math
from dataclasses import replace

import pytest
import torch
from scipy import stats
from torch.nn import functional as F

from vaelid.auditor.examination import density as module
from vaelid.auditor.examination.density import density
from vaelid.readings.errors import ReadingError

from .made import Small, binary, likelihood, one, run, single

pytestmark = pytest.mark.slow  # audits run three times slower under type checks; `make test-long` has them


def bce(h, x):
    return F.binary_cross_entropy_with_logits(h, x, reduction="none")


def summed(weight=1.0, stated=None, **parts):
    return one(run(density, Small(**parts).made(**(stated or {})), weight=weight), "density")


def counts(*shape):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(7)) * 6).floor()


def ratio_by_hand(terms):
    """Of the smallest to the largest sum, over the outputs -1, 0 and 1; `terms(h)` are NLLs of all data."""
    totals = [sum(math.exp(-term) for term in terms(h)) for h in (-1.0, 0.0, 1.0)]
    return min(totals) / max(totals)


BERNOULLI = {"family": "bernoulli", "data": binary}
RIGHT = {
    "gaussian": {},
    "gaussian with its constant": {"nll": lambda h, x: (x - h).square() / 2 + math.log(2 * math.pi) / 2},
    "bernoulli": {"nll": bce, **BERNOULLI},
    "bernoulli of probabilities": {
        "nll": lambda h, x: F.binary_cross_entropy(torch.sigmoid(h), x, reduction="none"),
        **BERNOULLI,
    },
    "poisson": {"nll": lambda h, x: h.exp() - x * h, "family": "poisson", "data": counts},
    "poisson with its factorial": {
        "nll": lambda h, x: h.exp() - x * h + torch.lgamma(x + 1),
        "family": "poisson",
        "data": counts,
    },
    "laplace": {"nll": lambda h, x: (x - h).abs(), "family": "laplace"},
    "of scaled data": {"nll": lambda h, x: (3 * x - 1 - h).square() / 2},
}


def slow_but(names, *quick):
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", slow_but(RIGHT, "gaussian"))
def test_the_sum_does_not_move_with_the_output(name):
    if name == "of scaled data":
        scaled = Small(**RIGHT[name])
        made = scaled.made()
        x = made.account.likelihoods[0].parameters[0]
        made.account = replace(
            made.account, likelihoods=(likelihood(parameters=(3 * x - 1, likelihood().parameters[1])),)
        )
        check = one(run(density, made, weight=1.0), "density")
    else:
        check = summed(**RIGHT[name])
    assert check.passed
    assert float(check.computed) == pytest.approx(1, abs=1e-2 if name == "laplace" else 1e-6)


def smoothed(h):
    return [float(bce(torch.tensor(h), torch.tensor(0.9 * x + 0.05))) for x in (0.0, 1.0)]


def masked_by_value(h):
    return [0.0, float(bce(torch.tensor(h), torch.tensor(1.0)))]


WRONG = {
    "label smoothing": ({"nll": lambda h, x: bce(h, 0.9 * x + 0.05), **BERNOULLI}, smoothed),
    "a mask made of its values": ({"nll": lambda h, x: bce(h, x) * (x > 0.5), **BERNOULLI}, masked_by_value),
    "squares of binary data": (
        {"nll": lambda h, x: (x - h).square() / 2, **BERNOULLI},
        lambda h: [(x - h) ** 2 / 2 for x in (0, 1)],
    ),
    "a factor on the ones": (
        {"nll": lambda h, x: bce(h, x) * (1 + x), **BERNOULLI},
        lambda h: [(1 + x) * float(bce(torch.tensor(h), torch.tensor(float(x)))) for x in (0, 1)],
    ),
    "gaussian where data are positive": (
        {"nll": lambda h, x: torch.where(x > 0, (x - h).square() / 2, 0.0 * h)},
        lambda h: [(x - h) ** 2 / 2 if x > 0 else 0.0 for x in range(-9, 10)],
    ),
    "a penalty on the output": (
        {"nll": lambda h, x: (x - h).square() / 2 + h.square() / 8},
        lambda h: [(x - h) ** 2 / 2 + h**2 / 8 for x in range(-9, 10)],
    ),
}


@pytest.mark.parametrize("name", slow_but(WRONG, "label smoothing"))
def test_a_sum_that_moves_is_a_doubt_with_the_ratio_by_hand(name):
    parts, terms = WRONG[name]
    check = summed(**parts)
    assert not check.passed
    assert check.expected == "1"
    assert float(check.computed) == pytest.approx(ratio_by_hand(terms), rel=1e-5)


@pytest.mark.slow
def test_a_poisson_without_its_rate_by_hand():
    check = summed(nll=lambda h, x: -x * h, family="poisson", data=counts)

    def log_sum(h, base):
        return math.log(sum(math.exp(x * h - (math.lgamma(x + 1) if base else 0)) for x in range(30)))

    ratios = []
    for base in (True, False):
        logs = [log_sum(h, base) for h in (-1.0, 0.0, 1.0)]
        ratios.append(math.exp(min(logs) - max(logs)))
    assert not check.passed
    assert float(check.computed) == pytest.approx(max(ratios), rel=1e-5)


@pytest.mark.slow
def test_the_weight_that_was_fitted_is_taken_out():
    parts = {"total": lambda nll, kl: (nll.sum() + kl.sum()) / 20}
    assert summed(weight=1 / 20, **parts).passed
    assert not summed(weight=1 / 10, nll=bce, **parts, **BERNOULLI).passed


def test_the_grid_holds_all_of_a_density():
    """Beyond it lies less than 1e-8 of each, at the outputs that are tried."""
    grids = module._GRIDS
    for h in module._OUTPUTS:
        assert 1 - stats.poisson(math.exp(h)).cdf(max(grids["poisson"])) < 1e-8
        assert sum(stats.norm(h).pdf(x) for x in grids["gaussian"]) == pytest.approx(1, abs=1e-7)
    sums = [sum(stats.laplace(h).pdf(x) for x in grids["laplace"]) for h in module._OUTPUTS]
    assert max(sums) - min(sums) < 1e-10


LEFT = {
    "no weight": ({"weight": None}, "weight of one likelihood"),
    "two likelihoods": ({"stated": {"likelihoods": (likelihood(), likelihood())}}, "weight of one likelihood"),
    "several draws": ({"stated": {"likelihoods": (likelihood(share=1 / 3),)}}, "weight of one likelihood"),
    "a learned scale": ({"stated": {"likelihoods": (likelihood(learned=True),)}}, "no sum is made"),
    "a family without a grid": ({"stated": {"likelihoods": (likelihood("binomial"),)}}, "no sum is made"),
    "data between 0 and 1": (
        {"nll": bce, "family": "bernoulli", "data": lambda *shape: torch.full(shape, 0.25)},
        "between 0 and 1 is no density",
    ),
    "whole data": ({"data": lambda *shape: binary(*shape).long(), "encoded": lambda x: x / 1}, "not told apart"),
    "an output that goes with no datum": ({"nll": lambda h, x: h.square() + x.square()}, "no output goes with"),
    "an output for all data": (
        {"nll": lambda h, x: (x - h.mean(1, keepdim=True)).square() / 2},
        "one output is compared with several",
    ),
    "data that are bent": (
        {
            "stated": {
                "likelihoods": (likelihood(parameters=(likelihood().parameters[0] ** 2, likelihood().parameters[1])),)
            }
        },
        "not by one line",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_where_no_sum_is_made_it_is_said(name):
    parts, words = LEFT[name]
    with pytest.raises(ReadingError, match=words):
        summed(**parts)


def test_rounding_that_hides_the_sum_is_not_examined():
    with pytest.raises(ReadingError, match=r"no output goes with the first datum|rounding hides the sum"):
        summed(finish=lambda loss: single(loss) + 3e6)
    assert summed(finish=single).passed
