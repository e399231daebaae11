"""The named theorems. `LIBRARY` holds all, by name, in the order in which they are told."""

from collections.abc import Mapping
from types import MappingProxyType

from vaelid.theory.library import batches, conventions, elbo, latent, likelihoods, logarithm, objective, rocq, sums, vae
from vaelid.theory.library.conventions import EFFECTIVE_BETAS
from vaelid.theory.result import Result

__all__ = ["EFFECTIVE_BETAS", "LIBRARY", "SECTIONS"]

SECTIONS: Mapping[str, tuple[Result, ...]] = MappingProxyType(
    {
        "The executable VAE": vae.RESULTS,
        "The posterior and its KL": latent.RESULTS,
        "Weighted objectives": objective.RESULTS,
        "What a loss stands for": (*likelihoods.RESULTS, *conventions.RESULTS),
        "The importance-weighted bound": elbo.RESULTS,
        "Rows of a batch": batches.RESULTS,
        "Laws and integrals": rocq.RESULTS,
        "Sums and logarithms": (*sums.RESULTS, *logarithm.RESULTS),
    }
)
"""The theorems by subject."""

LIBRARY: Mapping[str, Result] = MappingProxyType(
    {result.name: result for section in SECTIONS.values() for result in section}
)
"""The theorems by name."""
