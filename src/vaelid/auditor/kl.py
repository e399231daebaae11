"""Audit a function that is taken for the KL of a diagonal Gaussian posterior to the standard normal prior.

The function and the roles of its two arguments come in; a `Claim` goes out. Example: ``audit_kl(lambda mu, logvar: -0.5
* (1 + logvar - mu**2 - logvar.exp()).sum())`` is PROVED with the weight 1.
"""

from collections.abc import Callable, Mapping

from torch import Tensor

from vaelid.auditor.doors import door
from vaelid.auditor.findings.report import Claim
from vaelid.auditor.judgement.kl import unknown_kl
from vaelid.auditor.model.roles import roles_of
from vaelid.auditor.pipeline import claim_on_kl

__all__ = ["audit_kl"]


@door(lambda audited, reason: unknown_kl(reason, getattr(reason, "source", None) or audited.source))
def audit_kl(function: Callable[..., Tensor], *, roles: Mapping[str, str] | None = None) -> Claim:
    """Is `function(mu, logvar)` a multiple of KL(N(mu, diag exp(logvar)) || N(0, I)), and of which size?

    The function takes two float64 tensors (B, L) and returns a tensor: a scalar, one number a row, or one a
    coordinate. The user's function is run, a few times, on random numbers. What it does is read as a formula, and

    - PROVED: for every B and L it is `weight` * KL + constant, the KL in nats being summed over what the function sums
      over. The theorem is one of the kernel (z3 and cvc5). That the formula gives what the code gave on two sets of
      random numbers, and has its gradient on one, is tested to 1e-9.
    - REFUTED: no weight and constant make it the KL to a normal prior; `witness` shows three points of which two fix
      them for N(0, I) and the third is off, to rigorous bounds. Or the weight is not positive, the gradient another, or
      some coordinates are left out.
    - UNKNOWN: an operation that has no reading here, a formula that the solvers did not decide, or one that looks like
      the KL to another normal prior than N(0, I).

    Args:
        function: of two tensors; which is which is read from its parameters' names (`mu`, `mean`, `logvar`, `std`).
        roles: from parameter name to ``mu``, ``logvar``, ``var``, ``std`` or ``logstd``, where names say nothing, or
            say something wrong.

    Raises `InputError` when the roles cannot be read, and `UserCodeError` when the function raises. Not checked: that
    it does the same at other values (a branch on a value is listed under `assumptions`), and rounding.
    """
    return claim_on_kl(function, roles_of(function, roles or {}))
