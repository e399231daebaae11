"""Audit a loss that is a function of tensors: data, what a decoder put out, and a posterior's mean and variance.

The function, the roles of its arguments and what it is meant to be come in; a `Report` goes out. Example:
``audit_loss(lambda x_hat, x, mu, logvar: ..., beta=1)``.
"""

from collections.abc import Callable
from typing import Any

from vaelid.auditor.doors import audited_now, door
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Report
from vaelid.auditor.judgement.verdict import unread
from vaelid.auditor.model.roles import roles_of_loss
from vaelid.auditor.pipeline import report_on_loss

__all__ = ["audit_loss"]


@door(unread)
def audit_loss(
    function: Callable[..., Any],
    *,
    beta: float | None = None,
    variance: float | None = None,
    likelihood: str | None = None,
    prior: str | None = None,
    inputs: Callable[[], Any] | None = None,
    **roles: str,
) -> Report:
    """Is `function(x_hat, x, mu, logvar)` the negative ELBO, and with which beta?

    The function takes data, what a decoder put out, and a posterior's mean and one of its log-variance, variance,
    standard deviation and log standard deviation; it returns a scalar. It is run a few times on random numbers, on
    tensors of shape (B, D) and (B, L), or on images where it takes nothing else.

    Args:
        function: which parameter is what is read from their names.
        beta: the weight that it is meant to have: REFUTED if it has another.
        variance: of a squared error's Gaussian, or the scale of an absolute error's Laplace; 1 where nothing is said.
        likelihood: the one it is meant to be: ``gaussian``, ``bernoulli``, ``laplace``, ``poisson``, ...
        prior: the one it is meant to have, as reports write it: ``N(0, I)``. Any other is REFUTED.
        inputs: returns the function's arguments, where random ones will not do.
        roles: what a parameter is, where its name does not say so: ``recon="logits"``.

    Raises `InputError` when the roles cannot be read, and `UserCodeError` when the function raises. Not checked: what
    it does at other values (a branch on a value is listed under `assumptions`), and rounding.
    """
    audited, declared = audited_now(function), Declared(beta, likelihood, variance, prior)
    return report_on_loss(function, roles_of_loss(function, roles), declared, audited, inputs)
