"""The table: for each public function its inputs, its value at 50 digits, and the size its rounding is measured by."""

from .elbo import convention_cases, elbo_cases
from .latent import latent_cases
from .likelihoods import likelihood_cases
from .linear_gaussian import linear_gaussian_cases
from .networks import adam_cases, network_cases
from .vae import vae_cases

CASES = (
    *latent_cases(),
    *elbo_cases(),
    *convention_cases(),
    *vae_cases(),
    *network_cases(),
    *adam_cases(),
    *linear_gaussian_cases(),
    *likelihood_cases(),
)
