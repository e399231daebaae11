"""`evaluate`: a model or a run, on data, in nats."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from vaelid.interface.data import load_data
from vaelid.interface.runs import Run
from vaelid.spec.errors import InputError
from vaelid.train.evaluation import Evaluation, evaluate_rows
from vaelid.train.model import VAE
from vaelid.train.rows import rows_of

__all__ = ["evaluate"]


def evaluate(
    model: VAE | str | Path, data: Any = None, *, draws: int = 100, seed: int = 0, progress: bool = True
) -> Evaluation:
    """ELBO, importance-weighted bound, per-dimension KL and active units, with standard errors over rows.

    Args:
        model: a `VAE`, or a run's folder.
        data: as for `fit`, and a path is scaled as the run's data were; for a run, None stands for its own
            held-out rows: test, else validation rows.
        draws: draws from each posterior, for the ELBO, and for the importance-weighted bound, whose K it is.
        seed: of the draws.
        progress: show a bar on standard error, when that is a terminal.

    Of a run without a finished epoch the verdict says so. Raises `InputError`, also where a result is not finite, and
    `SupportError` for data off the likelihood's support.
    """
    if isinstance(model, VAE):
        if data is None:
            raise InputError("evaluate(model, data) needs data, since only a run's folder knows its own.")
        return _evaluate_all(model, data, draws, seed, progress)
    run = Run(Path(model))
    opened = run.open()
    if data is not None:
        found = _evaluate_all(opened.model, run.like_its_own(data, opened.config), draws, seed, progress)
    else:
        _, rows, split = run.rows(opened)
        with _bar(len(split.held_out[1]), progress) as bar:
            found = evaluate_rows(opened.model, rows, split.held_out[1], draws=draws, seed=seed, progress=bar.update)
    return found if opened.result.epochs else replace(found, verdict=f"{opened.untrained} {found.verdict}")


def _evaluate_all(model: VAE, data: Any, draws: int, seed: int, progress: bool) -> Evaluation:
    rows = rows_of(load_data(data).x, model.likelihood, shape=model.obs)
    with _bar(len(rows), progress) as bar:
        return evaluate_rows(model, rows, torch.arange(len(rows)), draws=draws, seed=seed, progress=bar.update)


def _bar(total: int, shown: bool) -> Any:
    return tqdm(total=total, unit=" rows", unit_scale=True, disable=None if shown else True, leave=False)
