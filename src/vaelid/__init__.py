"""vaelid: variational autoencoders whose specified objective is the one that runs.

`VAE` and `fit` train, `evaluate` measures in nats, `load` reads a run's folder, `likelihood` names p(x|z);
`vaelid.spec` holds every definition. `theorems` lists what is proved of them, `prove` takes a claim of your own,
`effective_beta` and `gaussian_nll_identification` say what a loss stands for, and by which theorem; `audit_kl` says
whether a KL of your own is one; `audit` what a training step minimises, with `register_twin` where it calls a fused
kernel.
"""

from vaelid.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__, version="vaelid")
