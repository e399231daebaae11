"""All cases, by name."""

from . import (
    doors_kl,
    doors_loss,
    doors_sampler,
    others_kl,
    others_more,
    right_engineering,
    right_estimators,
    right_likelihoods,
    right_priors,
    right_sequences,
    right_structures,
    right_styles,
    wrong_data,
    wrong_draws,
    wrong_terms,
)
from .case import CASES

MODULES = (
    right_styles,
    right_likelihoods,
    right_priors,
    right_structures,
    right_sequences,
    right_engineering,
    right_estimators,
    wrong_terms,
    wrong_data,
    wrong_draws,
    others_kl,
    others_more,
    doors_kl,
    doors_loss,
    doors_sampler,
)

__all__ = ["CASES", "MODULES"]
