"""`vaelid.effective_beta` and `vaelid.gaussian_nll_identification`: numbers with the theorem that gives them."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import vaelid
from vaelid.spec.conventions import KL_REDUCTIONS, RECONSTRUCTION_LOSSES
from vaelid.theory.library import LIBRARY


def test_the_executable_loss_is_told_19_point_6_with_the_name_of_the_theorem():
    beta = vaelid.effective_beta(loss="mse-mean", kl="mean", D=784, L=20, beta=1)
    assert beta == 19.6
    assert beta.theorem == "effective_beta"
    assert repr(beta) == "19.6  (theorem effective_beta: b = D / (2 · variance) · (beta / L))"
    assert LIBRARY[beta.theorem].status == "proved"


@pytest.mark.parametrize("loss", RECONSTRUCTION_LOSSES)
@pytest.mark.parametrize("kl", KL_REDUCTIONS)
def test_every_convention_has_a_theorem_that_is_proved(loss, kl):
    beta = vaelid.effective_beta(loss=loss, kl=kl, D=12, L=3, beta=2, variance=0.5)
    assert LIBRARY[beta.theorem].status == "proved"
    per_nll = {"mse-mean": 12, "mse-sum": 1, "half-mse-sum": 2, "nll-mean": 12, "nll-sum": 1}[loss]
    assert beta == pytest.approx(per_nll * 2 / (3 if kl == "mean" else 1), rel=1e-15)


@given(seed=st.integers(0, 2**32), D=st.integers(1, 30), variance=st.floats(1e-3, 1e3))
def test_the_nll_of_a_squared_error_is_that_of_scipy(seed, D, variance):
    rng = np.random.default_rng(seed)
    x, x_hat = rng.normal(size=D), rng.normal(size=D)
    nll = vaelid.gaussian_nll_identification(np.mean((x_hat - x) ** 2), D=D, variance=variance)
    expected = -stats.norm(x_hat, np.sqrt(variance)).logpdf(x).sum()
    assert nll == pytest.approx(expected, rel=1e-12, abs=1e-11)
    assert nll.theorem == "gaussian_nll_identification"


def test_the_number_can_be_copied_and_pickled():
    beta = vaelid.effective_beta(D=784, L=20)
    for again in (copy.copy(beta), copy.deepcopy(beta), pickle.loads(pickle.dumps(beta))):
        assert again == beta
        assert again.theorem == beta.theorem
        assert repr(again) == repr(beta)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vaelid.effective_beta(D=0, L=20), "D=0 must be a positive number."),
        (lambda: vaelid.effective_beta(D=784, L=-1), "L=-1 must be a positive number."),
        (lambda: vaelid.effective_beta(D=784, L=20, variance=float("nan")), "variance=nan must be a positive number."),
        (lambda: vaelid.effective_beta(loss="mse", D=784, L=20), "loss='mse' is not known: give one of mse-mean"),
        (lambda: vaelid.effective_beta(kl="max", D=784, L=20), "kl='max' is not known: give one of mean, sum."),
        (lambda: vaelid.gaussian_nll_identification(-1.0, D=3), "mse=-1.0 must be a mean of squares, at least 0."),
        (lambda: vaelid.gaussian_nll_identification(1.0, D=3, variance=0), "variance=0 must be a positive number."),
    ],
)
def test_what_cannot_be_used_is_answered_in_one_sentence(call, message):
    with pytest.raises(vaelid.InputError) as caught:
        call()
    assert message in str(caught.value)
