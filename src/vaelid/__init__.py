"""vaelid: variational autoencoders whose specified objective is the one that runs.

`VAE` and `fit` train, `evaluate` measures in nats, `load` reads a run's folder, `likelihood` names p(x|z);
`vaelid.spec` holds every definition.
"""

from importlib.metadata import version

from vaelid import spec
from vaelid.interface.evaluate import evaluate
from vaelid.interface.fit import Fit, fit
from vaelid.interface.runs import load
from vaelid.spec import DivergenceError, InputError, SupportError, VaelidError, effective_beta, likelihood
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
    "SupportError",
    "VaelidError",
    "effective_beta",
    "evaluate",
    "fit",
    "importance_weighted_bound",
    "likelihood",
    "load",
    "spec",
]
