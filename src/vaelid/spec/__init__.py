"""The definitions: every formula of vaelid, written once over the Python array API, and read by all the rest.

Latents and observations lie on the last axis; axes before it are batch axes. Two conventions stand side by
side and are never mixed: TorchLean's executable **mean** convention (`reconstruction_loss`, `kl_loss`,
`loss`) and the **sum** convention in nats (`ElboTerms`, `negative_elbo`, `beta_negative_elbo`);
`effective_beta` is the factor between them.
"""

from vaelid.spec.adam import AdamMoments, adam_update
from vaelid.spec.arrays import exp_minus_one_minus
from vaelid.spec.conventions import effective_beta
from vaelid.spec.elbo import ElboTerms, beta_negative_elbo, importance_weighted_bound, negative_elbo
from vaelid.spec.errors import DivergenceError, InputError, SupportError, VaelidError
from vaelid.spec.latent import (
    coordinate_kl_to_standard,
    diagonal_gaussian_kl_to_standard,
    diagonal_gaussian_kl_to_standard_sum,
    reparameterize_diag,
    variance_of_scale,
)
from vaelid.spec.likelihoods import LIKELIHOOD_NAMES, Likelihood, likelihood
from vaelid.spec.linear_gaussian import expected_gaussian_nll, linear_gaussian_log_evidence
from vaelid.spec.networks import affine, conv2d, relu, upsample_nearest
from vaelid.spec.objective import (
    WeightedThreeTerm,
    WeightedTwoTerm,
    vae_objective_terms,
    weighted_three_term,
    weighted_two_term,
)
from vaelid.spec.vae import (
    Decoder,
    Encoder,
    Model,
    encode,
    forward,
    kl_loss,
    loss,
    mean_squared_error,
    reconstruction_loss,
    sample_latent,
)

__all__ = [
    "LIKELIHOOD_NAMES",
    "AdamMoments",
    "Decoder",
    "DivergenceError",
    "ElboTerms",
    "Encoder",
    "InputError",
    "Likelihood",
    "Model",
    "SupportError",
    "VaelidError",
    "WeightedThreeTerm",
    "WeightedTwoTerm",
    "adam_update",
    "affine",
    "beta_negative_elbo",
    "conv2d",
    "coordinate_kl_to_standard",
    "diagonal_gaussian_kl_to_standard",
    "diagonal_gaussian_kl_to_standard_sum",
    "effective_beta",
    "encode",
    "exp_minus_one_minus",
    "expected_gaussian_nll",
    "forward",
    "importance_weighted_bound",
    "kl_loss",
    "likelihood",
    "linear_gaussian_log_evidence",
    "loss",
    "mean_squared_error",
    "negative_elbo",
    "reconstruction_loss",
    "relu",
    "reparameterize_diag",
    "sample_latent",
    "upsample_nearest",
    "vae_objective_terms",
    "variance_of_scale",
    "weighted_three_term",
    "weighted_two_term",
]
