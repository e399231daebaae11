"""Every latent of a loss needs a KL, of all its coordinates, to the prior that was declared."""

from dataclasses import replace

import pytest
import torch

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.kinds import MIXED, PARAMETER, Divergence
from vaelid.auditor.judgement.divergences_of_loss import judge_divergences
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.judgement.reasons.base import IsOther
from vaelid.auditor.judgement.reasons.notes import PriorIs
from vaelid.auditor.judgement.reasons.of_divergence import (
    IsKl,
    LatentsWithoutKl,
    OfDivergence,
    PartOfCoordinates,
    PriorNotDeclared,
)
from vaelid.auditor.recognition.other_objectives import PAIRS
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.library.definitions import coordinate_kl

from ..hand_made import (
    KL,
    LOGVAR,
    MU,
    POSTERIOR,
    SIZES,
    found,
    group,
    judged,
    kl_group,
    over,
    question,
    reading,
    run,
    squares_group,
    tensors,
    theorem,
)

ONE = Monomial(1.0, {})


def decided(*groups, **changes):
    return judge_divergences(judged((*groups, squares_group()), **changes))


def test_the_kl_of_every_latent_is_proved():
    (decision,) = decided(kl_group())
    assert (decision.verdict, decision.reason, decision.notes) == ("PROVED", IsKl(ONE, "N(0, I)"), ())


def test_a_line_of_the_group_is_the_decisions():
    read = reading(joins=((frozenset({"mu", "logvar"}), "loss.py:7", frozenset({"mu", "logvar", "x"})),))
    (decision,) = decided(kl_group(), ran=run(read))
    assert decision.source == "loss.py:7"


@pytest.mark.parametrize(
    ("halted", "reason", "bug"),
    [((), OfDivergence.ABSENT, "kl-zero"), (("a:1", "b:2"), OfDivergence.DETACHED, "detached")],
)
def test_a_loss_without_a_term_of_the_posterior_is_refuted(halted, reason, bug):
    (decision,) = decided(ran=run(reading(halted=frozenset(halted))))
    assert (decision.verdict, decision.reason, decision.bug) == ("REFUTED", reason, bug)
    assert decision.source == (halted[0] if halted else None)


NAME = "a KL that is multiplied by 0 in this step, as at the start of a warm-up"


@pytest.mark.parametrize(
    ("code", "beta", "leaves", "verdict"),
    [
        ("loss = nll + weight * kl", None, {"mu", "logvar"}, "OTHER"),
        ("loss = nll + weight * kl", 1, {"mu", "logvar"}, "REFUTED"),  # declared: that is not what is here
        ("loss = nll + 0.0 * kl", None, {"mu", "logvar"}, "REFUTED"),
        ("loss = nll + kl * 0", None, {"mu", "logvar"}, "REFUTED"),
        ("loss = weight * nll", None, {"mu", "logvar", "x"}, "REFUTED"),
        ("loss = nll + weight * penalty", None, {"w"}, "REFUTED"),
    ],
)
def test_a_kl_of_weight_0_may_be_the_start_of_a_warm_up(code, beta, leaves, verdict, tmp_path):
    file = tmp_path / "step.py"
    file.write_text(f"\n{code}\n")
    ran = run(reading(weightless=((frozenset(leaves), f"{file}:2"),)))
    (decision,) = decided(ran=ran, declared=Declared(beta=beta))
    assert decision.verdict == verdict
    if verdict == "OTHER":
        assert (decision.other, decision.reason, decision.source) == (NAME, IsOther(NAME), f"{file}:2")


@pytest.mark.parametrize("kind", [MIXED, PARAMETER])
def test_a_term_that_was_not_recognised_may_hold_the_kl(kind):
    (decision,) = decided(group(kind, MU, 0, 1))
    assert (decision.verdict, decision.reason) == ("UNKNOWN", OfDivergence.NOT_RECOGNISED)


def test_a_function_of_tensors_that_depends_on_the_posterior_somehow_is_unknown():
    (decision,) = decided(sampled=False, samplers=[])
    assert decision.reason is OfDivergence.NOT_RECOGNISED


def test_without_samples_nothing_is_said_of_a_step():
    assert decided(samplers=[]) == []


def test_a_latent_without_a_kl_is_refuted_beside_the_others():
    second = replace(POSTERIOR, mean=2 * MU, noise="eps2")
    first, missing = decided(kl_group(), asked=question(posteriors=[POSTERIOR, second]))
    assert first.verdict == "PROVED"
    assert (missing.verdict, missing.reason, missing.bug) == ("REFUTED", LatentsWithoutKl(1), "kl-partial")
    assert (missing.witness.computed, missing.witness.expected) == ("1", "2")


def test_a_latent_may_have_its_kl_in_a_term_that_is_not_known():
    second = replace(POSTERIOR, mean=2 * MU, noise="eps2")
    (first,) = decided(kl_group(), group(MIXED, MU, 0), asked=question(posteriors=[POSTERIOR, second]))
    assert first.verdict == "PROVED"


def test_a_kl_of_some_coordinates_is_refuted_with_their_number():
    part = coordinate_kl(element_of("mu", (0, 3)), element_of("logvar", (0, 3)))
    narrow = group(Divergence(0), part, 0, found=found("N(0, I)", KL), theorem=theorem())
    (decision,) = decided(narrow)
    assert (decision.verdict, decision.reason) == ("REFUTED", PartOfCoordinates(SIZES[0], SIZES[0] * SIZES[1]))
    assert (decision.bug, decision.weight) == ("kl-partial", "1")


def with_prior(prior, declared=None):
    log_s2 = xp.log(as_term(4))
    body = (MU**2 * xp.exp(-log_s2) + xp.exp(LOGVAR - log_s2) - 1 - LOGVAR + log_s2) / 2
    term = kl_group(body=body, found=found(prior, body))
    (decision,) = decided(term, asked=question(over(body, 0, 1)), declared=Declared(prior=declared))
    return decision


def test_another_prior_than_the_standard_one_is_noted():
    assert with_prior("N(0, 4)").notes == (PriorIs("N(0, 4)", declared=False),)
    assert with_prior("N(0, 4)", "N(0, 4)").notes == (PriorIs("N(0, 4)", declared=True),)


def test_another_prior_than_the_declared_one_is_refuted():
    decision = with_prior("N(0, 4)", "N(0, I)")
    assert (decision.verdict, decision.bug) == ("REFUTED", "kl-formula")
    assert decision.reason == PriorNotDeclared("N(0, 4)", "N(0, I)")


def test_a_prior_that_cannot_be_compared_by_a_point_is_unknown():
    learned = kl_group(found=found("N(m, s)", KL, learned=True))
    summed = replace(learned, body=over(KL, 2))
    (decision,) = decided(summed, declared=Declared(prior="N(0, I)"))
    assert (decision.verdict, decision.bug, decision.witness) == ("UNKNOWN", None, None)


WRITTEN = (xp.exp(LOGVAR) + MU**2 - 1 - LOGVAR) / 2
OTHERS = {
    "free bits": ((WRITTEN + 1 + abs(WRITTEN - 1)) / 2, "free bits: max(KL, a number)"),
    "capacity": (abs(WRITTEN - 1), "capacity: |KL - C|"),
    "squared capacity": ((WRITTEN - 1) ** 2, "squared capacity: (KL - C)^2"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_done_to_a_kl_is_named(name):
    body, said = OTHERS[name]
    near = {name: tensors()[name] / 20 for name in ("mu", "logvar")}  # as an encoder is at first
    (decision,) = decided(kl_group(body=body, found=None, theorem=None), asked=question(over(body, 0, 1), arrays=near))
    assert (decision.verdict, decision.reason, decision.other) == ("OTHER", IsOther(said), said)


def test_a_kl_that_is_clamped_away_is_refuted():
    (decision,) = decided(kl_group(body=MU - MU, found=None, theorem=None), asked=question(over(MU - MU, 0, 1)))
    assert (decision.verdict, decision.reason, decision.bug) == ("REFUTED", OfDivergence.ONE_NUMBER, "kl-clamped")


def test_a_term_over_pairs_of_rows_is_another_objective():
    read = reading()
    read.axes.again[2] = 0
    pairs = group(Divergence(0), MU * element_of("x", (0, 2)), 0, 1, 2)
    (decision,) = decided(pairs, ran=run(read), asked=question(over(MU * element_of("x", (0, 2)), 0, 1, 2)))
    assert (decision.verdict, decision.other) == ("OTHER", PAIRS)


def test_a_prior_that_sees_the_sample_is_unknown():
    h = element_of("x_hat", (0, 1))
    term = kl_group(found=found("N(m, s)", KL, learned=True, parameters=(h,)))
    (decision,) = decided(term)
    assert (decision.verdict, decision.reason) == ("UNKNOWN", OfDivergence.PRIOR_SEES_SAMPLE)
    assert decision.theorems == (theorem(),)


def test_a_prior_made_from_another_latent_for_all_rows_is_unknown():
    second = replace(POSTERIOR, mean=2 * MU, noise="eps2")
    h = element_of("h", (1,))
    asked = question(posteriors=[POSTERIOR, second], drawn={"h": frozenset({"eps2"})}, rows=frozenset({0}))
    term = kl_group(found=found("N(m, s)", KL, learned=True, parameters=(h,)))
    decision, *_ = decided(term, asked=asked)
    assert (decision.verdict, decision.reason) == ("UNKNOWN", OfDivergence.PRIOR_OF_OTHER_ROWS)


@pytest.mark.parametrize(
    ("values", "axes", "same", "verdict"),
    [
        ([1.0, 0.0, 1.0], (0,), True, "PROVED"),
        ([1.0, 0.0, 1.0], (0,), False, "OTHER"),
        ([1.0, 0.5, 2.0], (0,), True, "OTHER"),
        ([1.0, 0.0], (1,), True, "OTHER"),
    ],
)
def test_the_data_s_own_mask_is_no_weight(values, axes, same, verdict):
    mask = element_of("m", axes)
    asked = question(arrays={"m": torch.tensor(values, dtype=torch.float64)})
    kl = kl_group(found=found("N(0, I)", KL, mask=mask))
    squares = squares_group()
    target = replace(squares.found.target, mask=mask if same else None)
    squares = replace(squares, found=replace(squares.found, target=target))
    (decision,) = judge_divergences(judged((kl, squares), asked=asked))
    assert decision.verdict == verdict
    assert (decision.other is not None) == (verdict == "OTHER")
