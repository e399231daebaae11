"""Normalised log-densities p(x|z) in nats, as values. `likelihood("binomial:16")` finds one by its name."""

from vaelid.spec.likelihoods.continuous import (
    continuous_bernoulli,
    continuous_bernoulli_log_normaliser,
    continuous_bernoulli_mean,
    gaussian,
    gaussian_diag,
    gaussian_fixed,
    gaussian_log_density,
    laplace,
    laplace_log_density,
)
from vaelid.spec.likelihoods.discrete import (
    bernoulli,
    bernoulli_log_density,
    binomial,
    binomial_log_coefficient,
    categorical,
    negative_binomial,
    poisson,
)
from vaelid.spec.likelihoods.likelihood import Likelihood
from vaelid.spec.likelihoods.names import LIKELIHOOD_NAMES, likelihood
from vaelid.spec.likelihoods.support import check_support, fitting_likelihoods

__all__ = [
    "LIKELIHOOD_NAMES",
    "Likelihood",
    "bernoulli",
    "bernoulli_log_density",
    "binomial",
    "binomial_log_coefficient",
    "categorical",
    "check_support",
    "continuous_bernoulli",
    "continuous_bernoulli_log_normaliser",
    "continuous_bernoulli_mean",
    "fitting_likelihoods",
    "gaussian",
    "gaussian_diag",
    "gaussian_fixed",
    "gaussian_log_density",
    "laplace",
    "laplace_log_density",
    "likelihood",
    "negative_binomial",
    "poisson",
]
