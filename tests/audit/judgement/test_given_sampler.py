"""A sampler of a known mean and variance: its own moments, by torch, are those that the arguments say, or it is wrong.

What a sampler draws is the function of its noise with the noise at 0 and at 1: torch computes it, with both in place of
`randn_like`.
"""

import math
from fractions import Fraction

import pytest
import torch
from torch.distributions import Normal

from vaelid.auditor.judgement.given_sampler import given_sampler_claim, unknown_sampler
from vaelid.auditor.lifting.two_runs import read_calls
from vaelid.auditor.model.arguments import sampler_call
from vaelid.auditor.model.results import sample_returned
from vaelid.auditor.model.roles import roles_of

from ..witnessed import ball


def claimed(function):
    """The claim on a sampler, from its formula."""
    roles = roles_of(function, {})
    run = read_calls(function, (sampler_call(roles.of),), sample_returned)
    return given_sampler_claim(run, roles, "sampler.py:1")


RIGHT = {
    "log-variance": lambda mu, logvar: mu + torch.exp(logvar / 2) * torch.randn_like(mu),
    "deviation": lambda mu, std: mu + std * torch.randn_like(mu),
    "variance": lambda mu, var: mu + var.sqrt() * torch.randn_like(mu),
    "log-deviation": lambda mu, logstd: torch.addcmul(mu, logstd.exp(), torch.randn_like(mu)),
    "minus": lambda mu, std: mu - std * torch.randn_like(mu),
    "the other order": lambda logvar, mu: torch.randn_like(mu) * (0.5 * logvar).exp() + mu,
    "rsample": lambda mu, std: Normal(mu, std).rsample(),
    "two halves": lambda mu, std: mu + std * (torch.randn_like(mu) + torch.randn_like(mu)) / math.sqrt(2),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_sample_of_the_arguments_is_proved_by_a_theorem_of_each_moment(name):
    claim = claimed(RIGHT[name])
    assert claim.verdict == "PROVED"
    assert len(claim.theorems) == 3  # that it is mean + deviation * eps, and what its mean and its variance are
    assert claim.bug is None


WRONG = {  # with the moment that is another, and the name of the bug
    "twice the mean": (lambda mu, std: 2 * mu + std * torch.randn_like(mu), "mean", None),
    "a shifted mean": (lambda mu, logvar: mu + 1 + torch.exp(logvar / 2) * torch.randn_like(mu), "mean", None),
    "no half": (lambda mu, logvar: mu + torch.exp(logvar) * torch.randn_like(mu), "variance", "std-variance"),
    "a variance as deviation": (lambda mu, var: mu + var * torch.randn_like(mu), "variance", "std-variance"),
    "a root too many": (lambda mu, std: mu + std.sqrt() * torch.randn_like(mu), "variance", "std-variance"),
    "three times the noise": (lambda mu, std: mu + 3 * std * torch.randn_like(mu), "variance", "std-variance"),
    "a constant deviation": (lambda mu, std: mu + 0.1 * torch.randn_like(mu) + 0 * std, "variance", "std-variance"),
    "a clamped log-variance": (
        lambda mu, logvar: mu + torch.exp(logvar.clamp(-20, 20) / 2) * torch.randn_like(mu),
        "variance",
        "std-variance",
    ),
}


def moments(function, witness, monkeypatch):
    """The mean and the variance of what is drawn, at a point: by the sampler itself, with the noise at 0 and at 1."""
    drawn = []
    for noise in (0.0, 1.0):
        monkeypatch.setattr(torch, "randn_like", lambda x, noise=noise: torch.full_like(x, noise))
        numbers = {name: torch.tensor(float(Fraction(value)), dtype=torch.float64) for name, value in witness.items()}
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        drawn.append(float(function(*(numbers.get(n, torch.tensor(1.0, dtype=torch.float64)) for n in names))))
    return {"mean": drawn[0], "variance": (drawn[1] - drawn[0]) ** 2}


def meant(function, witness):
    """The mean and the variance that the arguments say."""
    roles = roles_of(function, {})
    value = float(Fraction(witness.get(roles.spread, "1")))
    variance = {"var": value, "std": value**2, "logvar": math.exp(value), "logstd": math.exp(2 * value)}
    return {"mean": float(Fraction(witness.get(roles.mean, "1"))), "variance": variance[roles.spread_role.name]}


@pytest.mark.parametrize("name", WRONG)
def test_another_moment_is_refuted_by_torchs_own(name, monkeypatch):
    function, moment, bug = WRONG[name]
    claim = claimed(function)
    assert (claim.verdict, claim.bug, claim.theorems) == ("REFUTED", bug, ())
    assert claim.reason.startswith(f"the {moment} of z is another: at ")
    point = {text.partition("[")[0]: number for text, number in claim.witness.point.items()}
    computed, expected = (float(ball(text).mid()) for text in (claim.witness.computed, claim.witness.expected))
    assert computed == pytest.approx(moments(function, point, monkeypatch)[moment], rel=1e-9)
    assert expected == pytest.approx(meant(function, point)[moment], rel=1e-9)


def test_a_clamp_is_refuted_beyond_it():
    claim = claimed(WRONG["a clamped log-variance"][0])
    (number,) = {number for text, number in claim.witness.point.items() if text.startswith("logvar")}
    assert abs(Fraction(number)) > 20


NO_SAMPLES = {  # with the verdict, the bug and a part of the reason
    "no noise": (lambda mu, std: mu + std, "REFUTED", "missing-noise", "no noise from torch is in z."),
    "uniform noise": (lambda mu, std: mu + std * torch.rand_like(mu), "REFUTED", "uniform-noise", "is uniform"),
    "one draw for a row": (lambda mu, std: mu + std * torch.randn_like(mu[:, :1]), "REFUTED", "shared-noise", "shared"),
    "a detached mean": (
        lambda mu, std: mu.detach() + std * torch.randn_like(mu),
        "REFUTED",
        "detached",
        "to the mean.",
    ),
    "squashed": (lambda mu, std: torch.tanh(mu + std * torch.randn_like(mu)), "UNKNOWN", None, "z is not a mean plus"),
    "through an unread operation": (
        lambda mu, std: mu + std * torch.randn_like(mu).cumsum(0),
        "UNKNOWN",
        None,
        "its noise goes through cumsum",
    ),
    "an exponential draw": (lambda mu, std: mu + std * torch.empty_like(mu).exponential_(), "UNKNOWN", None, "the law"),
}


@pytest.mark.parametrize("name", NO_SAMPLES)
def test_what_is_no_sample_of_a_gaussian_is_not_proved(name):
    function, verdict, bug, said = NO_SAMPLES[name]
    claim = claimed(function)
    assert (claim.verdict, claim.bug) == (verdict, bug)
    assert said in claim.reason
    assert claim.theorems == ()


def test_noise_that_is_the_same_again_is_refuted():
    def frozen(mu, std):
        torch.manual_seed(0)
        return mu + std * torch.randn_like(mu)

    claim = claimed(frozen)
    assert (claim.verdict, claim.bug) == ("REFUTED", "frozen-noise")


def test_unknown_for_a_reason():
    claim = unknown_sampler("it was not read.", "a.py:3")
    assert (claim.name, claim.verdict, claim.reason, claim.source) == (
        "sampler",
        "UNKNOWN",
        "it was not read.",
        "a.py:3",
    )
