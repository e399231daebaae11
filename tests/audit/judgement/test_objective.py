"""The whole is decided by its parts, and then by its beta against the one declared."""

from dataclasses import replace

import pytest
from flint import arb

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.kinds import MIXED, PARAMETER, Divergence
from vaelid.auditor.judgement.assessed import Judged
from vaelid.auditor.judgement.decision import Decision, name_of_other, refuted_by
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.objective import cut_off, judge_objective
from vaelid.auditor.judgement.reasons.base import IsOther, Told
from vaelid.auditor.judgement.reasons.of_divergence import OfDivergence
from vaelid.auditor.judgement.reasons.of_objective import (
    AnotherBeta,
    BetaOfBatch,
    Failure,
    HasInIt,
    OfObjective,
    PartIsNotKnown,
    PartIsWrong,
    StrayTerm,
    Weighted,
    WeightsOfKls,
)
from vaelid.auditor.judgement.reasons.of_sampler import OfSampler
from vaelid.auditor.judgement.scale import (
    beta_in_ball,
    beta_of,
    likelihood_name,
    observation_variance,
    prior_name,
    variance_factor,
)
from vaelid.auditor.lifting.tensor import Stop
from vaelid.auditor.recognition.other_objectives import PAIRS, PLAIN, QUANTISED, RELAXED
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import (
    KL,
    MU,
    POSTERIOR,
    SQUARES,
    STANDARD_DRAW,
    Z,
    assessed,
    found,
    group,
    judged,
    kl_group,
    leaf,
    length,
    lifted,
    objective,
    question,
    reading,
    run,
    squares_group,
    theorem,
)
from ..witnessed import ball

ONE = Monomial(1.0, {})
WRONG = Decision("divergence", "REFUTED", OfDivergence.ABSENT, bug="kl-zero")
UNKNOWN = Decision("reconstruction", "UNKNOWN", Told("it is not known."))
FREE_BITS = Decision("divergence", "OTHER", IsOther("free bits"), other="free bits")
NOTHING = Decision("sampler", "OTHER", OfSampler.NOTHING_SAMPLED)
GUMBEL = Decision("sampler", "OTHER", OfSampler.GUMBEL_SOFTMAX)


def decided(others=(STANDARD_DRAW,), groups=None, **changes):
    found_ = judge_objective(judged(groups, **changes), others)
    return found_.name, found_.decision


def weighed(kl, squares=1, beta=None):
    return decided(groups=(kl_group(kl), squares_group(squares)), declared=Declared(beta=beta))


def test_equal_weights_are_the_elbo():
    name, decision = weighed(1)
    assert (name, decision.verdict, decision.reason) == ("ELBO", "PROVED", Weighted(ONE, ONE))
    assert (decision.weight, decision.theorems, decision.bug) == ("1", (theorem(),), None)


ROWS, PLACES = length(0), length(2)
BETAS = [  # weights of the KL and of the likelihood, beta at 3 rows and 4 places, and the bug
    (2, 1, 2.0, None),
    (1 / ROWS, 1 / ROWS, 1.0, None),
    (1 / ROWS, 1 / (ROWS * PLACES), 4.0, "hidden-beta"),
    (1 / ROWS, 1, 1 / 3, "batch-beta"),
]


@pytest.mark.parametrize(("kl", "squares", "beta", "bug"), BETAS)
def test_beta_is_the_ratio_of_the_weights(kl, squares, beta, bug):
    name, decision = weighed(kl, squares)
    assert (name, decision.verdict, decision.bug) == ("ELBO" if beta == 1 else "beta-ELBO", "PROVED", bug)
    assert decision.reason.beta.at({"B": 3, "D": 4}) == pytest.approx(beta)
    assert (decision.reason.value is None) == (bug is None)


@pytest.mark.parametrize(("kl", "squares", "beta", "bug"), BETAS)
def test_another_beta_than_the_declared_one_is_refuted_with_the_factor(kl, squares, beta, bug):
    name, decision = weighed(kl, squares, beta=0.75)
    assert (name, decision.verdict) == ("beta-ELBO", "REFUTED")
    assert isinstance(decision.reason, AnotherBeta)
    assert decision.reason.factor == pytest.approx(0.75 / beta)
    assert decision.bug == (bug or ("beta-ignored" if beta == 1 else "hidden-scale"))
    assert float(ball(decision.witness.computed)) == pytest.approx(beta)
    assert decision.witness.expected == "0.75"


def test_twice_the_declared_beta_is_a_doubled_kl():
    assert weighed(2, beta=1.0)[1].bug == "kl-doubled"


def test_a_beta_that_is_right_at_one_batch_is_refuted_at_twice_the_rows():
    name, decision = weighed(3 / ROWS, beta=1.0)
    assert (name, decision.verdict, decision.bug) == ("ELBO", "REFUTED", "batch-beta")
    assert isinstance(decision.reason, BetaOfBatch)
    assert decision.witness.point == {"B": "6", "D": "4", "L": "2"}
    assert decision.witness.computed == "0.5"


def test_the_line_of_the_one_mean_is_named():
    read = reading(joins=((frozenset({"x", "x_hat"}), "loss.py:9", frozenset({"x", "x_hat", "mu"})),))
    groups = (kl_group(), squares_group(1 / PLACES))
    assert decided(groups=groups, ran=run(read))[1].source == "loss.py:9"
    assert decided(groups=groups, ran=run(read), declared=Declared(beta=1.0))[1].source == "loss.py:9"
    groups = (kl_group(1 / length(1)), squares_group(1 / PLACES))
    assert decided(groups=groups, ran=run(read))[1].source is None


def test_kls_of_different_weights_are_another_objective():
    second = group(Divergence(0, 2), KL, 0, 1, found=found("N(0, I)", KL, 2), theorem=theorem())
    name, decision = decided(groups=(kl_group(), second, squares_group()))
    assert (name, decision.verdict) == ("ELBO with a weight for each KL", "OTHER")
    assert decision.reason == WeightsOfKls(("1", "2"))


@pytest.mark.parametrize(("failure", "reason"), [("it failed", Told("it failed")), ("", OfObjective.SEVERAL_WEIGHTS)])
def test_without_a_theorem_of_the_whole_it_is_unknown(failure, reason):
    name, decision = decided(theorem=None, failure=failure)
    assert (name, decision.verdict, decision.reason) == ("unknown", "UNKNOWN", reason)


@pytest.mark.parametrize(
    ("others", "name", "verdict", "reason"),
    [
        ((UNKNOWN, WRONG), "no ELBO", "REFUTED", PartIsWrong("divergence")),
        ((UNKNOWN, FREE_BITS), "unknown", "UNKNOWN", PartIsNotKnown("reconstruction")),
        ((FREE_BITS,), "free bits", "OTHER", HasInIt("free bits")),
        ((replace(FREE_BITS, other=None),), "another objective", "OTHER", HasInIt("another objective")),
        ((replace(FREE_BITS, other=PAIRS), WRONG), PAIRS, "OTHER", IsOther(PAIRS)),
    ],
)
def test_the_worst_part_counts(others, name, verdict, reason):
    found_, decision = decided(others)
    assert (found_, decision.verdict, decision.reason) == (name, verdict, reason)


@pytest.mark.parametrize(("operation", "name"), [("addmm", PLAIN), ("embedding of a table", QUANTISED)])
def test_without_samples_and_kl_it_is_an_autoencoder(operation, name):
    read = reading(SQUARES, leaves=[leaf("x_hat", "made", operation=operation)])
    found_, decision = decided((NOTHING,), (squares_group(),), ran=run(read))
    assert (found_, decision.verdict) == (name, "OTHER")


def test_a_relaxed_sample_is_another_objective():
    assert decided((GUMBEL,), samplers=[GUMBEL])[0] == RELAXED


def test_a_term_over_pairs_of_rows_is_another_objective():
    read = reading()
    read.axes.again[2] = 0
    assert decided(ran=run(read))[0] == PAIRS


@pytest.mark.parametrize(
    ("stray", "reason"),
    [
        (group(MIXED, Z, failure="it has no form"), Failure("it has no form")),
        (group(MIXED, Z), StrayTerm(True, "mu[b, l] + exp(logvar[b, l] / 2) · eps[b, l]")),
        (group(PARAMETER, MU), StrayTerm(False, "mu[b, l]")),
    ],
)
def test_a_stray_term_is_unknown(stray, reason):
    name, decision = decided(groups=(kl_group(), squares_group(), stray))
    assert (name, decision.verdict) == ("unknown", "UNKNOWN")
    assert type(decision.reason) is type(reason)
    assert "text" not in vars(reason) or decision.reason == reason


def test_a_term_of_what_the_posterior_became_is_another_objective_beside_a_whole_elbo():
    stray = group(PARAMETER, MU)
    asked = question(derived={"mu": "cov (a.py:3)"})
    name, decision = decided(groups=(kl_group(), squares_group(), stray), asked=asked)
    assert (decision.verdict, "DIP-VAE" in name) == ("OTHER", True)
    assert decided((UNKNOWN,), groups=(kl_group(), squares_group(), stray), asked=asked)[0] == "unknown"


CUT = Stop("a.py:7", ("mu",), (lifted(MU),))


@pytest.mark.parametrize(
    ("others", "verdict"),
    [((STANDARD_DRAW,), "REFUTED"), ((replace(WRONG, verdict="UNKNOWN", bug="detached", source="a.py:7"),), "UNKNOWN")],
)
def test_a_cut_gradient_that_no_part_told_of_is_refuted(others, verdict):
    name, decision = decided(others, ran=run(reading(stops=[CUT])))
    assert (name, decision.verdict) == ("unknown", verdict)
    assert (decision.reason is OfObjective.GRADIENT_CUT_OFF) == (verdict == "REFUTED")


def test_a_backward_of_the_users_own_is_refuted_only_by_its_witness():
    assert cut_off(CUT).witness.computed == "0"
    own = replace(CUT, another=True)
    assert (cut_off(own).verdict, cut_off(own).bug) == ("UNKNOWN", None)
    known = replace(own, witness=cut_off(CUT).witness)
    assert (cut_off(known).verdict, cut_off(known).bug) == ("REFUTED", "detached")


def test_decisions_without_a_witness_are_unknown_and_the_last_other_counts():
    reason = OfDivergence.ABSENT
    assert refuted_by(None, "divergence", reason, "kl-zero") == Decision("divergence", "UNKNOWN", reason)
    assert name_of_other([FREE_BITS, replace(FREE_BITS, other="capacity"), WRONG]) == "capacity"
    assert name_of_other([WRONG]) is None


# scale


@pytest.mark.parametrize(("variance", "factor"), [(None, 1.0), (0.25, 0.25)])
def test_the_variance_is_the_declared_one_or_1(variance, factor):
    of_loss = assessed((kl_group(), squares_group()))
    declared = Declared(variance=variance)
    assert variance_factor(of_loss.objective, declared) == factor
    assert beta_of(of_loss, declared).number == pytest.approx(1 / factor)
    assert observation_variance(of_loss.objective, declared, 1 / factor) == pytest.approx(1.0)
    assert likelihood_name(of_loss.objective, declared) == f"Gaussian, variance {factor:g}"


def test_a_stated_variance_is_taken():
    v = 0.5
    constant = xp.log(as_term(2) * xp.pi * as_term(v)) / 2
    target = found("Gaussian", SQUARES, 2, constant, family="gaussian")
    of_loss = objective((kl_group(), squares_group(found=target)))
    assert variance_factor(of_loss, Declared()) == pytest.approx(v)


@pytest.mark.parametrize("changes", [{"learned": True}, {"family": "bernoulli"}])
def test_a_likelihood_without_a_fixed_scale_has_no_variance(changes):
    target = found("L", SQUARES, **{"family": "gaussian", **changes})
    of_loss = objective((kl_group(), squares_group(found=target)))
    assert variance_factor(of_loss, Declared(variance=3.0)) == 1.0
    assert observation_variance(of_loss, Declared(), 1.0) is None
    assert likelihood_name(of_loss, Declared()) == "L"


@pytest.mark.parametrize(("kl", "squares", "beta", "bug"), BETAS)
def test_the_ball_of_beta_holds_its_number(kl, squares, beta, bug):
    of_loss = assessed((kl_group(kl), squares_group(squares)))
    assert beta_in_ball(of_loss, Declared()).overlaps(arb(beta)) or bug == "batch-beta"
    assert float(beta_in_ball(of_loss, Declared())) == pytest.approx(beta)


def test_beta_is_not_known_without_both_weights():
    assert beta_of(assessed((kl_group(),)), Declared()) is None
    assert beta_of(assessed((squares_group(),)), Declared()) is None
    assert beta_of(assessed((kl_group(), squares_group(0))), Declared()) is None
    assert beta_in_ball(assessed((squares_group(),)), Declared()) is None
    assert prior_name(assessed((squares_group(),))) is None
    masked = kl_group(found=found("N(0, I)", KL, mask=MU))
    assert prior_name(assessed((masked, squares_group()))) == "N(0, I), where a mask is not 0"
    assert isinstance(judged(), Judged)
    assert POSTERIOR.draws == ("eps",)
