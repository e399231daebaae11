"""Noise: drawn anew, at each place, with a normal's moments; and what a call keeps for the next one."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from vaelid.auditor.examination.noise import _MOST_ERRORS, _moments, noise, state
from vaelid.auditor.findings.account import StatedPosterior
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.readings.errors import ReadingError

from .made import DATA, LATENT, ROWS, B, L, Small, half_squares, kl_to_standard, likelihood, of, one, passes, run, term


def noised(**parts):
    return run(noise, Small(**parts).made())


def stated(**parts):
    return run(state, Small(**parts).made())


def scaled(factor, shift=0.0):
    return lambda m: factor * torch.randn_like(m) + shift


# fresh noise, and state


def test_a_right_step_has_neither_state_nor_old_noise():
    assert passes(stated()) == {"state": True, "fresh noise": True}


def test_noise_that_is_kept_after_the_first_call_is_not_fresh():
    kept = {}
    examined = stated(noise=lambda m: kept.setdefault(m.shape, torch.randn_like(m)))
    assert passes(examined)["fresh noise"] is False
    check = one(examined, "fresh noise")
    assert check.expected == f"not {check.computed}"


def test_noise_at_a_seed_of_the_code_is_not_fresh():
    def seeded(m):
        torch.manual_seed(3)
        return torch.randn_like(m)

    assert passes(stated(noise=seeded)) == {"state": True, "fresh noise": False}


def test_no_noise_is_not_fresh():
    assert passes(stated(noise=torch.zeros_like))["fresh noise"] is False


def test_what_a_call_keeps_for_the_next_is_seen_with_both_losses():
    counter = {"calls": 0}

    def warmed(loss):
        counter["calls"] += 1
        return loss * counter["calls"]

    check = one(stated(finish=warmed), "state")
    assert not check.passed
    assert float(check.computed) / float(check.expected) == pytest.approx(2)  # the first of its calls, and the second
    assert counter == {"calls": 0}


def test_a_running_mean_is_set_back_for_each_run():
    average = torch.zeros(L)

    def centred(m):
        average.mul_(0.9).add_(m.detach().mean(0), alpha=0.1)
        return torch.randn_like(m)

    assert passes(stated(noise=centred, finish=lambda loss: loss + average.sum()))["state"]
    assert not average.any()


# draws


def test_a_right_step_has_normal_noise_at_each_place():
    examined = noised()
    assert passes(examined) == {"noise": True, "decoded": True}
    different, *moments = of(examined, "noise")
    assert (different.computed, different.expected) == (f"{B * L}", f"{B * L}")
    assert [check.meaning.split(" of ")[0] for check in moments] == ["the mean", "the mean square", "the mean"]


WRONG = {
    "one draw for all rows": (lambda m: torch.randn(1, L).expand_as(m).clone().to(m), "are different"),
    "one draw for all coordinates": (lambda m: torch.randn(B, 1).expand_as(m).clone().to(m), "are different"),
    "twice as wide": (scaled(2.0), "mean square"),
    "half as wide": (scaled(0.5), "mean square"),
    "shifted": (scaled(1.0, 1.0), "the mean of"),
    "uniform": (lambda m: 2 * torch.rand_like(m), "the mean of"),
    "of one sign": (lambda m: torch.randn_like(m).abs(), "the mean of"),
    "the same in each run": (lambda m: torch.linspace(-1.5, 1.5, B * L).reshape(B, L).to(m), "are different"),
}


def eps_is_what_is_drawn(draw):
    """The whole of the noise is what the account takes for eps."""
    return Small(noise=draw).made()


@pytest.mark.parametrize("name", WRONG)
def test_other_noise_is_a_doubt(name):
    draw, words = WRONG[name]
    doubts = [check for check in of(run(noise, eps_is_what_is_drawn(draw)), "noise") if not check.passed]
    assert any(words in doubt.meaning for doubt in doubts), doubts


def test_the_numbers_of_a_doubt_are_those_of_the_draws():
    made = eps_is_what_is_drawn(scaled(2.0))
    (check,) = [check for check in of(run(noise, made), "noise") if "mean square" in check.meaning]
    by_hand = []
    for seed in range(100, 108):
        torch.manual_seed(seed)
        by_hand.append(2 * torch.randn(B, L, dtype=torch.float64))
    assert float(check.computed) == pytest.approx(float(torch.stack(by_hand).square().mean()))
    assert check.expected == "1"


def test_noise_that_reaches_only_the_kl_is_not_decoded():
    examined = noised(sample=lambda m, v, eps: m + 0 * eps, total=lambda nll, kl: nll.sum() + kl.sum() + 0 * kl.sum())
    assert not one(examined, "decoded").passed
    assert passes(examined)["noise"]


def test_without_draws_noise_is_left():
    made = Small().made()
    (posterior,) = made.account.posteriors
    made.account = replace(made.account, posteriors=(replace(posterior, draws={}),))
    examined = run(noise, made)
    assert (examined.checks, examined.left) == ([], {"noise": "no draw of a posterior is decoded"})


def test_two_latents_that_share_a_draw():
    made = Small().made()
    (posterior,) = made.account.posteriors
    other = StatedPosterior((ROWS, LATENT), term("v"), term("m"), {"eps": (term("eps"), (ROWS, LATENT))})
    made.account = replace(made.account, posteriors=(posterior, other))
    different = of(run(noise, made), "noise")[0]
    assert (different.passed, different.computed, different.expected) == (False, f"{B * L}", f"{2 * B * L}")


# the moments themselves


@pytest.mark.parametrize("count", [8, 64, 1024])
def test_no_moment_of_normal_draws_is_far_off(count):
    """What the fourth power was: beyond five standard errors once in a thousand audits of 64 draws."""
    g = torch.Generator().manual_seed(count)
    errors = [
        [error for _, _, error in _moments(torch.randn(count, generator=g).double()).values()] for _ in range(2000)
    ]
    table = torch.tensor(errors)
    assert (table.abs().amax(0) < _MOST_ERRORS).all()
    assert (table.mean(0).abs() < 0.15).all()
    assert ((table.std(0) - 1).abs() < 0.1).all()


def test_each_is_what_it_is_called():
    draws = torch.tensor([-1.0, 0.5, 2.0, 0.0]).double()
    found = {words: numbers[:2] for words, numbers in _moments(draws).items()}
    assert found["mean"] == (pytest.approx(0.375), 0)
    assert found["mean square"] == (pytest.approx(5.25 / 4), 1)
    of_cosine = float(np.cos(1.5 * draws.numpy()).mean())
    by_integral = stats.norm.expect(lambda x: math.cos(1.5 * x))
    assert found["mean of cos(1.5 eps)"] == (pytest.approx(of_cosine), pytest.approx(by_integral))


@pytest.mark.parametrize("name", ["uniform", "laplace", "signs"])
def test_another_shape_of_the_same_variance_is_told_apart(name):
    g = np.random.default_rng(0)
    draws = {
        "uniform": g.uniform(-(3**0.5), 3**0.5, 4096),
        "laplace": g.laplace(0, 0.5**0.5, 4096),
        "signs": g.choice([-1.0, 1.0], 4096),
    }[name]
    errors = {words: error for words, (*_, error) in _moments(torch.from_numpy(draws)).items()}
    assert abs(errors.pop("mean of cos(1.5 eps)")) > _MOST_ERRORS
    assert abs(errors["mean"]) < _MOST_ERRORS


def test_noise_is_examined_where_the_nll_of_a_run_is_not_known():
    """As of labels that the reading made a one-hot code of: it is no tensor of the run."""
    made = Small().made(likelihoods=(likelihood(parameters=(element_of("onehot", (ROWS, DATA)), term("h"))),))
    assert passes(run(noise, made)) == {"noise": True}


def test_used_parts_are_those_of_the_step():
    """A step whose likelihood is not known is examined without what is decoded."""
    made = Small(nll=half_squares, kl=kl_to_standard).made()
    made.account = replace(made.account, likelihoods=())
    assert set(passes(run(noise, made))) == {"noise"}


def test_a_loss_so_large_that_its_noise_is_rounded_away_says_nothing_of_it():
    """Beside 1e30 two seeds give one loss, and two NLLs."""
    with pytest.raises(ReadingError, match="so large that rounding hides its noise"):
        stated(total=lambda nll, kl: nll.sum() + 1e30)
