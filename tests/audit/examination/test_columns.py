"""NLL, KL and terms of mean zero of one run, each computed again here from the tensors of the run."""

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import Normal

from vaelid.auditor.examination.columns import MeanZero, columns_of, divergences_or_standard
from vaelid.auditor.examination.densities import law_of
from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.findings.account import StatedDivergence, StatedPosterior
from vaelid.auditor.recording.calls import call_of, scalar_loss
from vaelid.auditor.recording.record import record
from vaelid.readings.terms.arrays import as_term

from .made import DATA, LATENT, ROWS, ZERO, B, D, L, Small, likelihood, term

MADE = Small().made()


def numbers_of(account, made=MADE):
    torch.manual_seed(0)
    call = call_of(made.batch)
    return Numbers(account, record(made.step, call.arguments, call.tensors, scalar_loss))


def columns(**stated):
    account = replace(MADE.account, **stated)
    return columns_of(account, numbers_of(account))


NUMBERS = numbers_of(MADE.account)
X, M, V, EPS, H = (NUMBERS[name].detach() for name in ("x", "m", "v", "eps", "h"))
Z = M + (V / 2).exp() * EPS
KL = float(((M**2 + V.exp() - 1 - V) / 2).sum())
HALF_LOG = math.log(2 * math.pi) / 2


def near(number):
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def test_nll_and_kl_in_closed_form():
    found = columns()
    assert found.nll == near(float(((X - H) ** 2 / 2).sum()) + B * D * HALF_LOG)
    assert found.kl == near(KL)


def test_terms_of_mean_zero_are_log_q_and_log_p_less_their_means():
    found = columns()
    # log q = -eps^2/2 - log sigma - c, of mean -1/2 - log sigma - c; log p = -z^2/2 - c, of mean -(m^2 + sigma^2)/2 - c
    assert found.mean_zero[0].q == near(float(((1 - EPS**2) / 2).sum()))
    assert found.mean_zero[0].p == near(float(((M**2 + V.exp() - Z**2) / 2).sum()))
    assert found.mean_zero[0][2:] == (0, 0)


def test_they_have_the_mean_zero():
    """Over draws: a Monte-Carlo KL is KL + q - p, and its mean is the KL."""
    drawn = []
    for _ in range(50):
        call = call_of(MADE.batch)
        numbers = Numbers(MADE.account, record(MADE.step, call.arguments, call.tensors, scalar_loss))
        drawn.append(columns_of(MADE.account, numbers).mean_zero[0][:2])
    table = torch.tensor(drawn)
    errors = table.mean(0) / (table.std(0) / 50**0.5)
    assert (errors.abs() < 4).all()


def test_other_draws_have_columns_of_their_own():
    (posterior,) = MADE.account.posteriors
    other = replace(posterior, draws={}, more=posterior.draws)
    (found,), (usual,) = columns(posteriors=(other,)).mean_zero, columns().mean_zero
    assert (found.q_more, found.p_more) == (near(usual.q), near(usual.p))
    assert (found.q, found.p) == (0, 0)


def test_draws_that_are_added_in_one_sample_have_none():
    (posterior,) = MADE.account.posteriors
    found = columns(posteriors=(replace(posterior, summed=True),))
    assert found.mean_zero == (MeanZero(),)
    assert found.kl == near(KL)


def test_several_draws_share():
    (posterior,) = MADE.account.posteriors
    (draw,) = posterior.draws.values()
    (found,) = columns(posteriors=(replace(posterior, draws={"eps": draw, "again": draw}),)).mean_zero
    (usual,) = columns().mean_zero
    assert (found.q, found.p) == (near(usual.q), near(usual.p))  # half of each of two


def test_a_divergence_at_the_draw():
    (divergence,) = MADE.account.divergences
    found = columns(divergences=(replace(divergence, at_draw=True),))
    log_ratio = Normal(M, (V / 2).exp()).log_prob(Z) - Normal(0, 1).log_prob(Z)
    assert found.kl == near(float(log_ratio.sum()))
    assert found.mean_zero == (MeanZero(),)


def test_a_learned_prior():
    prior = (term("m") / 2, term("v") - 1)
    found = columns(divergences=(StatedDivergence(0, prior, True, False, (ROWS, LATENT)),))
    by_hand = (1 + V - V - 1 + math.e + (M / 2) ** 2 / (V - 1).exp()) / 2 - 0.5 + (V - 1 - V) / 2 - 0
    by_torch = torch.distributions.kl_divergence(Normal(M, (V / 2).exp()), Normal(M / 2, ((V - 1) / 2).exp()))
    assert found.kl == near(float(by_torch.sum()))
    assert found.kl == near(float(by_hand.sum()))  # log ratio -1/2, ratio of variances e


def test_a_standard_prior_is_tried_where_no_divergence_was_recognised():
    account = replace(MADE.account, divergences=())
    (divergence,) = divergences_or_standard(account)
    assert (divergence.posterior, divergence.axes, divergence.learned) == (0, (ROWS, LATENT), False)
    assert [str(term.term) for term in divergence.prior] == [str(ZERO.term)] * 2
    assert columns(divergences=()).kl == near(KL)


def test_a_standard_prior_is_tried_for_a_posterior_without_a_divergence_beside_one_that_has_it():
    (posterior,), (divergence,) = MADE.account.posteriors, MADE.account.divergences
    other = StatedPosterior((ROWS, LATENT), 2 * term("m"), term("v"), {})
    account = replace(MADE.account, posteriors=(posterior, other))
    assert [d.posterior for d in divergences_or_standard(account)] == [0, 1]
    found = columns(posteriors=(posterior, other), divergences=(divergence,))
    assert found.kl == near(KL + float(((4 * M**2 + V.exp() - 1 - V) / 2).sum()))


def test_the_coordinates_of_one_posterior_are_counted_once():
    (divergence,) = MADE.account.divergences
    column = replace(divergence, axes=(ROWS,))
    assert columns(divergences=(column,) * L).kl == near(KL)


def test_two_posteriors_are_added():
    (posterior,), (divergence,) = MADE.account.posteriors, MADE.account.divergences
    other = StatedPosterior((ROWS, LATENT), 2 * term("m"), term("v"), {})
    found = columns(posteriors=(posterior, other), divergences=(divergence, replace(divergence, posterior=1)))
    assert found.kl == near(KL + float(((4 * M**2 + V.exp() - 1 - V) / 2).sum()))


def test_masks_leave_places_out():
    mask = 1 + 0 * term("x")
    assert columns(likelihoods=(likelihood(mask=mask),)).nll == near(columns().nll)
    assert columns(likelihoods=(likelihood(mask=as_term(0)),)).nll == 0
    (divergence,) = MADE.account.divergences
    weights = term("m") * term("m")
    found = columns(divergences=(replace(divergence, mask=weights),))
    assert found.kl == near(float((M**2 * (M**2 + V.exp() - 1 - V) / 2).sum()))


def test_a_place_that_is_masked_may_be_infinite():
    infinite = likelihood(parameters=(term("x") / 0, term("h")), mask=as_term(0))
    assert columns(likelihoods=(infinite,)).nll == 0


def test_several_likelihoods_and_draws():
    both = columns(likelihoods=(likelihood(), likelihood("laplace", share=1 / 4)))
    laplace = float(((X - H).abs() + math.log(2)).sum())
    assert both.nll == near(columns().nll + laplace / 4)


def test_a_posterior_that_is_not_of_all_places_is_counted_at_each():
    """A mean that all rows share: its KL is summed over the rows that the divergence is summed over."""
    (posterior,) = MADE.account.posteriors
    shared = replace(posterior, mean=as_term(1), log_variance=as_term(0))
    assert columns(posteriors=(shared,)).kl == near(B * L / 2)


def test_the_law_alone():
    (posterior,) = MADE.account.posteriors
    q = law_of(posterior, NUMBERS, [ROWS, LATENT, DATA])
    assert q.loc.shape == (B, L, D)
    assert torch.allclose(q.loc[..., 0], M)
    assert torch.allclose(q.scale[..., 3], (V / 2).exp())


def test_one_number_for_each():
    nll, kl, (of_posterior,) = columns()
    assert all(isinstance(number, float) for number in (nll, kl, *of_posterior))
    assert columns(likelihoods=()).nll == 0
