"""The evidence lower bound, in nats, in the **sum** convention: NLL summed over D, KL summed over L.

Source: `ElboTerms`, `negativeElbo`, `betaNegativeElbo` of TorchLean; Kingma and Welling (2014), equation 3;
Burda, Grosse and Salakhutdinov (2016), arXiv:1509.00519, for the importance-weighted bound.
"""

from dataclasses import dataclass
from typing import Any

from jaxtyping import Float

from vaelid.spec.arrays import array_namespace, exp_minus_one_minus

__all__ = ["ElboTerms", "beta_negative_elbo", "importance_weighted_bound", "negative_elbo"]


@dataclass(frozen=True)
class ElboTerms:
    """The two terms of a negative ELBO, each in nats per observation.

    `reconstruction_nll` is E_q[-log p(x|z)], or one draw of it; `kl_posterior_prior` is KL(q(z|x) || p(z)).

    Source: `ElboTerms`.
    """

    reconstruction_nll: Any
    kl_posterior_prior: Any


def negative_elbo(terms: ElboTerms) -> Any:
    """reconstruction_nll + kl_posterior_prior, in nats. Source: `negativeElbo`."""
    return terms.reconstruction_nll + terms.kl_posterior_prior


def beta_negative_elbo(beta: Any, terms: ElboTerms) -> Any:
    """reconstruction_nll + beta * kl_posterior_prior, in nats.

    A bound on -log p(x) when beta >= 1; with beta < 1 it need not be one.

    Source: `betaNegativeElbo`; Higgins et al. (2017).
    """
    return terms.reconstruction_nll + beta * terms.kl_posterior_prior


def importance_weighted_bound(log_weights: Float[Any, "*batch K"]) -> Float[Any, "*batch"]:
    """Log mean_k exp(w_k), as mean(w) + log(1 + mean_k v(w_k - mean(w))) with v(x) = e^x - 1 - x, in nats.

    w_k = log p(x, z_k) - log q(z_k|x) with z_k ~ q(z|x), on the last axis. mean(w) is the sampled ELBO; v is
    nonnegative, so the bound never falls below it, in floats either (a plain logsumexp does, by rounding).
    In floats it overflows where some w_k lies 88 (float32) or 709 (float64) nats above the mean;
    `vaelid.train.losses.importance_weighted_bound` does not.

    Source: Burda et al. (2016), equation 8; the rewriting is theorem `iw_gap` in `docs/trust.md`.
    """
    xp = array_namespace(log_weights)
    elbo = xp.mean(log_weights, axis=-1)
    excess = exp_minus_one_minus(log_weights - xp.expand_dims(elbo, axis=-1))
    return elbo + xp.log1p(xp.mean(excess, axis=-1))
