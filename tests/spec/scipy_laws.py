"""Each likelihood as a frozen distribution of scipy.stats: the oracle for probabilities, moments and samples."""

from typing import Any

import numpy as np
from scipy import special, stats


class Mirrored:
    """The law of 1 - X, with what the tests ask of a scipy distribution."""

    def __init__(self, law: Any) -> None:
        self.law = law

    def logpdf(self, x: Any) -> Any:
        return self.law.logpdf(1 - x)

    def cdf(self, x: Any) -> Any:
        return self.law.sf(1 - x)

    def stats(self, moments: str) -> tuple[Any, Any, Any]:
        mean, variance, kurtosis = self.law.stats(moments=moments)
        return 1 - mean, variance, kurtosis


def continuous_bernoulli(logit: float) -> Any:
    """Density proportional to e^(x l) on [0, 1]: an exponential law cut at 1, mirrored where it rises."""
    if logit == 0:
        return stats.uniform()
    falling = stats.truncexpon(b=abs(logit), scale=1 / abs(logit))
    return falling if logit < 0 else Mirrored(falling)


def categorical(logits: Any) -> Any:
    return stats.rv_discrete(values=(np.arange(len(logits)), special.softmax(logits)))


LAWS = {
    "bernoulli": lambda logit: stats.bernoulli(special.expit(logit)),
    "binomial:16": lambda logit: stats.binom(16, special.expit(logit)),
    "continuous_bernoulli": continuous_bernoulli,
    "gaussian": lambda mean, log_variance: stats.norm(mean, np.exp(log_variance / 2)),
    "gaussian:0.3": lambda mean: stats.norm(mean, np.sqrt(0.3)),
    "laplace": lambda mean, log_scale: stats.laplace(mean, np.exp(log_scale)),
    "poisson": lambda log_rate: stats.poisson(np.exp(log_rate)),
    "negative_binomial": lambda log_mean, log_dispersion: stats.nbinom(
        np.exp(log_dispersion), np.exp(log_dispersion) / (np.exp(log_dispersion) + np.exp(log_mean))
    ),
}
"""Name -> law of one coordinate, from the output and the learned number. The two with planes of outputs stand apart."""

PLANES = {
    "categorical:3": categorical,
    "gaussian_diag": lambda output: stats.norm(output[0], np.exp(output[1] / 2)),
}

HAS_LEARNED_NUMBER = ("gaussian", "laplace", "negative_binomial")
