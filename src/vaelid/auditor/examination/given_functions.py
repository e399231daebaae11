"""A KL, a sampler or a loss of tensors, held against `torch.distributions` at other numbers than the recorded ones.

In: the user's function and what its arguments are. Out: an `Opinion`. For `-0.5 * (1 + logvar - mu**2 - logvar.exp())`
one c and one constant give c KL + const at 15 points, and the gradient is the slope of the values.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch import distributions as td

from vaelid.auditor.examination.checks import make_checks
from vaelid.auditor.examination.columns import Columns, columns_of
from vaelid.auditor.examination.examined import BATCHES
from vaelid.auditor.examination.given import Given, GivenLaw, check_gradient
from vaelid.auditor.examination.least_squares import least_squares
from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.findings.account import Account
from vaelid.auditor.findings.opinion import Opinion
from vaelid.auditor.recording.calls import Call
from vaelid.auditor.recording.state import unchanged
from vaelid.readings.errors import ReadingError

__all__ = ["examine_given_kl", "examine_given_loss", "examine_given_sampler"]

_NEAR = (0.1, 0.3, 0.3, 0.5, 0.5, 0.7, 0.7, 1.0, 1.0, 1.5, 1.5, 2.0)
"""Of the steps from the recorded numbers: where most users are."""
_FAR = (4.0, 6.0, 9.0)
"""Where a clamp at 10 acts."""
_DRAWS, _FEWEST, _SECONDS_OF_DRAWS = 400, 100, 2.0
"""Calls of a sampler; no further ones after so many seconds, as of a sampler that factorises a matrix."""
_SECONDS = 20.0
"""For all checks together, as of a step's."""
_STANDARD_ERRORS = 6.0
"""A moment of honest draws is so far off once in 10^8 audits: a hundred moments are looked at."""


def examine_given_kl(
    function: Callable[..., Any], call: Call, returned: Callable[[Any], Tensor], law: GivenLaw, *, clamps: bool = False
) -> Opinion:
    """Is it c KL + const, c > 0, at points near and far, with that gradient? `clamps`: far away it is known not to."""

    def value(given: Given) -> None:
        rows, numbers = [], []
        for seed, step in enumerate((*_NEAR, *_FAR)):
            tensors = given.at(step, seed)
            rows.append([float(td.kl_divergence(law.of(tensors), td.Normal(0.0, 1.0)).sum()), 1.0])
            numbers.append(float(given.run(tensors).detach().double().sum()))
        weight = _fitted(given, rows, numbers, "c KL + const", clamps)[0]
        if weight is not None:
            given.check("sign", weight > 0, weight, 0, "the weight of the KL in the runs, which is above 0")

    given = Given(function, call, returned)
    return _examined(given, {"value": value, "gradient": lambda g: check_gradient(g, lambda out: out.double().sum())})


def examine_given_sampler(
    function: Callable[..., Any], call: Call, returned: Callable[[Any], Tensor], law: GivenLaw
) -> Opinion:
    """Has it the law's shape, mean, covariance and kurtosis in 400 draws, and the gradient that is a draw's slope?"""

    def moments(given: Given) -> None:
        tensors = given.at(0.7, seed=3)
        normal = law.of(tensors)
        z = given.run(tensors).detach()
        given.check("shape", z.shape == normal.loc.shape, z.numel(), normal.loc.numel(), f"z is {tuple(z.shape)}")
        if z.shape != normal.loc.shape:
            return
        eps = ((torch.stack(list(_draws(given, tensors))) - normal.loc) / normal.scale).flatten(1).double()
        if not bool(eps.isfinite().all()):
            raise ReadingError("a draw is not finite")
        worst = _farthest_moment(eps)
        meaning = f"the moment of (z - mean) / deviation that is farthest off, in standard errors of {len(eps)} draws"
        given.check("law", worst < _STANDARD_ERRORS, worst, 0, meaning)

    given = Given(function, call, returned)
    # the sine, since the slope of a sum says nothing of where in it each draw went
    return _examined(given, {"law": moments, "gradient": lambda g: check_gradient(g, lambda z: z.double().sin().sum())})


def _draws(given: Given, tensors: Mapping[str, Tensor]) -> Iterator[Tensor]:
    """One draw after the other, each from a seed of its own; noise that is frozen is the same each time."""
    started = time.monotonic()
    for seed in range(_DRAWS):
        if time.monotonic() - started > _SECONDS_OF_DRAWS and seed >= _FEWEST:
            return
        yield given.run(tensors, seed).detach()


def _farthest_moment(eps: Tensor) -> float:
    """Of draws (n, d) that are to be standard normal: mean, covariance and kurtosis, of each place and of all."""
    n, d = eps.shape
    covariance = eps.T @ eps / n - torch.eye(d, dtype=eps.dtype)
    error = ((torch.ones(d, d) + torch.eye(d)) / n).sqrt()
    return max(
        float(eps.mean(0).abs().max()) * n**0.5,
        float((covariance / error).abs().max()),
        abs(float(eps.mean())) * (n * d) ** 0.5,
        abs(float((eps**2).mean()) - 1) * (n * d / 2) ** 0.5,
        abs(float((eps**4).mean()) - 3) * (n * d / 96) ** 0.5,
    )


def examine_given_loss(
    function: Callable[..., Any], call: Call, returned: Callable[[Any], Tensor], account: Account, data: frozenset[str]
) -> Opinion:
    """Is it a NLL + b KL + const of other data and outputs, with b / a the account's beta, and that gradient?"""

    def value(given: Given) -> None:
        if not account.likelihoods or not account.posteriors:
            raise ReadingError("no likelihood or no posterior was identified")
        points = [_point(given, account, step, seed) for seed, step in enumerate((*_NEAR, *_FAR))]
        own = torch.eye(BATCHES).tolist()  # what has only data in it is a constant of each set of data
        rows = [[columns.nll, columns.kl, *own[k % BATCHES]] for k, (_, columns) in enumerate(points)]
        a, b, *_ = _fitted(given, rows, [loss for loss, _ in points], "a NLL + b KL + const", account.clamps)
        if a is None or b is None:
            return
        given.check("sign", min(a, b) > 0, min(a, b), 0, "the smaller of the weights of NLL and KL, which is above 0")
        given.beta = b / a / account.scale if a else None
        if account.beta is not None and given.beta is not None:
            close = abs(given.beta - account.beta) <= 10 * given.exact * abs(account.beta)
            given.check("beta", close, given.beta, account.beta, "beta in the runs")

    given = Given(function, call, returned, data)
    return _examined(given, {"value": value, "gradient": lambda g: check_gradient(g, lambda loss: loss.double().sum())})


def _point(given: Given, account: Account, step: float, seed: int) -> tuple[float, Columns]:
    """The loss of one run, and the numbers that it may be made of; each run has one of a few sets of data."""
    others = given.at(float(seed % BATCHES > 0), seed % BATCHES)
    tensors = given.at(step, seed) | {name: others[name] for name in given.data}
    loss = float(given.run(tensors))
    return loss, given.recorded(tensors, lambda recording: columns_of(account, Numbers(account, recording)))


def _fitted(
    given: Given, rows: list[list[float]], numbers: list[float], words: str, clamps: bool
) -> tuple[float | None, ...]:
    """The coefficients that fit the near runs, noted as the checks ``value`` and ``far``; None where none do.

    `clamps`: the report says that one acts far away, which is no doubt then.
    """
    table, aims = (torch.tensor(values, dtype=torch.float64) for values in (rows, numbers))
    if not bool(aims.isfinite().all() and table.isfinite().all()):
        raise ReadingError("a value is not finite")
    near = len(_NEAR)
    found = {"value": least_squares(table[:near], aims[:near]), "far": least_squares(table, aims)}
    for name, (_, off) in found.items():
        if name == "far" and clamps and off > given.exact:
            continue
        count = len(numbers) if name == "far" else near
        meaning = f"the largest distance, in {count} runs, from the best {words}, over the spread"
        given.check(name, off <= given.exact, off, 0, meaning)
    coefficients, off = found["value"]
    return coefficients if off <= given.exact else (None,) * len(coefficients)


def _examined(given: Given, checks: Mapping[str, Callable[[Given], None]]) -> Opinion:
    with unchanged([given.function], given.call.tensors.values()) as given.state:
        make_checks(given, checks, given.left, _SECONDS)
    return given.opinion()
