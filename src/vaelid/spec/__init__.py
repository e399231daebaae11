"""The definitions: every formula of vaelid, written once over the Python array API, and read by all the rest.

Latents and observations lie on the last axis; axes before it are batch axes. Two conventions stand side by
side and are never mixed: TorchLean's executable **mean** convention (`reconstruction_loss`, `kl_loss`,
`loss`) and the **sum** convention in nats (`ElboTerms`, `negative_elbo`, `beta_negative_elbo`);
`effective_beta` is the factor between them.
"""

from vaelid.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
