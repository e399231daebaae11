"""A prior of coordinates before it ends after as many steps as there are; one of the latent itself never does."""

import pytest
import torch

from vaelid.auditor.examination.prior_order import prior_order
from vaelid.auditor.findings.account import StatedDivergence
from vaelid.auditor.findings.opinion import PRIOR_OF_NOISE
from vaelid.readings.errors import ReadingError

from .made import AXES, LATENT, ROWS, ZERO, Small, account_for, of, one, run, term

WITH_P = {**AXES, "p": (ROWS, LATENT)}
LEARNED = StatedDivergence(0, (term("p", WITH_P), ZERO), True, True, (ROWS, LATENT))


def made(prior_of):
    """The mean of the prior is made of z."""
    small = Small()

    def sample(m, v, eps):
        z = m + (v / 2).exp() * eps
        small.note("p", prior_of(z))
        return z

    small.sample = sample
    small.kl = lambda m, v: ((m - small.noted["p"]).square() + v.exp() - 1 - v) / 2
    found = small.made()
    found.account = account_for(small, found.batch, small.noted, WITH_P, small.family, divergences=(LEARNED,))
    return found


def by(matrix):
    return lambda z: z @ torch.tensor(matrix, dtype=z.dtype)


@pytest.mark.parametrize("matrix", [[[0.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [-1e-9, 0.0]]], ids=["after", "before"])
def test_one_coordinate_of_the_other_ends_after_two_steps(matrix):
    check = one(run(prior_order, made(by(matrix))), "order")
    assert (check.passed, check.computed) == (True, "0")
    assert "2 steps" in check.meaning


@pytest.mark.parametrize(
    "matrix", [[[0.0, 1.0], [1e-9, 0.0]], [[1e-6, 0.0], [0.0, 0.0]]], ids=["each of the other", "of itself"]
)
def test_a_latent_of_itself_never_ends(matrix):
    weight = torch.nn.Parameter(torch.tensor(matrix))
    assert not one(run(prior_order, made(lambda z: z @ weight.to(z))), "order").passed


@pytest.mark.parametrize("matrix", [[[0.0, 0.4], [0.4, 0.0]], [[0.5, 0.0], [0.0, 0.0]]])
def test_of_a_fixed_matrix_it_is_left(matrix):
    """N(A z, 1) with a fixed A is a normal density of z, up to a number: 1 / |det(1 - A)|."""
    with pytest.raises(ReadingError, match="fixed linear map"):
        run(prior_order, made(by(matrix)))


def test_rows_that_are_shifted_hang_on_those_before_them():
    def shifted(z):
        return torch.cat([torch.zeros_like(z[:1]), 0.5 * z[:-1]])

    assert one(run(prior_order, made(shifted)), "order").passed
    weight = torch.nn.Parameter(torch.ones(()))
    assert not one(run(prior_order, made(lambda z: weight.to(z) * z.roll(1, 0))), "order").passed


def test_a_prior_of_numbers_has_no_order():
    assert of(run(prior_order, Small().made()), "order") == []


def test_slopes_that_are_not_finite_say_nothing():
    with pytest.raises(ReadingError, match="not finite"):
        run(prior_order, made(lambda z: (z - z.detach()).abs().sqrt()))


@pytest.mark.parametrize(
    "step",
    [torch.sign, torch.round, torch.detach, lambda z: (z > 0) * 2.0 - 1],
    ids=["sign", "round", "detach", "above"],
)
def test_of_what_moves_by_steps_slopes_say_nothing(step):
    """Each would pass: no slope leads from the mean of the prior to the latent."""
    with pytest.raises(ReadingError, match="by steps"):
        run(prior_order, made(lambda z: step(z) @ torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=z.dtype)))


def test_a_prior_of_the_noise_is_none_of_the_latent():
    small = Small()

    def sample(m, v, eps):
        small.note("p", torch.tanh(eps))
        return m + (v / 2).exp() * eps

    small.sample = sample
    small.kl = lambda m, v: ((m - small.noted["p"]).square() + v.exp() - 1 - v) / 2
    found = small.made()
    found.account = account_for(small, found.batch, small.noted, WITH_P, small.family, divergences=(LEARNED,))
    with pytest.raises(ReadingError, match=PRIOR_OF_NOISE):
        run(prior_order, found)


def test_what_python_makes_of_values_is_not_followed():
    codes = torch.nn.Parameter(torch.randn(9, 2))
    with pytest.raises(ReadingError, match="that Python makes"):
        run(prior_order, made(lambda z: codes.to(z)[torch.tensor([int(4 + 3 * row) % 9 for row in z.sum(1).tolist()])]))


def test_a_weight_that_is_0_at_first_hides_nothing():
    weight = torch.nn.Parameter(torch.zeros(2, 2))
    assert not one(run(prior_order, made(lambda z: z @ weight.to(z))), "order").passed
