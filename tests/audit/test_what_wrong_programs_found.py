"""Small wrong steps that programs of known truth (`tests/programs`) left undecided, and right ones like them."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Beta, Normal, kl_divergence

from vaelid.auditor import audit

pytestmark = pytest.mark.slow  # an audit takes one to three seconds, and there are some hundred

D, L, ROWS = 6, 2, 5
torch.manual_seed(5)
ENCODER, DECODER, ANOTHER = nn.Linear(D, 2 * L), nn.Linear(L, D), nn.Linear(L, D)
X, POSITIVE, UNIT = torch.randn(ROWS, D), 0.1 + 3 * torch.rand(ROWS, D), 0.05 + 0.9 * torch.rand(ROWS, D)


def posterior(x):
    mu, logvar = ENCODER(x).chunk(2, dim=-1)
    return mu, logvar, mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


def kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()


def step_of(nll):
    """A step with this function of data and outputs, summed."""

    def step(x):
        mu, logvar, z = posterior(x)
        return (nll(x, DECODER(z)).sum() + kl(mu, logvar)) / len(x)

    return step


OWN_DENSITIES = {
    "log cosh": (lambda x, h: torch.cosh(x - h).log(), X),
    "pinball": (lambda x, h: torch.max(0.8 * (x - h), -0.2 * (x - h)), X),
    "exponential": (lambda x, h: x * torch.exp(-h) + h, POSITIVE),
    "beta": (lambda x, h: -Beta(F.softplus(h) + 0.5, 1.5).log_prob(x), UNIT),
}


@pytest.mark.parametrize("name", OWN_DENSITIES)
def test_a_density_without_a_name_that_is_rewarded_has_a_negative_weight(name):
    nll, data = OWN_DENSITIES[name]
    assert audit(step_of(nll), data).verdict == "PROVED"
    report = audit(step_of(lambda x, h: -nll(x, h)), data)
    assert report.verdict == "REFUTED", report
    assert "the loss grows with the likelihood" in report.summary


@pytest.mark.parametrize(
    "nll", [lambda x, h: -x * h, lambda x, h: -2 * F.relu((x - h).abs() - 1), lambda x, h: (x - h).abs() * h]
)
def test_what_is_a_density_by_neither_sign_is_not_said_to_be_rewarded(nll):
    assert "grows with the likelihood" not in audit(step_of(nll), UNIT).summary


def rows_weighted_by_their_error(x, weight=torch.sigmoid):
    mu, logvar, z = posterior(x)
    each = OWN_DENSITIES["log cosh"][0](x, DECODER(z)).sum(1)
    return ((each * weight(each)).sum() + kl(mu, logvar)) / len(x)


def test_a_function_of_a_summed_density_without_a_name_is_another_objective():
    report = audit(rows_weighted_by_their_error, X)
    assert report.verdict == "OTHER", report
    assert report.objective_name == "a function (exp) of a summed negative log-likelihood"


def test_of_a_detached_weight_it_is_not_said_that_the_value_is_right():
    report = audit(lambda x: rows_weighted_by_their_error(x, lambda each: torch.sigmoid(each).detach()), X)
    assert report.verdict == "REFUTED", report
    assert "its gradient is not that of its value" in report.summary


@pytest.mark.parametrize("error", [lambda x, h: 0.5 * (x - h) ** 2, OWN_DENSITIES["log cosh"][0]])
def test_a_mixture_of_two_densities_of_a_row_is_no_function_of_one(error):
    """-log (exp(-a) + exp(-b)) is a likelihood, whatever the verdict on it."""

    def step(x):
        mu, logvar, z = posterior(x)
        one, other = (error(x, net(z)).sum(1) for net in (DECODER, ANOTHER))
        return (-torch.logaddexp(-one, -other).sum() + kl(mu, logvar)) / len(x)

    assert audit(step, X).verdict in ("PROVED", "UNKNOWN")


def test_a_function_beside_another_likelihood_is_named_all_the_same():
    def step(x):
        mu, logvar, z = posterior(x)
        root = (x - DECODER(z)).pow(2).sum().sqrt()
        return root + (x - ANOTHER(z)).abs().pow(3).sum() + kl(mu, logvar)

    assert audit(step, X).objective_name == "the root of a summed Gaussian error"


def at_a_draw_to_wide_prior(x, share):
    """log q - log p at the draw, p = N(1, 4), times a share of the mean over rows."""
    mu, logvar, z = posterior(x)
    log_q = -0.5 * ((z - mu) / torch.exp(0.5 * logvar)) ** 2 - 0.5 * logvar
    log_p = -0.5 * (z - 1) ** 2 / 4 - 0.5 * (2 * math.log(2.0))
    return (0.5 * (x - DECODER(z)) ** 2).sum(1).mean() + 0.5 * share * (log_q - log_p).sum(1).mean()


def test_a_kl_at_the_draw_that_is_divided_by_the_rows_twice():
    """The terms of mean 0 have 1 / B twice, as the weight has."""
    assert audit(lambda x: at_a_draw_to_wide_prior(x, 1.0), X, beta=0.5).verdict == "PROVED"
    report = audit(lambda x: at_a_draw_to_wide_prior(x, 1 / len(x)), X, beta=0.5)
    assert report.verdict == "REFUTED", report
    assert report.beta_formula == "0.5 / B"


WIDE_MEAN, WIDE_SPREAD = nn.Parameter(torch.randn(L)), nn.Parameter(0.3 * torch.randn(L))
KEPT = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0])


def to_a_learned_prior(mu, logvar, z=None):
    """The KL of each row; at a draw, if one is given."""
    q, p = Normal(mu, torch.exp(0.5 * logvar)), Normal(WIDE_MEAN, torch.exp(0.5 * WIDE_SPREAD))
    return (kl_divergence(q, p) if z is None else q.log_prob(z) - p.log_prob(z)).sum(1)


@pytest.mark.parametrize("at_draw", [False, True])
def test_rows_that_a_mask_leaves_out_have_no_kl_to_a_learned_prior_either(at_draw):
    def step(batch):
        x, mask = batch
        mu, logvar, z = posterior(x)
        own = to_a_learned_prior(mu, logvar, z if at_draw else None)
        return ((0.5 * (x - DECODER(z)) ** 2).sum(1) * mask + own * mask).sum() / len(x)

    assert audit(step, (X, KEPT)).verdict == "PROVED"


def with_a_weight(weight, own=to_a_learned_prior):
    def step(x):
        mu, logvar, z = posterior(x)
        rec, kld = (0.5 * (x - DECODER(z)) ** 2).sum(), own(mu, logvar).sum()
        return (rec + weight(rec, kld) * kld) / len(x)

    return step


@pytest.mark.parametrize("own", [to_a_learned_prior, kl])
def test_a_weight_of_the_values_is_another_objective(own):
    report = audit(with_a_weight(lambda rec, kld: (rec / kld).detach(), own), X)
    assert report.verdict == "OTHER", report
    assert "computed from values of each step" in report.objective_name
    assert audit(with_a_weight(lambda rec, kld: -(rec / kld).detach(), own), X).verdict != "PROVED"


def test_a_number_that_is_detached_is_a_weight():
    half = torch.tensor(0.5)
    assert audit(with_a_weight(lambda rec, kld: half.detach()), X, beta=0.5).verdict == "PROVED"


MISSING = torch.where(torch.rand(ROWS, D) < 0.3, -torch.ones(()), X)
RATINGS = torch.randint(0, 6, (ROWS, D)).float()
SCALE = nn.Parameter(0.1 * torch.randn(D))


def of_several_draws(kept):
    """A mask that is made in each turn of a loop, and a density without a name."""

    def step(x):
        mu, logvar = ENCODER(x).chunk(2, dim=-1)
        nll = 0.0
        for _ in range(3):
            z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
            nll = nll + (torch.cosh(x - DECODER(z)).log() * kept(x)).sum() / 3
        return (nll + kl(mu, logvar)) / len(x)

    return step


def learned_scale(x, h):
    return 0.5 * ((x - h) / SCALE.exp()) ** 2 + SCALE


MASKS_OF_VALUES = {
    "several draws": (of_several_draws(lambda x: x > 0.5), X),
    "both sides": (step_of(lambda x, h: torch.cosh(x - h).log() * (x.abs() < 1)), X),
    "a learned scale": (step_of(lambda x, h: learned_scale(x, h) * (x > 0.5)), X),
    "whole numbers": (step_of(lambda x, h: (F.softplus(-h) + x * F.softplus(h)) * (x > 2)), RATINGS),
}


@pytest.mark.parametrize("name", MASKS_OF_VALUES)
def test_a_mask_that_keeps_another_share_at_another_output(name):
    step, data = MASKS_OF_VALUES[name]
    report = audit(step, data)
    assert report.verdict == "REFUTED", report
    assert "what is left out depends on the values there" in report.summary


@pytest.mark.parametrize(
    ("step", "data"),
    [
        (of_several_draws(lambda x: x != -1), MISSING),
        (step_of(lambda x, h: learned_scale(x, h) * (x != -1)), MISSING),
        (step_of(lambda x, h: 0.5 * (x - h) ** 2 * (x != 0)), RATINGS),
    ],
)
def test_one_value_that_stands_for_none_takes_nothing_from_a_density(step, data):
    assert audit(step, data).verdict in ("PROVED", "UNKNOWN")


def test_a_mask_of_all_values_together_is_not_judged_by_single_ones():
    report = audit(step_of(lambda x, h: torch.cosh(x - h).log() * (x > x.mean())), X)
    assert report.verdict == "UNKNOWN", report


TOP, OF_TOP = nn.Linear(D, 2 * L), nn.Linear(L, 2 * L)


def two_levels(penalty):
    """p(z | z_top) is made from the draw of the upper level, and so from that one's posterior."""

    def step(x):
        mu_top, logvar_top = TOP(x).chunk(2, dim=-1)
        z_top = mu_top + torch.exp(0.5 * logvar_top) * torch.randn_like(mu_top)
        mean, spread = OF_TOP(z_top).chunk(2, dim=-1)
        mu, logvar, z = posterior(x)
        q, p = Normal(mu, torch.exp(0.5 * logvar)), Normal(mean, torch.exp(0.5 * spread))
        both = kl_divergence(q, p).sum() + kl(mu_top, logvar_top) + penalty(mu, mean)
        return (0.5 * (x - DECODER(z)).pow(2).sum() + both) / len(x)

    return step


def test_points_tell_against_a_kl_beside_a_prior_that_another_latent_makes():
    assert audit(two_levels(lambda mu, mean: 0.0), X).verdict == "PROVED"
    report = audit(two_levels(lambda mu, mean: 0.1 * mu.pow(2).sum()), X)
    assert report.verdict == "REFUTED", report
    assert "to a normal prior" in report.summary


def test_a_network_of_the_posterior_itself_is_not_left_out():
    assert audit(two_levels(lambda mu, mean: 0.1 * ANOTHER(mu).pow(2).sum()), X).verdict != "PROVED"
