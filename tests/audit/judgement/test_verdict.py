"""The report on a loss: its decisions in words, the worst verdict, the finding, advice, notes and assumptions."""

import time
from dataclasses import replace

import pytest

from vaelid.auditor.findings.audited import Audited
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.formula.kinds import MIXED, Divergence
from vaelid.auditor.judgement.assessed import draws_of
from vaelid.auditor.judgement.bound import bound_of, judge_bound
from vaelid.auditor.judgement.cut_gradients import cuts, untrained
from vaelid.auditor.judgement.names import Monomial, Names, Shown
from vaelid.auditor.judgement.reasons.of_objective import Failure, OfObjective
from vaelid.auditor.judgement.reasons.of_reconstruction import AtEachDraw
from vaelid.auditor.judgement.summary import advice_for, assumptions, finding, proved_finding, way_to_settle
from vaelid.auditor.judgement.verdict import unread, verdict
from vaelid.auditor.lifting.tensor import Stop
from vaelid.auditor.recognition.importance_weighted import ImportanceWeightedBound
from vaelid.readings.terms.arrays import as_term, size
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import (
    KL,
    LOGVAR,
    MU,
    NAMES,
    POSTERIOR,
    SQUARES,
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
    over,
    question,
    reading,
    run,
    squares_group,
    theorem,
)


def report(groups=None, declared=None, evaluation=None, **changes):
    audited = Audited("step", "step.py:1", time.perf_counter() - 2)
    return verdict(assessed(groups, **changes), declared or Declared(), audited=audited, evaluation=evaluation)


def test_the_report_on_an_elbo():
    made = report()
    assert (made.target, made.verdict, made.objective_name) == ("step", "PROVED", "ELBO")
    assert made.summary == "This loss is the negative ELBO: Gaussian, variance 1, prior N(0, I)."
    assert (made.beta_effective, made.beta_formula, made.observation_variance) == (1.0, "1", 1.0)
    assert [claim.name for claim in made.claims] == ["sampler", "divergence", "reconstruction", "objective"]
    assert (made.advice, made.notes) == (None, ())
    assert made.source == "step.py:1"
    assert 2 < made.seconds < 60
    assert made.sizes == {"B": 3, "L": 2, "D": 4}
    assert made.assumptions == (
        "the noise has mean 0 and variance 1, independent of everything else",
        "real numbers: rounding, overflow and NaN are not counted",
    )
    assert "exp(logvar[i, j])" in made.formula


def test_the_report_on_another_beta():
    made = report((kl_group(2), squares_group()))
    assert made.summary.startswith("This loss is a beta-ELBO with beta = 2: ")
    assert made.advice.startswith("Divide the KL by 2 for beta = 1, or accept beta = 2: your decoder's noise is then ")
    assert report((kl_group(2), squares_group()), Declared(beta=2.0)).advice is None


def test_the_worst_claim_is_the_verdict_and_the_finding():
    made = report((kl_group(-1), squares_group()))
    assert (made.verdict, made.objective_name) == ("REFUTED", "no ELBO")
    assert made.summary == (
        "This loss is not the ELBO: the weight of the KL is negative: it falls as the divergence grows."
    )
    unknown = report((kl_group(), squares_group(theorem=None, failure="it failed"), group(MIXED, Z, 0)))
    assert unknown.verdict == "UNKNOWN"
    assert unknown.summary == "No verdict: it looks like Gaussian, but it failed"
    assert unknown.advice.startswith("Declare what it is meant to be")


def test_an_unknown_loss_is_searched_only_if_something_is_declared():
    term = over(SQUARES, 0, 2) + over(abs(MU) + LOGVAR, 0, 1)
    groups = (group(MIXED, Z, 0), squares_group())
    asked = question(term)
    assert report(groups, asked=asked).verdict == "UNKNOWN"
    made = report(groups, Declared(beta=1.0), asked=asked)
    assert (made.verdict, made.objective_name) == ("REFUTED", "no ELBO")
    assert "it is no multiple of a KL" in made.claim("objective").reason
    assert made.advice is None


def test_an_autoencoder_is_refuted_only_where_an_elbo_was_declared():
    read = reading(over(SQUARES, 0, 2), leaves=[leaf("x_hat", "made", operation="addmm")])
    changes = {"asked": question(over(SQUARES, 0, 2), posteriors=[]), "ran": run(read), "samplers": []}
    made = report((squares_group(),), **changes)
    assert (made.verdict, made.objective_name) == ("OTHER", "plain autoencoder")
    assert made.advice is None
    made = report((squares_group(),), Declared(beta=1.0), **changes)
    assert made.claim("objective").bug == "missing-noise"


def test_notes_are_said_once_in_their_order():
    stop = Stop("net.py:3", ("h",), (lifted(MU),), inside=False)
    read = reading(stops=[stop], leaves=[leaf("h", "made")])
    prior = kl_group(found=found("N(0, 4)", KL))
    made = report((prior, squares_group()), ran=run(read, notes=["one", "one"]))
    assert made.notes == (
        "one",
        "no gradient goes back beyond net.py:3: what is before it is not trained",
        "the prior is N(0, 4), inferred from the loss",
    )


def test_the_claim_on_evaluation_comes_last_and_is_a_note_where_it_is_refuted():
    made = report()
    same = report(evaluation=made)
    claim = Claim("evaluation", "PROVED", "evaluation is the same objective.", theorems=(theorem(),))
    assert same.claims == (*made.claims, claim)
    other = report(evaluation=report((kl_group(2), squares_group())))
    said = "evaluation has beta = 2, Gaussian, variance 1, training beta = 1, Gaussian, variance 1."
    assert (other.verdict, other.claims[-1].verdict) == ("PROVED", "REFUTED")
    assert other.claims[-1].reason == said
    assert other.notes == (f"warning: {said}",)


def test_what_cannot_be_read_is_unknown_with_its_line():
    made = unread(Audited("step", "a.py:9"), Unread("its formula is nested too deeply.", "a.py:1"))
    assert (made.target, made.source) == ("step", "a.py:9")
    assert (made.verdict, made.summary) == ("UNKNOWN", "No verdict: its formula is nested too deeply.")
    assert made.claims == (Claim("objective", "UNKNOWN", "its formula is nested too deeply.", source="a.py:1"),)


# sentences of the whole


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ELBO", "the negative ELBO"),
        ("beta-ELBO", "a beta-ELBO with beta = 0.333333"),
        ("importance-weighted bound", "the negative importance-weighted bound"),
    ],
)
def test_the_finding_names_the_objective(name, said):
    assert proved_finding(name, 1 / 3, "Gaussian", "N(0, I)") == f"This loss is {said}: Gaussian, prior N(0, I)."


def test_the_finding_without_a_claim_of_its_verdict():
    assert finding("OTHER", []) == "This loss is another objective: nothing was found."


@pytest.mark.parametrize(
    ("beta", "declared", "said"),
    [
        (None, None, None),
        (1.0, None, None),
        (1.0000001, None, None),
        (0.5, 0.5, None),
        (0.0, None, None),
        (-1.0, None, None),
        (0.5, None, "Multiply the KL by 2 for beta = 1, or accept beta = 0.5."),
        (4.0, 2.0, "Divide the KL by 2 for beta = 2, or accept beta = 4."),
    ],
)
def test_advice_is_the_factor_that_mends_a_beta(beta, declared, said):
    assert advice_for(beta, declared, None, None) == said


@pytest.mark.parametrize(("family", "scale"), [("gaussian", "sigma = 2"), ("laplace", "scale 4")])
def test_advice_names_the_noise_that_a_beta_stands_for(family, scale):
    said = advice_for(4.0, None, found("L", SQUARES, family=family), 4.0)
    assert f"your decoder's noise is then {scale}; a learned variance settles it from data." in said


def test_what_settles_an_unknown_loss():
    assert way_to_settle(Declared(beta=1.0)).startswith("No point was found")
    assert way_to_settle(Declared()).startswith("Declare what it is meant to be (beta=1")


def test_assumptions_are_what_was_read_and_what_is_positive():
    ran = run(reading(decided=("a.py:1", "a.py:1")), assumptions=("the state is kept",))
    positive = replace(POSTERIOR, positive=MU)
    assert assumptions(assessed(ran=ran, samplers=[]), [POSTERIOR, positive], NAMES) == (
        "a.py:1 reads a value: the verdict is of the way taken",
        "the state is kept",
        "mu[b, l] is positive",
        "real numbers: rounding, overflow and NaN are not counted",
    )


# gradients, draws, bounds


def test_a_stop_counts_where_the_loss_or_a_sample_depends_on_it():
    own, far = Stop("a.py:1", ("mu",), (lifted(MU),)), Stop("a.py:2", ("h",), (lifted(MU),), inside=False)
    drawn = Stop("a.py:3", ("e",), (lifted(MU),))
    leaves = [leaf("h", "made"), leaf("e", "made", noise=frozenset({"eps"}))]
    of_loss = assessed(ran=run(reading(stops=[own, far, drawn], leaves=leaves)))
    assert cuts(of_loss) == [own, drawn]
    assert untrained(of_loss) == ["a.py:2"]
    assert cuts(assessed()) == untrained(assessed()) == []


def test_draws_are_the_axes_along_which_only_the_noise_moves():
    assert draws_of(objective(), kl_group()) == frozenset()
    several = group(Divergence(0), KL, 0, 1, 2)
    assert draws_of(objective(), several) == {2}
    assert draws_of(objective(), squares_group()) == frozenset()
    repeated = replace(squares_group(), axes=(0, 1, 2))
    assert draws_of(objective(), repeated) == {1}
    assert draws_of(objective(), squares_group(found=None)) == frozenset()


def test_a_weight_is_averaged_over_draws():
    several = group(Divergence(0), KL, 0, 1, 2, found=found("N(0, I)", KL, 1 / length(2)), theorem=theorem())
    assert assessed((several, squares_group())).weights[Divergence(0)] == Monomial(1.0, {})


def test_without_a_mixed_term_there_is_no_bound():
    assert bound_of(assessed()) is None
    assert bound_of(assessed((group(MIXED, Z, 0),), asked=question(posteriors=[]))) is None
    assert bound_of(assessed((group(MIXED, Z, 0),))) is None


@pytest.mark.parametrize(
    ("failure", "bug"), [("its sign is wrong: it is minimised", "sign"), ("it sums over rows", "multi-sample")]
)
def test_what_is_no_bound_is_refuted_by_its_witness(failure, bug):
    witness = report((kl_group(-1), squares_group())).claim("divergence").witness
    bound = ImportanceWeightedBound(MU, objective(), 0, None, failure, witness)
    made = judge_bound(judged(), bound)
    assert (made.name, made.decisions[-1].bug, made.decisions[-1].reason) == ("no ELBO", bug, Failure(failure))
    unknown = judge_bound(judged(), replace(bound, witness=None))
    assert (unknown.name, unknown.decisions[-1].verdict, unknown.decisions[-1].bug) == ("unknown", "UNKNOWN", None)


def test_a_bound_is_proved_at_each_draw_and_as_a_whole():
    made = judge_bound(
        judged(), ImportanceWeightedBound(MU, objective(), 0, theorem(), of_rows=theorem(), note="by its gradient")
    )
    assert (made.name, made.proved, made.note) == ("importance-weighted bound", True, "by its gradient")
    _, divergence, reconstruction, whole = made.decisions
    assert reconstruction.reason == AtEachDraw("Gaussian, variance 1")
    assert whole.reason is OfObjective.BOUND
    assert [len(d.theorems) for d in (divergence, reconstruction, whole)] == [1, 1, 3]


def test_a_bound_without_its_gradient_is_refuted():
    cut = run(reading(stops=[Stop("a.py:1", ("mu",), (lifted(MU),))]))
    bound = ImportanceWeightedBound(MU, objective(), 0, theorem())
    made = judge_bound(judged(ran=cut), bound)
    assert (made.name, made.proved) == ("no ELBO", False)
    assert made.decisions[-1].reason is OfObjective.GRADIENT_CUT_OFF
    assert judge_bound(judged(ran=cut), replace(bound, note="by its gradient")).proved


# names


@pytest.mark.parametrize(
    ("number", "powers", "text", "value"),
    [
        (1.0, {}, "1", 1),
        (2.0, {"D": 1}, "2 * D", 8),
        (1.0, {"D": 2, "B": -1}, "D^2 / B", 16 / 3),
        (0.5, {"B": -1, "L": -2}, "0.5 / (B * L^2)", 0.5 / 12),
    ],
)
def test_a_monomial_is_a_number_times_powers_of_sizes(number, powers, text, value):
    monomial = Monomial(number, powers)
    assert str(monomial) == text
    assert monomial.at({"B": 3, "L": 2, "D": 4}) == pytest.approx(value)
    assert (monomial / monomial) == Monomial(1.0, {})
    assert eval(text.replace("^", "**"), {"B": 3, "L": 2, "D": 4}) == pytest.approx(value)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (as_term(3), Monomial(3.0, {})),
        (1 / length(0), Monomial(1.0, {"B": -1})),
        (length(2) ** 2 / length(1), Monomial(1.0, {"L": -1, "D": 2})),
        (as_term(0) * length(0), Monomial(0.0, {})),
        (length(0) + 1, None),
        (xp.exp(length(1)), None),
        (MU, None),
    ],
)
def test_a_weight_is_read_as_a_monomial_where_it_is_one(weight, expected):
    assert NAMES.monomial(weight, question().values) == expected


def test_axes_of_one_letter_are_numbered_where_their_powers_differ():
    images = Names({"B": (0,), "D": (1, 2)}, {"B": 3, "D": 8, "D1": 2, "D2": 4, "N0": 3, "N1": 2, "N2": 4})
    assert images.of_axis == {0: "B", 1: "D1", 2: "D2"}
    assert images.monomial(length(1) * length(2), question().values) == Monomial(1.0, {"D": 1})
    assert images.monomial(length(1) / length(2), question().values) == Monomial(1.0, {"D1": 1, "D2": -1})


def test_rows_that_are_several_of_another_are_told_by_their_factor():
    joined = Names({"B": (0, 3)}, {"B": 3, "N0": 3, "N3": 6})
    values = question().values
    assert joined.monomial(length(3), values) == Monomial(2.0, {"B": 1})


def test_formulas_and_theorems_have_the_letters():
    assert NAMES.text(MU) == "mu[b, l]"
    assert NAMES.text(over(MU, 1)) == "Σ_{i<L} mu[b, i]"
    named = NAMES.theorem(theorem(), {"a": "mu"})
    assert str(named.statement) != str(theorem().statement)
    assert size("B") is not size("N0")


def test_elements_of_a_witness_are_named_by_their_meaning():
    shown = Shown(POSTERIOR, NAMES)
    assert [shown(term.term) for term in (MU, LOGVAR, SQUARES)][:2] == ["mu", "logvar"]
    assert Shown(replace(POSTERIOR, log_variance=2 * LOGVAR), NAMES)(LOGVAR.term) == "log sigma"
    assert Shown(None, NAMES)(MU.term) == "mu"
