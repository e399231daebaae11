"""The loss is a NLL + b KL + const in all runs: fits of steps that are, and of steps that are not what is stated."""

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import Normal

from vaelid.auditor.examination import value as module
from vaelid.auditor.examination.columns import Columns, MeanZero
from vaelid.auditor.examination.value import _fitted as fitted_until
from vaelid.auditor.examination.value import _Run, value
from vaelid.auditor.findings.account import StatedDivergence
from vaelid.readings.errors import ReadingError

from .made import LATENT, ROWS, Small, half_squares, kl_to_standard, likelihood, one, passes, run, single, term

pytestmark = pytest.mark.slow  # audits run three times slower under type checks; `make test-long` has them

PASSED = {"latents": True, "path": True, "far": True, "value": True, "sign": True, "beta": True}


def valued(**parts):
    stated = parts.pop("stated", {})
    return run(value, Small(**parts).made(**stated))


def monte_carlo(m, v, eps):
    z = m + (v / 2).exp() * eps
    return Normal(m, (v / 2).exp(), validate_args=False).log_prob(z) - Normal(0, 1, validate_args=False).log_prob(z)


class WithDraw(Small):
    """Its KL is made at the draw."""

    def __post_init__(self):
        super().__post_init__()
        self.kl = lambda m, v: monte_carlo(m, v, self.noted["eps"])


RIGHT = {
    "textbook": ({}, 1, 1),
    "beta of four": ({"total": lambda nll, kl: nll.sum() + 4 * kl.sum(), "stated": {"beta": 4.0}}, 1, 4),
    "means over rows": ({"total": lambda nll, kl: (nll.sum(1) + kl.sum(1)).mean()}, 1 / 4, 1),
    "means over all": (
        {"total": lambda nll, kl: 2 * nll.mean() + kl.sum(1).mean(), "stated": {"beta": 2.5}},
        1 / 10,
        2.5,  # D / 2
    ),
    "a constant": ({"finish": lambda loss: loss + 1234.5}, 1, 1),
    "full likelihood": ({"nll": lambda h, x: -Normal(h, 1.0, validate_args=False).log_prob(x)}, 1, 1),
    "a term of the data alone": ({"nll": lambda h, x: half_squares(h, x) + x.square()}, 1, 1),
    "variance of a quarter": (
        {"nll": lambda h, x: 4 * half_squares(h, x), "stated": {"scale": 0.25}},
        4,
        1,  # of the KL against a likelihood of this variance
    ),
}


def slow_but(names, *quick):
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", slow_but(RIGHT, "textbook"))
def test_a_right_step(name):
    parts, weight, beta = RIGHT[name]
    examined = valued(**parts)
    assert passes(examined) == PASSED
    assert examined.weight == pytest.approx(weight, rel=1e-8)
    assert examined.beta == pytest.approx(beta, rel=1e-6)
    assert examined.notes == []


@pytest.mark.slow
def test_a_kl_at_the_draw_is_the_kl_and_terms_of_mean_zero():
    examined = run(value, WithDraw().made())
    assert passes(examined) == PASSED
    assert examined.beta == pytest.approx(1, rel=1e-6)


WRONG = {
    "kl without its half of the variance": {"kl": lambda m, v: (m.square() + v.exp() / 2 - 1 - v) / 2},
    "kl without the mean": {"kl": lambda m, v: (v.exp() - 1 - v + 0 * m) / 2},
    "kl of a deviation": {"kl": lambda m, v: (m.square() + v.exp().square() - 1 - 2 * v) / 2},
    "kl to another prior": {"kl": lambda m, v: ((m - 1).square() + v.exp() - 1 - v) / 2},
    "absolute errors": {"nll": lambda h, x: (h - x).abs()},
    "a term of the outputs beside": {"nll": lambda h, x: half_squares(h, x) + 0.01 * h.square()},
    "one row left out": {"total": lambda nll, kl: nll[1:].sum() + kl.sum()},
    "a coordinate left out of the kl": {"total": lambda nll, kl: nll.sum() + kl[:, 1:].sum()},
    "squared": {"finish": lambda loss: loss.square() / 40},
    "free bits": {"kl": lambda m, v: kl_to_standard(m, v).clamp(min=0.5)},
}


@pytest.mark.parametrize("name", slow_but(WRONG, "kl to another prior", "absolute errors"))
def test_a_step_that_is_not_what_is_stated(name):
    found = passes(valued(**WRONG[name]))
    assert not found["value"]
    assert "beta" not in found  # of a fit that does not fit nothing is said


@pytest.mark.slow
def test_a_likelihood_of_another_family_does_not_fit():
    assert not passes(valued(stated={"likelihoods": (likelihood("laplace"),)}))["value"]


@pytest.mark.slow
def test_a_learned_prior():
    stated = {"divergences": (StatedDivergence(0, (term("m") / 2, term("v")), True, False, (ROWS, LATENT)),)}
    right = lambda m, v: (m / 2).square() / v.exp() / 2  # noqa: E731
    assert passes(valued(kl=right, stated=stated)) == PASSED
    assert not passes(valued(stated=stated))["value"]


def test_another_beta_than_what_is_claimed():
    check = one(valued(total=lambda nll, kl: nll.sum() + 0.999 * kl.sum()), "beta")
    assert not check.passed
    assert float(check.computed) == pytest.approx(0.999, rel=1e-6)
    assert check.expected == "1"


@pytest.mark.slow
def test_a_beta_that_is_not_known_is_not_compared():
    assert "beta" not in passes(valued(stated={"beta": None}))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("total", "numbers"),
    [
        (lambda nll, kl: nll.sum() - kl.sum(), (1, -1)),
        (lambda nll, kl: -nll.sum() + kl.sum(), (-1, 1)),
        (lambda nll, kl: nll.sum() + 0 * kl.sum(), (1, 0)),
    ],
)
def test_signs(total, numbers):
    check = one(valued(total=total), "sign")
    assert not check.passed
    assert [float(part) for part in check.computed.split(" and ")] == pytest.approx(numbers, abs=1e-8)


def test_a_latent_without_a_term():
    check = one(valued(stated={"summands": frozenset()}), "latents")
    assert (check.passed, check.computed, check.expected) == (False, "0", "1")


@pytest.mark.slow
def test_runs_that_do_other_operations_are_counted():
    kl = lambda m, v: kl_to_standard(m, v) if m.sum() > 0 else kl_to_standard(m, v) * 1  # noqa: E731
    found = one(valued(kl=kl), "path")
    assert not found.passed
    assert 0 < int(found.computed) < 18
    assert one(valued(kl=kl, stated={"branches": True}), "path").passed  # it is known


def test_a_clamp_far_away_is_a_doubt_unless_the_report_names_it():
    parts = {"kl": lambda m, v: kl_to_standard(m, v.clamp(max=4))}
    assert not passes(valued(**parts))["value"]  # only the far runs come there
    examined = valued(**parts, stated={"clamps": True})
    assert passes(examined) == {name: True for name in PASSED if name != "far"}
    assert "far from the recorded weights a clamp" in examined.notes[0]


@pytest.mark.slow
def test_the_far_runs_are_what_sees_it(monkeypatch):
    monkeypatch.setattr(module, "_FAR", ())
    assert passes(valued(kl=lambda m, v: kl_to_standard(m, v.clamp(max=6))))["value"]


@pytest.mark.slow
def test_a_clamp_in_the_sampler_changes_no_value():
    parts = {"sample": lambda m, v, eps: m + (v.clamp(max=4) / 2).exp() * eps}
    assert passes(valued(**parts))["value"]  # the outputs are held: what is decoded has the stated likelihood


@pytest.mark.parametrize("missing", ["likelihoods", "posteriors"])
def test_without_a_likelihood_or_posterior_nothing_is_fitted(missing):
    with pytest.raises(ReadingError, match="no likelihood or no posterior"):
        valued(stated={missing: ()})


@pytest.mark.slow
def test_single_precision_has_wider_bounds():
    examined = valued(finish=single)
    assert not examined.bench.double
    assert passes(examined) == PASSED
    assert examined.beta == pytest.approx(1, rel=1e-3)
    assert not passes(valued(finish=single, nll=lambda h, x: (h - x).abs()))["value"]


# the fit itself


def _fitted(found, *, few=False):
    """Without an end before all sets of terms are tried."""
    return fitted_until(found, 0.0, few=few)


def runs(loss, count=18, posteriors=1):
    g = torch.Generator().manual_seed(0)
    found = []
    for k in range(count):
        nll, kl, *others = torch.randn(2 + 4 * posteriors, generator=g).double().tolist()
        own = tuple(MeanZero(*others[4 * j : 4 * j + 4]) for j in range(posteriors))
        columns = Columns(nll, kl, own)
        found.append(_Run(0.1, k % 3, loss(columns, k % 3, float(torch.randn((), generator=g))), columns))
    return found


def test_a_fit_has_a_constant_for_each_batch():
    fit = _fitted(runs(lambda c, batch, _: 2 * c.nll + 3 * c.kl + (5, -7, 100)[batch]))
    assert (fit.nll, fit.kl, fit.off) == (pytest.approx(2), pytest.approx(3), pytest.approx(0, abs=1e-9))


@pytest.mark.parametrize("extra", [("q",), ("q", "p"), ("q_more", "p_more"), ("q", "p", "q_more", "p_more")])
def test_a_fit_takes_terms_of_mean_zero_where_they_are_needed(extra):
    fit = _fitted(runs(lambda c, batch, _: c.nll + c.kl + sum(getattr(c.mean_zero[0], name) for name in extra)))
    assert fit.off < 1e-9
    assert (fit.nll, fit.kl) == (pytest.approx(1), pytest.approx(1))


def test_a_fit_takes_those_of_one_posterior_of_two():
    fit = _fitted(runs(lambda c, batch, _: c.nll + 2 * c.kl + c.mean_zero[1].q - c.mean_zero[1].p, posteriors=2))
    assert fit.off < 1e-9
    assert (fit.nll, fit.kl) == (pytest.approx(1), pytest.approx(2))


def test_a_fit_of_what_is_none_is_far_off():
    assert _fitted(runs(lambda c, batch, other: c.nll + c.kl + 0.1 * other)).off > 1e-3
    assert _fitted(runs(lambda c, batch, other: c.nll + c.kl * c.kl)).off > 1e-2


def test_a_run_far_away_does_not_hide_the_others():
    def loss(c, batch, other):
        return c.nll + c.kl + 0.1 * other

    far = runs(loss)
    far[-1] = replace(far[-1], loss=1e9, columns=far[-1].columns._replace(kl=1e9))
    assert _fitted(far).off > 1e-3


def test_too_few_runs_fit_nothing():
    assert _fitted([]).off == math.inf
    assert _fitted(runs(lambda c, batch, _: c.nll, count=5)).off == math.inf  # 5 unknowns
    assert _fitted(runs(lambda c, batch, _: c.nll, count=6), few=True).off < 1e-9
