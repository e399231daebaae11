"""A function that is taken for a KL: torch's own divergence says whether it is one, and of which weight."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from vaelid.auditor.findings.report import Claim
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.judgement.kl import KLSubject, kl_claim, unknown_kl, with_usual_mistake
from vaelid.auditor.lifting.two_runs import read_calls
from vaelid.auditor.model.arguments import KL_SHAPES, kl_call
from vaelid.auditor.model.assigned import alike
from vaelid.auditor.model.loss_model import View, model_of
from vaelid.auditor.model.results import divergence_returned
from vaelid.auditor.model.roles import roles_of
from vaelid.auditor.recognition.objective import identify

from ..witnessed import ball


def claimed(function, idle_clamps=(), clamps_of=None):
    """The claim on a function, from its formula."""
    roles = roles_of(function, {})
    calls = tuple(kl_call(roles.of, shape) for shape in KL_SHAPES)
    pairs = alike(roles.of, calls[0])
    options = {"alike": pairs, "gradients": False, "again": False, "clamps_of": clamps_of}
    model = model_of(read_calls(function, calls, divergence_returned, **options), roles.of, View(free_lengths=False))
    return kl_claim(KLSubject(function, roles, tuple(idle_clamps)), model, identify(model.question))


def kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


def at(weight, rows, latents):
    """A weight, which is text in B and L, at sizes."""
    return eval(weight.replace("^", "**"), {"__builtins__": {}}, {"B": rows, "L": latents})


# what it is


WEIGHTS = {
    "a sum": lambda mu, logvar: kl(mu, logvar).sum(),
    "a mean over rows": lambda mu, logvar: kl(mu, logvar).sum(1).mean(),
    "a mean": lambda mu, logvar: 3 * kl(mu, logvar).mean() + 2,
    "each coordinate": lambda mu, logvar: kl(mu, logvar) / 7,
    "of a deviation": lambda mu, std: (0.5 * (mu**2 + std**2 - 1) - std.log()).sum() / len(mu) ** 2,
    "of a variance": lambda mu, var: 0.5 * (mu**2 + var - 1 - var.log()).sum() * mu.shape[1],
    "of distributions": lambda mu, std: kl_divergence(Normal(mu, std), Normal(0.0, 1.0)).sum(-1).mean(),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_at_other_sizes_it_is_its_weight_times_torchs_divergence(name):
    function = WEIGHTS[name]
    claim = claimed(function)
    assert claim.verdict == "PROVED"
    roles = roles_of(function, {})
    for rows, latents in ((5, 7), (3, 4), (8, 2)):
        arguments = kl_call(roles.of, (rows, latents)).tensors
        value = arguments[roles.spread].detach()
        deviation = {"logvar": (value / 2).exp(), "std": value, "var": value.sqrt()}[roles.spread_role.name]
        divergence = kl_divergence(Normal(arguments[roles.mean].detach(), deviation), Normal(0.0, 1.0))
        with torch.no_grad():
            other = kl_call(roles.of, (rows, latents)).tensors
            other[roles.mean] = other[roles.mean] * 0 + 1
            moved = kl_divergence(Normal(other[roles.mean], deviation), Normal(0.0, 1.0))
            change = function(*arguments.values()).sum() - function(*other.values()).sum()  # without the constant
        weight = at(claim.weight, rows, latents)
        assert float(change) == pytest.approx(weight * float((divergence - moved).sum()), rel=1e-9)


@settings(max_examples=5)
@given(st.fractions(Fraction(1, 20), 50, max_denominator=20), st.integers(-5, 5))
def test_any_positive_weight_and_constant_is_proved(weight, constant):
    claim = claimed(lambda mu, logvar: float(weight) * kl(mu, logvar).sum() + constant)
    assert claim.verdict == "PROVED"
    assert float(claim.weight) == pytest.approx(float(weight), rel=1e-9)


@settings(max_examples=4)
@given(st.fractions(-50, Fraction(-1, 20), max_denominator=20))
def test_any_negative_weight_is_refuted(weight):
    claim = claimed(lambda mu, logvar: float(weight) * kl(mu, logvar).sum())
    assert (claim.verdict, claim.bug) == ("REFUTED", "sign")
    assert claim.witness.point == {"mu": "2", "logvar": "0"}  # where the divergence of a coordinate is 2 nats
    wanted = kl_divergence(Normal(2.0, 1.0), Normal(0.0, 1.0))
    computed, expected = (float(ball(text).mid()) for text in (claim.witness.computed, claim.witness.expected))
    assert (computed, expected) == pytest.approx((float(weight) * float(wanted), float(wanted)))


WRONG = {
    "a deviation for a variance": lambda mu, logvar: 0.5 * (mu**2 + (logvar / 2).exp() - 1 - logvar).sum(),
    "no logarithm": lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1).sum(),
    "the other way round": lambda mu, logvar: 0.5 * ((1 + mu**2) / logvar.exp() - 1 + logvar).sum(),
    "an absolute mean": lambda mu, logvar: 0.5 * (mu.abs() + logvar.exp() - 1 - logvar).sum(),
    "a variance for a deviation": lambda mu, std: 0.5 * (mu**2 + std - 1 - std.log()).sum(),
    "a sign in the sum": lambda mu, logvar: 0.5 * (mu**2 - logvar.exp() - 1 - logvar).sum(),
    "a root of the sum": lambda mu, logvar: kl(mu, logvar).sum().sqrt(),
    "a square of the sum": lambda mu, logvar: kl(mu, logvar).sum() ** 2,
    "a clamp": lambda mu, logvar: 0.5 * (mu**2 + logvar.clamp(-1, 1).exp() - 1 - logvar).sum(),
}


@pytest.mark.parametrize("name", WRONG)
def test_no_multiple_of_a_kl_is_refuted_at_a_point_where_torch_has_the_same_number(name):
    function = WRONG[name]
    claim = claimed(function)
    assert (claim.verdict, claim.theorems, claim.weight) == ("REFUTED", (), None)
    roles = roles_of(function, {})
    assert set(claim.witness.point) == {roles.mean, roles.spread}
    point = {parameter: _number(text) for parameter, text in claim.witness.point.items()}
    arguments = [torch.tensor([[point[name]]], dtype=torch.float64) for name in roles.of]
    assert float(function(*arguments)) == pytest.approx(float(ball(claim.witness.computed).mid()), rel=1e-9, abs=1e-12)
    assert not ball(claim.witness.computed).overlaps(ball(claim.witness.expected))
    assert f"it is {claim.witness.computed}, and would have to be {claim.witness.expected}." in claim.reason


def _number(text):
    """A number as a witness has it: e^(1/2) for an argument that has to be positive."""
    return math.exp(Fraction(text[3:-1])) if text.startswith("e^(") else float(Fraction(text))


def test_a_function_of_other_things_is_refuted_or_unknown():
    nothing = claimed(lambda mu, logvar: (mu * 0).sum() + 2)
    assert (nothing.verdict, nothing.bug) == ("REFUTED", "kl-zero")
    assert (nothing.witness.computed, nothing.witness.expected) == ("0", "2")
    some = claimed(lambda mu, logvar: kl(mu[:, 2:], logvar[:, 2:]).sum())
    assert (some.verdict, some.bug) == ("REFUTED", "kl-partial")
    assert (some.witness.computed, some.witness.expected) == ("25", "35")  # 5 of 7 coordinates of 5 rows
    prior = claimed(lambda mu, logvar: 0.5 * ((mu**2 + logvar.exp()) / 4 - 1 - logvar).sum())
    assert prior.verdict == "UNKNOWN"
    assert "looks like one to N(0, 4): audit_kl is of N(0, I) alone" in prior.reason


def test_a_value_that_is_not_finite_is_no_kl():
    claim = claimed(lambda mu, logvar: kl(mu, logvar).sum() + 0 * torch.log(mu.detach().min() * 0))
    assert claim.verdict == "UNKNOWN"


# what it is without clamps that did nothing


def test_clamps_that_are_left_out_are_assumed_first():
    def clamped(mu, logvar):
        return kl(mu, logvar.clamp(-20, 20)).sum() if mu.sum() < 1e9 else mu.sum()

    whole = claimed(clamped)
    assert whole.verdict == "REFUTED"
    claim = claimed(clamped, ["kl.py:7"], frozenset())
    assert claim.verdict == "PROVED"
    first, second, *_ = claim.assumptions
    assert first == "kl.py:7 clamps: the theorem is of what it leaves as it is"
    assert second.endswith("reads a value: the theorem is of the way taken")


# the usual mistake


def test_the_usual_mistake_is_said_if_it_is_one():
    refuted = Claim("divergence", "REFUTED", "it is none.")
    roles = roles_of(lambda mu, logvar: 0, {})
    proved = Claim("divergence", "PROVED", "it is one.")
    found = with_usual_mistake(refuted, proved, roles, "log of the standard deviation")
    assert found.reason == "it is none. It is the KL if logvar is the log of the standard deviation."
    assert replace(found, reason="it is none.") == refuted
    assert with_usual_mistake(refuted, refuted, roles, "variance") is refuted


@pytest.mark.parametrize("name", ["a deviation for a variance", "a variance for a deviation"])
def test_the_mistake_is_the_other_reading_of_the_argument(name):
    function = WRONG[name]
    meant = roles_of(function, {}).meant_otherwise()
    value = torch.tensor([[0.7]], dtype=torch.float64)
    deviation = {"logstd": value.exp(), "var": value.sqrt()}[meant.spread_role.name]
    mu = torch.tensor([[1.3]], dtype=torch.float64)
    divergence = kl_divergence(Normal(mu, deviation), Normal(0.0, 1.0))
    if meant.spread_role.name == "var":  # 0.5 (mu^2 + v - 1 - log v)
        assert float(function(mu, value)) == pytest.approx(float(divergence))
    else:  # e^(logvar / 2) is the deviation's own value only: no reading of logvar makes this one a KL
        assert float(function(mu, value)) != pytest.approx(float(divergence))


def test_unknown_for_a_reason():
    claim = unknown_kl(Unread("it was not read.", "a.py:3"), "a.py:3")
    assert (claim.name, claim.verdict, claim.reason, claim.source) == (
        "divergence",
        "UNKNOWN",
        "it was not read.",
        "a.py:3",
    )
