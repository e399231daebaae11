"""What the arguments of a KL or a loss are: a mean, a variance in one of four forms, data, what a decoder put out."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vaelid.spec.arrays import array_namespace
from vaelid.spec.errors import InputError

__all__ = ["LOSS_ROLES", "ROLES", "Role", "roles_of", "roles_of_loss"]


@dataclass(frozen=True)
class Role:
    """A meaning that an argument can have.

    Attributes:
        name: what users call it.
        words: in a sentence.
        names: the parameters' names that say so, as a regular expression.
        variable: the real variable that stands for it.
        positive: whether it must be: then it is e to the variable.
        log_variance: from that variable to the log-variance it means; of a mean, nothing.
        mistaken_for: the role that is most often meant where this one is said.
    """

    name: str
    words: str
    names: str
    variable: str
    positive: bool = False
    log_variance: Callable[[Any], Any] | None = None
    mistaken_for: str | None = None

    def argument(self, variable: Any) -> Any:
        """The argument, in any reading, from the variable that stands for it."""
        return array_namespace(variable).exp(variable) if self.positive else variable


ROLES = {
    role.name: role
    for role in (
        Role("mu", "mean", r"mu|mean|loc|z_?mu|z_?mean|z_?loc|q_?mu|q_?loc|means|mus|mu_?z|mu_?q|latent_?mean", "mu"),
        Role(
            "logvar",
            "log-variance",
            r"(z_?|q_?)?(log_?var(iance)?|log_?sigma_?(2|sq|squared?)|lv)s?",
            "logvar",
            log_variance=lambda v: v,
            mistaken_for="logstd",
        ),
        Role(
            "var",
            "variance",
            r"(z_?|q_?)?(var|variance|sigma_?(2|sq|squared?))s?",
            "logvar",
            positive=True,
            log_variance=lambda v: v,
            mistaken_for="std",
        ),
        Role(
            "std",
            "standard deviation",
            r"(z_?|q_?)?(std|sigma|scale|stddev)s?",
            "logstd",
            positive=True,
            log_variance=lambda v: 2 * v,
            mistaken_for="var",
        ),
        Role(
            "logstd",
            "log of the standard deviation",
            r"(z_?|q_?)?(log_?(std|sigma|scale))s?",
            "logstd",
            log_variance=lambda v: 2 * v,
            mistaken_for="logvar",
        ),
    )
}
"""Every role, by its name."""


def roles_of(function: Callable[..., Any], given: Mapping[str, str]) -> dict[str, Role]:
    """The role of each parameter that has no default or is given one, in their order: a mean, and one for the variance.

    Raises `InputError` where names and `given` do not say that.
    """
    name = getattr(function, "__name__", "the function")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise InputError(f"{name} has no signature to read: wrap it in a function of (mu, logvar).") from None
    for unknown in sorted(set(given) - set(parameters)):
        raise InputError(f"{name} has no parameter {unknown!r}: it has {', '.join(parameters)}.")
    asked = [p.name for p in parameters.values() if p.default is p.empty or p.name in given]
    found = {parameter: _role(name, parameter, given.get(parameter)) for parameter in asked}
    if sorted(role.name == "mu" for role in found.values()) != [False, True]:
        shown = ", ".join(f"{parameter} as {role.name}" for parameter, role in found.items()) or "none"
        forms = ", ".join(role.name for role in ROLES.values() if role.log_variance)
        raise InputError(f"{name} must take a mean and one of {forms}; its parameters are: {shown}.")
    return found


def _role(function: str, parameter: str, given: str | None) -> Role:
    matching = (role.name for role in ROLES.values() if re.fullmatch(role.names, parameter, re.IGNORECASE))
    role = given or next(matching, None)
    if role not in ROLES:
        raise InputError(
            f"{function}: what is its parameter {parameter!r}? Say so, for instance "
            f"roles={{{parameter!r}: 'logvar'}}; the roles are {', '.join(ROLES)}."
        )
    return ROLES[role]


LOSS_ROLES = {
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


def roles_of_loss(function: Callable[..., Any], given: Mapping[str, str]) -> dict[str, Role]:
    """The role of each parameter that has no default or is given one, in their order.

    Raises `InputError` where names and `given` do not say it.
    """
    name = getattr(function, "__name__", "the function")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise InputError(f"{name} has no signature to read: wrap it in a function of (x_hat, x, mu, logvar).") from None
    for unknown in sorted(set(given) - set(parameters)):
        raise InputError(f"{name} has no parameter {unknown!r}: it has {', '.join(parameters)}.")
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    asked = [p.name for p in parameters.values() if p.kind not in kinds and (p.default is p.empty or p.name in given)]
    found: dict[str, Role] = {}
    for parameter in asked:
        matching = (role.name for role in LOSS_ROLES.values() if re.fullmatch(role.names, parameter, re.IGNORECASE))
        role = given.get(parameter) or next(matching, None)
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
