"""Densities as functions of terms, of which the library has no theorem: those of the spec, read on variables.

A density of the spec comes in, for instance that of a Poisson; a `Definition` goes out, which can be called on terms.
The normaliser of the continuous Bernoulli is a series near 0 in the spec, which is no formula: here it is written out
for all other logits, and a test compares the two.
"""

from typing import Any

from vaelid import spec
from vaelid.readings.terms.trace import define
from vaelid.spec.arrays import array_namespace
from vaelid.theory.library.definitions import scalar

__all__ = ["continuous_bernoulli_density", "negative_binomial_density", "poisson_density"]


poisson_density = define(
    spec.likelihood("poisson").log_density,
    name="poisson_log_density",
    x=scalar("x"),
    log_rate=scalar("log_rate"),
    sizes=(),
)
negative_binomial_density = define(
    spec.likelihood("negative_binomial").log_density,
    name="negative_binomial_log_density",
    x=scalar("x"),
    log_mean=scalar("log_mean"),
    log_dispersion=scalar("log_dispersion"),
    sizes=(),
)


def _continuous_bernoulli_formula(x: Any, logits: Any) -> Any:
    """X l - log((e^l - 1) / l), for l other than 0: there the quotient is no number, and the density is 1."""
    xp = array_namespace(logits)
    return x * logits - xp.log((xp.exp(logits) - 1) / logits)


continuous_bernoulli_density = define(
    _continuous_bernoulli_formula,
    name="continuous_bernoulli_log_density",
    x=scalar("x"),
    logits=scalar("logits"),
    sizes=(),
)
