"""Short names: those that are known, and what is said of those that are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaelid import spec

KNOWN = (
    "bernoulli, continuous_bernoulli, gaussian, gaussian_diag, laplace, poisson, negative_binomial, "
    "binomial:N, gaussian:V, categorical:K"
)

REFUSED = [
    ("bernouli", f"likelihood 'bernouli' is not known. Did you mean 'bernoulli'? Known: {KNOWN}."),
    ("Gaussian", f"likelihood 'Gaussian' is not known. Did you mean 'gaussian'? Known: {KNOWN}."),
    ("bernoulli:3", f"likelihood 'bernoulli:3' is not known. Did you mean 'bernoulli'? Known: {KNOWN}."),
    ("mse", f"likelihood 'mse' is not known. Known: {KNOWN}."),
    ("", f"likelihood '' is not known. Known: {KNOWN}."),
    ("binomial", "likelihood 'binomial' needs a number N after the colon: binomial:N."),
    ("binomial:", "likelihood 'binomial:' needs a number N after the colon: binomial:N."),
    ("binomial:1.5", "likelihood 'binomial:1.5' needs a number N after the colon: binomial:N."),
    ("binomial:0", "binomial:0 needs a number of trials from 1 to 65535, for instance binomial:255."),
    ("binomial:65536", "binomial:65536 needs a number of trials from 1 to 65535, for instance binomial:255."),
    ("gaussian:", "likelihood 'gaussian:' needs a number V after the colon: gaussian:V."),
    ("gaussian:big", "likelihood 'gaussian:big' needs a number V after the colon: gaussian:V."),
    ("gaussian:0", "gaussian:0 needs a positive finite variance, for instance gaussian:1."),
    ("gaussian:-2", "gaussian:-2 needs a positive finite variance, for instance gaussian:1."),
    ("gaussian:nan", "gaussian:nan needs a positive finite variance, for instance gaussian:1."),
    ("gaussian:inf", "gaussian:inf needs a positive finite variance, for instance gaussian:1."),
    ("gaussian:1e-400", "gaussian:0 needs a positive finite variance, for instance gaussian:1."),
    ("categorical", "likelihood 'categorical' needs a number K after the colon: categorical:K."),
    ("categorical:ten", "likelihood 'categorical:ten' needs a number K after the colon: categorical:K."),
    ("categorical:1", "categorical:1 needs at least 2 classes, for instance categorical:10."),
]


@pytest.mark.parametrize(("name", "message"), REFUSED, ids=str)
def test_a_name_that_is_not_one_is_refused_in_full_words(name: str, message: str):
    with pytest.raises(spec.InputError) as caught:
        spec.likelihood(name)
    assert str(caught.value) == message


def test_the_names_are_those_of_the_documentation():
    assert ", ".join(spec.LIKELIHOOD_NAMES) == KNOWN


def test_a_likelihood_is_its_own_name():
    laplace = spec.likelihood("laplace")
    assert spec.likelihood(laplace) is laplace
    assert repr(laplace) == "likelihood('laplace')"


@pytest.mark.parametrize(
    ("name", "family", "number"),
    [
        ("poisson", "poisson", None),
        ("gaussian", "gaussian", None),
        ("binomial:16", "binomial", 16),
        ("gaussian:0.1", "gaussian", 0.1),
        ("gaussian:1", "gaussian", 1),
        ("categorical:10", "categorical", 10),
    ],
)
def test_a_name_has_a_family_and_perhaps_a_number(name: str, family: str, number: float | None):
    found = spec.likelihood(name)
    assert (found.name, found.family, found.number) == (name, family, number)


@given(st.floats(min_value=0, exclude_min=True, allow_infinity=False))
def test_a_variance_survives_its_name(variance: float):
    """A run's `config.json` holds the name alone."""
    found = spec.likelihood(f"gaussian:{variance!r}")
    assert found.number == variance
    assert spec.likelihood(found.name).name == found.name


LOSSES = "mse-mean, mse-sum, half-mse-sum, nll-mean, nll-sum"


@pytest.mark.parametrize(
    ("convention", "message"),
    [
        ({"loss": "bce"}, f"loss='bce' is not known: give one of {LOSSES}."),
        ({"kl": "max"}, "kl='max' is not known: give one of mean, sum."),
        ({"loss": "mse", "kl": "max"}, f"loss='mse' is not known: give one of {LOSSES}."),
    ],
    ids=str,
)
def test_an_unknown_convention_is_refused_in_full_words(convention: dict[str, str], message: str):
    with pytest.raises(spec.InputError) as caught:
        spec.effective_beta(**convention, D=784, L=20)
    assert str(caught.value) == message
