"""Weaker readings: each is of use where it should be, leaves out what it says, and no more is taken than is needed."""

from functools import cache

import pytest
import torch

from vaelid.auditor.lifting.two_runs import read_calls
from vaelid.auditor.pipeline import WEAKER, Asked, assess
from vaelid.auditor.recognition.weaker_readings import (
    ConstantSums,
    EqualShares,
    FixedLengths,
    InsideOfLatent,
    NoIdleClamps,
    NoStabilisers,
    SizeFactors,
    recognise,
)
from vaelid.auditor.recording.calls import call_of, fewer_rows, scalar_loss

from ..made import Nets, batch, kl, squares, usual_step

MASK = (torch.rand(5, 7, generator=torch.Generator().manual_seed(3)) > 0.4).float()


def step_of(of_data, sample=None, of_kl=kl):
    """A step with this reconstruction, of the decoder's output and the data."""
    nets = Nets()
    sample = sample or (lambda mu, logvar: mu + torch.exp(logvar / 2) * torch.randn_like(mu))

    def step(x):
        mu, logvar = nets.posterior(x)
        return of_data(nets.decoder(sample(mu, logvar)), x) + of_kl(mu, logvar)

    return step


def bernoulli(h, x):
    p = torch.sigmoid(h)
    return -(x * torch.log(p + 1e-8) + (1 - x) * torch.log(1 - p + 1e-8)).sum()


def counts(h, x):
    rate = x.sum(1, keepdim=True) * torch.softmax(h, -1)
    return (rate - x * rate.log()).sum()


def clamped(h, x):
    """Of pixels between 0 and 1, at which it is no density that sums would show."""
    return (torch.nn.functional.softplus(h.clamp(-50, 50)) - x * h.clamp(-50, 50)).sum()


STEPS = {
    InsideOfLatent: step_of(squares, lambda m, lv: 1 + 2 * (m + torch.exp(lv / 2) * torch.randn_like(m))),
    ConstantSums: step_of(lambda h, x: (0.5 * MASK[: len(x)] * (h - x) ** 2).sum() / MASK[: len(x)].sum()),
    NoStabilisers: step_of(bernoulli),
    SizeFactors: step_of(counts),
    NoIdleClamps: step_of(clamped),
}


def asked_of(step, x=None):
    x = batch() if x is None else x
    fewer = fewer_rows(x)
    return Asked(step, (call_of(x), call_of(fewer)))


def data_of(kind):
    if kind is SizeFactors:
        return torch.poisson(3 * torch.ones(5, 7), generator=torch.Generator().manual_seed(0)) + 1
    if kind is NoStabilisers:
        return (batch() > 0.5).float()
    if kind is NoIdleClamps:
        return batch().sigmoid()
    return batch()


@cache
def first(kind):
    """What is recognised of the step of a reading as it is, and a way to lift it once more."""
    asked = asked_of(STEPS[kind], data_of(kind))
    run = asked.formula()
    return recognise(run, None), lambda kept: asked.formula(clamps_of=kept)


def test_they_are_tried_in_this_order():
    order = [InsideOfLatent, ConstantSums, NoStabilisers, SizeFactors, NoIdleClamps, FixedLengths, EqualShares]
    assert [type(weaker) for weaker in WEAKER] == order


@pytest.mark.parametrize("kind", [ConstantSums, NoStabilisers, SizeFactors, NoIdleClamps])
def test_a_reading_that_leaves_something_out_says_so(kind):
    found, lifted = first(kind)
    ((run, view),) = kind().apply(found, lifted)
    assert len(run.notes) == len(found.model.run.notes) + 1
    assert found.model.run.notes == run.notes[:-1]
    assert view.size_factors is (kind is SizeFactors)


@pytest.mark.parametrize("kind", [ConstantSums, NoStabilisers, SizeFactors, NoIdleClamps])
def test_of_a_loss_without_such_things_there_is_nothing_to_leave_out(kind):
    asked = asked_of(usual_step())
    found = recognise(asked.formula(), None)
    assert list(kind().apply(found, lambda kept: asked.formula(clamps_of=kept))) == []


@pytest.mark.parametrize("kind", [InsideOfLatent, pytest.param(NoStabilisers, marks=pytest.mark.slow), NoIdleClamps])
def test_more_is_proved_with_it(kind):
    found, lifted = first(kind)
    weaker = kind()
    assert weaker.is_needed(found.objective)
    others = [recognise(run, None, view) for run, view in weaker.apply(found, lifted)]
    assert any(weaker.is_better(other.objective, found.objective) for other in others)


def test_what_is_proved_as_it_is_needs_none():
    found = recognise(asked_of(usual_step()).formula(), None)
    assert not any(weaker.is_needed(found.objective) for weaker in WEAKER)


def test_the_inside_is_looked_at_if_a_prior_is_not_standard():
    step = step_of(squares, of_kl=lambda mu, logvar: 0.5 * (mu**2 / 4 + logvar.exp() / 4 - logvar).sum())
    found = recognise(asked_of(step).formula(), None)
    assert found.objective.theorem is not None
    assert InsideOfLatent().is_needed(found.objective)
    assert not NoStabilisers().is_needed(found.objective)


@pytest.mark.slow
def test_clamps_of_a_posterior_are_kept():
    def sample(mu, logvar):
        return mu + torch.exp(logvar.clamp(-30, 20) / 2) * torch.randn_like(mu)

    found = assess(asked_of(step_of(squares, sample)))
    assert not any("clamp" in note for note in found.run.notes)


def test_fixed_lengths_are_all_but_the_rows():
    found = recognise(asked_of(usual_step()).formula(), None)
    ((run, view),) = FixedLengths().apply(found, lambda _: found.model.run)
    lengths = run.reading.axes.lengths
    assert view.fixed == set(range(len(lengths))) - run.moved
    assert run.notes[-1].startswith("the code fixes every size but the number of rows")


@pytest.mark.slow
def test_only_one_reading_that_leaves_something_out_is_taken():
    def both(h, x):
        return bernoulli(h.clamp(-50, 50), x)

    found = assess(asked_of(step_of(both), data_of(NoStabilisers)))
    said = [note for note in found.run.notes if "clamp changes nothing" in note or "log(v + c)" in note]
    assert len(said) <= 1


def test_the_clamp_is_lifted_without_if_it_did_nothing_in_any_run():
    asked = asked_of(STEPS[NoIdleClamps])
    run = asked.formula()
    assert run.reading.clamps
    free = read_calls(asked.function, asked.calls, scalar_loss, clamps_of=frozenset())
    assert free.term.term is not run.term.term
