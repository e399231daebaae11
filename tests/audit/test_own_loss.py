"""The loss that this package trains with, audited as a user would: its fused kernels are twins, read by slow sides."""

import pytest
import torch

import vaelid
from vaelid.readings.twins import by_slow_sides
from vaelid.spec.likelihoods import LIKELIHOOD_NAMES

COUNTS = torch.randint(0, 17, (5, 7), generator=torch.Generator().manual_seed(0)).float()
NUMBERS = {"binomial:N": ("16",), "gaussian:V": ("0.1", "1", "1e-6"), "categorical:K": ("17",)}
"""What is tried for the letter in a name."""
NAMES = [
    f"{name.partition(':')[0]}:{number}" if number else name
    for name in LIKELIHOOD_NAMES
    for number in NUMBERS.get(name, ("",))
]
DATA = {"bernoulli": (COUNTS > 8).float(), "continuous_bernoulli": COUNTS / 16}
IN_WORDS = {
    "bernoulli": "Bernoulli",
    "continuous_bernoulli": "continuous Bernoulli",
    "binomial:16": "binomial of 16 trials",
    "categorical:17": "categorical",
    "gaussian": "Gaussian of learned variance",
    "gaussian_diag": "Gaussian of learned variance",
    "gaussian:0.1": "Gaussian, variance 0.1",
    "gaussian:1": "Gaussian, variance 1",
    "gaussian:1e-6": "Gaussian, variance 1e-06",
    "laplace": "Laplace of learned scale",
    "negative_binomial": "negative binomial",
    "poisson": "Poisson",
}
KERNELS = {"laplace": 1, "gaussian_diag": 1, "categorical:17": 1}
"""How many fused kernels a loss calls, where it is not two: the likelihood's and the KL's."""


def data_of(name: str) -> torch.Tensor:
    return DATA.get(name, COUNTS / 16 if name.startswith(("gaussian", "laplace")) else COUNTS)


def model_of(name: str, obs: tuple[int, ...] = (7,)) -> vaelid.VAE:
    return vaelid.VAE(obs=obs, latent=3, hidden=(6,), likelihood=name, seed=0)


def test_every_likelihood_has_its_words():
    assert set(IN_WORDS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.every(6)
def test_the_loss_of_a_model_is_proved(name: str):
    report = vaelid.audit(model_of(name).loss, data_of(name), beta=1)
    assert (report.verdict, report.beta_effective) == ("PROVED", 1.0), report
    assert (report.likelihood, report.prior) == (IN_WORDS[name], "N(0, I)")
    rows = [row for row in report.premises if row.name == "twins"]
    assert len(rows) == KERNELS.get(name, 2)
    assert all(row.evidence == "examined" and "in 8 calls" in row.words for row in rows)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.every(6)
def test_with_another_beta_it_is_the_beta_elbo(name: str):
    model = model_of(name)
    report = vaelid.audit(lambda x: model.loss(x, beta=4.0), data_of(name), beta=4)
    assert (report.verdict, report.beta_effective) == ("PROVED", 4.0), report


@pytest.mark.parametrize(
    ("name", "arch"), [("bernoulli", "conv"), ("gaussian_diag", "conv"), ("categorical:17", "mlp")]
)
@pytest.mark.every(3)
def test_observations_may_have_several_axes(name: str, arch: str):
    drawn = torch.randint(0, 17, (5, 2, 4, 4), generator=torch.Generator().manual_seed(1)).float()
    x = {"bernoulli": (drawn > 8).float(), "gaussian_diag": drawn / 16}.get(name, drawn)
    report = vaelid.audit(vaelid.VAE((2, 4, 4), 3, (6,), name, arch, seed=0).loss, x)
    assert (report.verdict, report.beta_effective) == ("PROVED", 1.0), report


def test_another_beta_than_the_declared_one_is_refuted():
    report = vaelid.audit(model_of("bernoulli").loss, data_of("bernoulli"), beta=4)
    assert (report.verdict, report.beta_effective) == ("REFUTED", 1.0)


@pytest.mark.parametrize("name", NAMES)
def test_training_is_as_fast_and_its_numbers_are_those_of_the_definition(name: str):
    x, model, eps = data_of(name), model_of(name), torch.randn(5, 3)
    fast = model.loss(x, eps)
    with by_slow_sides() as calls:
        slow = model.loss(x, eps)
    scale = max(abs(fast.item()), 7 * 16 * 3.0)  # more than the terms add up to
    assert abs(fast.item() - slow.item()) <= sum(call.twin.bound for call in calls) * scale
    assert torch.equal(model.loss(x, eps), fast)
