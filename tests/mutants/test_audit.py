"""The check by mutants can fail, and its oracle tells KLs from what is none."""

import pytest
import torch

from .audit import ORIGINALS, complaints, kind, mutants

RIGHT = dict.fromkeys(ORIGINALS, ("PROVED", "kl"))
ENOUGH = {f"mutant {k}": ("REFUTED", "none") for k in range(400)}


def test_nothing_is_said_of_right_verdicts():
    assert complaints({**ENOUGH, "a": ("PROVED", "kl"), "b": ("UNKNOWN", "other prior")}, RIGHT) == []


@pytest.mark.parametrize(
    ("verdicts", "originals", "said"),
    [
        ({**ENOUGH, "a": ("PROVED", "none")}, RIGHT, "PROVED, though its kind is none: a"),
        ({**ENOUGH, "a": ("PROVED", "other prior")}, RIGHT, "PROVED, though its kind is other prior: a"),
        ({**ENOUGH, "a": ("REFUTED", "kl")}, RIGHT, "REFUTED, though its kind is kl: a"),
        ({**ENOUGH, "a": ("REFUTED", "other prior")}, RIGHT, "REFUTED, though its kind is other prior: a"),
        (
            {**ENOUGH, **{f"u{k}": ("UNKNOWN", "none") for k in range(30)}},
            RIGHT,
            "of 430 mutants that are no KL only 400",
        ),
        ({}, RIGHT, "only 0 mutants are no KL"),
        (ENOUGH, {**RIGHT, "a": ("UNKNOWN", "kl")}, "not proved: a"),
        (ENOUGH, {**RIGHT, "a": None}, "not proved: a"),
    ],
)
def test_each_wrong_verdict_is_said(verdicts, originals, said):
    assert any(found.startswith(said) for found in complaints(verdicts, originals))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda mu, logvar: (mu**2 + logvar.exp() - logvar).sum(), "kl"),
        (lambda mu, logvar: (mu**2 + logvar.exp() - 2 * logvar).sum(), "other prior"),
        (lambda mu, logvar: (mu**2 + 3 * mu + logvar.exp() - logvar).sum(), "other prior"),
        (lambda mu, logvar: (mu**2 + logvar.exp() + logvar).sum(), "none"),
        (lambda mu, logvar: -(mu**2 + logvar.exp() - logvar).sum(), "none"),
        (lambda mu, logvar: (mu**2 + logvar.exp() - logvar).log().sum(), "none"),
        (lambda mu, std: (mu**2 + std**2 - 2 * torch.log(std)).sum(), "kl"),
    ],
)
def test_the_oracle_knows_kls(function, expected):
    assert kind(function) == expected


def test_mutants_are_many_and_differ_from_the_original():
    found = [mutants(source) for source in ORIGINALS]
    assert sum(map(len, found)) > 500
    assert all(source not in changed for source, changed in zip(ORIGINALS, found, strict=True))
