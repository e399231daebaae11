"""What the numbers say of a case, without the auditor."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from mutants.losses.functions import SHAPES, Taken, truth_of_function
from mutants.losses.oracle import RUNS, Truth, Watched, fitted, randomise, truth_of_step

from .case import Built, Case
from .likelihoods import LIKELIHOODS, Likelihood


def truth(case: Case, sizes: Mapping[str, int], beta_only: bool = False) -> Truth:
    """What the case's loss is at these sizes."""
    likelihood = LIKELIHOODS[case.likelihood or "gaussian"]
    if not case.is_step:
        return truth_of_function(_taken(case, likelihood), sizes)
    torch.set_default_dtype(torch.float64)
    try:
        torch.manual_seed(0)
        built = case.make(**sizes)
        return _of_expected(built) if built.expected else _of_watched(built, likelihood, beta_only)
    finally:
        torch.set_default_dtype(torch.float32)


def _taken(case: Case, likelihood: Likelihood) -> Taken:
    given = case.declared.get("roles", {})
    names = [p.name for p in inspect.signature(case.make).parameters.values() if p.default is p.empty]
    roles = {name: given.get(name, name.replace("log_std", "logstd")) for name in names}
    assert set(roles.values()) <= set(SHAPES), roles

    def nll(arguments):
        out = arguments.get("x_hat", arguments.get("logits"))
        if "x_logvar" in arguments:
            out = torch.cat([out, arguments["x_logvar"]], 1)
        return likelihood.nll(out, arguments["x"])

    def data(shape, generator):
        torch.manual_seed(generator.initial_seed())
        return likelihood.data(*shape).double()

    return Taken(case.make, roles, nll, data, likelihood.output)


def _run(built: Built, batch: Any) -> torch.Tensor:
    loss = built.run(batch)
    return loss["loss"] if isinstance(loss, dict) else getattr(loss, "loss", loss)


def _of_watched(built: Built, likelihood: Likelihood, beta_only: bool) -> Truth:
    assert built.decoder is not None
    nll = built.nll or likelihood.nll
    watched = Watched(
        lambda batch: _run(built, batch), built.model, built.decoder, nll, built.latent, built.row_weights
    )
    return truth_of_step(watched, [built.batch], beta_only)


def _of_expected(built: Built) -> Truth:
    """Whether the loss is a multiple of what torch.distributions give, and a constant: then it is what was stated."""
    rows, losses = [], []
    assert built.expected is not None
    for number in range(RUNS):
        randomise(built.model, number)
        torch.default_generator.manual_seed(number)
        losses.append(_run(built, built.batch).item())
        rows.append({"expected": built.expected().item(), "constant": 1.0})
    weights = fitted(rows, losses)
    return Truth(1.0 if weights and weights["expected"] > 0 else None)
