"""A step for evaluation is held against the step for training: it has to sample, and to have the same objective."""

import itertools

import pytest

from vaelid.auditor.findings.report import Claim, Report
from vaelid.auditor.judgement.evaluation import TrainedObjective, evaluation_claim, warnings_of

from ..hand_made import theorem

OURS = {"beta_formula": "1 / B", "likelihood": "Gaussian, variance 1", "prior": "N(0, I)"}
TRAINED = TrainedObjective("PROVED", *OURS.values())
SAMPLED = Claim("sampler", "PROVED", "z is drawn.")


def evaluated(verdict="PROVED", claims=(SAMPLED,), **changes):
    """The report on a step for evaluation."""
    return Report("evaluation", verdict, "ELBO", "A finding.", claims=tuple(claims), **{**OURS, **changes})


def test_the_same_objective_is_proved_by_its_own_theorems():
    whole = Claim("objective", "PROVED", "it is.", theorems=(theorem(),))
    part = Claim("divergence", "PROVED", "it is.", theorems=(theorem(), theorem()))
    claim = evaluation_claim(TRAINED, evaluated(claims=(SAMPLED, part, whole)))
    assert claim == Claim("evaluation", "PROVED", "evaluation is the same objective.", theorems=(theorem(),))
    assert warnings_of(claim) == ()


@pytest.mark.parametrize("verdict", ["PROVED", "REFUTED", "OTHER", "UNKNOWN"])
def test_what_does_not_sample_is_refuted_whatever_else_it_is(verdict):
    sampler = Claim("sampler", "REFUTED", "nothing is drawn.", bug="missing-noise")
    claim = evaluation_claim(TRAINED, evaluated(verdict, [sampler]))
    assert (claim.verdict, claim.bug) == ("REFUTED", "evaluation")
    assert (claim.witness.computed, claim.witness.expected) == ("0", "1")  # a variance of the latent, given the data
    assert warnings_of(claim) == ("warning: what evaluates does not sample z: it decodes the mean, and is no bound.",)


@pytest.mark.parametrize("verdict", ["UNKNOWN", "OTHER"])
def test_without_a_claim_on_its_sampler_it_is_unknown(verdict):
    claim = evaluation_claim(TRAINED, evaluated(verdict, []))
    assert claim == Claim("evaluation", "UNKNOWN", "what evaluates is not known: A finding.")
    assert warnings_of(claim) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"beta_formula": "2 / B"}, "evaluation has beta = 2 / B, Gaussian, variance 1"),
        ({"likelihood": "Bernoulli"}, "evaluation has beta = 1 / B, Bernoulli"),
        ({"prior": "N(0, 4)"}, "evaluation has beta = 1 / B, Gaussian, variance 1"),
        ({"beta_formula": None}, "evaluation has beta = None, Gaussian, variance 1"),
    ],
)
def test_another_objective_is_refuted_and_both_are_said(changed, said):
    claim = evaluation_claim(TRAINED, evaluated(**changed))
    assert (claim.verdict, claim.bug, claim.witness) == ("REFUTED", "evaluation", None)
    assert claim.reason == f"{said}, training beta = 1 / B, Gaussian, variance 1."


@pytest.mark.parametrize(("training", "evaluating"), [*itertools.product(("PROVED", "REFUTED", "UNKNOWN"), repeat=2)])
def test_it_is_proved_only_where_both_are(training, evaluating):
    trained = TrainedObjective(training, *OURS.values())
    claim = evaluation_claim(trained, evaluated(evaluating))
    assert claim.verdict == ("PROVED" if training == evaluating == "PROVED" else "UNKNOWN")
