"""vaelid: variational autoencoders whose specified objective is the one that runs.

`VAE` and `fit` train, `evaluate` measures in nats, `load` reads a run's folder, `likelihood` names p(x|z);
`vaelid.spec` holds every definition. `theorems` lists what is proved of them, `prove` takes a claim of your own,
`effective_beta` and `gaussian_nll_identification` say what a loss stands for, and by which theorem; `audit_kl` says
whether a KL of your own is one.
"""

from importlib.metadata import version

from vaelid import spec
from vaelid.auditor import audit, audit_kl, audit_loss, audit_sampler
from vaelid.interface.evaluate import evaluate
from vaelid.interface.fit import Fit, fit
from vaelid.interface.runs import load
from vaelid.interface.theorems import theorems
from vaelid.spec import DivergenceError, InputError, SupportError, VaelidError, likelihood
from vaelid.theory.identities import effective_beta, gaussian_nll_identification
from vaelid.theory.kernel import NotProved
from vaelid.theory.prover import prove
from vaelid.train.evaluation import Estimate, Evaluation
from vaelid.train.model import VAE
from vaelid.train.twins import importance_weighted_bound

__version__ = version("vaelid")

__all__ = [
    "VAE",
    "DivergenceError",
    "Estimate",
    "Evaluation",
    "Fit",
    "InputError",
    "NotProved",
    "SupportError",
    "VaelidError",
    "audit",
    "audit_kl",
    "audit_loss",
    "audit_sampler",
    "effective_beta",
    "evaluate",
    "fit",
    "gaussian_nll_identification",
    "importance_weighted_bound",
    "likelihood",
    "load",
    "prove",
    "spec",
    "theorems",
]
