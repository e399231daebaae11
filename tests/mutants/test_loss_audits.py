"""The check by mutants of losses can fail; its oracle knows an objective; a sample of mutants is judged rightly."""

import random

import pytest

from .losses.audits import RAISED, Finding, all_mutants, complaints, finding, originals, table
from .losses.truth import kind

ELBO = ("Gaussian", "N(0, I)", "1")
RIGHT = [Finding("functional", "unchanged", "same", "PROVED", ELBO)]


def test_nothing_is_said_of_right_verdicts():
    found = [
        Finding("functional", "a", "changed", "REFUTED"),
        Finding("functional", "b", "changed", "UNKNOWN"),
        Finding("functional", "c", "same", "PROVED", ELBO),
        Finding("functional", "d", "changed", "PROVED", ("Laplace", "N(0, I)", "1")),
        Finding("functional", "e", "no loss", ""),
    ]
    assert complaints(found, RIGHT) == []
    assert table(found).splitlines()[1:3] == [
        "     3  changed: 1 PROVED, 1 REFUTED, 1 UNKNOWN",
        "     1  same: 1 PROVED",
    ]


@pytest.mark.parametrize(
    ("found", "before", "said"),
    [
        ([Finding("functional", "a", "changed", "PROVED", ELBO)], RIGHT, "PROVED, though it is changed: functional: a"),
        ([Finding("functional", "a", "same", "REFUTED")], RIGHT, "REFUTED, though it is the same: functional: a"),
        ([], [Finding("std", "unchanged", "same", "UNKNOWN")], "the original is UNKNOWN (same): std"),
        ([], [Finding("std", "unchanged", "changed", "PROVED", ELBO)], "the original is PROVED (changed): std"),
    ],
)
def test_each_wrong_verdict_is_said(found, before, said):
    assert said in complaints(found, before)


def test_too_few_that_are_refuted_are_said():
    refuted, unknown, raised = (Finding("functional", "a", "changed", v) for v in ("REFUTED", "UNKNOWN", RAISED))
    assert complaints([refuted] * 190 + [unknown] * 10 + [raised] * 50, RIGHT) == []
    said = "of 200 mutants that are changed only 189 are refuted"
    assert complaints([refuted] * 189 + [unknown] * 11, RIGHT) == [said]


@pytest.mark.parametrize("original", originals(), ids=lambda original: original.original)
def test_the_oracle_knows_the_originals(original):
    assert kind(original.original, original.source) == "same"


CHANGES = {
    ("functional", "mu.pow(2)", "mu.pow(3)"): "changed",
    ("functional", "0.5 * torch.sum((x_hat", "torch.sum((x_hat"): "changed",
    ("functional", "torch.sum(1 + ", "torch.sum(5 + "): "same",
    ("functional", "(x_hat - x) ** 2", "(x_hat - x.detach()) ** 2"): "same",
    ("functional", "(x_hat - x) ** 2", "(x_hat.detach() - x) ** 2"): "changed",
    ("functional", "return reconstruction + kl", "return 3 * (reconstruction + kl) / len(x)"): "same",
    ("functional", "return reconstruction + kl", "return reconstruction + kl / len(x)"): "changed",
    ("functional", "return reconstruction + kl", "return reconstruction"): "changed",
    ("functional", "return reconstruction + kl", "return nothing"): "no loss",
    ("bce_by_hand", "x * torch.log(x_hat)", "x ** 2 * torch.log(x_hat)"): "ambiguous",
    ("normal_objects", "torch.zeros_like(mu)", "torch.randn_like(mu)"): "ambiguous",
    ("step_functional", "randn_like", "rand_like"): "changed",
    ("step_functional", "torch.randn_like(std)", "torch.randn(1)"): "changed",
    ("step_functional", "mu + std", "mu - std"): "same",
    ("step_functional", "0.5 * logvar", "logvar"): "changed",
    ("step_functional", "decoder(z)", "decoder(z.detach())"): "changed",
    ("step_softplus", "1e-2", "3e-2"): "same",
    ("step_distributions", "rsample", "sample"): "changed",
    ("step_distributions", "logvar / 2", "logvar / 3"): "same",
    ("step_monte_carlo", "- log_p", "+ log_p"): "changed",
    ("step_monte_carlo", "logvar + (z - mu) ** 2", "logvar + (z - mu.detach()) ** 2"): "ambiguous",
    ("step_masked", "(nll + kl) * MASK", "nll * MASK + kl"): "changed",
    ("step_two_levels", "(m1 - pm)", "(m2 - pm)"): "changed",
    ("step_two_levels", "pm, pv = ", "pv, pm = "): "same",
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.items(), ids=str)
def test_the_oracle_knows_changes(change, expected):
    name, before, after = change
    (source,) = (original.source for original in originals() if original.original == name)
    assert kind(name, source.replace(before, after)) == expected


def test_mutants_are_many():
    assert len(all_mutants()) >= 1500
    assert len({(mutant.original, mutant.source) for mutant in all_mutants()}) == len(all_mutants())


@pytest.fixture(scope="module")
def before():
    return {original.original: finding(original) for original in originals()}


@pytest.mark.slow
@pytest.mark.parametrize("name", [original.original for original in originals()])
def test_the_original_is_proved(name, before):
    assert complaints([], [before[name]]) == []


@pytest.mark.slow
@pytest.mark.parametrize("mutant", random.Random(5).sample(all_mutants(), 40), ids=lambda mutant: mutant.change)
def test_a_sample_is_judged_rightly(mutant, before):
    original = before[mutant.original]
    assert set(complaints([finding(mutant)], [original])) <= set(complaints([], [original]))
