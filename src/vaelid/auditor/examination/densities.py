"""The densities that an account names, by `torch.distributions`: an implementation that the symbolic road does not use.

In: a stated likelihood or divergence, and the `Numbers` of a run. Out: its value in nats, and whether data lie in its
support. For example, a Bernoulli of logits 0 and the datum 1 gives log 2.
"""

import math
import re

import torch
from torch import Tensor
from torch import distributions as td
from torch.nn import functional as F

from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.findings.account import StatedDivergence, StatedLikelihood, StatedPosterior
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Element

__all__ = [
    "base_measure",
    "drawn",
    "law_of",
    "negative_log_likelihood",
    "off_support",
    "posterior_and_prior",
    "trials_of",
    "with_coordinates_last",
]


def negative_log_likelihood(likelihood: StatedLikelihood, parameters: list[Tensor]) -> Tensor:
    """-log p(x|z) at each place, without what has only data in it. Raises `ReadingError` for a family it has not."""
    if len(parameters) < 2:
        raise ReadingError(f"the {likelihood.name} likelihood was not read in data and outputs")
    x, output, *scale = parameters
    match likelihood.family:
        case "gaussian":
            return -td.Normal(output, (scale[0] / 2).exp() if scale else 1.0, False).log_prob(x)
        case "laplace":
            return -td.Laplace(output, scale[0].exp() if scale else 1.0, False).log_prob(x)
        case "bernoulli":
            return F.binary_cross_entropy_with_logits(output, x, reduction="none")
        case "continuous_bernoulli":
            return -td.ContinuousBernoulli(logits=output, validate_args=False).log_prob(x)
        case "poisson":
            return -td.Poisson(output.exp(), False).log_prob(x) - torch.lgamma(x + 1)
        case "binomial":
            law = td.Binomial(trials_of(likelihood), logits=output, validate_args=False)
            return -law.log_prob(x) - base_measure(likelihood, x)
        case "negative_binomial" if len(scale) == 1:
            law = td.NegativeBinomial(scale[0].exp(), logits=output - scale[0], validate_args=False)
            return -law.log_prob(x) - torch.lgamma(x + 1)
        case "categorical":
            return -(x * output)
    raise ReadingError(f"the {likelihood.name} likelihood has no second implementation here")


def base_measure(likelihood: StatedLikelihood, x: Tensor) -> Tensor:
    """What of the negative logarithm has only data in it: code may leave it out."""
    if likelihood.family == "binomial":
        n = torch.tensor(float(trials_of(likelihood)), dtype=x.dtype)
        return torch.lgamma(x + 1) + torch.lgamma(n - x + 1) - torch.lgamma(n + 1)
    if likelihood.family in ("poisson", "negative_binomial"):
        return torch.lgamma(x + 1)
    return torch.zeros_like(x)


def trials_of(likelihood: StatedLikelihood) -> int:
    """The number of trials of a binomial, which stands in its name."""
    found = re.search(r"of (\d+) trials", likelihood.name)
    if found is None:
        raise ReadingError(f"the {likelihood.name} has no number of trials")
    return int(found[1])


def off_support(likelihood: StatedLikelihood, x: Tensor) -> tuple[float, str] | None:
    """A datum at which the likelihood is no density, and where data have to lie; None if there is none."""
    low, high = 0.0, math.inf
    if likelihood.family in ("bernoulli", "continuous_bernoulli", "categorical"):
        high = 1.0  # between 0 and 1 the Bernoulli's total is at most 1 for each datum: let pass, with a note
    elif likelihood.family == "binomial":
        high = float(trials_of(likelihood))
    elif likelihood.family not in ("poisson", "negative_binomial"):
        return None
    x = x[torch.isfinite(x)]
    if likelihood.family == "categorical" and _is_plain(likelihood.parameters[0]) and bool((x == x.round()).all()):
        high = math.inf  # counts of a row, as words: the multinomial of so many, but for what has only data in it
    of_counts = likelihood.family in ("poisson", "negative_binomial", "binomial")
    # data that were divided and multiplied again (k / 16 * 16) are whole but for rounding
    away = (x - x.round()).abs() > _ROUNDING * (1 + x.abs()) if of_counts else torch.zeros_like(x, dtype=torch.bool)
    beyond = (x < low - _ROUNDING) | (x > high + _ROUNDING * (1 + high if high < math.inf else 1.0)) | away
    if not bool(beyond.any()):
        return None
    where = f"{low:g} to {high:g}" if high < math.inf else f"{low:g} or more"
    worst = x[beyond].abs().argmax()
    return float(x[beyond][worst]), f"{'whole numbers, ' if of_counts else ''}{where}"


def _is_plain(data: TermArray) -> bool:
    """Whether they are compared as they are given: what a class's weight multiplies is no count."""
    return isinstance(data.term.head, Element)


_ROUNDING = 1e-5
"""Data that a conversion in float32 left beside the support by a few ulp are in it."""


Law = td.Normal | td.MultivariateNormal


def with_coordinates_last(posterior: StatedPosterior, axes: list[int]) -> list[int]:
    """The axes, and last that of the coordinates where these have covariances: the law is one for all of them."""
    of = posterior.below
    return axes if of is None else [axis for axis in axes if axis not in (of.row, of.column)] + [of.row]


def law_of(posterior: StatedPosterior, numbers: Numbers, axes: list[int]) -> Law:
    """The posterior at all places of these axes, or at all but the last, which has the coordinates of a covariance."""
    mean, spread = numbers.of(posterior.mean, axes), (numbers.of(posterior.log_variance, axes) / 2).exp()
    if posterior.below is None:
        return td.Normal(mean, spread, False)
    below = numbers.of(posterior.below.element, [*axes, posterior.below.column])
    return td.MultivariateNormal(mean, scale_tril=below + torch.diag_embed(spread), validate_args=False)


def drawn(law: Law, eps: Tensor) -> Tensor:
    """What is drawn from it by standard normal noise."""
    if isinstance(law, td.Normal):
        return law.loc + law.scale * eps
    return law.loc + (law.scale_tril @ eps[..., None])[..., 0]


def posterior_and_prior(
    posterior: StatedPosterior, divergence: StatedDivergence, numbers: Numbers, axes: list[int]
) -> tuple[Law, Law]:
    """The posterior and the prior at all places of these axes, or at all but the last."""
    prior_mean, prior_log_variance = (numbers.of(term, axes) for term in divergence.prior)
    spread = (prior_log_variance / 2).exp()
    if posterior.below is None:
        prior: Law = td.Normal(prior_mean, spread, False)
    else:
        prior = td.MultivariateNormal(prior_mean, scale_tril=torch.diag_embed(spread), validate_args=False)
    return law_of(posterior, numbers, axes), prior
