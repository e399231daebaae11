"""What a latent's prior may be made of: latents before it, and a scale that the posterior has, too; not that latent.

log N(z; f(z), 1) is a density of z only where f takes from each coordinate what comes before it, since the determinant
of the map from z to z - f(z) is 1 then. Whether it is is known here from the shape of f's matrix.
"""

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

import vaelid

D, L, B = 6, 3, 5


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.mean, self.log_scale, self.decoder = nn.Linear(D, L), nn.Linear(D, L), nn.Linear(L, D)
        self.upper, self.lower = nn.Linear(L, L), nn.Linear(L, L)
        self.above = nn.Linear(L, L)
        self.scale = nn.Parameter(0.1 * torch.randn(L))
        self.centre = nn.Parameter(0.3 * torch.randn(L))

    def nll(self, z, x):
        return nn.functional.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")

    def posterior(self, x):
        return Normal(self.mean(x), self.log_scale(x).exp())


@pytest.fixture(scope="module")
def x():
    return torch.rand(B, D, generator=torch.Generator().manual_seed(1)).round()


def with_prior_of_itself(mask):
    """log q(z) - log N(z; (W * mask) z, 1), with W trained."""
    model = Model()

    def step(x):
        q = model.posterior(x)
        z = q.rsample()
        p = Normal(z @ (model.lower.weight * mask).T, 1.0)
        return (model.nll(z, x) + (q.log_prob(z) - p.log_prob(z)).sum()) / len(x)

    return step


UPPER = torch.triu(torch.ones(L, L), 1)
OTHER_ORDER = UPPER[[1, 2, 0]][:, [1, 2, 0]]


@pytest.mark.parametrize("mask", [UPPER, UPPER.T, OTHER_ORDER], ids=["after", "before", "another order"])
@pytest.mark.every(2)
def test_a_prior_of_coordinates_before_it_is_proved(mask, x):
    report = vaelid.audit(with_prior_of_itself(mask), x)
    assert (report.verdict, float(report.beta_effective)) == ("PROVED", 1)


@pytest.mark.parametrize(
    "mask",
    [torch.ones(L, L), torch.eye(L), 1 - torch.eye(L), UPPER.T + torch.eye(L)],
    ids=["all", "itself", "all others", "itself and before"],
)
@pytest.mark.every(2)
def test_a_prior_of_the_latent_itself_is_refuted(mask, x):
    report = vaelid.audit(with_prior_of_itself(mask), x)
    assert report.verdict == "REFUTED"
    assert "the prior of a latent is made from that same latent" in str(report)


def two_levels(step_of):
    model = Model()

    def step(x):
        q1 = model.posterior(x)
        z1 = q1.rsample()
        q2 = Normal(model.upper(z1), model.scale.exp())
        z2 = q2.rsample()
        return (model.nll(z1, x) + step_of(model, q1, z1, q2, z2)) / len(x)

    return step


def from_above(model, q1, z1, q2, z2):
    of_lower = q1.log_prob(z1) - Normal(model.above(z2), 1.0).log_prob(z1)
    return (of_lower + kl_divergence(q2, Normal(0.0, torch.ones(())))).sum()


def from_each_other(model, q1, z1, q2, z2):
    of_lower = q1.log_prob(z1) - Normal(model.above(z2), 1.0).log_prob(z1)
    return (of_lower + q2.log_prob(z2) - Normal(model.lower(z1), 1.0).log_prob(z2)).sum()


def test_the_upper_latent_may_be_drawn_from_the_lower(x):
    assert vaelid.audit(two_levels(from_above), x).verdict == "PROVED"


def test_two_latents_that_are_each_others_prior_are_not_proved(x):
    assert vaelid.audit(two_levels(from_each_other), x).verdict != "PROVED"


def test_code_that_goes_back_by_itself_is_not_proved_without_the_check(x):
    right = with_prior_of_itself(torch.ones(L, L))

    def step(x):
        loss = right(x)
        loss.backward()
        return loss.detach()

    assert vaelid.audit(step, x).verdict != "PROVED"


def with_shared_scale(divergence):
    model = Model()

    def step(x):
        mean = model.mean(x)
        z = mean + torch.randn_like(mean) * model.scale.exp()
        return (model.nll(z, x) + divergence(model, mean, z).sum()) / len(x)

    return step


def by_hand(model, mean, z):
    return mean**2 / (2 * torch.exp(2 * model.scale))


def by_library(model, mean, z):
    return kl_divergence(Normal(mean, model.scale.exp()), Normal(model.centre, model.scale.exp()))


def at_the_draw(model, mean, z):
    scale = model.scale.exp()
    return Normal(mean, scale).log_prob(z) - Normal(model.centre, scale).log_prob(z)


@pytest.mark.parametrize("divergence", [by_hand, by_library, at_the_draw])
@pytest.mark.every(3)
def test_one_scale_of_posterior_and_prior_is_proved(divergence, x):
    report = vaelid.audit(with_shared_scale(divergence), x)
    assert (report.verdict, float(report.beta_effective)) == ("PROVED", 1)


def test_a_scale_that_sees_the_data_is_no_priors(x):
    model = Model()

    def step(x):
        mean, log_scale = model.mean(x), model.log_scale(x)
        z = mean + torch.randn_like(mean) * log_scale.exp()
        return (model.nll(z, x) + (mean**2 / (2 * torch.exp(2 * log_scale))).sum()) / len(x)

    assert vaelid.audit(step, x).verdict == "REFUTED"


def with_mean(mean_of):
    """The prior N(mean, 1) at the draw; the mean is made of z, its noise and x."""
    model = Model()

    def step(x):
        mean, scale = model.mean(x), model.log_scale(x).exp()
        eps = torch.randn_like(mean)
        z = mean + scale * eps
        prior = Normal(mean_of(model, z, eps, x), 1.0)
        return (model.nll(z, x) + (Normal(mean, scale).log_prob(z) - prior.log_prob(z)).sum()) / len(x)

    return step


CODES = nn.Embedding(7, L)
SLOPES_SAY_NOTHING = {
    "a sign": lambda model, z, eps, x: model.lower(torch.sign(z)),
    "a code": lambda model, z, eps, x: CODES((z.sum(-1).abs() * 3).long() % 7),
    "a list": lambda model, z, eps, x: CODES(torch.tensor([int(3 * abs(v)) % 7 for v in z.sum(-1).tolist()])),
    "a draw": lambda model, z, eps, x: model.lower(torch.bernoulli(torch.sigmoid(z))),
    "the noise": lambda model, z, eps, x: model.lower(eps),
    "a code of the data": lambda model, z, eps, x: CODES(x[:, 0].long()),
}


@pytest.mark.parametrize("name", SLOPES_SAY_NOTHING)
@pytest.mark.every(3)
def test_a_prior_of_which_slopes_say_nothing_is_not_proved(name, x):
    assert vaelid.audit(with_mean(SLOPES_SAY_NOTHING[name]), x).verdict == "UNKNOWN"


def test_a_prior_whose_weights_are_0_at_first_is_refuted(x):
    net = nn.Linear(L, L)
    nn.init.zeros_(net.weight)
    assert vaelid.audit(with_mean(lambda model, z, eps, x: net(z)), x).verdict == "REFUTED"


def test_a_fixed_linear_prior_is_not_refuted(x):
    """Of N(A z, 1) with a fixed A the total 1 / |det(1 - A)| is a number."""
    fixed = 0.4 * (torch.eye(L).roll(1, 0) + torch.eye(L).roll(-1, 0)) * (1 - torch.eye(L))
    assert vaelid.audit(with_mean(lambda model, z, eps, x: z @ fixed), x).verdict in ("UNKNOWN", "PROVED")
