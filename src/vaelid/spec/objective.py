"""The algebra of weighted objectives. Source: `NN.MLTheory.Generative.Latent.Objective.*` of TorchLean."""

from dataclasses import dataclass
from typing import Any

from vaelid.spec.vae import Model, kl_loss, reconstruction_loss

__all__ = [
    "WeightedThreeTerm",
    "WeightedTwoTerm",
    "vae_objective_terms",
    "weighted_three_term",
    "weighted_two_term",
]


@dataclass(frozen=True)
class WeightedTwoTerm:
    """A base term and a regularizer. Source: `WeightedTwoTerm`."""

    base: Any
    regularizer: Any


@dataclass(frozen=True)
class WeightedThreeTerm:
    """A base term, a middle term and a regularizer. Source: `WeightedThreeTerm`."""

    base: Any
    middle: Any
    regularizer: Any


def weighted_two_term(weight: Any, terms: WeightedTwoTerm) -> Any:
    """base + weight * regularizer. Source: `weightedTwoTerm`."""
    return terms.base + weight * terms.regularizer


def weighted_three_term(weight: Any, terms: WeightedThreeTerm) -> Any:
    """base + middle + weight * regularizer. Source: `weightedThreeTerm`."""
    return terms.base + terms.middle + weight * terms.regularizer


def vae_objective_terms(model: Model, x: Any, eps: Any) -> WeightedTwoTerm:
    """The VAE's loss as two terms: base = reconstruction_loss, regularizer = kl_loss.

    Source: `vaeObjectiveTerms`.
    """
    return WeightedTwoTerm(base=reconstruction_loss(model, x, eps), regularizer=kl_loss(model, x))
