"""The numbers of an account's arrays in a run: looked up by their places, whatever is detached in between."""

from dataclasses import replace

import pytest
import torch

from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.findings.account import WrittenFor
from vaelid.auditor.recording.calls import call_of, scalar_loss
from vaelid.auditor.recording.record import record
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

from .made import DATA, LATENT, ROWS, B, D, L, Small, term


def numbers_of(made, step=None, batch=None):
    call = call_of(made.batch if batch is None else batch)
    return Numbers(made.account, record(step or made.step, call.arguments, call.tensors, scalar_loss))


def by_hand(made):
    x, w = made.batch.double(), {name: p.detach().double() for name, p in made.weights.items()}
    return x @ w["M"], x @ w["V"]


def test_arrays_are_the_tensors_of_the_run():
    made = Small().made()
    m, v = by_hand(made)
    numbers = numbers_of(made)
    assert torch.allclose(numbers["m"], m, atol=1e-6)
    assert torch.allclose(numbers["v"], v, atol=1e-6)
    assert torch.equal(numbers["x"], made.batch.double())
    assert numbers["eps"].shape == (B, L)
    assert numbers["m"] is numbers["m"]
    assert {*numbers} == {"x", "m", "v", "eps", "h"}
    assert len(numbers) == 5


def test_they_are_found_in_another_run_with_detaches_in_between():
    made = Small().made()
    other = Small(noise=lambda m: torch.randn_like(m.detach()).detach(), encoded=lambda x: x.detach())
    torch.manual_seed(3)
    one = numbers_of(made)["h"]
    torch.manual_seed(3)
    assert torch.equal(numbers_of(made, other)["h"], one)


def test_a_term_is_computed_at_the_places_that_are_asked_for():
    made = Small().made()
    m, v = by_hand(made)
    numbers = numbers_of(made)
    both = xp.exp(term("v") / 2) + term("m")
    assert torch.allclose(numbers.of(both), (v / 2).exp() + m, atol=1e-6)
    assert torch.allclose(numbers.of(term("m"), (LATENT, ROWS)), m.T, atol=1e-6)
    assert numbers.of(term("m"), (ROWS, LATENT, DATA)).shape == (B, L, D)
    assert torch.equal(numbers.of(as_term(2), (ROWS, DATA)), torch.full((B, D), 2.0).double())


def test_an_array_that_was_written_for_a_term_is_its_logarithm_or_logit():
    made = Small().made()
    m, v = by_hand(made)
    written = {
        "s": WrittenFor(xp.exp(term("v")) + 1, "exp"),
        "t": WrittenFor(1 / (1 + xp.exp(-term("m"))), "sigmoid"),
    }
    made.account = replace(made.account, written=written)
    numbers = numbers_of(made)
    assert torch.allclose(numbers["s"], (v.exp() + 1).log(), atol=1e-6)
    assert torch.allclose(numbers["t"], m, atol=1e-5)
    assert {"s", "t"} < {*numbers}


def test_an_array_without_a_place_is_no_tensor_of_the_run():
    made = Small().made()
    numbers = numbers_of(made)
    with pytest.raises(ReadingError, match="code is no tensor of the run"):
        numbers["code"]
    with pytest.raises(ReadingError, match="s is no tensor"):
        numbers.tensor("s")


def test_a_tensor_has_the_shape_and_kind_of_the_run():
    made = Small(family="gaussian", output=lambda h: h.reshape(-1, D)).made()
    tensor = numbers_of(made).tensor("h")
    assert tensor.dtype == torch.float32
    assert tensor.requires_grad
    assert numbers_of(made)["h"].dtype == torch.float64


def test_the_shape_is_that_of_the_account():
    made = Small().made()
    site = made.account.sites["m"]
    made.account = replace(made.account, sites={"m": replace(site, shape=(B * L,))})
    assert numbers_of(made)["m"].shape == (B * L,)
