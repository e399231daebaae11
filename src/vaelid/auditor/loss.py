"""Audit a loss that is a function of tensors: data, what a decoder put out, and a posterior's mean and variance."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.doors import UNREAD, door
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Report
from vaelid.auditor.judgement.verdict import unread, verdict
from vaelid.auditor.model.given import alike, given_by
from vaelid.auditor.model.roles import Role, roles_of_loss
from vaelid.auditor.pipeline import assess
from vaelid.auditor.recording.calls import Call, source_of, users_code
from vaelid.auditor.recording.state import unchanged
from vaelid.spec.errors import InputError, UserCodeError

__all__ = ["audit_loss"]


_SIZES = ({"B": 5, "L": 3, "D": 7}, {"B": 11, "L": 4, "D": 13})
_IMAGES = ((784,), (1, 28, 28), (64,), (1, 8, 8), (3, 32, 32), (3, 64, 64), (1, 64, 64))


def _unknown(function: Any, reason: Exception) -> Report:
    target = getattr(function, "__qualname__", type(function).__name__)
    return replace(unread(target, reason), source=source_of(function))


@door(_unknown)
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
    declared = Declared(beta, likelihood, variance, prior)
    started = time.perf_counter()
    target = getattr(function, "__qualname__", type(function).__name__)
    found = roles_of_loss(function, roles)
    number = 1.0 if beta is None else float(beta)
    report: Report | None = None
    failure: UserCodeError | None = None
    for calls in _tries(found, inputs, number):
        try:
            assessed = assess(function, calls, lambda run: given_by(found, run), alike(found, calls[0]))
            report = verdict(assessed, declared, target=target, sampled=False)
        except UserCodeError as error:
            failure = failure or error
            continue
        except InputError:
            if failure is None:
                raise
            continue  # images are a guess
        except UNREAD as reason:
            report = unread(target, reason)
        break
    if report is None:
        assert failure is not None
        raise failure
    return replace(report, seconds=time.perf_counter() - started, source=source_of(function))


def _tries(roles: Mapping[str, Role], inputs: Callable[[], Any] | None, number: float) -> Iterator[list[Call]]:
    if inputs is not None:
        with users_code(), unchanged([inputs]):
            given = inputs()
        arguments = tuple(given) if isinstance(given, tuple | list) else (given,)
        if len(arguments) != len(roles):
            raise InputError(
                f"the inputs are {len(arguments)} arguments, and {len(roles)} are wanted: {', '.join(roles)}."
            )
        arguments = tuple(
            _leaf(a) if role.name != "x" else a for a, role in zip(arguments, roles.values(), strict=True)
        )
        tensors = {n: a for n, a in zip(roles, arguments, strict=True) if isinstance(a, Tensor)}
        yield [Call(arguments, tensors)]
        return
    for binary in (False, True):
        yield [_call(roles, (sizes["B"], sizes["D"]), (sizes["B"], sizes["L"]), number, binary) for sizes in _SIZES]
    for image in _IMAGES:
        yield [_call(roles, (sizes["B"], *image), (sizes["B"], sizes["L"]), number, binary=False) for sizes in _SIZES]


def _leaf(value: Any) -> Any:
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    return _as_made(value.detach().clone())


def _as_made(value: Tensor) -> Tensor:
    """As a network puts it out: with a gradient, and no leaf of autograd's, so that it may be written into."""
    return value.requires_grad_().clone()


def _call(
    roles: Mapping[str, Role], observed: tuple[int, ...], latent: tuple[int, ...], number: float, binary: bool
) -> Call:
    generator = torch.Generator().manual_seed(observed[0])

    def uniform(shape: tuple[int, ...]) -> Tensor:
        return 0.05 + 0.9 * torch.rand(shape, generator=generator, dtype=torch.float64)

    def argument(role: Role) -> Any:
        if role.name == "number":
            return number
        if role.name == "x":
            x = uniform(observed)
            return x.round() if binary else x
        if role.name == "x_hat":
            return _as_made(uniform(observed))
        shape = latent if role.variable in ("mu", "logvar", "logstd") else observed
        value = torch.randn(shape, generator=generator, dtype=torch.float64)
        return _as_made(torch.exp(0.5 * value) if role.positive else value)

    arguments = {name: argument(role) for name, role in roles.items()}
    return Call(tuple(arguments.values()), {n: v for n, v in arguments.items() if isinstance(v, Tensor)})
