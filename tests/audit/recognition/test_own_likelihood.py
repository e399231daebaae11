"""Likelihoods by their own formula: what is a density in x for every output is found with its weight, nothing else."""

import math

import pytest
import torch
import torch.nn.functional as F

from vaelid.auditor.formula.kinds import Reconstruction
from vaelid.auditor.recognition.groups import ProvedGroup
from vaelid.auditor.recognition.objective import identify
from vaelid.auditor.recognition.own_likelihood import OWN

from ..made import kl, question_of_loss
from ..numbers_of_terms import value


def found_of(nll):
    """The reconstruction of a loss with this NLL, and what was recognised."""
    question = question_of_loss(lambda x_hat, x, mu, logvar: nll(x_hat, x) + kl(mu, logvar))
    found = identify(question)
    return found.group(Reconstruction()) or found.reconstructions[0], found


def weight_of(group):
    """At lengths of 1."""
    return value(group.found.fit.weights[0], dict.fromkeys((f"N{axis}" for axis in range(40)), 1))


def log_cosh(e):
    return e + F.softplus(-2 * e)


DENSITIES = {
    "log cosh": (lambda h, x: log_cosh(x - h).sum(), 1),
    "student": (lambda h, x: (2.5 * torch.log1p((x - h) ** 2 / 4)).sum(), 1),
    "student, a weight before the sum": (lambda h, x: 0.01 * (2.5 * torch.log1p((x - h) ** 2 / 4)).sum(), 0.01),
    "logistic": (lambda h, x: ((x - h) + 2 * F.softplus(h - x)).sum(), 1),
    "pinball": (lambda h, x: torch.maximum(0.8 * (x - h), -0.2 * (x - h)).sum(), 1),
    "two normals": (lambda h, x: -torch.logaddexp(-((x - h) ** 2) / 2, -((x - h - 1) ** 2) / 2).sum(), 1),
    "fourth power": (lambda h, x: ((x - h) ** 4).sum(), 1),
    "a scale of the output": (lambda h, x: ((x - 1) ** 2 * h.exp() - h / 2).sum(), 1),
    "half of a density's logarithm": (lambda h, x: 0.5 * ((x - 1) ** 2 * h.exp() - h / 2).sum(), 0.5),
    "a root of a density": (lambda h, x: torch.log1p((x - h) ** 2).mul(0.45).sum(), 0.45),
    "mean": (lambda h, x: log_cosh(x - h).mean(), 1),
}


@pytest.mark.parametrize("name", DENSITIES)
def test_a_density_is_proved_by_its_own_formula(name):
    nll, weight = DENSITIES[name]
    group, found = found_of(nll)
    assert found.theorem is not None, found.failure
    assert isinstance(group, ProvedGroup)
    assert group.found.target.family == OWN
    assert group.found.target.own_formula is not None
    assert found.has_unnamed
    assert weight_of(group) == pytest.approx(weight)


NONE = {
    "a square of the product": lambda h, x: ((x * h) ** 2).sum(),
    "a penalty on the output": lambda h, x: (log_cosh(x - h) + h**2).sum(),
    "a scale without its logarithm": lambda h, x: ((x - 1) ** 2 * h.exp()).sum(),
    "half of its logarithm too much": lambda h, x: ((x - 1) ** 2 * h.exp() - h).sum(),
    "a tail that has no integral": lambda h, x: torch.log1p(torch.log1p((x - h) ** 2)).sum(),
    "saturating": lambda h, x: torch.tanh((x - h) ** 2).sum(),
    "of the sum": lambda h, x: log_cosh((x - h).sum(1)).sum(),
    "of two places": lambda h, x: log_cosh(x[:, :-1] - h[:, :-1] - 0.1 * x[:, 1:]).sum(),
    "another weight for each output": lambda h, x: (h.exp() * log_cosh(x - h)).sum(),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_density_is_none(name):
    group, found = found_of(NONE[name])
    assert found.theorem is None
    assert group.found is None or group.found.target.family != OWN


def test_a_density_that_is_rewarded_has_a_negative_weight():
    group, found = found_of(lambda h, x: -3 * log_cosh(x - h).sum())
    assert found.theorem is not None
    assert weight_of(group) == pytest.approx(-3)


def test_a_name_is_preferred():
    group, found = found_of(lambda h, x: ((x - h) ** 2).sum() + math.pi)
    assert group.found.target.name == "Gaussian"
    assert not found.has_unnamed
