"""Roles of arguments: a mean, a variance in one of four forms, data, what a decoder put out.

A function comes in, with the roles that its user gives; the role of each of its parameters goes out, read from the
parameter's name where the user says nothing. Example: ``kl(mu, log_sigma)`` has a ``mu`` and a ``logstd``.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vaelid.spec.arrays import array_namespace
from vaelid.spec.errors import InputError

__all__ = ["LOSS_ROLES", "ROLES", "GaussianRoles", "Role", "SpreadRole", "roles_of", "roles_of_loss"]


@dataclass(frozen=True)
class Role:
    """A meaning that an argument can have.

    Attributes:
        name: what users call it.
        words: in a sentence.
        names: the parameters' names that say so, as a regular expression.
        variable: the real variable that stands for it.
        positive: whether it must be: then it is e to the variable.
    """

    name: str
    words: str
    names: str
    variable: str
    positive: bool = False

    def argument(self, variable: Any) -> Any:
        """The argument, in any reading, from the variable that stands for it."""
        return array_namespace(variable).exp(variable) if self.positive else variable


@dataclass(frozen=True, kw_only=True)
class SpreadRole(Role):
    """The role of an argument that gives a posterior's variance.

    Attributes:
        log_variance: from the variable to the log-variance that it means.
        mistaken_for: the role that is most often meant where this one is said.
    """

    log_variance: Callable[[Any], Any]
    mistaken_for: str


SPREADS = {
    role.name: role
    for role in (
        SpreadRole(
            name="logvar",
            words="log-variance",
            names=r"(z_?|q_?)?(log_?var(iance)?|log_?sigma_?(2|sq|squared?)|lv)s?",
            variable="logvar",
            log_variance=lambda v: v,
            mistaken_for="logstd",
        ),
        SpreadRole(
            name="var",
            words="variance",
            names=r"(z_?|q_?)?(var|variance|sigma_?(2|sq|squared?))s?",
            variable="logvar",
            positive=True,
            log_variance=lambda v: v,
            mistaken_for="std",
        ),
        SpreadRole(
            name="std",
            words="standard deviation",
            names=r"(z_?|q_?)?(std|sigma|scale|stddev)s?",
            variable="logstd",
            positive=True,
            log_variance=lambda v: 2 * v,
            mistaken_for="var",
        ),
        SpreadRole(
            name="logstd",
            words="log of the standard deviation",
            names=r"(z_?|q_?)?(log_?(std|sigma|scale))s?",
            variable="logstd",
            log_variance=lambda v: 2 * v,
            mistaken_for="logvar",
        ),
    )
}
"""What gives a variance, by its name."""

ROLES: dict[str, Role] = {
    "mu": Role("mu", "mean", r"mu|mean|loc|z_?mu|z_?mean|z_?loc|q_?mu|q_?loc|means|mus|mu_?z|mu_?q|latent_?mean", "mu"),
    **SPREADS,
}
"""Every role, by its name."""


@dataclass(frozen=True)
class GaussianRoles:
    """The roles of a function of two arguments: a Gaussian's mean, and what gives its variance.

    Attributes:
        of: the role of each parameter, in the function's order.
        mean: the parameter that is the mean.
        spread: the parameter that gives the variance.
        spread_role: its role.
    """

    of: Mapping[str, Role]
    mean: str
    spread: str
    spread_role: SpreadRole

    def meant_otherwise(self) -> "GaussianRoles":
        """The same, if the spread is what it is most often mistaken for."""
        other = SPREADS[self.spread_role.mistaken_for]
        return GaussianRoles({**self.of, self.spread: other}, self.mean, self.spread, other)


def roles_of(function: Callable[..., Any], told: Mapping[str, str]) -> GaussianRoles:
    """The role of each parameter of a function of two, in their order: one is a mean, one gives the variance.

    Parameters with a default count only if `told` names them. Raises `InputError` if a role is missing or unclear.
    """
    name = getattr(function, "__name__", "the function")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise InputError(f"{name} has no signature to read: wrap it in a function of (mu, logvar).") from None
    for unknown in sorted(set(told) - set(parameters)):
        raise InputError(f"{name} has no parameter {unknown!r}: it has {', '.join(parameters)}.")
    asked = [p.name for p in parameters.values() if p.default is p.empty or p.name in told]
    found = {parameter: _role(name, parameter, told.get(parameter)) for parameter in asked}
    means = [parameter for parameter, role in found.items() if role.name == "mu"]
    spreads = [(parameter, role) for parameter, role in found.items() if isinstance(role, SpreadRole)]
    if (len(means), len(spreads)) != (1, 1):
        shown = ", ".join(f"{parameter} as {role.name}" for parameter, role in found.items()) or "none"
        raise InputError(f"{name} must take a mean and one of {', '.join(SPREADS)}; its parameters are: {shown}.")
    ((spread, role),) = spreads
    return GaussianRoles(found, means[0], spread, role)


def _role(function: str, parameter: str, told: str | None) -> Role:
    matching = (role.name for role in ROLES.values() if re.fullmatch(role.names, parameter, re.IGNORECASE))
    role = told or next(matching, None)
    if role not in ROLES:
        raise InputError(
            f"{function}: what is its parameter {parameter!r}? Say so, for instance "
            f"roles={{{parameter!r}: 'logvar'}}; the roles are {', '.join(ROLES)}."
        )
    return ROLES[role]


LOSS_ROLES: dict[str, Role] = {
    **ROLES,
    **{
        role.name: role
        for role in (
            Role("logits", "logits of the decoder", r"(x_?|recon_?|dec_?)?logits?", "logits"),
            Role("x_logvar", "log-variance of the decoder", r"(x|dec|p|out|obs)_?log_?var", "x_logvar"),
            Role(
                "x_logstd",
                "log standard deviation of the decoder",
                r"(x|dec|p|out|obs)_?log_?(std|sigma|scale)",
                "x_logstd",
            ),
            Role(
                "x_std",
                "standard deviation of the decoder",
                r"(x|dec|p|out|obs)_?(std|sigma|scale)",
                "x_std",
                positive=True,
            ),
            Role("x_var", "variance of the decoder", r"(x|dec|p|out|obs)_?var", "x_var", positive=True),
            Role(
                "x_hat",
                "what the decoder put out",
                r"(x_?(hat|rec|recon\w*|prime|tilde|out|bar|mean|mu|pred)|recon\w*|rec(_?x)?|outputs?|pred\w*|decoded|"
                r"y_?(hat|pred)|dec(_?out)?|xh|generated|x_)",
                "x_hat",
            ),
            Role("x", "data", r"(x|data|targets?|inputs?|original|images?|imgs?|batch|real|true_?x|x_?true|y|xs)", "x"),
            Role("number", "a number", r"(beta|alpha|gamma|lamb?da|\w*weight|\w*coeff?)", "number"),
        )
    },
}
"""Every role of an argument of a loss, by its name."""


def roles_of_loss(function: Callable[..., Any], told: Mapping[str, str]) -> dict[str, Role]:
    """The role of each parameter of a loss, in their order: one is data, one is a mean.

    Parameters with a default count only if `told` names them. Raises `InputError` where names and `told` do not say it.
    """
    name = getattr(function, "__name__", "the function")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise InputError(f"{name} has no signature to read: wrap it in a function of (x_hat, x, mu, logvar).") from None
    for unknown in sorted(set(told) - set(parameters)):
        raise InputError(f"{name} has no parameter {unknown!r}: it has {', '.join(parameters)}.")
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    asked = [p.name for p in parameters.values() if p.kind not in kinds and (p.default is p.empty or p.name in told)]
    found: dict[str, Role] = {}
    for parameter in asked:
        matching = (role.name for role in LOSS_ROLES.values() if re.fullmatch(role.names, parameter, re.IGNORECASE))
        role = told.get(parameter) or next(matching, None)
        if role not in LOSS_ROLES:
            raise InputError(
                f"{name}: what is its parameter {parameter!r}? Say so, for instance {parameter}='x_hat'; the roles are "
                f"{', '.join(LOSS_ROLES)}."
            )
        found[parameter] = LOSS_ROLES[role]
    for needed in ("x", "mu"):
        if [role.name for role in found.values()].count(needed) != 1:
            shown = ", ".join(f"{parameter} as {role.name}" for parameter, role in found.items()) or "none"
            raise InputError(f"{name} must take one {LOSS_ROLES[needed].words}; its parameters are: {shown}.")
    return found
