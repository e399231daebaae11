"""What a run's report shows, gathered from its folder: numbers, pictures, the latent map."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vaelid.interface.objective import AUDITED_ROWS, audit_of_model
from vaelid.interface.run_page.content import LatentGrid, Pictures, RunReport
from vaelid.interface.runs import Run
from vaelid.spec.errors import InputError
from vaelid.spec.likelihoods import gaussian_diag, likelihood
from vaelid.train.evaluation import evaluate_rows
from vaelid.train.facts import without_unset
from vaelid.train.losses import reconstruction_nll
from vaelid.train.model import VAE
from vaelid.train.randomness import Stream, standard_normal
from vaelid.train.rows import Rows

__all__ = ["collect_report", "decoded_mean"]

TRAINING_ROWS = 1000
MAP_POINTS = 1000
GRID_BYTES = 250_000
GRID_LIMIT = 3.0


def collect_report(
    folder: Path, *, draws: int = 100, seed: int = 0, progress: Callable[[str], None] | None = None
) -> RunReport:
    """Everything that the report of a run shows; `progress` is told what is being done."""
    tell = progress or (lambda message: None)
    run = Run(folder)
    opened = run.open()
    if not opened.result.epochs:
        raise InputError(f"{folder} has not finished an epoch: nothing to report yet. Go on with --resume.")
    history = run.history(opened)
    model, config = opened.model, without_unset(opened.config)
    config["result"].setdefault("seconds", run.log.seconds())
    data, rows, split = run.rows(opened)
    evaluated, held_out = split.held_out
    tell(f"evaluating {len(held_out):,} {evaluated} rows")
    evaluation = evaluate_rows(model, rows, held_out, draws=draws, seed=seed)
    tell("evaluating training rows")
    training = evaluate_rows(model, rows, split.training[:TRAINING_ROWS], draws=draws, seed=seed)
    tell("auditing the loss that was trained")
    recipe = config["recipe"]
    objective = audit_of_model(
        model, _read(rows, held_out[:AUDITED_ROWS]), beta=recipe["beta"], expectation=recipe["expectation"]
    )
    tell("drawing")
    labels = None if data.labels is None else np.asarray(data.labels)[held_out.numpy()]
    by_kl = np.argsort([-kl.mean for kl in evaluation.kl_per_dimension], kind="stable")
    axes = (int(by_kl[0]), int(by_kl[min(1, len(by_kl) - 1)]))
    return RunReport(
        name=str(folder),
        seconds=config["result"]["seconds"],
        config=config,
        history=tuple(history),
        evaluated=evaluated,
        evaluation=evaluation,
        training=training,
        objective=objective,
        independent=_independent_cost(model, rows, split.training, held_out),
        pictures=_pictures(model, rows, held_out, labels, seed),
        means=_posterior_means(model, rows, held_out[:MAP_POINTS]),
        labels=None if labels is None else labels[:MAP_POINTS],
        grid=_grid(model, axes),
    )


def _read(rows: Rows, indices: Tensor) -> Tensor:
    return next(rows.batches([indices]))


@torch.no_grad()
def decoded_mean(model: VAE, z: Tensor) -> np.ndarray:
    """E[x|z] in the data's units, (n, *obs); of classes the most probable."""
    mean = model.mean(model.decode(z))
    if model.likelihood.family == "categorical":
        mean = mean.argmax(1)
    return mean.numpy().astype(np.float32)


@torch.no_grad()
def _posterior_means(model: VAE, rows: Rows, indices: Tensor) -> np.ndarray:
    return torch.cat([model.encode(x)[0] for x in rows.batches(indices.split(512))]).numpy()


@torch.no_grad()
def _pictures(model: VAE, rows: Rows, held_out: Tensor, labels: np.ndarray | None, seed: int) -> Pictures:
    """The first held-out observation of each class, or the first ten; one draw of the posterior for each."""
    classes = [] if labels is None else np.unique(labels).tolist()
    of_each_class = 2 <= len(classes) <= 12
    if labels is not None and of_each_class:
        chosen = held_out[[int(np.flatnonzero(labels == c)[0]) for c in classes]]
    else:
        chosen = held_out[:10]
    x = _read(rows, chosen)
    z = model.sample_latent(x, standard_normal(torch.empty(len(x), model.latent), seed, Stream.SAMPLES, 0))
    prior = standard_normal(torch.empty(30, model.latent), seed, Stream.SAMPLES, 1)
    reference = _read(rows, held_out[:TRAINING_ROWS])
    return Pictures(
        originals=x.numpy(),
        reconstructions=decoded_mean(model, z),
        nll=model.reconstruction_nll(x, z).numpy(),
        samples=decoded_mean(model, prior),
        low=float(reference.min()),
        high=float(reference.max()),
        of_each_class=of_each_class,
    )


def _grid(model: VAE, axes: tuple[int, int]) -> LatentGrid:
    """Decoded means on a square of the two coordinates, fine enough to look smooth, small enough for a page."""
    side = int(np.clip(np.sqrt(GRID_BYTES / model.observation_size), 5, 25))
    steps = torch.linspace(-GRID_LIMIT, GRID_LIMIT, side)
    z = torch.zeros(side, side, model.latent)
    z[:, :, axes[1]] = steps[:, None]
    z[:, :, axes[0]] = steps[None, :]
    images = decoded_mean(model, z.flatten(0, 1)).reshape(side, side, *model.obs)
    return LatentGrid(axes=axes, limit=GRID_LIMIT, images=images)


def _independent_cost(model: VAE, rows: Rows, training: Tensor, held_out: Tensor) -> float | None:
    """Nats to code a held-out observation, each coordinate on its own with its training mean (and variance).

    Under the same family of likelihood; None for families, or constant coordinates, where that has no meaning.
    """
    x = _read(rows, held_out).flatten(1).double()
    seen = _read(rows, training).flatten(1).double()
    match model.likelihood.family:
        case "bernoulli" | "binomial" as family:
            trials = model.likelihood.number or 1.0
            share = (seen.sum(0) + 0.5) / (trials * len(seen) + 1)  # half a count more, so that no share is 0 or 1
            density = likelihood(family if trials == 1 else model.likelihood.name)
            output = torch.log(share / (1 - share)).expand_as(x)
        case "poisson":
            density, output = model.likelihood, torch.log(seen.mean(0) + 0.5 / len(seen)).expand_as(x)
        case "gaussian" | "gaussian_diag":
            variance = seen.var(0, correction=0)
            if bool((variance == 0).any()):
                return None
            density = gaussian_diag
            output = torch.stack((seen.mean(0), torch.log(variance))).expand(len(x), 2, -1)
        case _:
            return None
    return float(reconstruction_nll(density, x, output).mean())
