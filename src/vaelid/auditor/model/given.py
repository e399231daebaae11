"""What the arguments of a function are, where a user says it: the posterior, data, and what a decoder put out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaelid.auditor.formula.functions import root
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.posterior import Posterior, log_variance_of
from vaelid.auditor.model.roles import Role
from vaelid.auditor.recording.calls import Call
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Given", "alike", "element", "given_by", "mean_and_spread"]


@dataclass(frozen=True)
class Given:
    """The posterior, and the names of data and outputs."""

    posterior: Posterior
    data: frozenset[str]
    outputs: frozenset[str]


def mean_and_spread(roles: Mapping[str, Role]) -> tuple[str, str | None]:
    """The parameters that are the posterior's mean, and what gives its variance."""
    mean = next(name for name, role in roles.items() if role.name == "mu")
    return mean, next((name for name, role in roles.items() if role.log_variance is not None), None)


def alike(roles: Mapping[str, Role], call: Call) -> tuple[tuple[str, str], ...]:
    """The mean and the spread, where they are of one shape: they speak of the same coordinates."""
    mean, spread = mean_and_spread(roles)
    if spread is None or call.tensors[mean].shape != call.tensors[spread].shape:
        return ()
    return ((mean, spread),)


def element(run: Formula, name: str) -> TermArray:
    """The element of an argument, at the indices of its axes."""
    return run.reading.element(run.reading.leaves[name])


def given_by(roles: Mapping[str, Role], run: Formula) -> Given:
    """What the roles of the arguments say."""
    mean, spread = mean_and_spread(roles)
    data = frozenset(n for n, role in roles.items() if role.name == "x")
    outputs = frozenset(roles) - data - {mean, spread}
    where = tuple(a for dim in run.reading.leaves[mean].dims for a in run.reading.axes.now(dim))
    log_variance, positive = _log_variance(roles, run, mean, spread)
    return Given(Posterior(where, element(run, mean), log_variance, "", positive), data, outputs)


def _log_variance(
    roles: Mapping[str, Role], run: Formula, mean: str, spread: str | None
) -> tuple[TermArray, TermArray | None]:
    if spread is None:
        return element(run, mean) * 0, None
    role, value = roles[spread], element(run, spread)
    if role.positive:
        written: Any = f"{role.variable}_" if role.variable in roles else role.variable
        return log_variance_of(root(value) if role.name == "var" else value, written)
    assert role.log_variance is not None
    return role.log_variance(value), None
