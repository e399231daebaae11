"""Every check of one step, in the order of what it costs; the second road to a verdict.

In: a step, its batch, and the symbolic road's account of it. Out: an `Opinion`. For the textbook's loss all checks are
passed in some hundred runs.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from vaelid.auditor.examination.bench import Bench
from vaelid.auditor.examination.checks import make_checks
from vaelid.auditor.examination.density import density
from vaelid.auditor.examination.examined import Examined
from vaelid.auditor.examination.gradient import gradient
from vaelid.auditor.examination.kept_values import kept_values
from vaelid.auditor.examination.noise import noise, state
from vaelid.auditor.examination.prior_order import prior_order
from vaelid.auditor.examination.rows import rows
from vaelid.auditor.examination.sources import coverage, mask, prior, support
from vaelid.auditor.examination.twins import twins
from vaelid.auditor.examination.value import value
from vaelid.auditor.findings.account import Account
from vaelid.auditor.findings.opinion import Opinion
from vaelid.auditor.recording.calls import scalar_loss
from vaelid.auditor.recording.state import unchanged
from vaelid.spec.errors import words_of

__all__ = ["CHECKS", "examine"]

CHECKS: dict[str, Callable[[Examined], None]] = {
    "state": state,
    "support": support,
    "coverage": coverage,
    "value": value,
    "twins": twins,
    "gradient": gradient,
    "noise": noise,
    "rows": rows,
    "prior": prior,
    "order": prior_order,
    "mask": mask,
    "kept": kept_values,
    "density": density,
}
"""By name. `density` is last: it asks for the weight that `value` fits."""

_SECONDS = 60.0
"""For all checks together. A network whose step takes a second is examined in part, and the rest is said to be left."""

_FIRST_OF_SLOW = ("state", "support", "gradient")
_SLOW = 1.0
"""Seconds of a run, of which not all checks are made in time. Without that of the gradient there is no PROVED."""


def examine(
    step: Callable[[Any], Any], batch: Any, account: Account, scalar: Callable[[Any], Tensor] = scalar_loss
) -> Opinion:
    """Run the step 50 to 150 times, and say where the numbers of these runs disagree with the account.

    All that the step changes is set back, but what it takes from generators: such a step is not given to this function.
    """
    with unchanged([step], [batch]) as known:
        try:
            examined = Examined(Bench(step, batch, scalar, known), account)
        except Exception as error:
            return Opinion(left=dict.fromkeys(CHECKS, f"the step could not be run again: {words_of(error)}"))
        order = [*_FIRST_OF_SLOW, *CHECKS] if examined.bench.seconds > _SLOW else [*CHECKS]
        make_checks(examined, {name: CHECKS[name] for name in order}, examined.left, _SECONDS)
    return examined.opinion()
