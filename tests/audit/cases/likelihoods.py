"""The likelihoods of the cases, by torch.distributions: -log p(x|z), one term a datum."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Categorical, ContinuousBernoulli, Laplace, NegativeBinomial, Normal, Poisson

from .case import binary, counts, grey


@dataclass(frozen=True)
class Likelihood:
    """A family, as the cases name it.

    Attributes:
        words: what a report's `likelihood` must contain, as a regular expression.
        nll: from the decoder's output and the data.
        data: of the support.
        output: from a real tensor to what a decoder gives, for losses of tensors.
    """

    words: str
    nll: Callable[[Tensor, Tensor], Tensor]
    data: Callable[..., Tensor] = grey
    output: Callable[[Tensor], Tensor] = lambda real: real


def _heteroscedastic(out: Tensor, x: Tensor) -> Tensor:
    mean, logvar = out.chunk(2, 1)
    return -Normal(mean, torch.exp(logvar / 2)).log_prob(x)


LIKELIHOODS = {
    "gaussian": Likelihood("gaussian|normal", lambda out, x: -Normal(out, 1.0).log_prob(x)),
    "gaussian of variance 1/4": Likelihood("gaussian|normal", lambda out, x: -Normal(out, 0.5).log_prob(x)),
    "gaussian, learned": Likelihood("gaussian|normal", _heteroscedastic),
    "laplace": Likelihood("laplace", lambda out, x: -Laplace(out, 1.0).log_prob(x)),
    "bernoulli": Likelihood("bernoulli", lambda out, x: -Bernoulli(logits=out).log_prob(x), binary),
    "bernoulli, probabilities": Likelihood(
        "bernoulli", lambda out, x: -Bernoulli(probs=out).log_prob(x), binary, torch.sigmoid
    ),
    "continuous bernoulli": Likelihood(
        "continuous.?bernoulli", lambda out, x: -ContinuousBernoulli(logits=out).log_prob(x)
    ),
    "poisson": Likelihood("poisson", lambda out, x: -Poisson(out.exp()).log_prob(x), counts),
    "poisson, rate": Likelihood("poisson", lambda out, x: -Poisson(out).log_prob(x), counts, torch.exp),
    "negative binomial": Likelihood(
        "negative.?binomial", lambda out, x: -NegativeBinomial(4.0, logits=out).log_prob(x), counts
    ),
    "categorical": Likelihood("categorical", lambda out, x: -Categorical(logits=out).log_prob(x)),
}
