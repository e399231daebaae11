"""One audit: load what the user named, find out what it is, audit that, and write the answer."""

import inspect
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from vaelid import auditor
from vaelid.auditor import Claim, Report
from vaelid.auditor.model.roles import ROLES
from vaelid.interface.audit.asked import Job
from vaelid.interface.audit.failures import run_users_code
from vaelid.interface.audit.output import in_form, write_files
from vaelid.interface.audit.targets import Target, find_object
from vaelid.spec.errors import InputError

__all__ = ["perform", "report_of_job"]


def perform(job: Job) -> tuple[Report, str | dict[str, Any]]:
    """Audit, write the files that were asked for, and give the report and the answer in the form asked for."""
    folder = os.getcwd()
    report = replace(report_of_job(job), target=job.target)
    os.chdir(folder)  # user code may have changed it; files are written, and places shown, as seen from here
    write_files(report, html=job.html, rocq=job.rocq, command=job.command)
    return report, in_form(report, job.form)


def report_of_job(job: Job) -> Report:
    """The audit that fits what TARGET is: of a KL, of a sampler, of a loss of tensors, or of a step on a batch."""
    path, target = [*sys.path], find_object(job.target)
    sys.path += [folder for folder in path if folder not in sys.path]  # what vaelid still imports, z3 for one
    parameters = _parameters(target, job.roles)
    start = time.perf_counter()
    if len(parameters) <= 1 or _is_step(parameters):
        return _of_step(job, target, parameters)
    _refuse("--batch", job.batch, f"{target.name} takes {', '.join(parameters)}: give these by --inputs")
    _refuse("--eval-step", job.eval_step, f"{target.name} is a function of tensors, not a step on a batch")
    kinds = [_role(name, job.roles) for name in parameters]
    if sorted(map(bool, kinds)) != [True, True] or "mu" not in kinds or kinds.count("mu") > 1:
        inputs = None if job.inputs is None else _callable(find_object(job.inputs, "--inputs"))
        for name in sorted({"inputs", *_declared(job)} & set(job.roles)):
            raise InputError(f"--role {name}={job.roles[name]}: {name} is an option, and has no role; rename it.")
        given: dict[str, Any] = {**_declared(job), **job.roles}
        return auditor.audit_loss(target.value, inputs=inputs, **given)
    is_sampler = bool(re.search(r"sampl|repar", target.name.rpartition(":")[2], re.I))
    what = "a sampler" if is_sampler else "a KL alone"
    for option, given in {**_declared(job), "inputs": job.inputs}.items():
        _refuse(f"--{option}", given, f"{target.name} takes {', '.join(parameters)}, so it is read as {what}")
    audit_one = auditor.audit_sampler if is_sampler else auditor.audit_kl
    claim = audit_one(target.value, roles=job.roles)
    return of_claim(claim, target, seconds=time.perf_counter() - start)


def _declared(job: Job) -> dict[str, Any]:
    """What the loss is meant to be, by option."""
    return {"beta": job.beta, "likelihood": job.likelihood, "variance": job.variance, "prior": job.prior}


def of_claim(claim: Claim, target: Target, seconds: float = 0.0) -> Report:
    """A report of one claim alone."""
    name = target.name.rpartition(":")[2]
    weight = "" if claim.weight is None else f", times {claim.weight}"
    known = {
        ("divergence", "PROVED"): f"{name} is the KL to N(0, I) in nats{weight}, for every batch size and every L.",
        ("divergence", "REFUTED"): f"{name} is not the KL to N(0, I).",
        ("sampler", "PROVED"): f"{name} draws from N(μ, σ²), and the gradient reaches μ and σ.",
        ("sampler", "REFUTED"): f"{name} does not draw from N(μ, σ²).",
    }
    return Report(
        target=target.name,
        verdict=claim.verdict,
        objective_name={"divergence": "KL"}.get(claim.name, claim.name),
        summary=known.get((claim.name, claim.verdict), f"{name}: {claim.reason}"),
        formula=claim.formula,
        claims=(claim,),
        source=defined_at(target.value) or claim.source,
        seconds=seconds,
    )


def defined_at(value: Any) -> str | None:
    """``file:line`` of a function or of an object's class; None where Python does not know."""
    value = inspect.unwrap(getattr(value, "__func__", value)) if callable(value) else value
    if isinstance(value, partial):
        return defined_at(value.func)
    code = getattr(value, "__code__", None) or getattr(getattr(type(value), "forward", None), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else None


def _parameters(target: Target, roles: Mapping[str, str]) -> list[str]:
    """The parameters that a call must give, and those that were given a role."""
    function = target.value
    owner, _, method = target.name.rpartition(":")[2].rpartition(".")
    if inspect.isclass(function):
        made = function.__name__.lower()
        raise InputError(
            f"{target.name} is a class: make an object in the file, {made} = {function.__name__}(...), and name what "
            f"it does, for instance {target.name.rpartition(':')[0]}:{made}.loss."
        )
    if not callable(function):
        raise InputError(f"{target.name} is a {type(function).__name__}: expected a function.")
    try:
        found = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise InputError(f"{target.name} has no signature to read: wrap it in a function of your own.") from None
    if owner and inspect.isfunction(function) and next(iter(found), None) == "self":
        made = owner.rpartition(".")[2].lower()
        raise InputError(
            f"{target.name} is a method without its object: put {made} = {owner}(...) in the file, and audit "
            f"{target.name.rpartition(':')[0]}:{made}.{method}."
        )
    for name in sorted(set(roles) - set(found)):
        raise InputError(
            f"--role {name}={roles[name]}: {target.name} has no parameter {name!r}; it has {_list(found)}."
        )
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise InputError(f"{target.name} is async def: expected a function that returns the loss: make it a def.")
    if found and all(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in found.values()):
        raise InputError(
            f"{target.name} takes any number of arguments: name them, as in def step(batch) or "
            "def loss(x_hat, x, mu, logvar)."
        )
    asked = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [n for n, p in found.items() if (p.default is p.empty and p.kind in asked) or n in roles]


def _list(names: Any) -> str:
    return ", ".join(names) or "none"


def _is_step(parameters: list[str]) -> bool:
    """A training step as Lightning calls it: a batch, and its number."""
    return (
        len(parameters) == 2
        and parameters[0] == "batch"
        and bool(re.fullmatch(r"(batch_)?(idx|index|nb|i)", parameters[1]))
    )


def _role(parameter: str, given: Mapping[str, str]) -> str | None:
    """Which of mean and spread the parameter is, by what was given or by its name."""
    if parameter in given:
        return given[parameter] if given[parameter] in ROLES else None
    return next((role.name for role in ROLES.values() if re.fullmatch(role.names, parameter, re.I)), None)


def _of_step(job: Job, target: Target, parameters: list[str]) -> Report:
    if not parameters:
        raise InputError(f"{target.name} takes nothing: expected a step that takes a batch, def step(batch).")
    _refuse("--inputs", job.inputs, f"{target.name} takes one batch: give it by --batch")
    for name, role in job.roles.items():
        _refuse(f"--role {name}={role}", role, f"{target.name} is a step on a batch: what is what is read from its run")
    step = target.value if len(parameters) == 1 else lambda batch: target.value(batch, 0)
    evaluation = None if job.eval_step is None else _callable(find_object(job.eval_step, "--eval-step"))
    return auditor.audit(step, _batch(job, target), **_declared(job), evaluation=evaluation)


def _batch(job: Job, target: Target) -> Any:
    """What --batch names, or `batch` in the target's module: itself, or what it gives when called."""
    if job.batch is not None:
        name, batch = job.batch, find_object(job.batch, "--batch").value
    elif hasattr(target.module, "batch"):
        name, batch = f"{target.name.rpartition(':')[0]}:batch", target.module.batch
    else:
        place = target.name.rpartition(":")[0]
        raise InputError(
            f"{target.name} takes one argument, so it is read as a step on a batch, and there is none: put "
            f"def batch(): return ... in {place}, or give --batch FILE.py:NAME, a function that returns a batch."
        )
    if callable(batch):
        batch = run_users_code(name, batch)
    if hasattr(batch, "dataset") or hasattr(batch, "__next__"):  # a loader stands for its first batch
        batch = run_users_code(name, partial(next, iter(batch)))
    if batch is None:
        raise InputError(f"{name} gave None: expected a batch, as your training loop passes it.")
    return batch


def _callable(target: Target) -> Callable[..., Any]:
    if not callable(target.value):
        raise InputError(f"{target.name} is a {type(target.value).__name__}: expected a function.")
    return target.value


def _refuse(option: str, given: Any, because: str) -> None:
    if given is not None:
        raise InputError(f"{option} has no meaning here: {because}.")
