"""The variance that a likelihood states is that of scipy's own normal and Laplace laws."""

from fractions import Fraction

import pytest
import torch
from scipy import stats

from vaelid.auditor.formula.kinds import Reconstruction
from vaelid.auditor.recognition.objective import identify
from vaelid.auditor.recognition.stated_variance import stated_scale

from ..made import kl, question_of_loss


def stated(loss):
    """The scale that the reconstruction of a loss states."""
    found = identify(question_of_loss(loss))
    group = found.group(Reconstruction())
    assert group is not None
    assert group.found is not None
    return stated_scale(group.found, found.question.values)


@pytest.mark.parametrize(
    ("variance", "mean"), [(Fraction(1), False), (Fraction(1, 100), True), (Fraction(4), True), (Fraction(1, 3), False)]
)
def test_the_variance_of_a_normal_density(variance, mean):
    deviation = float(variance) ** 0.5
    at_mean = -float(stats.norm.logpdf(0, scale=deviation))  # the constant, by scipy

    def loss(x_hat, x, mu, logvar):
        nll = ((x - x_hat) ** 2 / (2 * float(variance)) + at_mean).sum() + kl(mu, logvar)
        return nll / len(x) if mean else nll

    assert stated(loss) == variance


@pytest.mark.parametrize("scale", [Fraction(3, 4), Fraction(2)])
def test_the_scale_of_a_laplace_density(scale):
    at_mean = -float(stats.laplace.logpdf(0, scale=float(scale)))

    def loss(x_hat, x, mu, logvar):
        return ((x - x_hat).abs() / float(scale) + at_mean).sum() + kl(mu, logvar)

    assert stated(loss) == scale


def test_torchs_own_density_states_its_variance():
    def loss(x_hat, x, mu, logvar):
        return -torch.distributions.Normal(x_hat, 0.5).log_prob(x).sum() + kl(mu, logvar)

    assert stated(loss) == Fraction(1, 4)


@pytest.mark.parametrize(
    "loss",
    [
        lambda x_hat, x, mu, logvar: ((x - x_hat) ** 2).sum() + kl(mu, logvar),
        lambda x_hat, x, mu, logvar: (
            torch.nn.functional.binary_cross_entropy_with_logits(x_hat, x, reduction="sum") + kl(mu, logvar)
        ),
    ],
)
def test_without_its_own_constant_nothing_is_stated(loss):
    assert stated(loss) is None


@pytest.mark.parametrize("variance", [Fraction(1, 10**k) for k in (3, 5, 6, 8)] + [Fraction(3, 10**6), Fraction(10**7)])
def test_a_small_or_large_variance_is_told_from_the_other_one_with_the_same_constant(variance):
    """V log(2 pi V) has two solutions: for 1e-6 the other one is 0.159157, near 1 / (2 pi)."""
    at_mean = -float(stats.norm.logpdf(0, scale=float(variance) ** 0.5))

    def loss(x_hat, x, mu, logvar):
        return ((x - x_hat) ** 2 / (2 * float(variance)) + at_mean).sum() + kl(mu, logvar)

    assert stated(loss) == variance
