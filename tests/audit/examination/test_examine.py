"""All checks together: what each adds, what happens if one raises, and that a check that always passes is noticed."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from vaelid.auditor.examination import examine as module
from vaelid.auditor.examination.bench import Bench
from vaelid.auditor.examination.examine import CHECKS, examine
from vaelid.auditor.examination.examined import Examined, _shown
from vaelid.auditor.findings.opinion import Check, Opinion
from vaelid.auditor.recording.calls import scalar_loss
from vaelid.auditor.recording.state import unchanged

from .made import Small, binary, kl_to_standard

pytestmark = pytest.mark.slow  # audits run three times slower under type checks; `make test-long` has them


def opinion_of(small, **stated):
    made = small.made(**stated)
    return examine(made.step, made.batch, made.account)


@pytest.fixture(scope="module")
def textbook():
    made = Small().made()
    before = {name: weight.detach().clone() for name, weight in made.weights.items()}
    state = torch.get_rng_state()
    opinion = examine(made.step, made.batch, made.account)
    same = all(torch.equal(before[name], weight) for name, weight in made.weights.items())
    return opinion, same and torch.equal(state, torch.get_rng_state())


def test_the_textbook_passes_all_that_can_be_asked(textbook):
    opinion, unmoved = textbook
    assert opinion.doubts == ()
    assert opinion.left == {}
    assert opinion.passed == {
        *("state", "fresh noise", "support", "coverage", "latents", "path", "far", "value", "sign", "beta"),
        *("gradient", "noise", "decoded", "rows", "density"),
    }
    assert opinion.beta == pytest.approx(1)
    assert opinion.estimator is None
    assert unmoved


def test_it_takes_some_eighty_runs_and_for_a_search_of_an_output_some_more(textbook):
    assert 70 < textbook[0].runs < 160


# one doubt for one mutation, and the check that is there for it


def hooked(h):
    if h.requires_grad:
        h.register_hook(lambda g: g / 10)
    return h


KEPT = {}
MUTANTS = {
    "support": {"data": lambda *shape: 3 * binary(*shape), "family": "bernoulli"},
    "value": {"kl": lambda m, v: kl_to_standard(2 * m, v)},
    "gradient": {"output": hooked},
    "noise": {"noise": lambda m: 3 * torch.randn_like(m)},
    "rows": {"finish": lambda loss: loss.square() / 30},
    "state": {"noise": lambda m: KEPT.setdefault("noise", torch.randn(4, 2, dtype=torch.float32))},
    "coverage": {"total": lambda nll, kl: nll[2:].sum() + kl.sum()},
}


def names_of_doubts(opinion):
    return {doubt.name for doubt in opinion.doubts}


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_check_that_always_passed_would_be_noticed(name, monkeypatch):
    """The check of this name finds its mutant; with the check taken out its doubt is gone."""
    own = {"state": "fresh noise"}.get(name, name)
    KEPT.clear()
    assert own in names_of_doubts(opinion_of(Small(**MUTANTS[name])))
    monkeypatch.setitem(CHECKS, name, lambda examined: examined.check(own, True))
    KEPT.clear()
    assert own not in names_of_doubts(opinion_of(Small(**MUTANTS[name])))


# what stops a check


def test_a_check_that_raises_is_left_and_the_others_are_made(monkeypatch):
    def broken(examined):
        raise ValueError("no such thing")

    for name in CHECKS:
        monkeypatch.setitem(CHECKS, name, lambda examined: None)
    monkeypatch.setitem(CHECKS, "value", broken)
    monkeypatch.setitem(CHECKS, "rows", lambda examined: examined.check("rows", True))
    opinion = opinion_of(Small())
    assert opinion.left == {"value": "it could not be made (ValueError)"}
    assert opinion.passed == {"rows"}


def test_checks_stop_when_their_time_is_over(monkeypatch):
    monkeypatch.setattr(module, "_SECONDS", -1.0)
    opinion = opinion_of(Small())
    assert opinion.left == dict.fromkeys(CHECKS, "the runs before it took -1 s")
    assert opinion.checks == ()


def test_a_step_that_cannot_be_run_again_is_left_with_the_reason():
    made = Small().made()
    calls = []

    def once(x):
        calls.append(1)
        raise RuntimeError("only once")

    opinion = examine(once, made.batch, made.account)
    assert set(opinion.left) == set(CHECKS)
    assert "only once" in opinion.left["value"]
    assert calls == []  # what it kept is set back


@pytest.mark.slow
def test_a_step_that_raises_in_some_runs_is_examined_in_part():
    """Far from the recorded weights a check of the user's own stops it."""

    def guarded(m, v):
        if v.detach().abs().max() > 6:
            raise ValueError("a log-variance beyond 6")
        return kl_to_standard(m, v)

    made = Small(kl=guarded).made()
    before = {name: weight.detach().clone() for name, weight in made.weights.items()}
    opinion = examine(made.step, made.batch, made.account)
    assert "beyond 6" in opinion.left["value"]
    assert "rows" in opinion.passed
    assert opinion.doubts == ()
    assert all(torch.equal(before[name], weight) for name, weight in made.weights.items())
    assert torch.get_default_dtype() == torch.float32


def test_a_step_that_returns_a_mapping():
    assert opinion_of(Small(finish=lambda loss: {"loss": loss, "kl": 0.0})).doubts == ()


@pytest.mark.slow
def test_the_loss_may_be_taken_out_by_a_function():
    made = Small().made()
    named = Small(finish=lambda loss: {"total": loss})
    opinion = examine(named, made.batch, made.account, lambda returned: returned["total"])
    assert opinion.doubts == ()


# opinions


def test_opinions_know_their_doubts_and_what_passed_each_time():
    checks = (Check("noise", True), Check("noise", False, "2", "1", "the mean square"), Check("rows", True))
    opinion = Opinion(checks)
    assert opinion.doubts == (checks[1],)
    assert opinion.passed == {"rows"}
    assert str(checks[1]) == "the mean square: 2 where it should be 1"
    assert (Opinion().doubts, Opinion().passed) == ((), frozenset())


def test_what_was_examined_becomes_an_opinion():
    made = Small().made()
    with unchanged([made.step], [made.batch]) as state:
        examined = Examined(Bench(made.step, made.batch, scalar_loss, state), made.account)
        examined.check("rows", True, 1 / 3, "some", "two numbers")
        examined.left["value"] = "a reason"
        examined.notes.append("a note")
        examined.beta, examined.estimator = 2.0, "a name"
        opinion = examined.opinion()
        assert opinion == Opinion(
            (Check("rows", True, "0.333333333", "some", "two numbers"),),
            {"value": "a reason"},
            ("a note",),
            examined.bench.runs,
            2.0,
            "a name",
        )
    assert examined.exact == 1e-6
    assert _shown(12345678901.0) == "1.23456789e+10"


def single(loss):
    if loss.dtype != torch.float32:
        raise TypeError("float32, please")
    return loss


@pytest.mark.parametrize(
    ("double", "off", "of", "is_rounding"),
    [(False, 1e-7, 1, True), (False, 1e-6, 1, False), (False, 1e-6, 100, True), (True, 1e-16, 1, False)],
)
def test_what_may_be_rounding(double, off, of, is_rounding):
    made = Small(finish=(lambda loss: loss) if double else single).made()
    with unchanged([made.step], [made.batch]) as state:
        examined = Examined(Bench(made.step, made.batch, scalar_loss, state), made.account)
    assert examined.bench.double == double
    assert examined.is_rounding(off, of) == is_rounding


# traps: steps that other software has a part in


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_part_that_torch_jit_compiled_raises_no_doubt():
    @torch.jit.script
    def divergence(m: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return (m * m + v.exp() - 1 - v) / 2

    assert opinion_of(Small(kl=lambda m, v: divergence(m, v))).doubts == ()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_step_that_torch_compiled_raises_no_doubt():
    made = Small().made()
    compiled = torch.compile(made.step, backend="eager")
    assert examine(compiled, made.batch, made.account).doubts == ()


@pytest.mark.slow
def test_dropout_and_batch_norms_raise_no_doubt():
    norm, out = nn.BatchNorm1d(5), nn.Dropout(0.3)
    opinion = opinion_of(Small(encoded=lambda x: out(norm(x))))
    assert opinion.doubts == ()
    assert opinion.left == {"rows": "rows meet in a batch norm"}
    assert not norm.running_mean.any()


@pytest.mark.slow
def test_a_branch_that_is_known_is_no_doubt():
    made = Small(kl=lambda m, v: kl_to_standard(m, v) if m.sum() > 0 else kl_to_standard(m, v) * 1).made()
    account = replace(made.account, branches=True)
    assert "path" in examine(made.step, made.batch, account).passed
