"""Audit a sampler: a function of a mean and a deviation that is taken to draw from their normal law.

The function and the roles of its two arguments come in; a `Claim` goes out. Example: ``audit_sampler(lambda mu, logvar:
mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))`` is PROVED.
"""

from collections.abc import Callable, Mapping
from typing import Any

from vaelid.auditor.doors import door
from vaelid.auditor.findings.report import Claim
from vaelid.auditor.judgement.given_sampler import unknown_sampler
from vaelid.auditor.model.roles import roles_of
from vaelid.auditor.pipeline import claim_on_sampler

__all__ = ["audit_sampler"]


@door(lambda audited, reason: unknown_sampler(reason, getattr(reason, "source", None) or audited.source))
def audit_sampler(function: Callable[..., Any], *, roles: Mapping[str, str] | None = None) -> Claim:
    """Does `function(mu, logvar)` draw z = mu + exp(logvar / 2) * eps, with eps ~ N(0, I)?

    The function takes two float64 tensors (B, L), a mean and one of log-variance, variance, standard deviation and log
    standard deviation, and returns z. PROVED: z is that, one standard normal draw for each coordinate, and a gradient
    goes back through it to both. REFUTED: other noise, noise that is shared or frozen, another mean or deviation (with
    a witness), or no gradient. Kingma and Welling (2014), equation 10.

    Args:
        function: of two tensors; which is which is read from its parameters' names.
        roles: from parameter name to ``mu``, ``logvar``, ``var``, ``std`` or ``logstd``, where names do not say it.

    Raises `InputError` when the roles cannot be read, and `UserCodeError` when the function raises. Not checked: the
    quality of torch's generator, and rounding.
    """
    return claim_on_sampler(function, roles_of(function, roles or {}))
