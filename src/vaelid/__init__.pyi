from . import spec as spec
from .auditor import audit as audit
from .auditor import audit_kl as audit_kl
from .auditor import audit_loss as audit_loss
from .auditor import audit_sampler as audit_sampler
from .interface.evaluate import evaluate as evaluate
from .interface.fit import Fit as Fit
from .interface.fit import fit as fit
from .interface.runs import load as load
from .interface.theorems import theorems as theorems
from .readings.twins import register_twin as register_twin
from .spec import DivergenceError as DivergenceError
from .spec import InputError as InputError
from .spec import SupportError as SupportError
from .spec import VaelidError as VaelidError
from .spec import likelihood as likelihood
from .theory.identities import effective_beta as effective_beta
from .theory.identities import gaussian_nll_identification as gaussian_nll_identification
from .theory.kernel import NotProved as NotProved
from .theory.prover import prove as prove
from .train.evaluation import Estimate as Estimate
from .train.evaluation import Evaluation as Evaluation
from .train.losses import importance_weighted_bound as importance_weighted_bound
from .train.model import VAE as VAE

__version__: str
