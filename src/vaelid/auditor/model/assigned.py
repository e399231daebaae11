"""What the arguments of a function are, where the user says so: the posterior, the data, the decoder's outputs.

The roles of a function's parameters and its formula come in; an `Assigned` goes out. Example: for ``loss(x_hat, x, mu,
std)`` the posterior is N(mu, std^2), written with e^logstd for std, ``x`` is data and ``x_hat`` an output.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vaelid.auditor.formula.functions import root
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.deviations import log_variance_of
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.roles import Role, SpreadRole
from vaelid.auditor.recording.calls import Call
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Assigned", "alike", "argument_element", "assigned_by", "mean_and_spread"]


@dataclass(frozen=True)
class Assigned:
    """What the roles say.

    Attributes:
        posterior: made from the arguments that are its mean and variance.
        data: the names of the arguments that are data.
        outputs: the names of all other arguments: what a decoder put out, or a number such as beta.
    """

    posterior: Posterior
    data: frozenset[str]
    outputs: frozenset[str]


def mean_and_spread(roles: Mapping[str, Role]) -> tuple[str, str | None]:
    """The parameter that is the posterior's mean, and the one that gives its variance, if there is one."""
    mean = next(name for name, role in roles.items() if role.name == "mu")
    return mean, next((name for name, role in roles.items() if isinstance(role, SpreadRole)), None)


def alike(roles: Mapping[str, Role], call: Call) -> tuple[tuple[str, str], ...]:
    """Pairs of arguments with the same axes: the mean and the spread, if they have one shape."""
    mean, spread = mean_and_spread(roles)
    if spread is None or call.tensors[mean].shape != call.tensors[spread].shape:
        return ()
    return ((mean, spread),)


def argument_element(run: Formula, name: str) -> TermArray:
    """The element of an argument at the indices of its axes: ``mu[i0, i1]``."""
    return run.reading.element(run.reading.leaves[name])


def assigned_by(roles: Mapping[str, Role], run: Formula) -> Assigned:
    """What the roles of the arguments say of a formula."""
    mean, spread = mean_and_spread(roles)
    data = frozenset(n for n, role in roles.items() if role.name == "x")
    outputs = frozenset(roles) - data - {mean, spread}
    axes = tuple(a for dim in run.reading.leaves[mean].dims for a in run.reading.axes.now(dim))
    element = argument_element(run, mean)
    if spread is None:
        return Assigned(Posterior(axes, element, element * 0), data, outputs)  # log-variance 0: a variance of 1
    log_variance, positive = _log_variance(roles, spread, argument_element(run, spread))
    return Assigned(Posterior(axes, element, log_variance, "", positive), data, outputs)


def _log_variance(roles: Mapping[str, Role], spread: str, value: TermArray) -> tuple[TermArray, TermArray | None]:
    """The log-variance that an argument means, and the argument itself where it has to be positive."""
    role = roles[spread]
    if role.positive:
        name = f"{role.variable}_" if role.variable in roles else role.variable  # another argument may have that name
        return log_variance_of(root(value) if role.name == "var" else value, name)
    if not isinstance(role, SpreadRole):
        raise TypeError(f"{role.name} gives no variance")
    return role.log_variance(value), None
